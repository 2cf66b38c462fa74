"""A pane of lines with a cursor, drawn by window: what is below costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from aeptui.ui.drawing import both_ends, fit, line
from aeptui.ui.palette import BOLD, DIM
from aeptui.ui.widgets.painted import Painted

R = TypeVar("R")


class RowPane(Painted, Generic[R], can_focus=True):
    """Rows of one kind under a title; a subclass draws one row at a time.

    The rows are given to it; it owns where the cursor is and what is in sight.
    """

    DEFAULT_CSS = "RowPane { height: 1fr; width: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False, id="up", tooltip="the line above"),
        Binding("down,j", "move(1)", "down", show=False, id="down", tooltip="the line below"),
        Binding("pageup", "page(-1)", "page up", show=False, id="page_up", tooltip="a page up"),
        Binding(
            "pagedown", "page(1)", "page down", show=False, id="page_down", tooltip="a page down"
        ),
        Binding(
            "home", "move(-1000000)", "first", show=False, id="first", tooltip="the first line"
        ),
        Binding("end", "move(1000000)", "last", show=False, id="last", tooltip="the last line"),
    ]

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, pane: RowPane[R]) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, title: str, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.title = title
        self.note = ""
        """Stands at the right of the title."""
        self.count: int | None = None
        """Stands behind the title where that is not the number of rows."""
        self.empty = empty
        self.rows: Sequence[R] = ()
        self.at = 0
        self._top = 0

    def draw(self, row: R, width: int, *, here: bool) -> Strip:
        """One row; `here` when the cursor is on it."""
        raise NotImplementedError

    def below(self, row: R, width: int) -> list[Strip]:
        """What is said below the row at the cursor."""
        return []

    def put(self, rows: Sequence[R], at: int | None = None) -> None:
        """Show these rows; the cursor stays at its place unless it is given one."""
        self.rows = rows
        self.at = max(0, min(self.at if at is None else at, len(rows) - 1))
        self.repaint()

    @property
    def row(self) -> R | None:
        """The row at the cursor."""
        return self.rows[self.at] if self.at < len(self.rows) else None

    def go_to(self, at: int) -> None:
        """Put the cursor on a row."""
        at = max(0, min(at, len(self.rows) - 1))
        if at != self.at:
            self.at = at
            self.repaint()
            self.post_message(self.Moved(self))

    def action_move(self, delta: int) -> None:
        """Go by so many rows."""
        self.go_to(self.at + delta)

    def action_page(self, pages: int) -> None:
        """Go by what fits."""
        self.go_to(self.at + pages * max(1, self.size.height - 2))

    def lines(self, width: int, height: int) -> list[Strip]:
        """The title, the rows around the cursor, and how many are below."""
        style = BOLD if self.has_focus else DIM
        number = len(self.rows) if self.count is None else self.count
        count = f" {number:,}" if number else ""
        left = [(f" {self.title}", style), (count, DIM)]
        made = [both_ends(left, [(f"{self.note} ", DIM)] if self.note else [], width)]
        if not self.rows:
            return [*made, line([(f" {self.empty}", DIM)], width)]
        row = self.row
        said = self.below(row, width) if row is not None else []
        said = said[: max(0, height - 3)]
        room = max(1, height - 1 - len(said))
        more = len(self.rows) > room
        room -= more and room > 1
        self._top = max(min(self._top, self.at, len(self.rows) - room), self.at - room + 1, 0)
        for i in range(self._top, min(self._top + room, len(self.rows))):
            made.append(self.draw(self.rows[i], width, here=i == self.at))
            if i == self.at:
                made += said
        if more:
            left_over = len(self.rows) - self._top - room
            words = f"{left_over:,} more below ↓ " if left_over > 0 else "the end ↑ "
            made.append(line([(fit(words, width, "right"), DIM)], width))
        return made
