"""The figures of a run that are compared with those of other runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from aeptui.mirror.rows import RunRow
from aeptui.monitor.usual import median

_CHANCE = 1.25
"""A count of n varies by the root of n of itself; four times this is five times that."""


def duration(run: RunRow) -> float | None:
    """Seconds from start to end."""
    if run.started_at is None or run.completed_at is None:
        return None
    return max(0.0, (run.completed_at - run.started_at).total_seconds())


def rows(run: RunRow) -> int | None:
    """How many rows it found."""
    return run.received if run.received is not None else run.ingested


def window(run: RunRow) -> float | None:
    """Seconds of the source's time that it read; None where that is not told."""
    if run.window_start is None or run.window_end is None:
        return None
    seconds = (run.window_end - run.window_start).total_seconds()
    return seconds if seconds > 0 else None


def usual_window(runs: Sequence[RunRow]) -> float | None:
    """The median of the windows that `runs` read; None where none is told."""
    known = [seconds for each in runs if (seconds := window(each)) is not None]
    return median(known) if known else None


def stretch(run: RunRow, usual: float | None) -> float:
    """How much longer a window it read than is usual; 1 where nobody knows.

    A run after a failure, a missed tick or a time off catches up, and one that
    somebody started by hand between two ticks has little to read.
    """
    own = window(run)
    return 1.0 if own is None or usual is None else own / usual


def by_chance(count: float) -> float:
    """A deviation of a count of that size that says nothing."""
    return max(1.0, _CHANCE * sqrt(max(0.0, count)))
