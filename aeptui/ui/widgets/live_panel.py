"""What is going on just now: the runs that are open, and those that ended last."""

from __future__ import annotations

from collections.abc import Callable

from textual.strip import Strip

from aeptui.mirror.rows import RunRow
from aeptui.mirror.values import Live
from aeptui.monitor.tones import tone
from aeptui.resources import formats
from aeptui.resources.definition import Moment
from aeptui.ui.ages import coarse
from aeptui.ui.drawing import Piece, fit, line
from aeptui.ui.palette import DIM, PLAIN, TONES
from aeptui.ui.widgets.painted import Painted


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
        running = len(self.live.open)
        return f"live: {running} open" if running else "live: nothing is running"

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
        elapsed = ""
        if began is not None:
            seconds = (moment.now - began).total_seconds()
            elapsed = f"for {coarse(seconds)}" if seconds >= 10 else "just begun"
        rows = formats.plural(run.received, "row") if run.received else ""
        phase = run.phase or run.word
        return [
            (f" {_cell(run, width)}  ", PLAIN),
            (fit(phase, 10), TONES["busy"]),
            (f"  {rows:>14}  ", PLAIN),
            (elapsed, DIM),
        ]

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
        return [
            (f" {_cell(run, width)}  ", PLAIN),
            (fit(formats.said(run.word), 10), TONES["dim" if meant == "good" else meant]),
            (f"  {formats.clock_time(ended, moment)} ", DIM),
            (f" {words}", PLAIN),
        ]


def _cell(run: RunRow, width: int) -> str:
    return fit(run.flow_name or run.flow_id, 26 if width < 100 else 36)
