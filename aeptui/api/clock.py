"""The platform's time, kept from the `Date` header of its answers.

AEP.md 2.6: states, ages, schedules and the expiry of tokens are judged by the
platform's clock, so that a terminal with a wrong clock, or a rehearsal whose
time runs fast or stands still, tells the same story as the platform itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def ticking_s() -> float:
    """Seconds that never go back and, where the system can, go on while a laptop sleeps."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class PlatformClock:
    """Tells the platform's time between its answers.

    Until the first one it is this machine's, or what it was told to begin at.

    `Date` has whole seconds, so an answer only bounds the time: the clock moves
    by the least that satisfies it and does not tremble from answer to answer.
    """

    def __init__(
        self,
        now: datetime | None = None,
        speed: float = 1.0,
        *,
        ticks: Callable[[], float] = ticking_s,
    ) -> None:
        self._ticks = ticks
        self._anchor = (now or datetime.now(UTC)).astimezone(UTC)
        self._anchor_tick = ticks()
        self._speed = speed
        self.heard = False
        """Whether the platform has told its time yet."""

    def begin_at(self, now: datetime) -> None:
        """Take `now` for the platform's time until it tells its own."""
        if not self.heard:
            self._anchor, self._anchor_tick = now.astimezone(UTC), self._ticks()

    @property
    def speed(self) -> float:
        """Platform seconds for each real second; 1 except on a rehearsal, which may choose."""
        return self._speed

    def now(self) -> datetime:
        """The platform's time as an aware UTC datetime."""
        return self._at(self._ticks())

    def hear(self, date: str | None, speed: str | None, took_s: float) -> None:
        """Learn from one answer's `Date` and `X-Emulator-Speed`; nonsense is passed over."""
        tick = self._ticks()
        self._change_speed(_speed(speed), tick)
        stamp = _date(date)
        if stamp is None:
            return
        here = self._at(tick)
        latest = stamp + timedelta(seconds=1 + max(took_s, 0.0) * self._speed)
        if here < stamp:
            self._anchor, self._anchor_tick = stamp, tick
        elif here > latest:
            self._anchor, self._anchor_tick = latest, tick
        self.heard = True

    def _change_speed(self, speed: float, tick: float) -> None:
        if speed != self._speed:
            self._anchor, self._anchor_tick = self._at(tick), tick
            self._speed = speed

    def _at(self, tick: float) -> datetime:
        return self._anchor + timedelta(seconds=(tick - self._anchor_tick) * self._speed)


def _speed(text: str | None) -> float:
    try:
        speed = float(text) if text else 1.0
    except ValueError:
        return 1.0
    return speed if 0 <= speed <= 10_000 else 1.0


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # not before the first paint

    try:
        stamp = parsedate_to_datetime(text)
    except ValueError:
        return None
    return stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)
