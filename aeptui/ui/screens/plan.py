"""What a form would send, or what it can show before: read, copied, left again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.forms.form import Look
from aeptui.forms.lookups import Lookups
from aeptui.pipelines.plan import Plan
from aeptui.resources.definition import Detail, Grid, Prose
from aeptui.session import Session
from aeptui.ui.palette import BOLD, DIM
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.plan_view import PlanView
from aeptui.ui.widgets.text_line import Rule, TextLine


class RequestPage(Page):
    """The requests of a plan. Nothing is sent from here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy as curl", id="copy", tooltip="copy the request as curl"),
        Binding("ctrl+r", "back", "back", show=False),
    ]

    aged = ("flows", "runs")
    view = getters.query_one("#plan", PlanView)

    def __init__(self, session: Session, plan: Plan) -> None:
        super().__init__(session, "request")
        self.plan = plan

    def body(self) -> Iterable[Widget]:
        """The steps and the request."""
        yield TextLine([(f" {self.plan.title}", BOLD), ("   Nothing has been sent.", DIM)])
        yield Rule()
        yield PlanView(id="plan")

    def on_mount(self) -> None:
        """Show the first request."""
        self.view.show(self.plan)
        self.view.focus()

    def action_copy(self) -> None:
        """Copy the request for a shell; the token and the secrets stay variables."""
        self.app.copy_to_clipboard(self.view.curl)
        self.say("Copied as curl; set AEP_TOKEN, AEP_API_KEY and the secrets in your shell.")


class LookPage(Page):
    """What a form can show before anything is sent: sample rows, the fields of a schema."""

    aged = ("flows", "runs")

    def __init__(self, session: Session, lookups: Lookups, look: Callable[[], Look | None]) -> None:
        super().__init__(session, "preview")
        self._lookups = lookups
        self._look = look

    def body(self) -> Iterable[Widget]:
        """A title and what is seen."""
        yield TextLine(id="heading")
        yield Rule()
        yield DetailView(id="detail")

    def on_mount(self) -> None:
        """Ask what has to be asked."""
        self.query_one(DetailView).focus()
        self.ask()

    @work(exclusive=True, group="ask")
    async def ask(self) -> None:
        """Show what is known, ask for the rest, show it; leaving stops asking."""
        while True:
            self._lookups.start_over()
            found = self._look()
            self.show_look(found)
            if found is None or not found.waits or not await self._lookups.ask_missing():
                return

    def show_look(self, found: Look | None) -> None:
        """Draw what there is, or the words for why there is nothing."""
        heading = self.query_one("#heading", TextLine)
        if found is None:
            heading.put([(" Preview", BOLD)])
            detail = Detail("Preview", (Prose("There is nothing to show yet."),))
        else:
            heading.put([(f" {found.title}", BOLD)])
            detail = Detail(found.title, _blocks(found))
        self.query_one(DetailView).show(detail)


def _blocks(found: Look) -> list[Grid | Prose]:
    blocks: list[Grid | Prose] = []
    if found.waits:
        blocks.append(Prose(f"Asking for {found.waits}. esc stops."))
    if found.trouble:
        blocks.append(Prose(found.trouble, tone="warn"))
    blocks += [Prose(text, tone="warn") for text in found.faults.values()]
    if found.rows:
        blocks.append(Grid("", found.header, found.rows))
    if found.note:
        blocks.append(Prose(found.note, tone="dim"))
    return blocks
