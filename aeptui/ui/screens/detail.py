"""One resource, whole; under it the runs or batches that belong to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

from textual import getters
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.mirror.rows import FlowRow, Row, RunRow
from aeptui.mirror.values import Listing
from aeptui.resources import registry
from aeptui.resources.definition import Detail, Grid, Resource
from aeptui.session import Session
from aeptui.ui.ages import Age
from aeptui.ui.listing import MirrorRows
from aeptui.ui.messages import OpenLinks, OpenRaw, OpenResource, OpenWhy
from aeptui.ui.palette import BOLD, TONES
from aeptui.ui.screens.acting import ActingPage, action_of
from aeptui.ui.screens.resource import (
    EXPLAINED,
    FIRST,
    no_runs,
    telling_run,
    told_before,
    why_not_asked,
)
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.resource_table import ResourceTable
from aeptui.ui.widgets.text_line import Rule, TextLine

PARTS: Mapping[str, tuple[str, str, str]] = {
    "flows": ("runs", "flow_id", "flow_name"),
    "datasets": ("batches", "dataset_id", "dataset_name"),
}
"""What is listed under a resource: the kind, and its fields for the resource's id and name."""


class DetailPage(ActingPage):
    """What the mirror and the platform tell of one resource, kept current."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "why", id="why", tooltip="why the run (or the last one) went wrong"),
        Binding("u", "used_by", "used by", id="used_by", tooltip="what it uses, and what uses it"),
        Binding("v", "raw", "raw", id="raw", tooltip="the platform's own JSON"),
        Binding("y", "copy", "copy id", id="copy", tooltip="copy the id"),
        Binding("tab", "pane", "other pane", id="pane", tooltip="between the facts and the list"),
        Binding("shift+tab", "pane", "other pane", show=False),
    ]

    detail = getters.query_one("#detail", DetailView)
    heading = getters.query_one("#heading", TextLine)

    def __init__(self, session: Session, resource: Resource, row: Row) -> None:
        super().__init__(session, resource.name)
        self.resource = resource
        self.row = row
        self._told: Row | None = None
        self.kinds = (resource.kind,)
        kind, column, self._own_name = PARTS.get(resource.kind, ("", "", ""))
        self.parts = registry.BY_KIND.get(kind)
        self._listing = Listing(kind, within=(column, row.id))
        if self.parts is not None:
            self.kinds = (resource.kind, kind)
            self.add_class("-with-parts")

    def body(self) -> Iterable[Widget]:
        """Title, facts, and the list of what belongs to it."""
        yield TextLine(id="heading")
        yield Rule()
        yield DetailView(id="detail")
        if self.parts is not None:
            yield Rule(self.parts.plural)
            yield ResourceTable(
                [column for column in self.parts.columns if column.order != self._own_name],
                self.session.moment,
                empty=f"No {self.parts.plural} yet.",
                id="parts",
            )

    @property
    def table(self) -> ResourceTable | None:
        """The list under the facts, where there is one."""
        return self.query_one("#parts", ResourceTable) if self.parts is not None else None

    @property
    def at_hand(self) -> Row | None:
        """What is shown."""
        return self.row

    def target(self, name: str) -> tuple[Resource, Row | None]:
        """What is shown, or what belongs to it where only that has such an action."""
        if self.parts is None or self.table is None or action_of(self.resource.kind, name):
            return super().target(name)
        return (
            (self.parts, self.table.row)
            if action_of(self.parts.kind, name)
            else super().target(name)
        )

    def on_mount(self) -> None:
        """Draw what belongs to it at once; the facts follow when they are read."""
        self.heading.put([(f" {self.row.name or self.row.id}", BOLD)])
        if self.parts is not None and self.table is not None:
            rows = MirrorRows(self.session.mirror, self._listing)
            self.table.read_from(
                rows,
                sorted_by=self.parts.order,
                reverse=self.parts.reverse,
                first=rows.first_now(FIRST),
            )
            self.table.focus()
        else:
            self.detail.focus()

    async def look(self) -> None:
        """Read the row, its facts and its parts again."""
        found = await self.session.mirror.get(self.resource.kind, self.row.id)
        if found is None:
            self.say(f"This {self.resource.name} is gone from the platform.", "warn")
        else:
            self.row = found
        if self.table is not None:
            await self.table.look()
        if told_before(self._told, self.row):
            return
        row = self.row
        detail = await self.resource.detail(self.session, row)
        word = [(f"{detail.word} ", TONES[detail.tone])] if detail.word else []
        self.heading.put([(f" {detail.title}", BOLD)], word)
        self.detail.show(self._without_parts(detail))
        self._told = row  # only now: a reading can be cut short by a page in front of this one

    def marks_changed(self) -> None:
        """What was said of a flow stands among its facts."""
        self._told = None
        self.follow()

    def _without_parts(self, detail: Detail) -> Detail:
        """The facts without the grid that the list below repeats, live and whole."""
        if self.parts is None:
            return detail
        part = self.parts.kind
        blocks = [b for b in detail.blocks if not (isinstance(b, Grid) and b.part == part)]
        return replace(detail, blocks=blocks)

    def on_age(self, age: Age) -> None:
        """Dim the list where it may be out of date."""
        if self.table is not None:
            self.table.set_stale(age.stale)

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Open what belongs to it."""
        if self.parts is not None:
            self.post_message(OpenResource(self.parts.kind, message.row.id))

    def on_resource_table_moved(self, _message: ResourceTable.Moved) -> None:
        """Keys depend on what is under the cursor."""
        self.refresh_bindings()

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        """Open what the facts name."""
        self.post_message(OpenResource(message.kind, message.id))

    def why_not(self, action: str) -> str | None:
        """Some keys need a run."""
        if action == "why":
            return why_not_asked(self.row)
        if action == "pane" and self.parts is None:
            return "there is one pane only"
        return super().why_not(action)

    def ever(self, action: str) -> bool:
        """Only flows and runs have a why."""
        return super().ever(action) if action != "why" else self.resource.kind in EXPLAINED

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where there is one pane, the other is not offered at all."""
        if action == "pane" and self.parts is None:
            return False
        return super().check_action(action, parameters)

    async def action_why(self) -> None:
        """Explain this run, the run under the cursor, or the flow's last bad one."""
        under = self.table.row if self.table is not None and self.table.has_focus else None
        run_id = ""
        if isinstance(self.row, RunRow):
            run_id, title = self.row.id, self.row.flow_name or self.row.flow_id
        elif isinstance(self.row, FlowRow):
            title = self.row.name or self.row.id
            bad = isinstance(under, RunRow) and under.word in ("failed", "partial")
            run_id = under.id if bad and under else await telling_run(self.session, self.row)
        if run_id:
            self.post_message(OpenWhy(run_id, title))
        else:
            self.say(no_runs(self.row))

    def action_used_by(self) -> None:
        """Show what it uses and what uses it."""
        self.post_message(OpenLinks(self.resource.kind, self.row.id, self.row.name or self.row.id))

    def action_raw(self) -> None:
        """Show the platform's own answer."""
        self.post_message(OpenRaw(self.resource.kind, self.row.id, self.row.name or self.row.id))

    def action_copy(self) -> None:
        """Copy the id by way of the terminal."""
        self.app.copy_to_clipboard(self.row.id)
        self.say(f"Copied {self.row.id}, if your terminal takes it.")

    def action_pane(self) -> None:
        """Give the keys to the other pane."""
        if self.table is not None:
            (self.detail if self.table.has_focus else self.table).focus()
