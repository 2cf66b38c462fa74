"""Tables and details as plain text."""

from __future__ import annotations

import codecs
import io
import os
import sys
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TextIO

from aeptui.ascii import PLAIN_SYMBOLS
from aeptui.headless.talk import wanted
from aeptui.moment import Moment
from aeptui.resources.definition import (
    Chain,
    Column,
    Detail,
    Fact,
    Facts,
    Grid,
    Plots,
    Prose,
    Tone,
)

SGR: dict[Tone, str] = {
    "bad": "31;1",
    "warn": "33",
    "good": "32",
    "busy": "36",
    "off": "2",
    "dim": "2",
    "bright": "1",
}
GAP = "  "
NARROWEST = 20
UNKNOWN_WIDTH = 80
"""For a terminal that does not say how wide it is."""


class Paper:
    """How a text may be drawn: the width to keep to, if any, colours or none, ASCII or all."""

    def __init__(self, width: int | None, colour: bool, *, ascii: bool = False) -> None:
        self.width = width
        self.colour = colour
        self.ascii = ascii

    @classmethod
    def of(cls, out: TextIO, env: Mapping[str, str], *, plain: bool) -> Paper:
        """A terminal has a width; colours only where nobody asked for none (NO_COLOR).

        Who wants lines in the place of a screen gets them plain.
        """
        plain = wanted(env, plain=plain)
        if not out.isatty():
            return cls(None, False, ascii=plain)
        try:
            width = os.get_terminal_size(out.fileno()).columns or UNKNOWN_WIDTH
        except OSError:
            width = UNKNOWN_WIDTH
        colour = not plain and not env.get("NO_COLOR") and env.get("TERM") != "dumb"
        return cls(max(width, NARROWEST), colour, ascii=plain)

    def written(self, text: str) -> str:
        """A finished text; our own drawing characters have stand-ins of one cell in ASCII."""
        return text.translate(PLAIN_SYMBOLS) if self.ascii else text

    def tinted(self, text: str, tone: Tone) -> str:
        code = SGR.get(tone) if self.colour else None
        return f"\x1b[{code}m{text}\x1b[0m" if code and text.strip() else text


def keep_to_ascii(*streams: TextIO) -> None:
    """Write stand-ins to those of `streams` that are terminals; a file or a pipe gets all."""

    def stand_in(trouble: UnicodeError) -> tuple[str, int]:
        if not isinstance(trouble, UnicodeEncodeError):
            raise trouble
        beyond = trouble.object[trouble.start : trouble.end].translate(PLAIN_SYMBOLS)
        return "".join(c if c.isascii() else "?" * cells(c) for c in beyond), trouble.end

    codecs.register_error("aeptui.stand-in", stand_in)
    for stream in streams:
        if stream.isatty() and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="ascii", errors="aeptui.stand-in")


def cells(text: str) -> int:
    """How many terminal cells a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """A text in exactly `width` cells, cut with an ellipsis when it is longer."""
    if cells(text) > width:
        kept = ""
        for char in text:
            if cells(kept) + cells(char) > width - 1:
                break
            kept += char
        text = kept + "…"
    padding = " " * max(0, width - cells(text))
    return padding + text if right else text + padding


def chosen(columns: Sequence[Column], width: int | None) -> list[Column]:
    """The columns that fit; the ones with the highest `shed` go first."""
    shown = list(columns)
    while width is not None and _needed(shown) > width:
        sheddable = [column for column in shown if column.shed]
        if not sheddable:
            break
        shown.remove(max(sheddable, key=lambda column: column.shed))
    return shown


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + len(GAP) * (len(columns) - 1)


def table(
    columns: Sequence[Column], rows: Sequence[object], moment: Moment, paper: Paper
) -> list[str]:
    """A list as aligned lines under a header, cut to the paper's width."""
    shown = chosen(columns, paper.width)
    texts = [[column.text(row, moment) for column in shown] for row in rows]
    widths = [
        max([cells(column.title), *(cells(line[index]) for line in texts)])
        for index, column in enumerate(shown)
    ]
    if paper.width is not None:
        widths = _squeezed(shown, widths, paper.width)
    lines = [
        GAP.join(
            fitted(column.title, width, right=column.align == "right")
            for column, width in zip(shown, widths, strict=True)
        ).rstrip()
    ]
    for row, line in zip(rows, texts, strict=True):
        parts = [
            paper.tinted(
                fitted(text, width, right=column.align == "right"),
                column.tone(row) if column.tone else "",
            )
            for column, width, text in zip(shown, widths, line, strict=True)
        ]
        lines.append(GAP.join(parts).rstrip())
    return lines


