"""Sheets: the questions of one form or of one page of the wizard, as a page of answers asks them."""

from __future__ import annotations

from typing import Protocol

from aeptui.forms import crm_flow
from aeptui.forms.fields import Answers, Field, Value
from aeptui.forms.form import NOTHING, Form, Look, answered, remarks
from aeptui.forms.lookups import Lookups


class Sheet(Protocol):
    """The questions of one form, or of one page."""

    @property
    def title(self) -> str: ...
    @property
    def looks(self) -> str: ...
    def fields(self, answers: Answers, lookups: Lookups) -> tuple[Field, ...]: ...
    def check(self, answers: Answers, lookups: Lookups) -> dict[str, str]: ...
    def remarks(self, answers: Answers, lookups: Lookups) -> dict[str, str]: ...
    def change(self, answers: Answers, name: str, value: Value) -> dict[str, Value]: ...
    def look(self, answers: Answers, lookups: Lookups) -> Look | None: ...


class FormSheet:
    """A form as a sheet."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.title = form.title
        self.looks = form.looks

    def fields(self, answers: Answers, lookups: Lookups) -> tuple[Field, ...]:
        """The questions."""
        return self.form.fields(answers, lookups, NOTHING)

    def check(self, answers: Answers, lookups: Lookups) -> dict[str, str]:
        """The faults."""
        return self.form.check(answers, lookups, NOTHING)

    def remarks(self, answers: Answers, lookups: Lookups) -> dict[str, str]:
        """What is worth knowing."""
        return remarks(self.form, answers, lookups, NOTHING)

    def change(self, answers: Answers, name: str, value: Value) -> dict[str, Value]:
        """Another answer."""
        return answered(self.form, answers, name, value)

    def look(self, answers: Answers, lookups: Lookups) -> Look | None:
        """What can be seen before."""
        return self.form.look(answers, lookups, NOTHING)


class PageSheet:
    """One page of the wizard as a sheet."""

    def __init__(self, page: crm_flow.Page) -> None:
        self.page = page
        self.title = page.title
        self.looks = next((part.form.looks for part in page.parts if part.form.looks), "")

    def fields(self, answers: Answers, lookups: Lookups) -> tuple[Field, ...]:
        """The questions of the page."""
        return crm_flow.fields(self.page, answers, lookups)

    def check(self, answers: Answers, lookups: Lookups) -> dict[str, str]:
        """The faults of the page; the review has those of all."""
        if not self.page.parts:
            return crm_flow.check_all(answers, lookups)
        return crm_flow.check(self.page, answers, lookups)

    def remarks(self, answers: Answers, lookups: Lookups) -> dict[str, str]:
        """What is worth knowing."""
        return crm_flow.remarks_on(self.page, answers, lookups)

    def change(self, answers: Answers, name: str, value: Value) -> dict[str, Value]:
        """Another answer; what it leaves without a meaning goes, on any page."""
        return crm_flow.change(answers, name, value)

    def look(self, answers: Answers, lookups: Lookups) -> Look | None:
        """What can be seen before."""
        return crm_flow.look(self.page, answers, lookups)
