"""A line of text that its screen fills: headings, summaries, rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from textual.geometry import Size
from textual.strip import Strip

from aeptui.ui.drawing import Piece, both_ends, line, wrap
from aeptui.ui.palette import BOLD, DIM
from aeptui.ui.widgets.painted import Painted

Ends: TypeAlias = tuple[Sequence[Piece], Sequence[Piece]]
"""What stands at the left and at the right of a line."""


class TextLine(Painted):
    """Pieces at the left and at the right of one line."""

    def __init__(self, left: Sequence[Piece] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._said: Callable[[int], Ends] = lambda _width: (left, ())

    def put(self, left: Sequence[Piece], right: Sequence[Piece] = ()) -> None:
        """Say this instead of what was there."""
        self.put_fitting(lambda _width: (left, right))

    def put_fitting(self, said: Callable[[int], Ends]) -> None:
        """Say what `said` makes of the width that there is."""
        self._said = said
        self.repaint()

    def lines(self, width: int, height: int) -> list[Strip]:
        """The one line."""
        return [both_ends(*self._said(width), width)]


class Rule(Painted):
    """One rule between two areas, with a word about the lower one where it needs one."""

    def __init__(self, title: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.title = title

    def put(self, title: str) -> None:
        """Give the lower area another title."""
        self.title = title
        self.repaint()

    def lines(self, width: int, height: int) -> list[Strip]:
        """The one line."""
        begun = f"── {self.title} " if self.title else ""
        return [line([(begun + "─" * max(0, width - len(begun)), DIM)], width)]


class Divider(Painted):
    """One rule between two areas that stand beside each other."""

    DEFAULT_CSS = "Divider { width: 2; height: 1fr; }"

    def lines(self, width: int, height: int) -> list[Strip]:
        """As many lines as there are."""
        return [line([(" │"[:width], DIM)], width)] * height


LEAST_COLUMNS, LEAST_LINES = 60, 20
"""No page is drawn in a smaller window, and no key reaches it there."""


def fits(window: Size) -> bool:
    """Whether a page has room in `window`."""
    return window.width >= LEAST_COLUMNS and window.height >= LEAST_LINES


class TooSmall(Painted):
    """One sentence in place of a page that does not fit; the page is back when it does."""

    def lines(self, width: int, height: int) -> list[Strip]:
        """The sentence, on as many lines as it needs."""
        words = (
            f"aeptui needs {LEAST_COLUMNS} columns and {LEAST_LINES} lines. "
            "Make the window larger, or press ctrl+q."
        )
        return [line([(f" {text}", BOLD)], width) for text in wrap(words, max(8, width - 2))]
