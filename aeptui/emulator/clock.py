"""The emulated platform's time: real time multiplied, and movable by hand."""

import threading
import time
from collections.abc import Callable


class Clock:
    """Epoch milliseconds that run `speed` times as fast as real ones and never go back.

    It counts on a monotonic clock, so a change of the machine's own time moves nothing.
    """

    def __init__(
        self, start_ms: int, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._base_ms = float(start_ms)
        self._since = monotonic()
        self._speed = speed

    def now_ms(self) -> int:
        with self._lock:
            return int(self._reading())

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

    def begin(self, now_ms: int) -> None:
        """Start anywhere, earlier too: only for a world in which nothing has happened yet."""
        with self._lock:
            self._rebase(float(now_ms))

    def _reading(self) -> float:
        return self._base_ms + (self._monotonic() - self._since) * 1000 * self._speed

    def _rebase(self, now_ms: float) -> None:
        self._base_ms = now_ms
        self._since = self._monotonic()
