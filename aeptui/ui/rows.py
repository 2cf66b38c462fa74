"""The lines of a list: which columns fit, the header, a row, and where in the list it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from aeptui.mirror.rows import Row
from aeptui.mirror.values import Window
from aeptui.moment import Moment
from aeptui.monitor.tones import letter_tone
from aeptui.resources import formats
from aeptui.resources.definition import Column
from aeptui.ui.drawing import Piece, fit, line
from aeptui.ui.palette import BOLD, CURSOR, CURSOR_AWAY, DIM, PLAIN, TONES

GAP = 2
"""Cells between two columns."""
SAME_MOMENT = timedelta(seconds=1)


class Look(NamedTuple):
    """What is special about a row just now."""

    here: bool = False
    """The cursor is on it."""
    loud: bool = False
    """And the keys are there as well."""
    marked: bool = False
    stale: bool = False
    calm: str = ""
    """A letter for why a row that would need a person needs nobody just now."""


def widths(columns: Sequence[Column], room: int) -> list[tuple[Column, int]]:
    """The columns that fit in `room` cells with their widths; the growing ones share the rest."""
    kept = list(columns)
    while _needed(kept) > room and any(column.shed for column in kept):
        kept.remove(max(reversed(kept), key=lambda column: column.shed))
    return _shared_out(kept, room)


def _shared_out(kept: Sequence[Column], room: int) -> list[tuple[Column, int]]:
    """These columns with their widths in `room` cells."""
    spare = room - _needed(kept)
    give = {id(column): 0 for column in kept}
    for column in kept:
        if spare < 0 and column.least:
            give[id(column)] = min(-spare, column.width - column.least)
            spare += give[id(column)]
    growing = [column for column in kept if column.grow]
    laid = []
    for column in kept:
        width = column.width - give[id(column)]
        if column.grow:
            share = spare // len(growing)
            width = max(4, width + share)
        laid.append((column, width))
    return laid


def furthest(columns: Sequence[Column], room: int) -> int:
    """How many columns have to be passed over until the last one is in sight; 0 if all are."""
    if len(widths(columns, room)) == len(columns):
        return 0
    naming, others = _naming(columns), len(columns) - _naming(columns)
    for passed in range(1, others):
        if _needed([*columns[:naming], *columns[naming + passed :]]) <= room:
            return passed
    return max(0, others - 1)


def further(columns: Sequence[Column], room: int, passed: int) -> list[tuple[Column, int]]:
    """The columns that fit after `passed` ones were passed over; those that name the row stay.

    None is shed here: whoever goes to the right wants to see what was.
    """
    naming = _naming(columns)
    kept = list(columns[:naming])
    for column in columns[naming + passed :]:
        if len(kept) > naming and _needed([*kept, column]) > room:
            break
        kept.append(column)
    if (over := _needed(kept) - room) > 0:  # one column alone, and too wide: it is cut
        last = kept.pop()
        return [*((column, column.width) for column in kept), (last, max(1, last.width - over))]
    return _shared_out(kept, room)


def _naming(columns: Sequence[Column]) -> int:
    """How many columns it takes to know a row: up to its name, which grows and is never shed."""
    named = (i for i, column in enumerate(columns, 1) if column.grow and not column.shed)
    return next(named, 1)


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def header_line(
    laid: Sequence[tuple[Column, int]],
    width: int,
    by: str,
    reverse: bool,
    *,
    before: bool = False,
    after: bool = False,
) -> Strip:
    """The titles, an arrow at the one that the rows are sorted by, and where there are more."""
    pieces: list[Piece] = [("‹" if before else " ", DIM if before else PLAIN)]
    for i, (column, room) in enumerate(laid):
        here = bool(by) and column.order == by
        title = column.title
        if here:
            arrow = "↓" if reverse else "↑"
            title = f"{arrow}{title}" if column.align == "right" else f"{title}{arrow}"
        pieces.append((" " * GAP if i else "", PLAIN))
        pieces.append((fit(title, room, column.align), BOLD if here else DIM))
    if after:
        used = 1 + sum(room for _, room in laid) + GAP * (len(laid) - 1)
        pieces.append((" " * (width - 1 - used) + "›", DIM))
    return line(pieces, width)


def row_line(
    row: Row, laid: Sequence[tuple[Column, int]], width: int, moment: Moment, look: Look
) -> Strip:
    """One row; the line under the cursor is told apart without colour."""
    over: Style | None = None
    if look.here:
        over = CURSOR if look.loud else CURSOR_AWAY
    elif look.stale:
        over = DIM
    pieces: list[Piece] = [("▸" if look.here else "*" if look.marked else " ", PLAIN)]
    strip = getattr(row, "strip", None)
    for i, (column, room) in enumerate(laid):
        if i:
            pieces.append((fit(look.calm if i == 1 else "", GAP), PLAIN))
        text = column.text(row, moment)
        if look.calm and not i and text.isupper():
            text = text.lower()  # the words that call for a person are capitals
        if strip and text == formats.strip(strip):
            pieces += run_strip(strip, room, look.loud)
            continue
        tone = column.tone(row) if column.tone else ""
        if look.calm and tone:
            tone = "dim"
        style = PLAIN if look.loud else BOLD if look.marked and not tone else TONES[tone]
        pieces.append((fit(text, room, column.align), style))
    if look.here and look.marked:
        pieces.append(("*", PLAIN))
    return line(pieces, width, over)


class Sheet:
    """The lines of one list as they are at one moment, each drawn when it is first wanted."""

    def __init__(
        self,
        columns: Sequence[Column],
        width: int,
        passed: int,
        moment: Moment,
        by: str,
        reverse: bool,
    ) -> None:
        room = width - 2
        end = furthest(columns, room)
        skipped = min(passed, end)
        self._laid = further(columns, room, skipped) if skipped else widths(columns, room)
        self._drawn_for = width, passed
        self._moment = moment
        self._lines: dict[tuple[int, Look], tuple[Row, Strip]] = {}
        self.header = header_line(
            self._laid, width, by, reverse, before=skipped > 0, after=skipped < end
        )

    def serves(self, width: int, passed: int, moment: Moment) -> bool:
        """Whether its lines are still true: none tells a time to less than a second."""
        soon = abs(moment.now - self._moment.now) < SAME_MOMENT
        return soon and self._drawn_for == (width, passed)

    def line(self, row: Row, look: Look) -> Strip:
        """One row."""
        key = (id(row), look)  # which is no other's for as long as the row is kept here
        drawn = self._lines.get(key)
        if drawn is None:
            strip = row_line(row, self._laid, self._drawn_for[0], self._moment, look)
            drawn = self._lines[key] = row, strip
        return drawn[1]


def place_words(window: Window, top: int, last: int) -> str:
    """Which rows of how many are in sight, and where there are more: `1-18 of 220   ↓`.

    `top` and `last` count within the window.
    """
    about = "~" if window.estimated else ""
    if window.position is None:
        words = f"{about}{window.total:,}"
    else:
        first = window.position + top + 1
        words = f"{first:,}-{window.position + last:,} of {about}{window.total:,}"
    up = window.before or top > 0
    down = window.after or last < len(window.rows)
    return f"{words}  {'↑' if up else ' '}{'↓' if down else ' '}"


def run_strip(letters: str, room: int, plain: bool = False) -> list[Piece]:
    """The letters of a run strip, oldest first and newest at the right edge, each with its tone.

    The letters are always there; colour only tints them.
    """
    letters = letters[-room:]
    pieces: list[Piece] = [(" " * (room - len(letters)), PLAIN)]
    begun = ""
    for letter in letters:
        if begun and letter != begun[-1]:
            pieces.append(_same_letters(begun, plain))
            begun = ""
        begun += letter
    if begun:
        pieces.append(_same_letters(begun, plain))
    return pieces


def _same_letters(letters: str, plain: bool) -> Piece:
    tone = "dim" if letters[0] == "." else letter_tone(letters[0])
    style = PLAIN if plain else TONES[tone]
    return formats.strip(letters), style
