"""Pages on whose flows and runs one can say: known, or not now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from aeptui.mirror.rows import FlowRow, Row, RunRow
from aeptui.monitor.causes import Cause
from aeptui.monitor.tones import NEEDS_A_PERSON
from aeptui.notes import marking
from aeptui.notes.marking import Subject
from aeptui.resources import causes as told
from aeptui.ui.screens.page import Page

MINDED = ("acknowledge", "snooze")


class MindingPage(Page):
    """A page with flows or runs at hand; `a` and `i` are about the marked ones, or that one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "a",
            "acknowledge",
            "acknowledge",
            show=False,
            id="acknowledge",
            tooltip="say that this is known: calm until it recovers or gets worse",
        ),
        Binding("i", "snooze", "snooze", show=False, id="snooze", tooltip="no alarm for some time"),
    ]

    @property
    def at_hand(self) -> Row | None:
        """The resource that a key is about."""
        return None

    @property
    def chosen(self) -> Sequence[Row]:
        """The resources that a key is about: what is marked, else what is at hand."""
        row = self.at_hand
        return [] if row is None else [row]

    def why_not(self, action: str) -> str | None:
        """Only what needs a person can be known or put off."""
        if action in MINDED:
            return self.why_not_minded() if self.is_mounted else "nothing is shown yet"
        return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """These keys are always taken: when there is nothing to do, they say why."""
        return True if action in MINDED else super().check_action(action, parameters)

    async def action_acknowledge(self) -> None:
        """Say that what is at hand is known."""
        if subjects := await self._asked():
            self.console.alerting.acknowledge(self, subjects)

    async def action_snooze(self) -> None:
        """Put off what is at hand."""
        if subjects := await self._asked():
            self.console.alerting.snooze(self, subjects)

    async def _asked(self) -> list[Subject]:
        reason = self.why_not_minded()
        subjects = [] if reason else await self.minded()
        if not subjects:
            self.refuse(reason or "no flow fails for this any more")
        return subjects

    def why_not_minded(self) -> str | None:
        """Why nothing here can be known or put off."""
        return _why_not(self.chosen)

    async def minded(self) -> list[Subject]:
        """Flows as they are, and the causes of runs; what needs nobody is passed over."""
        subjects: dict[str, Subject] = {}
        for row in self.chosen:
            for subject in await self._of(row):
                subjects.setdefault(subject.about, subject)
        return list(subjects.values())

    async def _of(self, row: Row) -> list[Subject]:
        if isinstance(row, FlowRow):
            needed = row.word in NEEDS_A_PERSON
            return [marking.flow(row.id, row.name or row.id, row.word)] if needed else []
        if isinstance(row, RunRow):
            from aeptui.monitor.blames import Blames

            book = self.session.config.code_book
            found = await self.session.mirror.ask(lambda reader: Blames().of(reader, [row]))
            still = {
                key
                for each in self.console.alerting.marks.standings.values()
                for key in each.causes
            }
            return [
                marking.cause(each.key, book.said(each.code, each.column, each.message))
                for each in found
                if each.key in still
            ]
        return []


class MindingCausesPage(MindingPage):
    """A page with a cause at hand; known or put off is that cause, in all of its flows."""

    def cause_at_hand(self) -> Cause | None:
        """The cause that a key is about."""
        return None

    def why_not_minded(self) -> str | None:
        """What is over needs nobody."""
        cause = self.cause_at_hand()
        if cause is None:
            return "there is no cause under the cursor"
        return None if cause.open else "this cause is over"

    async def minded(self) -> list[Subject]:
        """The cause."""
        cause = self.cause_at_hand()
        if cause is None:
            return []
        return [marking.cause(cause.key, told.sentence(cause, self.session.config.code_book))]


def _why_not(rows: Sequence[Row]) -> str | None:
    if not rows:
        return "there is nothing under the cursor"
    if not isinstance(rows[0], FlowRow | RunRow):
        return "only flows and the causes of runs are acknowledged or snoozed"
    if any(isinstance(row, FlowRow | RunRow) and row.word in NEEDS_A_PERSON for row in rows):
        return None
    what = rows[0].name or "this" if isinstance(rows[0], FlowRow) else "this run"
    return (
        f"nothing is wrong with {what}" if len(rows) == 1 else "nothing is wrong with any of them"
    )
