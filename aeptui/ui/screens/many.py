"""What comes of one action for many resources, a line each, while it goes on and after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import getters
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.mirror.rows import Row
from aeptui.pipelines.many import Came, Item, Many
from aeptui.resources.definition import Column, Tone
from aeptui.session import Session
from aeptui.ui.fixed import FixedRows
from aeptui.ui.messages import OpenResource
from aeptui.ui.palette import BOLD, DIM, PLAIN
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.resource_table import ResourceTable
from aeptui.ui.widgets.text_line import Rule, TextLine

TONES: dict[Came, Tone] = {
    "waiting": "dim",
    "under way": "busy",
    "done": "good",
    "skipped": "warn",
    "failed": "bad",
    "not tried": "warn",
}


class ItemRow(Row, frozen=True, kw_only=True):
    """One of many as a row."""

    came: Came
    said: str
    kind: str
    about: str


COLUMNS = (
    Column("RESULT", lambda row, _: row.came, 9, tone=lambda row: TONES[row.came]),
    Column("NAME", lambda row, _: row.name, 26),
    Column("WHAT CAME OF IT", lambda row, _: row.said, 30, grow=True),
)


class ManyPage(Page):
    """The items in their order; leaving the page does not stop them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("X", "stop_rest", "stop", id="stop_rest", tooltip="do not try the rest"),
    ]

    table = getters.query_one("#table", ResourceTable)
    heading = getters.query_one("#heading", TextLine)
    told = getters.query_one("#told", TextLine)

    def __init__(self, session: Session, many: Many) -> None:
        super().__init__(session, many.title)
        self.many = many
        self.kinds = ("flows", "runs")

    def body(self) -> Iterable[Widget]:
        """How far it is, the items, and what came of the one under the cursor, whole."""
        yield TextLine(id="heading")
        yield Rule()
        yield ResourceTable(COLUMNS, self.session.moment, id="table")
        yield TextLine(id="told")

    def on_mount(self) -> None:
        """Follow what changes."""
        self.many.changed = self.show
        self.show()
        self.table.focus()

    def on_unmount(self) -> None:
        """It goes on without being drawn."""
        self.many.changed = lambda: None

    def show(self) -> None:
        """How it stands now."""
        many = self.many
        self.heading.put(
            [(f" {many.title.capitalize()} ", BOLD), (f" {many.summary}", PLAIN)],
            [("over " if many.over else "under way ", DIM)],
        )
        rows = FixedRows([_row(item) for item in many.items])
        self.table.read_from(rows, sorted_by="", reverse=False, keep=True)
        self.table.show(rows.window())
        self.show_told()
        self.refresh_bindings()

    def show_told(self) -> None:
        """The whole sentence of the row under the cursor."""
        row = self.table.row
        self.told.put([(f" {row.said}" if isinstance(row, ItemRow) else "", DIM)])

    def on_resource_table_moved(self, _message: ResourceTable.Moved) -> None:
        """Another row has another sentence."""
        self.show_told()

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Open what it was about."""
        if isinstance(message.row, ItemRow):
            self.post_message(OpenResource(message.row.kind, message.row.about))

    def why_not(self, action: str) -> str | None:
        """What is over cannot be stopped."""
        if action == "stop_rest" and (self.many.over or self.many.stopped):
            return "it is over" if self.many.over else "it stops after what is under way"
        return super().why_not(action)

    def action_stop_rest(self) -> None:
        """Try no more."""
        self.many.stop("stopped by you")
        self.say("It stops after what is under way.")
        self.refresh_bindings()


def _row(item: Item) -> ItemRow:
    return ItemRow(
        id=f"{item.kind} {item.row.id}",
        name=item.name,
        came=item.came,
        said=item.said,
        kind=item.kind,
        about=item.row.id,
    )
