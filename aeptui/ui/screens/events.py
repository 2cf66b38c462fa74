"""What happened, newest first; what is new since somebody last looked stands out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import getters
from textual.widget import Widget

from aeptui.mirror.rows import Row
from aeptui.monitor import said, tones
from aeptui.notes.file import NotesError
from aeptui.notes.marking import who
from aeptui.notes.store import Kept
from aeptui.resources import causes, formats
from aeptui.resources.definition import Column, Tone
from aeptui.session import Session
from aeptui.ui.fixed import FixedRows
from aeptui.ui.messages import OpenResource
from aeptui.ui.palette import BOLD, DIM, PLAIN
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.resource_table import ResourceTable
from aeptui.ui.widgets.text_line import Rule, TextLine

NEWEST = 500
"""So many events are listed."""
EMPTY = (
    "Nothing has happened yet. What the monitor notices stands here: flows that get into "
    "trouble, new causes, recoveries, and when the platform was out of touch."
)


class EventRow(Row, frozen=True, kw_only=True):
    """An event as a row; `name` is its sentence and `state` its word."""

    kept: Kept
    new: bool

    @property
    def tone(self) -> Tone:
        """What is bad stands out while it is new; what was so already never does."""
        event = self.kept.event
        if event.quiet or not self.new:
            return "dim"
        if event.kind in ("cause", "out-of-touch"):
            return "bad"
        return "good" if event.kind in ("recovered", "in-touch") else tones.tone(event.state)


COLUMNS = (
    Column("WHEN", lambda row, moment: formats.brief(row.kept.event.at, moment), 9),
    Column("WHAT", lambda row, _: row.state, 12, tone=lambda row: row.tone),
    Column("", lambda row, _: row.name, 40, grow=True, tone=lambda row: "" if row.new else "dim"),
)


class EventsPage(Page):
    """The events that are kept; enter opens the cause, or the flow."""

    table = getters.query_one("#table", ResourceTable)
    heading = getters.query_one("#heading", TextLine)
    told = getters.query_one("#told", TextLine)

    def __init__(self, session: Session) -> None:
        super().__init__(session, "events")
        self.kinds = ("flows", "runs")
        self._looked: int | None = None

    def body(self) -> Iterable[Widget]:
        """What is new, then the events."""
        yield TextLine(id="heading")
        yield Rule()
        yield ResourceTable(COLUMNS, self.session.moment, empty=EMPTY, id="table")
        yield TextLine(id="told")

    def on_mount(self) -> None:
        """Give the keys to the list."""
        self.table.focus()

    def marks_changed(self) -> None:
        """Something was kept."""
        self.follow()

    async def look(self) -> None:
        """Read the events, and remember up to where they were looked at."""
        notes = self.session.notes
        try:
            looked, at = await notes.looked(who())
            kept = await notes.events(newest=NEWEST)
            if kept and kept[0].n > looked:
                await notes.look(who(), kept[0].n, self.session.now())
        except NotesError as reason:
            self.table.set_unread(f"{reason}.")
            return
        if self._looked is None:
            self._looked = looked
            since = f"since you last looked, {formats.date_time(at, self.session.moment())}: "
            fresh = [each.event for each in kept if each.n > looked and not each.event.quiet]
            words = said.tally(fresh) or "nothing new"
            self.heading.put(
                [(" Events ", BOLD), (f" {since if at else ''}", DIM), (words, PLAIN)],
            )
        self.show(kept)

    def show(self, kept: Sequence[Kept]) -> None:
        """List these."""
        book, looked = self.session.config.code_book, self._looked or 0
        rows = FixedRows(
            [
                EventRow(
                    id=str(each.n),
                    name=said.sentence(each.event, book)
                    + (" (already so)" if each.event.quiet else ""),
                    state=said.word(each.event),
                    kept=each,
                    new=each.n > looked,
                )
                for each in kept
            ]
        )
        self.table.read_from(rows, sorted_by="", reverse=False, keep=True)
        self.table.show(rows.window())

    def on_resource_table_moved(self, _message: ResourceTable.Moved) -> None:
        """The sentence under the cursor, as much of it as fits on a line of its own."""
        row = self.table.row
        self.told.put([(f" {row.name}" if row is not None else "", DIM)])

    async def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Open the cause while it is known, else the flow."""
        if not isinstance(message.row, EventRow):
            return
        event = message.row.kept.event
        if event.kind == "cause":
            from aeptui.ui.screens.causes import CausePage

            for cause in await causes.known(self.session):
                if cause.key == event.cause:
                    self.console.push_screen(CausePage(self.session, cause, {}))
                    return
        if event.flow_ids:
            self.post_message(OpenResource("flows", event.flow_ids[0]))
        else:
            self.say(f"{said.sentence(event, self.session.config.code_book)}.")
