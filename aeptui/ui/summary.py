"""The sandbox in one line: how many flows have which word, and what was lost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from rich.cells import cell_len
from rich.style import Style

from aeptui.mirror.values import Summary
from aeptui.monitor.tones import NEEDS_A_PERSON, RANKED, tone
from aeptui.resources import formats
from aeptui.ui.drawing import Piece
from aeptui.ui.palette import DIM, TONES
from aeptui.ui.widgets.text_line import Ends


def summary_line(summary: Summary, width: int, calm: int = 0) -> Ends:
    """Worst first, and no word is ever cut; `calm` flows of them need nobody just now.

    Where it is narrow the lost figure is told shorter first; then the words that
    matter least become one: `+3 more`.
    """
    words = [(word, number) for word in RANKED if (number := summary.flows.get(word))]
    if not words:
        if summary.counts.get("flows"):
            return [(" No flow has been judged yet.", DIM)], []
        return [(" No flows." if summary.confirmed_at else " Nothing is known yet.", DIM)], []
    rights = [[(text, _lost_style(summary))] for text in _lost(summary.lost_24h)]
    for named, right in product(range(len(words), 0, -1), rights):
        left = _left(words[:named], sum(number for _, number in words[named:]), calm)
        if _length(left) + _length(right) < width:  # a space between them at least
            return left, right
    return _left(words[:1], sum(number for _, number in words[1:]), calm), []


def _left(words: Sequence[tuple[str, int]], more: int, calm: int) -> list[Piece]:
    pieces: list[Piece] = []
    known = (f" ({calm:,} known) ", DIM)
    for word, number in words:
        if calm and known not in pieces and word not in NEEDS_A_PERSON:
            pieces.append(known)
        meant = tone(word)
        pieces.append((f" {number:,} {word} ", DIM if meant == "good" else TONES[meant]))
    if calm and known not in pieces:
        pieces.append(known)
    if more:
        pieces.append((f" +{more:,} more ", DIM))
    return pieces


def _lost(rows: int) -> list[str]:
    if not rows:
        return ["no rows lost in 24 h ", "none lost "]
    return [
        f"{formats.plural(rows, 'row')} lost in 24 h ",
        f"{rows:,} lost in 24 h ",
        f"{rows:,} lost ",
    ]


def _lost_style(summary: Summary) -> Style:
    return TONES["warn"] if summary.lost_24h else DIM


def _length(pieces: Sequence[Piece]) -> int:
    return sum(cell_len(text) for text, _ in pieces)
