"""The one table: rows of one resource, drawn by line over a window of the mirror."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, ClassVar, Protocol, cast

from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.message import Message
from textual.strip import Strip

from aeptui.mirror.rows import Row
from aeptui.mirror.values import Anchor, Window
from aeptui.moment import Moment
from aeptui.resources.definition import Column
from aeptui.ui.drawing import fit, line, wrap
from aeptui.ui.palette import DIM
from aeptui.ui.rows import Look, Sheet, furthest, place_words
from aeptui.ui.widgets.painted import Painted

BUFFER = 3
"""Screens of rows held on either side of the cursor, so that a key needs no query."""


NOT_READ = "Not read yet."


class Source(Protocol):
    """Where the rows come from."""

    def first(self, count: int) -> Coroutine[Any, Any, Window]: ...
    def last(self, count: int) -> Coroutine[Any, Any, Window]: ...
    def around(self, place: Anchor, before: int, after: int) -> Coroutine[Any, Any, Window]: ...


class ResourceTable(Painted, can_focus=True):
    """Rows of one resource, as many as fit; the cursor is on a resource, not on a line.

    News changes rows under the cursor, never what the cursor is on, unless that
    resource is gone: then its neighbour takes its place. Until a key was pressed
    it is simply on the first row. A key costs two lines.
    """

    DEFAULT_CSS = "ResourceTable { height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False, id="up", tooltip="to the row above"),
        Binding("down,j", "move(1)", "down", show=False, id="down", tooltip="to the row below"),
        Binding(
            "pageup", "page(-1)", "page up", show=False, id="page_up", tooltip="up by what fits"
        ),
        Binding(
            "pagedown",
            "page(1)",
            "page down",
            show=False,
            id="page_down",
            tooltip="down by what fits",
        ),
        Binding("home", "first", "first", show=False, id="first", tooltip="to the first row"),
        Binding("end", "last", "last", show=False, id="last", tooltip="to the last row"),
        Binding("left", "aside(-1)", "left", show=False, id="left", tooltip="columns to the left"),
        Binding(
            "right", "aside(1)", "right", show=False, id="right", tooltip="columns to the right"
        ),
        Binding("enter", "open", "open", id="open", tooltip="open the row under the cursor"),
        Binding("space", "mark", "mark", show=False, id="mark", tooltip="mark or unmark the row"),
    ]

    class Moved(Message):
        """The cursor is on another resource, or on none."""

        def __init__(self, row: Row | None) -> None:
            super().__init__()
            self.row = row

    class Opened(Message):
        """Enter was pressed on a resource."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    def __init__(
        self,
        columns: Sequence[Column],
        moment: Callable[[], Moment],
        *,
        empty: str = "",
        held: str | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.empty = empty
        self.marked: set[str] = set()
        self.calm: Mapping[str, str] = {}
        self.stale = False
        self.unread = ""
        self._columns = tuple(columns)
        self._moment = moment
        self._source: Source | None = None
        self._asked: set[asyncio.Task[Window]] = set()
        self._until = NOT_READ
        self._window: Window | None = None
        self._rows: Sequence[Row] = ()
        self._top = 0
        self._cursor = 0
        self._wanted = held
        self._owed = 0
        self._touched = held is not None
        self._sorted: tuple[str, bool] = ("", False)
        self._moving = False
        self._passed = 0
        self._sheet: Sheet | None = None

    # What it holds -----------------------------------------------------------

    @property
    def row(self) -> Row | None:
        """The resource under the cursor."""
        return self._rows[self._cursor] if self._cursor < len(self._rows) else None

    @property
    def touched(self) -> bool:
        """Whether a key was pressed: until then nobody moves through the rows."""
        return self._touched

    def stay(self) -> None:
        """What was asked is about the row under the cursor: it stays on that wherever it goes."""
        self._touched = self._touched or self.row is not None

    @property
    def held(self) -> str | None:
        """The id of the resource under the cursor."""
        return row.id if (row := self.row) is not None else None

    @property
    def chosen(self) -> list[Row]:
        """The marked rows that are held, in their order."""
        return [row for row in self._rows if row.id in self.marked]

    @property
    def ids(self) -> list[str]:
        """The ids on the screen, top to bottom."""
        return [row.id for row in self._rows[self._top : self._top + self._body_height]]

    @property
    def total(self) -> str:
        """How many rows the list has, in words; empty before the first answer."""
        if self._window is None:
            return ""
        return f"{'~' if self._window.estimated else ''}{self._window.total:,}"

    @property
    def _body_height(self) -> int:
        return self._room_for_rows(self.size.height)

    def _room_for_rows(self, height: int) -> int:
        """Lines for rows: all but the header, and but the place in the list unless all is in sight."""
        window = self._window
        whole = window is not None and not (window.before or window.after or self.marked)
        room = height - 1 if whole and len(self._rows) <= height - 1 else height - 2
        return max(1, room)

    def read_from(
        self,
        source: Source,
        *,
        sorted_by: str,
        reverse: bool,
        first: Window | None = None,
        until: str = NOT_READ,
        keep: bool = False,
    ) -> None:
        """Take rows from `source` from now on; `first` is drawn at once, else `until` is said.

        Another order or filter begins at the top; `keep` stays where the cursor is. What an
        earlier source was asked is of no use any more, and may take seconds.
        """
        self._source, self._until = source, until
        for asked in self._asked:
            asked.cancel()
        self._sorted, self._sheet = (sorted_by, reverse), None
        if not keep:
            self._window, self._rows = None, ()
            self._top = self._cursor = self._owed = 0
            self._touched = self._wanted is not None
        if first is not None:
            self.show(first)
        elif not keep:
            self.repaint()

    # Reading -----------------------------------------------------------------

    async def look(self, *, from_top: bool = False) -> None:
        """Ask again for the rows around the cursor and draw what differs."""
        source = self._source
        if source is None:
            return
        room = self._body_height * BUFFER
        held = self.row if self._touched and not from_top else None
        at_top = self._top == 0 and (self._window is None or not self._window.before)
        if held is None or at_top:
            window = await self._answer(source, source.first(room * 2))
            if window is None:
                return
            # A key may have been pressed while the mirror was asked.
            top = from_top or not self._touched
            if top or held is None or any(row.id == held.id for row in window.rows):
                self.show(window, from_top=top)
                return
        around = await self._answer(source, source.around(self._anchor(), room, room))
        if around is not None:
            self.show(around)

    async def _answer(self, source: Source, asked: Coroutine[Any, Any, Window]) -> Window | None:
        """What `source` answers; None where the rows come from another one meanwhile."""
        task = asyncio.create_task(asked)
        self._asked.add(task)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            self._asked.discard(task)
        return None if source is not self._source else task.result()

    async def seek(self, id: str) -> None:
        """Put the cursor on a resource, wherever it stands in the list."""
        source = self._source
        if source is None:
            return
        self._touched, self._wanted, self._owed = True, id, 0
        room = self._body_height * BUFFER
        window = await self._answer(source, source.around(Anchor.at(id), room, room))
        if window is not None:
            self.show(window)

    def show(self, window: Window, *, from_top: bool = False) -> None:
        """Draw `window`, keeping the cursor on its resource and that on its line."""
        held, line_of_cursor = self._wanted or self.held, self._cursor - self._top
        at_top = self._top == 0 and (self._window is None or not self._window.before)
        old_row = self.row
        self._window, self._rows, self._sheet = window, window.rows, None
        if from_top:
            self._cursor = self._top = self._owed = 0
        else:
            found = next((i for i, row in enumerate(self._rows) if row.id == held), None)
            if found is not None:
                self._wanted = None
                self._cursor = found
            else:
                self._cursor = max(0, min(self._cursor, len(self._rows) - 1))
            self._top = 0 if at_top and not window.before else self._cursor - line_of_cursor
        self._keep_in_sight()
        self._step(0)
        self.repaint()
        if self.row != old_row:
            self.post_message(self.Moved(self.row))

    def _anchor(self) -> Anchor:
        return cast(Window, self._window).anchor(self._cursor, "from")

    def _keep_in_sight(self) -> None:
        height = self._body_height
        if self._cursor < self._top:
            self._top = self._cursor
        elif self._cursor >= self._top + height:
            self._top = self._cursor - height + 1
        self._top = max(0, min(self._top, max(0, len(self._rows) - height)))

    # Moving ------------------------------------------------------------------

    def action_move(self, delta: int) -> None:
        """Move the cursor; at the edge of what is held, the rest follows when it is there."""
        self._go(delta)

    def action_page(self, pages: int) -> None:
        """Move by what fits on the screen."""
        self._go(pages * max(1, self._body_height - 1))

    def action_first(self) -> None:
        """Move to the first row of the list."""
        self._jump("first")

    def action_last(self) -> None:
        """Move to the last row of the list."""
        self._jump("last")

    def action_aside(self, columns: int) -> None:
        """Show the columns further right or left; what names a row stays where it is."""
        end = furthest(self._columns, self.size.width - 2)
        passed = max(0, min(self._passed + columns, end))
        if passed != self._passed:
            self._passed = passed
            self.repaint()

    def action_open(self) -> None:
        """Say that the row under the cursor was opened."""
        if (row := self.row) is not None:
            self._touched = True
            self.post_message(self.Opened(row))

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor and move on."""
        if (row := self.row) is not None:
            self.marked ^= {row.id}
            self._go(1)

    def unmark(self) -> None:
        """Mark nothing any more."""
        self.marked.clear()
        self.repaint()

    def _go(self, delta: int) -> None:
        self._touched = True
        before = self.held
        self._step(delta)
        self.repaint()
        if self.held != before:
            self.post_message(self.Moved(self.row))
        self._read_ahead()

    def _step(self, delta: int) -> None:
        target = self._cursor + self._owed + delta
        self._cursor = max(0, min(target, len(self._rows) - 1))
        rest = target - self._cursor
        more = self._window is not None and (
            self._window.before if rest < 0 else self._window.after if rest > 0 else False
        )
        self._owed = rest if more else 0
        self._keep_in_sight()

    def _read_ahead(self) -> None:
        window, height = self._window, self._body_height
        if window is None or self._moving:
            return
        near_top = window.before and self._cursor < height
        near_end = window.after and self._cursor >= len(self._rows) - height
        if near_top or near_end:
            self._moving = True
            self.run_worker(self._extend(), group="rows")

    async def _extend(self) -> None:
        try:
            source, before = self._source, None
            # Again while more keys were pressed than there were rows for, and it leads on.
            while source is not None and self.held not in (None, before):
                before, room = self.held, self._body_height * BUFFER
                window = await self._answer(source, source.around(self._anchor(), room, room))
                if window is None:
                    break
                self.show(window)
                if not self._owed:
                    break
        finally:
            self._moving = False

    def _jump(self, where: str) -> None:
        window = self._window
        if window is None:
            return
        self._touched, self._owed = True, 0
        if window.before if where == "first" else window.after:
            self.run_worker(self._fetch_end(where), group="rows", exclusive=True)
        else:
            self._go(len(self._rows) * (-1 if where == "first" else 1))

    async def _fetch_end(self, where: str) -> None:
        source = self._source
        if source is None:
            return
        room = self._body_height * BUFFER * 2
        asked = source.first(room) if where == "first" else source.last(room)
        end = await self._answer(source, asked)
        if end is None:
            return
        self._window, self._rows, self._owed = end, end.rows, 0
        self._cursor = 0 if where == "first" else max(0, len(self._rows) - 1)
        self._keep_in_sight()
        self.repaint()
        self.post_message(self.Moved(self.row))

    # Drawing -----------------------------------------------------------------

    def on_resize(self, _event: Resize) -> None:
        """Keep the cursor on the screen whatever its new size."""
        self._keep_in_sight()
        self._read_ahead()

    def lines(self, width: int, height: int) -> list[Strip]:
        """A header, the rows that fit, and where they stand in the list."""
        sheet = self._sheet_for(width)
        drawn = [sheet.header]
        if not self._rows:
            return [*drawn, *self._nothing(width)]
        body = self._room_for_rows(height)
        for i in range(self._top, min(self._top + body, len(self._rows))):
            row = self._rows[i]
            drawn.append(sheet.line(row, self._look_of(row, i)))
        if body == height - 1:
            return drawn
        drawn += [Strip.blank(width)] * (height - 1 - len(drawn))
        return [*drawn, self._place(width, body)]

    def _sheet_for(self, width: int) -> Sheet:
        """The one there is while nothing but the cursor has moved: a key makes few lines."""
        moment, sheet = self._moment(), self._sheet
        if sheet is None or not sheet.serves(width, self._passed, moment):
            sheet = self._sheet = Sheet(self._columns, width, self._passed, moment, *self._sorted)
        return sheet

    def _look_of(self, row: Row, index: int) -> Look:
        return Look(
            here=index == self._cursor,
            loud=index == self._cursor and self.has_focus,
            marked=row.id in self.marked,
            stale=self.stale,
            calm=self.calm.get(row.id, ""),
        )

    def _nothing(self, width: int) -> list[Strip]:
        if self._window is None and self._until != NOT_READ:
            words = self._until  # a search that is under way tells of itself
        else:
            words = self.unread or (NOT_READ if self._window is None else self.empty)
        return [Strip.blank(width)] + [
            line([("  " + text, DIM)], width) for text in wrap(words, max(20, width - 4))
        ]

    def _place(self, width: int, body: int) -> Strip:
        window = self._window
        if window is None:
            return Strip.blank(width)
        last = min(self._top + body, len(self._rows))
        words = place_words(window, self._top, last)
        if self.marked:
            words = f"{len(self.marked)} marked   " + words
        return line([(fit(words + " ", width, "right"), DIM)], width)

    # Changing what is shown ----------------------------------------------------

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns of the same rows."""
        self._columns, self._passed, self._sheet = tuple(columns), 0, None
        self.repaint()

    def set_calm(self, calm: Mapping[str, str]) -> None:
        """Show a letter behind the word of these rows, which need nobody just now."""
        if calm != self.calm:
            self.calm = dict(calm)
            self.repaint()

    def set_unread(self, words: str) -> None:
        """Say this while there are no rows because nobody has answered yet."""
        if words != self.unread:
            self.unread = words
            self.repaint()

    def set_stale(self, stale: bool) -> None:
        """Dim the rows while what they say may be out of date."""
        if stale != self.stale:
            self.stale = stale
            self.repaint()
