"""One sync loop: ask, note how it went, wait, and never stop because of a bad minute."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aeptui.api.clock import ticking_s
from aeptui.api.errors import ApiTrouble
from aeptui.mirror.troubles import StoreTrouble, Trouble, trouble_of

_log = logging.getLogger(__name__)

AGAIN_S = 15.0
"""The wait after a first failure, unless the loop's own interval is shorter."""

CEILING_S = 300.0
"""The longest wait after failures, unless the loop's own interval is longer."""

_NAP_S = 30.0
"""Timers stand still while a lid is closed, so a long wait is looked at again this often."""


class SyncLoop:
    """Keep one kind of resource in the mirror current.

    Ticks never overlap: the next starts `wait` seconds after the last ended. A
    failed tick keeps the rows and is tried again soon, then after doubled waits
    up to a ceiling; `wake` ends a wait; only cancelling ends the loop.
    """

    def __init__(
        self,
        kind: str,
        tick: Callable[[], Awaitable[None]],
        *,
        interval: Callable[[], float],
        note: Callable[[str, Trouble | None, float], Awaitable[None]],
        ticks: Callable[[], float] = ticking_s,
    ) -> None:
        self.kind = kind
        self._tick = tick
        self._interval = interval
        self._note = note
        self._ticks = ticks
        self._woken = asyncio.Event()
        self._trouble: Trouble | None = None
        self._hastened = self._in_vain = False
        self.ticked = asyncio.Event()
        """Set once a tick has gone well."""

    def wake(self) -> None:
        """Look again now."""
        self._woken.set()

    def hasten(self) -> None:
        """The platform answers others: look again now after a failure.

        Only once for each trouble: what fails again although others are answered
        has a trouble of its own, and keeps to its own waits.
        """
        if self._trouble is not None and not self._in_vain:
            self._hastened = True
            self.wake()

    async def follow(self, first_wait: float = 0.0) -> None:
        """Tick for ever."""
        await self._sleep(first_wait)
        again = 0.0
        while True:
            hastened, self._hastened = self._hastened, False
            before, self._trouble = self._trouble, await attempt(self.kind, self._tick)
            if self._trouble is None:
                self._in_vain, again, wait = False, 0.0, self._interval()
                self.ticked.set()
            else:
                same = before is not None and before.kind == self._trouble.kind
                self._in_vain = same and (hastened or self._in_vain)
                again = again * 2 or min(AGAIN_S, self._interval())
                wait = again = min(again, max(CEILING_S, self._interval()))
            await self._note(self.kind, self._trouble, wait)
            await self._sleep(wait)

    async def _sleep(self, seconds: float) -> None:
        until = self._ticks() + seconds
        while (left := until - self._ticks()) > 0:
            try:
                async with asyncio.timeout(min(left, _NAP_S)):
                    await self._woken.wait()
                break
            except TimeoutError:
                continue
        self._woken.clear()


async def attempt(kind: str, work: Callable[[], Awaitable[None]]) -> Trouble | None:
    """Do `work`; what went wrong, or None."""
    try:
        await work()
    except (ApiTrouble, StoreTrouble) as reason:
        return trouble_of(reason)
    except Exception as fault:
        # One kind that we cannot read must not end the watch over the others. The
        # values in a traceback's frames may be personal data: only its lines are kept.
        _log.exception("Reading %s failed by a fault of our own", kind)
        return Trouble(
            f"Reading {kind} failed by a fault of our own ({type(fault).__name__}); "
            "the log has more",
            "broken",
        )
    return None


async def insist(kind: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work`, again and again with longer waits, until it goes well."""
    wait = AGAIN_S
    while await attempt(kind, work) is not None:
        await asyncio.sleep(wait)
        wait = min(wait * 2, CEILING_S)
