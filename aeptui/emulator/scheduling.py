"""When a flow is due: its schedule as the wire says it, and the moments that follow from it."""

from dataclasses import dataclass
from typing import Any

UNIT_MS = {
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 604_800_000,
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """Due at `start_ms` and every `every_ms` from there; only once when that is None.

    `backfill` says whether the first run takes what was there before the start.
    """

    start_ms: int
    every_ms: int | None
    backfill: bool = True

    def due_from(self, at_ms: int) -> int:
        """The first due moment that is not before `at_ms`.

        A flow that runs once and whose start has passed is due at once.
        """
        if self.every_ms is None:
            return max(self.start_ms, at_ms)
        if at_ms <= self.start_ms:
            return self.start_ms
        ticks = -(-(at_ms - self.start_ms) // self.every_ms)
        return self.start_ms + ticks * self.every_ms


def schedule_of(flow: dict[str, Any]) -> Schedule | None:
    """The schedule of a flow's body, or None when it has none that can be kept (a draft).

    Numbers and booleans come as they were sent, which may be as text; without a start
    the flow's creation stands for it.
    """
    params = flow.get("scheduleParams")
    if not isinstance(params, dict) or not params:
        return None
    frequency = str(params.get("frequency", "once")).lower()
    start_s = _whole(params.get("startTime"))
    start_ms = start_s * 1000 if start_s is not None else _whole(flow.get("createdAt")) or 0
    if frequency == "once":
        return Schedule(start_ms, None)
    interval = _whole(params.get("interval", 1))
    if frequency not in UNIT_MS or not interval or interval < 0:
        return None
    backfill = str(params.get("backfill", "true")).lower() == "true"
    return Schedule(start_ms, interval * UNIT_MS[frequency], backfill)


def _whole(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
