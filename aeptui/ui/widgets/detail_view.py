"""One resource, read from top to bottom; what names another one can be followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple, cast

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from aeptui.resources.definition import (
    Block,
    Chain,
    Detail,
    Fact,
    Facts,
    Grid,
    Plots,
    Prose,
    Target,
)
from aeptui.resources.trends import bars
from aeptui.ui.drawing import Piece, cut, fit, line, wrap
from aeptui.ui.palette import BOLD, CURSOR, DIM, PLAIN, TONES
from aeptui.ui.widgets.scroller import Scroller

JOINT = " ─ "
"""What joins two stations of a chain."""
LABEL = 22
"""The widest label of a fact."""
MOST_BARS = 30
"""As many bars as the longest plot has."""


class Spot(NamedTuple):
    """A place where the cursor can rest: a line, and the resource that it names."""

    y: int
    target: Target


class DetailView(Scroller):
    """Draws the blocks of a `Detail`; the cursor rests where something leads somewhere.

    Where several stations of a chain share a line, the cursor passes them one by one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "follow", "follow", show=False, id="follow", tooltip="open what is named"),
    ]

    class Followed(Message):
        """Enter was pressed on a line that names a resource."""

        def __init__(self, kind: str, id: str) -> None:
            super().__init__()
            self.kind = kind
            self.id = id

    def __init__(self, *, titled: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.detail: Detail | None = None
        self.words = "Not read yet."
        self._titled = titled
        self._spots: list[Spot] = []
        self._at: int | None = None

    def show(self, detail: Detail) -> None:
        """Draw this; the place stays when it is the same resource told anew."""
        if self.detail is None or self.detail.title != detail.title:
            self.top, self._at = 0, None
        self.detail = detail
        self.remake()

    def say(self, words: str) -> None:
        """Say this in place of a detail."""
        self.detail, self.words = None, words
        self.remake()

    @property
    def target(self) -> Target | None:
        """What enter would open."""
        spot = self._spot
        return spot.target if spot is not None else None

    @property
    def _spot(self) -> Spot | None:
        at = self._at
        return self._spots[at] if at is not None and at < len(self._spots) else None

    def action_follow(self) -> None:
        """Say that the resource under the cursor is wanted."""
        if (target := self.target) is not None:
            self.post_message(self.Followed(target.kind, target.id))

    def scroll_by(self, delta: int) -> None:
        """Go to the next line that leads somewhere if it is in sight, else scroll."""
        reach = range(self.top, self.top + max(1, self.size.height - 1))
        following = self._following(delta, reach)
        if abs(delta) == 1 and following is not None and self._spots[following].y in reach:
            self._at = following
            self.remake()
            return
        self.top = max(0, self.top + delta)
        if self._at is not None and abs(delta) > 1:
            self._at = None
        self.remake()

    def _following(self, delta: int, reach: range) -> int | None:
        """The spot to go to: the next one, or the first in sight where the cursor is out of it."""
        if self._spot is not None and self._spot.y in reach:
            index = cast(int, self._at) + delta
            return index if 0 <= index < len(self._spots) else None
        seen = [index for index, spot in enumerate(self._spots) if spot.y in reach]
        return (seen[0] if delta > 0 else seen[-1]) if seen else None

    def body(self, width: int) -> list[Strip]:
        """The title where it is wanted, then each block, a blank line between them."""
        self._spots = []
        detail = self.detail
        if detail is None:
            return [line([(" " + words, DIM)], width) for words in wrap(self.words, width - 2)]
        made: list[Strip] = []
        if self._titled:
            word = f"  {detail.word}" if detail.word else ""
            room = max(1, width - 2 - cell_len(word))
            made.append(
                line([(f" {cut(detail.title, room)}", BOLD), (word, TONES[detail.tone])], width)
            )
        for block in detail.blocks:
            drawn = self._block(block, width, len(made) + bool(made))
            if drawn:
                made += [Strip.blank(width), *drawn] if made else drawn
        return made

    def _block(self, block: Block, width: int, at: int) -> list[Strip]:
        match block:
            case Facts():
                return self._facts(block, width, at)
            case Grid():
                return self._grid(block, width, at)
            case Chain():
                return self._chain(block, width, at)
            case Plots():
                return _plots(block, width)
            case Prose():
                return _prose(block, width)

    def _facts(self, block: Facts, width: int, at: int) -> list[Strip]:
        made = [_heading(block.title, width)] if block.title else []
        labels = min(LABEL, max((cell_len(fact.label) for fact in block.facts), default=0))
        for fact in block.facts:
            made += self._fact(fact, labels, width, at + len(made))
        return made

    def _fact(self, fact: Fact, labels: int, width: int, at: int) -> list[Strip]:
        label = fit(fact.label, labels)
        leads = bool(fact.kind and fact.id)
        texts = list(wrap(fact.text, max(10, width - labels - 5)))
        here = leads and self._is_here(at, Target(fact.kind, fact.id))
        style = TONES[fact.tone]
        made: list[Strip] = []
        for i, text in enumerate(texts):
            begun: list[Piece] = [
                ("▸" if here and not i else " ", PLAIN),
                (label if not i else " " * labels, PLAIN if here else DIM),
                ("  ", PLAIN),
                (text, PLAIN if here else style),
            ]
            if leads and not i:
                begun.append(("  ›", PLAIN if here else DIM))
            made.append(line(begun, width, CURSOR if here else None))
        return made

    def _is_here(self, y: int, target: Target) -> bool:
        """Take note of a place that leads somewhere; whether the cursor is on it."""
        self._spots.append(Spot(y, target))
        return self.has_focus and len(self._spots) - 1 == self._at

    def _grid(self, block: Grid, width: int, at: int) -> list[Strip]:
        made = [_heading(block.title, width)] if block.title else []
        if not block.rows:
            return [*made, *(line([(" " + t, DIM)], width) for t in wrap(block.empty, width - 2))]
        rooms = _rooms(block, width - 2)
        made.append(line(_cells(block.header, rooms, block, DIM, header=True), width))
        for i, row in enumerate(block.rows):
            meant = block.tones[i] if i < len(block.tones) else ""
            style = PLAIN if meant == "good" else TONES[meant]
            target = block.leads[i] if i < len(block.leads) else None
            here = target is not None and self._is_here(at + len(made), target)
            pieces = _cells(row, rooms, block, PLAIN if here else style)
            if here:
                pieces[0] = ("▸", PLAIN)
            made.append(line(pieces, width, CURSOR if here else None))
        return made

    def _chain(self, block: Chain, width: int, at: int) -> list[Strip]:
        made = [_heading(block.title, width)] if block.title else []
        rooms = [
            max(cell_len(stage.name), cell_len(stage.label), cell_len(stage.measure))
            for stage in block.stages
        ]
        if sum(rooms) + len(JOINT) * (len(rooms) - 1) + 2 > width:
            return made + self._stacked(block, width, at + len(made))
        names: list[Piece] = [(" ", PLAIN)]
        below: list[list[Piece]] = [[(" ", PLAIN)], [(" ", PLAIN)]]
        for i, (stage, room) in enumerate(zip(block.stages, rooms, strict=True)):
            here = stage.target is not None and self._is_here(at + len(made), stage.target)
            names.append((stage.name, CURSOR if here else PLAIN))
            if i < len(rooms) - 1:
                # The joint reaches from the name to the next one, so that it reads as a chain.
                reach = room - cell_len(stage.name) + len(JOINT) - 2
                names.append((f" {'─' * reach} ", DIM))
            for pieces, text in zip(below, (stage.label, stage.measure), strict=True):
                pieces.append((fit(text, room) + " " * len(JOINT), DIM))
        return [*made, line(names, width), *(line(pieces, width) for pieces in below)]

    def _stacked(self, block: Chain, width: int, at: int) -> list[Strip]:
        made: list[Strip] = []
        labels = max(cell_len(stage.label) for stage in block.stages)
        for stage in block.stages:
            here = stage.target is not None and self._is_here(at + len(made), stage.target)
            quiet = PLAIN if here else DIM
            names = list(wrap(stage.name, max(4, width - labels - 4)))
            measure = f", {stage.measure}" if stage.measure else ""
            if cell_len(names[-1]) + cell_len(measure) > width - labels - 4:
                measure = ""
            for i, name in enumerate(names):
                pieces = [
                    ("▸" if here and not i else " ", PLAIN),
                    (fit("" if i else stage.label, labels) + "  ", quiet),
                    (name, PLAIN),
                    (measure if i == len(names) - 1 else "", quiet),
                ]
                made.append(line(pieces, width, CURSOR if here else None))
        return made


def _heading(title: str, width: int) -> Strip:
    return line([(f" {title}", BOLD)], width)


def _prose(block: Prose, width: int) -> list[Strip]:
    made = [_heading(block.title, width)] if block.title else []
    style = TONES[block.tone]
    made += [line([(" " + text, style)], width) for text in wrap(block.text, width - 2)]
    return made + [
        line([(" " + text, DIM)], width) for text in wrap(block.under, width - 2) if text
    ]


def _plots(block: Plots, width: int) -> list[Strip]:
    """The bars of every plot begin at one cell and end at another, what they add up to behind them."""
    made = [_heading(block.title, width)] if block.title else []
    labels = max((cell_len(plot.label) for plot in block.plots), default=0)
    totals = max((cell_len(plot.total) for plot in block.plots), default=0)
    room = max(4, min(MOST_BARS, width - labels - totals - 6))
    for plot in block.plots:
        drawn = fit(bars(plot.values, room), room, "right")  # they all end now
        pieces: list[Piece] = [(f" {fit(plot.label, labels)}  ", DIM)]
        pieces += [(bar, DIM if bar == "·" else TONES[plot.tone]) for bar in drawn]
        made.append(line([*pieces, (f"  {plot.total}", PLAIN)], width))
    return made + [line([(" " + text, DIM)], width) for text in wrap(block.note, width - 2) if text]


def _cells(
    texts: Sequence[str],
    rooms: Mapping[int, int],
    block: Grid,
    style: Style,
    *,
    header: bool = False,
) -> list[Piece]:
    pieces: list[Piece] = [(" ", PLAIN)]
    for i, room in rooms.items():
        if len(pieces) > 1:
            pieces.append(("  ", PLAIN))
        text = texts[i] if i < len(texts) else ""
        shown = fit(text, room, "right" if i in block.right else "left")
        ink = PLAIN if i in block.right and not header else style
        if i in block.marked and not header:
            ink = TONES["bad"]
        pieces.append((shown, ink))
    return pieces


def _rooms(block: Grid, width: int) -> dict[int, int]:
    """The columns that fit, by their place, with a width for each.

    Spare ones go first. Then words give way down to a dozen cells, figures never,
    and then the last columns go.
    """
    most = max(60, width)
    rooms = {
        i: max(
            cell_len(title),
            *(min(most, cell_len(row[i])) if i < len(row) else 0 for row in block.rows),
        )
        for i, title in enumerate(block.header)
    }
    spare = list(reversed(block.spare))
    while rooms and sum(rooms.values()) + 2 * (len(rooms) - 1) > width:
        words = [i for i, room in rooms.items() if i not in block.right and room > 12]
        if spare:
            del rooms[spare.pop()]
        elif words:
            rooms[max(words, key=lambda i: rooms[i])] -= 1
        elif len(rooms) == 1:
            return {next(iter(rooms)): width}
        else:
            rooms.popitem()
    return rooms