def _squeezed(columns: Sequence[Column], widths: list[int], width: int) -> list[int]:
    """Widths that fit: growing columns give way first, then the widest of all."""
    given = list(widths)
    room = width - len(GAP) * (len(given) - 1)
    for floor in ("declared", "least"):
        for _ in range(sum(given)):
            if sum(given) <= room:
                return given
            able = [
                index
                for index, column in enumerate(columns)
                if given[index] > (min(column.width, widths[index]) if floor == "declared" else 3)
            ]
            if not able:
                break
            given[max(able, key=lambda index: (columns[index].grow, given[index]))] -= 1
    return given


def detail(shown: Detail, paper: Paper) -> list[str]:
    """A detail from top to bottom."""
    word = paper.tinted(shown.word, shown.tone)
    lines = [f"{paper.tinted(shown.title, 'bright')}   {word}".rstrip()]
    for block in shown.blocks:
        lines.append("")
        if block_title := getattr(block, "title", ""):
            lines.append(paper.tinted(block_title, "bright"))
        if isinstance(block, Prose):
            for paragraph in block.text.splitlines():
                for line in textwrap.wrap(paragraph, paper.width or 10_000) or [""]:
                    lines.append(paper.tinted(line, block.tone))
            for line in textwrap.wrap(block.under, paper.width or 10_000):
                lines.append(paper.tinted(line, "dim"))
        elif isinstance(block, Facts):
            lines += _facts(block, paper)
        elif isinstance(block, Chain):
            lines += _chain(block, paper)
        elif isinstance(block, Plots):
            lines += _plots(block, paper)
        else:
            lines += _grid(block, paper)
    return lines


def _facts(block: Facts, paper: Paper) -> list[str]:
    label = max((cells(fact.label) for fact in block.facts), default=0)
    lines = []
    for fact in block.facts:
        left = fitted(fact.label, label) + "   "
        room = max(NARROWEST, paper.width - len(left)) if paper.width else 10_000
        wrapped = textwrap.wrap(fact.text, room) or [""]
        for index, line in enumerate(wrapped):
            start = left if index == 0 else " " * (label + 3)
            lines.append((start + paper.tinted(line, fact.tone)).rstrip())
    return lines


def _chain(block: Chain, paper: Paper) -> list[str]:
    """A station a line, in the order of the rows' way."""
    facts = [
        Fact(stage.label, f"{stage.name}, {stage.measure}" if stage.measure else stage.name)
        for stage in block.stages
    ]
    return _facts(Facts(facts), paper)


def _plots(block: Plots, paper: Paper) -> list[str]:
    """A plot a line; where nothing may be drawn, what it adds up to says most."""
    from aeptui.resources.trends import bars

    labels = max((cells(plot.label) for plot in block.plots), default=0)
    drawn = [bars(plot.values, len(plot.values)) for plot in block.plots]
    room = max((cells(each) for each in drawn), default=0)
    lines = [
        f"{fitted(plot.label, labels)}   {fitted('' if paper.ascii else each, 0 if paper.ascii else room)}  {plot.total}"
        for plot, each in zip(block.plots, drawn, strict=True)
    ]
    return [*lines, block.note] if block.note else lines


def _grid(block: Grid, paper: Paper) -> list[str]:
    if not block.rows:
        return [block.empty] if block.empty else []
    columns = [
        Column(
            title,
            lambda row, _moment, index=index: row[1][index],  # type: ignore[misc]
            width=_grid_width(block, index),
            align="right" if index in block.right else "left",
            shed=len(block.spare) - block.spare.index(index) if index in block.spare else 0,
        )
        for index, title in enumerate(block.header)
    ]
    numbered = list(enumerate(block.rows))
    lines = table(columns, numbered, _NEVER, paper)
    if not block.tones:
        return lines
    return [
        lines[0],
        *(paper.tinted(line, tone) for line, tone in zip(lines[1:], block.tones, strict=False)),
    ]


def _grid_width(block: Grid, index: int) -> int:
    """What a column asks for: all of its words where others can go for them."""
    if block.spare:
        return max(cells(row[index]) for row in (block.header, *block.rows))
    return min(12, max(3, cells(block.header[index])))


def _never() -> Moment:
    from datetime import UTC, datetime

    return Moment(datetime.fromtimestamp(0, UTC), UTC)


_NEVER = _never()
"""Grids hold words already; their columns read no clock."""


def say(lines: Sequence[str], out: TextIO | None = None, *, paper: Paper | None = None) -> None:
    """Write lines to standard output, or to `out`."""
    text = "".join(f"{line}\n" for line in lines)
    (out or sys.stdout).write(paper.written(text) if paper else text)
