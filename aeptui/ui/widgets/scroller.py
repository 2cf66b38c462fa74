"""Lines to read: more of them than fit, scrolled a line or a page at a time."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.strip import Strip

from aeptui.ui.drawing import fit, line
from aeptui.ui.palette import DIM
from aeptui.ui.widgets.painted import Painted


class Scroller(Painted, can_focus=True):
    """A column of lines made by `body`; the last line of the widget says how much is below."""

    DEFAULT_CSS = "Scroller { height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_lines(-1)", "up", show=False, id="up", tooltip="up"),
        Binding("down,j", "scroll_lines(1)", "down", show=False, id="down", tooltip="down"),
        Binding(
            "pageup",
            "scroll_pages(-1)",
            "page up",
            show=False,
            id="page_up",
            tooltip="up by what fits",
        ),
        Binding(
            "pagedown",
            "scroll_pages(1)",
            "page down",
            show=False,
            id="page_down",
            tooltip="down by what fits",
        ),
        Binding("home", "scroll_to_end(-1)", "top", show=False, id="first", tooltip="to the top"),
        Binding("end", "scroll_to_end(1)", "end", show=False, id="last", tooltip="to the end"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.top = 0
        self._made: list[Strip] = []
        self._made_for = -1

    def body(self, width: int) -> list[Strip]:
        """All the lines, `width` cells each."""
        raise NotImplementedError

    def remake(self) -> None:
        """Make the lines again: what they say has changed."""
        self._made_for = -1
        self.repaint()

    def made(self, width: int) -> list[Strip]:
        """The lines at this width, made once."""
        if self._made_for != width:
            self._made, self._made_for = self.body(width), width
        return self._made

    def lines(self, width: int, height: int) -> list[Strip]:
        """The lines in sight."""
        made = self.made(width)
        if len(made) <= height:
            self.top = 0
            return made
        self.top = max(0, min(self.top, len(made) - height + 1))
        shown = made[self.top : self.top + height - 1]
        below = len(made) - self.top - len(shown)
        words = f"{below} more below ↓ " if below else "the end ↑ "
        return [*shown, line([(fit(words, width, "right"), DIM)], width)]

    def action_scroll_lines(self, delta: int) -> None:
        """Scroll by lines."""
        self.scroll_by(delta)

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by what fits."""
        self.scroll_by(pages * max(1, self.size.height - 2))

    def action_scroll_to_end(self, direction: int) -> None:
        """Scroll to the top or to the end."""
        self.scroll_by(direction * len(self._made))

    def scroll_by(self, delta: int) -> None:
        """Move what is in sight."""
        self.top = max(0, self.top + delta)
        self.repaint()

    def on_resize(self, _event: Resize) -> None:
        """Lines are made for a width."""
        self.remake()
