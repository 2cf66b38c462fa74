"""One sync loop: ask, note how it went, wait, and never stop because of a bad minute."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aeptui.api.clock import ticking_s
from aeptui.api.errors import ApiTrouble

_log = logging.getLogger(__name__)

CEILING_S = 300.0
"""The longest wait after failures, unless the loop's own interval is longer."""

_NAP_S = 30.0
"""Timers stand still while a lid is closed, so a long wait is looked at again this often."""


class SyncLoop:
    """Keep one kind of resource in the mirror current.

    Ticks never overlap: the next starts `wait` seconds after the last ended. A
    failed tick keeps the rows, doubles the wait up to a ceiling and tries
    again; `wake` ends a wait; only cancelling ends the loop.
    """

    def __init__(
        self,
        kind: str,
        tick: Callable[[], Awaitable[None]],
        *,
        interval: Callable[[], float],
        note: Callable[[str, str | None, float], Awaitable[None]],
        ticks: Callable[[], float] = ticking_s,
    ) -> None:
        self.kind = kind
        self._tick = tick
        self._interval = interval
        self._note = note
        self._ticks = ticks
        self._woken = asyncio.Event()
        self.ticked = asyncio.Event()
        """Set once a tick has gone well."""

    def wake(self) -> None:
        """Look again now."""
        self._woken.set()

    async def follow(self, first_wait: float = 0.0) -> None:
        """Tick for ever."""
        await self._sleep(first_wait)
        wait = self._interval()
        while True:
            trouble = await attempt(self.kind, self._tick)
            if trouble is None:
                self.ticked.set()
                wait = self._interval()
            else:
                wait = min(wait * 2, max(CEILING_S, self._interval()))
            await self._note(self.kind, trouble, wait)
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


async def attempt(kind: str, work: Callable[[], Awaitable[None]]) -> str | None:
    """Do `work`; what went wrong as a sentence, or None."""
    try:
        await work()
    except ApiTrouble as reason:
        return str(reason)
    except Exception as fault:
        # One kind that we cannot read must not end the watch over the others. The
        # values in a traceback's frames may be personal data: only its lines are kept.
        _log.exception("Reading %s failed by a fault of our own", kind)
        return (
            f"Reading {kind} failed by a fault of our own ({type(fault).__name__}); "
            "the log has more"
        )
    return None


async def insist(kind: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work`, again and again with longer waits, until it goes well."""
    wait = 15.0
    while await attempt(kind, work) is not None:
        await asyncio.sleep(wait)
        wait = min(wait * 2, CEILING_S)
