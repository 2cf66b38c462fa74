"""How far behind the terminal is, found out by asking it.

A program behind SSH does not see the queue that it fills: megabytes may be
under way, and each frame more makes the screen later. So a status query follows
what is sent, and while much is unanswered the next frame had better wait: then
no link lags by more than its round trip and a frame. The answer is the link's
measured quality as well.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from aeptui.terminal_status import LIMIT_S, QUESTION

ASK_BYTES = 1_024
"""After so many bytes the terminal is asked: a few moves of the cursor."""
HOLD_BYTES = 2_048
"""With more than these unanswered the next frame waits."""
FRUITLESS = 3
"""After so many in a row a terminal is asked no more, unless it answers after all."""


class Pace:
    """What the terminal has surely read of what was sent to it.

    Nothing waits for a terminal that has never answered. One that falls silent
    is waited for a few times, no longer than the limit each time; then what was
    held goes, and the question counts for nothing.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._sent = self._read = self._asked_at = 0
        self._asked: deque[tuple[int, float]] = deque()
        self._took: deque[float] = deque(maxlen=8)
        self._answers = False
        self._fruitless = 0
        self._asks = True

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._asked)

    @property
    def round_trip_s(self) -> float | None:
        """The seconds that a question took of late, at best; None where none was answered."""
        return min(self._took, default=None)

    def sent(self, size: int) -> str:
        """So many bytes are sent; the question to send with them, if one is due."""
        self._sent += size
        self._look()
        due = self._sent - self._asked_at >= ASK_BYTES
        if not (due and self._asks and self._fruitless < FRUITLESS):
            return ""
        self._asked_at = self._sent
        self._asked.append((self._sent, self._now()))
        return QUESTION

    def answered(self) -> None:
        """The terminal has read all that came before a question."""
        self._answers, self._fruitless = True, 0
        if self._asked:
            self._read, asked = self._asked.popleft()
            self._took.append(self._now() - asked)

    def holds(self) -> bool:
        """Whether a frame had better wait."""
        self._look()
        return self._answers and bool(self._asked) and self._sent - self._read > HOLD_BYTES

    def forget(self) -> None:
        """Take it that all was read, whatever was answered."""
        self._asked.clear()
        self._read = self._sent

    def rest(self) -> None:
        """Ask nothing until `resume`: somebody else will read the keys."""
        self._asks = False

    def resume(self) -> None:
        """Ask again, perhaps another terminal."""
        self.forget()
        self._asks, self._fruitless = True, 0

    def _look(self) -> None:
        if self._asked and self._now() - self._asked[0][1] > LIMIT_S:
            self.forget()
            self._fruitless += 1
            self._answers = self._answers and self._fruitless < FRUITLESS
