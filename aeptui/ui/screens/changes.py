"""What changed between the last clean and the first bad run of a flow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import getters
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.resources import changes as told
from aeptui.session import Session
from aeptui.ui.messages import OpenResource, OpenWhy
from aeptui.ui.palette import BOLD, TONES
from aeptui.ui.screens.page import Page
from aeptui.ui.screens.resource import gone_wrong
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.text_line import Rule, TextLine


class ChangesPage(Page):
    """The two runs, and each definition that was changed between them, before and after."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "why", id="why", tooltip="why the first bad run went wrong"),
    ]

    heading = getters.query_one("#heading", TextLine)
    detail = getters.query_one("#detail", DetailView)

    def __init__(self, session: Session, flow_id: str, run_id: str = "") -> None:
        super().__init__(session, "what changed")
        self.flow_id, self.run_id = flow_id, run_id
        self.kinds = ("flows", "mapping-sets", "source-connections", "base-connections", "schemas")
        self.aged = ("flows", "runs")
        self._changes: told.Changes | None = None

    def body(self) -> Iterable[Widget]:
        """A title and what changed."""
        yield TextLine(id="heading")
        yield Rule()
        yield DetailView(id="detail")

    def on_mount(self) -> None:
        """Give the keys to what changed."""
        self.detail.words = "Comparing what the flow is made of."
        self.detail.focus()

    async def look(self) -> None:
        """Compare again."""
        flow = await self.session.mirror.get("flows", self.flow_id)
        if not isinstance(flow, FlowRow):
            self.detail.say("The mirror does not hold this flow any more.")
            return
        run_id = self.run_id or await gone_wrong(self.session, flow)
        run = await self.session.mirror.get("runs", run_id) if run_id else None
        if not isinstance(run, RunRow):
            self.detail.say("This flow has no runs yet, so there is nothing to compare.")
            return
        if run.word not in ("failed", "partial", "unknown"):
            self.detail.say(
                "None of the newest runs of this flow went wrong, so there is nothing to compare."
            )
            return
        self._changes = await told.changes_of(self.session, flow, run)
        made = told.detail(self._changes, self.session.moment())
        self.heading.put([(f" {made.title}", BOLD)], [(f"{made.word} ", TONES[made.tone])])
        self.detail.show(made)
        self.refresh_bindings()

    def why_not(self, action: str) -> str | None:
        """There is a bad run only where something went wrong."""
        if action == "why" and self._changes is None:
            return "no run went wrong"
        return super().why_not(action)

    def action_why(self) -> None:
        """Explain the first bad run."""
        if self._changes is not None:
            bad = self._changes.bad
            self.post_message(OpenWhy(bad.id, bad.flow_name or bad.flow_id))

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        """Open what is named."""
        self.post_message(OpenResource(message.kind, message.id))
