"""What is going on just now: the runs that are open, and those that ended last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from rich.cells import cell_len
from textual.strip import Strip

from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.mirror.values import Live
from aeptui.moment import Moment
from aeptui.monitor.tones import tone
from aeptui.resources import formats
from aeptui.ui.drawing import Piece, fit, line
from aeptui.ui.palette import BOLD, DIM, PLAIN, TONES
from aeptui.ui.widgets.painted import Painted

BAR = 24
"""The longest bar: a run that has taken as long as usual."""
LEAST = 4
"""A shorter bar says nothing."""
OVERDUE = 1.5
"""So many times the usual duration is worth a colour."""


class LivePanel(Painted):
    """Open runs first, then the newest ends, as many as fit.

    The runs of the flow that is followed come before the others of their sort
    and are bright; where it has none open, its last one stays in sight, with the reason
    why the flow needs a person.
    """

    DEFAULT_CSS = "LivePanel { height: 5; }"

    def __init__(self, moment: Callable[[], Moment]) -> None:
        super().__init__(id="live")
        self._moment = moment
        self.live = Live((), ())
        self.stale = False
        self.flow_id = ""
        self._own: RunRow | None = None
        self._why: FlowRow | None = None

    def show(self, live: Live) -> None:
        """Draw these runs."""
        self.live = live
        self.repaint()

    def follow(self, flow_id: str, own: RunRow | None, why: FlowRow | None = None) -> None:
        """Keep this flow in sight, by its open runs or by `own`, the last that ended.

        Of `why` the reason is told there, where nothing else on the screen tells it.
        """
        self.flow_id, self._own = flow_id, own
        self._why = why if why is not None and why.reason else None
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
        opened, ended = self._followed_first()
        room = height if not ended else max(1, height - 1)
        drawn = [line(self._open(run, moment, width), width, over) for run in opened[:room]]
        drawn += [line(self._ended(run, moment, width), width, over) for run in ended]
        if not drawn:
            drawn = [line([(" Runs appear here as they begin and end.", DIM)], width)]
        return drawn[:height]

    def _followed_first(self) -> tuple[list[RunRow], list[RunRow]]:
        def other(run: RunRow) -> bool:
            return run.flow_id != self.flow_id

        opened, ended = sorted(self.live.open, key=other), sorted(self.live.ended, key=other)
        own, known = self._own, {run.id for run in (*opened, *ended)}
        if own is not None and own.id not in known and not other(own):
            ended.insert(0, own)
        return opened, ended

    def _named(self, run: RunRow, width: int) -> Piece:
        followed = self.flow_id and run.flow_id == self.flow_id
        return f" {_cell(run, width)}  ", BOLD if followed else PLAIN

    def _open(self, run: RunRow, moment: Moment, width: int) -> list[Piece]:
        began = run.started_at or run.created_at
        elapsed_s = (moment.now - began).total_seconds() if began is not None else 0.0
        usual = self.live.usual_s.get(run.flow_id) if run.started_at is not None else None
        rows = formats.plural(run.received, "row") if run.received else ""
        pieces: list[Piece] = [
            self._named(run, width),
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
        word = run.word
        meant = tone(run.word)
        took = formats.took(run.started_at, run.completed_at)
        own = self._own is not None and run.id == self._own.id
        if own and self._why is not None and self._why.word != run.word:
            word, words = self._why.word, self._why.reason
            meant = tone(word)
        elif run.word == "failed":
            words = run.message or run.code
        else:
            words = f"{formats.plural(run.ingested or 0, 'row')} in {took}"
            if run.lost:
                words += f", {run.lost:,} lost"
            elif run.word == "partial" and run.warnings:
                words += f", values lost in {formats.plural(run.warnings, 'row')}"
        return [
            self._named(run, width),
            (fit(formats.said(word), 10), TONES["dim" if meant == "good" else meant]),
            (f" {formats.clock_time(ended, moment)} ", DIM),
            (f" {words}", PLAIN),
        ]


def _against(elapsed_s: float, usual: float | None) -> str:
    """How long it has taken, in steps of ten seconds; and what is usual: `1m20 of ~2m`."""
    if elapsed_s < 10:
        return fit("just begun", 14)
    about = "" if usual is None else f" of ~{formats.about(usual)}"
    return fit(formats.span(elapsed_s // 10 * 10) + about, 14)


def _bar(share: float, room: int) -> str:
    """`share` of `room` cells, in halves; a whole one where it took longer than usual."""
    halves = round(min(1.0, share) * 2 * room)
    return "█" * (halves // 2) + "▌" * (halves % 2)


def _cell(run: RunRow, width: int) -> str:
    return fit(run.flow_name or run.flow_id, 16 if width < 72 else 26 if width < 100 else 36)
