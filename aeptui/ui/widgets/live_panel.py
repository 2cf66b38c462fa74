"""What is going on just now: the runs that are open, and those that ended last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from rich.cells import cell_len
from textual.strip import Strip

from aeptui.mirror.rows import RunRow
from aeptui.mirror.values import Live
from aeptui.monitor.tones import tone
from aeptui.resources import formats
from aeptui.resources.definition import Moment
from aeptui.ui.drawing import Piece, fit, line
from aeptui.ui.palette import DIM, PLAIN, TONES
from aeptui.ui.widgets.painted import Painted

BAR = 24
"""The longest bar: a run that has taken as long as usual."""
LEAST = 4
"""A shorter bar says nothing."""
OVERDUE = 1.5
"""So many times the usual duration is worth a colour."""


class LivePanel(Painted):
    """Open runs first, then the newest ends, as many as fit."""

    DEFAULT_CSS = "LivePanel { height: 5; }"

    def __init__(self, moment: Callable[[], Moment]) -> None:
        super().__init__(id="live")
        self._moment = moment
        self.live = Live((), ())
        self.stale = False

    def show(self, live: Live) -> None:
        """Draw these runs."""
        self.live = live
        self.repaint()

    def set_stale(self, stale: bool) -> None:
        """Dim what may be out of date."""
        if stale != self.stale:
            self.stale = stale
            self.repaint()

    @property
    def title(self) -> str:
        """What the rule above says."""
        words = Counter(run.word for run in self.live.open)
        told = ", ".join(f"{number} {word}" for word, number in sorted(words.items()))
        return f"live: {told or 'nothing is running'}"

    def lines(self, width: int, height: int) -> list[Strip]:
        """Open runs, at least one line being left for the last one that ended."""
        moment, over = self._moment(), DIM if self.stale else None
        room = height if not self.live.ended else max(1, height - 1)
        drawn = [line(self._open(run, moment, width), width, over) for run in self.live.open[:room]]
        drawn += [line(self._ended(run, moment, width), width, over) for run in self.live.ended]
        if not drawn:
            drawn = [line([(" Runs appear here as they begin and end.", DIM)], width)]
        return drawn[:height]

    def _open(self, run: RunRow, moment: Moment, width: int) -> list[Piece]:
        began = run.started_at or run.created_at
        elapsed_s = (moment.now - began).total_seconds() if began is not None else 0.0
        usual = self.live.usual_s.get(run.flow_id) if run.started_at is not None else None
        rows = formats.plural(run.received, "row") if run.received else ""
        pieces: list[Piece] = [
            (f" {_cell(run, width)}  ", PLAIN),
            (fit(run.phase or run.word, 10), TONES["busy"]),
            (f" {rows:>13}  ", PLAIN),
            (_against(elapsed_s, usual), DIM),
        ]
        room = width - sum(cell_len(text) for text, _ in pieces) - 3
        if usual is not None and room >= LEAST:
            over = elapsed_s > OVERDUE * usual
            bar = _bar(elapsed_s / max(usual, 1.0), min(BAR, room))
            pieces.append((f"  {bar}", TONES["warn" if over else "busy"]))
        return pieces

    def _ended(self, run: RunRow, moment: Moment, width: int) -> list[Piece]:
        ended = run.completed_at or run.updated_at
        meant = tone(run.word)
        took = formats.took(run.started_at, run.completed_at)
        if run.word == "failed":
            words = run.message or run.code
        else:
            words = f"{formats.plural(run.ingested or 0, 'row')} in {took}"
            if run.lost:
                words += f", {run.lost:,} lost"
            elif run.word == "partial" and run.warnings:
                words += f", values lost in {formats.plural(run.warnings, 'row')}"
        return [
            (f" {_cell(run, width)}  ", PLAIN),
            (fit(formats.said(run.word), 10), TONES["dim" if meant == "good" else meant]),
            (f" {formats.clock_time(ended, moment)} ", DIM),
            (f" {words}", PLAIN),
        ]


def _against(elapsed_s: float, usual: float | None) -> str:
    """How long it has taken, in steps of ten seconds; and what is usual: `1m20 of ~2m`."""
    passed = formats.span(elapsed_s // 10 * 10) if elapsed_s >= 10 else "just begun"
    about = "" if usual is None else f" of ~{formats.about(usual)}"
    return fit(passed + about, 14)


def _bar(share: float, room: int) -> str:
    """`share` of `room` cells, in halves; a whole one where it took longer than usual."""
    halves = round(min(1.0, share) * 2 * room)
    return "█" * (halves // 2) + "▌" * (halves % 2)


def _cell(run: RunRow, width: int) -> str:
    return fit(run.flow_name or run.flow_id, 16 if width < 72 else 26 if width < 100 else 36)
