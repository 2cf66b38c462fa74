"""The emulated platform's time: real time multiplied, and movable by hand."""

import threading
import time
from collections.abc import Callable


class Clock:
    """Epoch milliseconds that run `speed` times as fast as real ones and never go back.

    It counts on a monotonic clock, so a change of the machine's own time moves nothing.
    Who brings the world up to date holds it at what is not done yet: when there is more to
    do than can be done, emulated time waits, and nobody sees a moment that is half lived.
    """

    def __init__(
        self, start_ms: int, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._base_ms = float(start_ms)
        self._since = monotonic()
        self._speed = speed
        self._held_ms: float | None = None
        self._shown_ms = 0.0

    def now_ms(self) -> int:
        """The world's present: no later than what `hold` allows."""
        with self._lock:
            return int(self._present())

    def wanted_ms(self) -> int:
        """The moment up to which the world has to be brought."""
        with self._lock:
            return int(self._reading())

    def hold(self, at_ms: int | None) -> None:
        """Go no further than this, or as far as wanted; what was shown stays shown."""
        with self._lock:
            self._present()
            self._held_ms = None if at_ms is None else float(at_ms)

    @property
    def speed(self) -> float:
        """Emulated seconds per real second; 0 stands still."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        with self._lock:
            self._rebase(self._reading())
            self._speed = speed

    def advance(self, seconds: float) -> None:
        """Jump ahead; a negative jump is none."""
        with self._lock:
            self._rebase(self._reading() + max(0.0, seconds) * 1000)

    def set(self, now_ms: int) -> None:
        """Jump to a moment, unless it has passed."""
        with self._lock:
            self._rebase(max(self._reading(), float(now_ms)))

    def go_on(self, speed: float) -> None:
        """Go on from the present: what could not be lived yet is no longer wanted."""
        with self._lock:
            self._rebase(self._present())
            self._speed = speed

    def begin(self, now_ms: int) -> None:
        """Start anywhere, earlier too: only for a world in which nothing has happened yet."""
        with self._lock:
            self._held_ms, self._shown_ms = None, 0.0
            self._rebase(float(now_ms))

    def _present(self) -> float:
        reading = self._reading()
        if self._held_ms is not None:
            reading = min(reading, self._held_ms)
        self._shown_ms = max(self._shown_ms, reading)
        return self._shown_ms

    def _reading(self) -> float:
        return self._base_ms + (self._monotonic() - self._since) * 1000 * self._speed

    def _rebase(self, now_ms: float) -> None:
        self._base_ms = now_ms
        self._since = self._monotonic()
