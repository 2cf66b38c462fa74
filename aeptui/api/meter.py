"""What the platform is doing to us: calls, latency, refusals, and when the token ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from aeptui.api.clock import ticking_s


class Meter:
    """Counts the calls of one session; the top line reads it."""

    def __init__(self, *, ticks: Callable[[], float] = ticking_s) -> None:
        self._ticks = ticks
        self._sent: deque[float] = deque()
        self.calls = 0
        self.last_latency_s: float | None = None
        self.last_limited_at: datetime | None = None
        """Platform time of the last 429; None while there was none."""
        self.limited_until: datetime | None = None
        """Platform time until which it asked for no call at all, where it said so."""
        self.limited: Callable[[], None] = lambda: None
        """Called at a 429: whoever shows how current things are need not wait for the end of it."""
        self.token_expires_at: datetime | None = None
        """Platform time; None before the first token, and for one whose end is unknown."""

    def calls_last_minute(self) -> int:
        edge = self._ticks() - 60
        while self._sent and self._sent[0] < edge:
            self._sent.popleft()
        return len(self._sent)

    def note_limit(self, at: datetime, until: datetime | None) -> None:
        """The platform said 429, and perhaps until when it wants no call."""
        self.last_limited_at, self.limited_until = at, until
        self.limited()

    def count(self) -> None:
        """One request is about to be sent."""
        self.calls_last_minute()
        self._sent.append(self._ticks())
        self.calls += 1
