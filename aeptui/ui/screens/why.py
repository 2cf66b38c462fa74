"""Why a run ended as it did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import getters
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.mirror.rows import Row, RunRow
from aeptui.resources import explained, registry, why
from aeptui.resources.definition import Detail, Prose, Resource
from aeptui.session import Session
from aeptui.ui.messages import OpenLinks, OpenRaw, OpenResource
from aeptui.ui.palette import BOLD, TONES
from aeptui.ui.screens.acting import ActingPage
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.text_line import Rule, TextLine


def _begun(row: RunRow) -> Detail:
    """What the mirror alone tells, until the platform has been asked for the lost rows."""
    return Detail(
        row.flow_name or row.flow_id,
        (
            explained.opening(row, None),
            Prose("Asking the platform for the rows that were lost.", tone="dim"),
        ),
    )


class WhyPage(ActingPage):
    """From the run to its steps, its codes, its lost rows, and what was changed before.

    What it advises is done from here: the mapping, the login and its test, the retry.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "changes", "what changed", id="changes", tooltip="since the last clean run"),
        Binding(
            "E", "change", "login", id="change", tooltip="how it logs in to the CRM: change it"
        ),
        Binding("m", "mapping", "mapping", id="mapping", tooltip="the mapping of the run's flow"),
        Binding("R", "retry", "retry", id="retry", tooltip="retry this run"),
        Binding("u", "used_by", "used by", id="used_by", tooltip="what the run belongs to"),
        Binding("v", "raw", "raw", id="raw", tooltip="the platform's own JSON"),
        Binding("y", "copy", "copy id", id="copy", tooltip="copy the run's id"),
    ]

    resource = registry.BY_KIND["runs"]
    detail = getters.query_one("#detail", DetailView)
    heading = getters.query_one("#heading", TextLine)

    def __init__(self, session: Session, run_id: str, title: str) -> None:
        super().__init__(session, "why")
        self.run_id, self.run_title = run_id, title
        self.kinds = ("runs",)
        self._told: object = None

    @property
    def at_hand(self) -> Row | None:
        """The run."""
        return self.session.mirror.get_now("runs", self.run_id)

    def body(self) -> Iterable[Widget]:
        """A title and the explanation."""
        yield TextLine([(f" {self.run_title}", BOLD)], id="heading")
        yield Rule()
        yield DetailView(id="detail")

    def on_mount(self) -> None:
        """Give the keys to the explanation."""
        self.detail.words = "Gathering what is known of this run."
        self.detail.focus()

    def to_change(self) -> tuple[Resource, Row | None]:
        """The base connection behind a run that failed: a run itself stays as it was."""
        connection = self.connection() if self._failed else None
        if connection is None:
            return super().to_change()
        kind = "base-connections"
        return registry.BY_KIND[kind], self.session.mirror.get_now(kind, connection)

    @property
    def _failed(self) -> bool:
        row = self.at_hand if self.is_mounted else None
        return isinstance(row, RunRow) and row.word == "failed"

    def ever(self, action: str) -> bool:
        """The bar offers login, test and retry where the run failed: the advice is about those."""
        if action in ("change", "test", "retry"):
            return self._failed and self.why_not(action) is None
        return super().ever(action)

    async def look(self) -> None:
        """Explain, and again only when the run itself has moved on: lost rows cost a call."""
        row = await self.session.mirror.get("runs", self.run_id)
        now = (row.state, row.updated_at) if row is not None else None
        if self.detail.detail is not None and now == self._told:
            return
        if isinstance(row, RunRow):
            self.detail.show(_begun(row))
        try:
            explanation = await why.explain(self.session, self.run_id)
        except why.NoSuchRun as gone:
            self.detail.say(str(gone))
            return
        told = explained.laid_out(explanation, self.session.moment())
        word = [(f"{told.word} ", TONES[told.tone])] if told.word else []
        self.heading.put([(f" {told.title}", BOLD)], word)
        self.detail.show(told)
        self._told = now

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        """Open what the explanation names."""
        self.post_message(OpenResource(message.kind, message.id))

    def action_used_by(self) -> None:
        """Show what the run belongs to."""
        self.post_message(OpenLinks("runs", self.run_id, self.run_title))

    def action_raw(self) -> None:
        """Show the platform's own answer."""
        self.post_message(OpenRaw("runs", self.run_id, self.run_title))

    def action_copy(self) -> None:
        """Copy the run's id by way of the terminal."""
        self.app.copy_to_clipboard(self.run_id)
        self.say(f"Copied {self.run_id}, if your terminal takes it.")
