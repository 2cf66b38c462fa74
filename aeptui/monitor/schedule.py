"""When a flow is due: its ticks, what it usually waits behind them, and which it missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.monitor.usual import median

_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}

_EARLY = timedelta(seconds=60)
"""A run this much ahead of a tick counts as that tick's: clocks differ."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Ticks at `start` and every `step` after it; only the one at `start` when there is no step."""

    start: datetime
    step: timedelta | None

    @classmethod
    def of(cls, flow: FlowRow) -> Schedule | None:
        """The flow's schedule; None where it has none that we understand."""
        if flow.start_at is None:
            return None
        if flow.frequency == "once":
            return cls(flow.start_at, None)
        unit = _UNITS.get(flow.frequency)
        if unit is None or not flow.interval or flow.interval < 0:
            return None
        return cls(flow.start_at, unit * flow.interval)

    def after(self, at: datetime) -> datetime | None:
        """The first tick later than `at`; None when there is no more."""
        if at < self.start:
            return self.start
        if self.step is None:
            return None
        return self.start + ((at - self.start) // self.step + 1) * self.step

    def upto(self, at: datetime) -> datetime | None:
        """The last tick at or before `at`; None before the first."""
        if at < self.start:
            return None
        if self.step is None:
            return self.start
        return self.start + (at - self.start) // self.step * self.step

    @property
    def early(self) -> timedelta:
        return _EARLY if self.step is None else min(_EARLY, self.step / 4)

    def owed(self, last: RunRow | None, known_since: datetime | None) -> datetime | None:
        """The tick that the next run will answer.

        It is the first one after the last run was over, since a tick that falls
        into a run starts no other, and not before `known_since`, when somebody
        last changed the flow, since it may have been off until then.
        """
        seen = [at for at in (known_since, begun(last), last and last.completed_at) if at]
        if not seen:
            return self.start
        if last is not None and (run := begun(last)):
            seen.append(run + self.early)
        return self.after(max(seen))

    def missed(self, owed: datetime, now: datetime) -> int:
        """How many ticks from `owed` up to `now` had no run."""
        if owed > now:
            return 0
        return 1 if self.step is None else (now - owed) // self.step + 1

    def usual_lag(self, runs: Sequence[RunRow]) -> timedelta:
        """The median of what runs began behind their ticks; nothing when there are none."""
        lags = []
        for run in runs:
            at = begun(run)
            tick = self.upto(at + self.early) if at else None
            if at and tick:
                lags.append(max(0.0, (at - tick).total_seconds()))
        return timedelta(seconds=median(lags)) if lags else timedelta()


def begun(run: RunRow | None) -> datetime | None:
    """When a run came about: the platform made it, or at the latest started it."""
    return None if run is None else run.created_at or run.started_at
