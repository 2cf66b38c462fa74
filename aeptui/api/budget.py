"""How many calls a minute we allow ourselves, and who goes first.

A token bucket in real time, one for each session. An operator's question goes
before background work, and the last few calls of the bucket are kept for one.
A 429 halves the pace for everybody; it comes back step by step (AEP.md 2.5).
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

from aeptui.api.clock import ticking_s

_RECOVERY_S = 60.0


class Budget:
    """`calls_per_minute` with a burst of the same size."""

    def __init__(self, calls_per_minute: int, *, ticks: Callable[[], float] = ticking_s) -> None:
        self.calls_per_minute = calls_per_minute
        self._ticks = ticks
        self._left = float(calls_per_minute)
        self._reserve = min(3.0, calls_per_minute * 0.15)
        self._at = ticks()
        self._slowed_at = 0.0
        self._pace = float(calls_per_minute)
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._turn = 0
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def pace(self) -> float:
        """Calls a minute that are allowed just now; below `calls_per_minute` after a 429."""
        self._refill()
        return self._pace

    @property
    def spare(self) -> float:
        """How many calls could go at once without taking those kept for an operator."""
        self._refill()
        return self._left - self._reserve - self.waiting

    @property
    def waiting(self) -> int:
        """How many questions wait for their turn."""
        return sum(1 for _, _, turn in self._waiting if not turn.done())

    async def take(self, *, background: bool = False) -> None:
        """Wait for a turn; an operator's question never waits behind background work."""
        self._turn += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (int(background), self._turn, turn))
        self._grant()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._left += 1  # the turn came, but nobody was there to use it
            self._grant()
            raise

    def slow_down(self) -> None:
        """The platform said 429: half the pace from now on."""
        self._refill()
        self._pace = max(1.0, self._pace / 2)
        self._left = min(self._left, 1.0)
        self._slowed_at = self._ticks()

    def _grant(self) -> None:
        self._refill()
        while self._waiting:
            background, _, turn = self._waiting[0]
            if turn.done():
                heapq.heappop(self._waiting)
                continue
            wait = self._wait(bool(background))
            if wait > 0:
                self._wake_in(wait)
                return
            heapq.heappop(self._waiting)
            self._left -= 1
            turn.set_result(None)

    def _wait(self, background: bool) -> float:
        needed = 1 + (self._reserve if background else 0.0)
        needed = min(needed, float(self.calls_per_minute))
        return max(0.0, needed - self._left) * 60 / self._pace

    def _wake_in(self, seconds: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        # A hair more, so that rounding never wakes it too early to be of use.
        self._alarm = asyncio.get_running_loop().call_later(seconds + 0.001, self._grant)

    def _refill(self) -> None:
        now = self._ticks()
        self._left = min(
            float(self.calls_per_minute), self._left + (now - self._at) * self._pace / 60
        )
        self._at = now
        while self._pace < self.calls_per_minute and now - self._slowed_at >= _RECOVERY_S:
            self._pace = min(float(self.calls_per_minute), self._pace * 1.5)
            self._slowed_at += _RECOVERY_S
