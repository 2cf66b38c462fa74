"""A screenful of cells: what a terminal shows, or is to show.

A cell is the text that stands in it and the number of its style. A character
two cells wide stands in its first one and leaves an empty text in the second;
marks that combine stand with the character that they belong to.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from rich.cells import cell_len

from aeptui.ui.sgr import PLAIN

T = TypeVar("T", str, int)
BLANK = " "
_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_FIRST_EMOJI = 0x1F000


@lru_cache(2048)
def cells_of(text: str) -> tuple[str, ...]:
    """The cells that `text` fills, as wide as the layout takes it to be."""
    clusters: list[str] = []
    for character in text:
        if clusters and (clusters[-1].endswith(_JOINER) or not cell_len(character)):
            clusters[-1] += character
        else:
            clusters.append(character)
    cells: list[str] = []
    for cluster in clusters:
        width = cell_len(cluster)
        if width:
            cells += [cluster, *[""] * (width - 1)]
    return tuple(cells)


def leading_marks(text: str) -> str:
    """The marks at the start of `text` that belong to the character before it."""
    end = 0
    while end < len(text) and not cell_len(text[end]):
        end += 1
    return text[:end]


@lru_cache(2048)
def width_in_doubt(cell: str) -> bool:
    """Whether terminals disagree on how many cells the character in `cell` fills."""
    return bool(cell) and (
        _JOINER in cell or _EMOJI_STYLE in cell or any(ord(c) >= _FIRST_EMOJI for c in cell)
    )


class Cells:
    """`columns` x `lines` cells, blank and plain at first."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns = columns
        self.lines = lines
        self.texts = [[BLANK] * columns for _ in range(lines)]
        self.styles = [[PLAIN] * columns for _ in range(lines)]

    def resized(self, columns: int, lines: int) -> Cells:
        """The same in another size: cut off, or blank where there was nothing."""
        other = Cells(columns, lines)
        width = min(columns, self.columns)
        for y in range(min(lines, self.lines)):
            other.texts[y][:width] = self.texts[y][:width]
            other.styles[y][:width] = self.styles[y][:width]
            if width < self.columns and self.texts[y][width] == "":
                other._blank_character(y, width - 1)
        return other

    def put(self, y: int, x: int, text: str, style: int, blanks_show: bool) -> tuple[int, bool]:
        """Write `text`: how many cells it fills, and whether anything is other than before.

        What lies beyond the right border is cut off, and half a character is
        none. `blanks_show` tells whether a blank in `style` looks otherwise
        than a plain one; if not, it is taken for a plain one.
        """
        marked = False
        if text.isascii():
            cells = list(text)
        else:
            marks = leading_marks(text)
            if marks:
                marked = self._attach(y, x, marks)
            cells = list(cells_of(text[len(marks) :]))
        size = len(cells)
        if not size or not 0 <= y < self.lines or x >= self.columns:
            return size, marked
        if x + size > self.columns:
            _cut(cells, self.columns - x)
        end = x + len(cells)
        styles = [style] * len(cells)
        if style != PLAIN and not blanks_show and BLANK in cells:
            styles = [PLAIN if cell == BLANK else style for cell in cells]
        texts_now, styles_now = self.texts[y], self.styles[y]
        if texts_now[x:end] == cells and styles_now[x:end] == styles:
            return size, marked
        for border in (x, end):
            if border < self.columns and texts_now[border] == "":
                self._blank_character(y, border)
        texts_now[x:end] = cells
        styles_now[x:end] = styles
        return size, True

    def move(self, top: int, bottom: int, by: int) -> None:
        """Move the lines from `top` to `bottom` up by `by`, or down; blank ones follow."""
        self.texts[top : bottom + 1] = _moved(self.texts[top : bottom + 1], by, BLANK)
        self.styles[top : bottom + 1] = _moved(self.styles[top : bottom + 1], by, PLAIN)

    def _attach(self, y: int, x: int, marks: str) -> bool:
        at = min(x, self.columns) - 1
        if at < 0 or not 0 <= y < self.lines:
            return False
        row = self.texts[y]
        while at > 0 and row[at] == "":
            at -= 1
        if row[at].endswith(marks):  # drawn once more, the character before it was not
            return False
        row[at] += marks
        return True

    def _blank_character(self, y: int, x: int) -> None:
        """Nothing is left of the character that a cell is the second part of, or the first."""
        row = self.texts[y]
        start = x
        while start > 0 and row[start] == "":
            start -= 1
        end = x + 1
        while end < self.columns and row[end] == "":
            end += 1
        row[start:end] = [BLANK] * (end - start)


def _cut(cells: list[str], size: int) -> None:
    """Leave the first `size` cells, and no half of a character at their end."""
    start = size
    while cells[start] == "":
        start -= 1
    cells[start:] = [BLANK] * (size - start)


def _moved(rows: list[list[T]], by: int, fill: T) -> list[list[T]]:
    blank = [[fill] * len(rows[0]) for _ in range(abs(by))]
    return rows[by:] + blank if by > 0 else blank + rows[:by]
