"""A loop: when it looks again after it failed, and when others were answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aeptui.api.errors import ApiError, ApiTrouble, ApiUnreachable
from aeptui.mirror.loop import AGAIN_S, SyncLoop
from aeptui.mirror.troubles import Trouble

GONE = ApiUnreachable("nobody answered", host="h")
OWN = ApiError("it cannot be read")


class Scripted:
    """A loop whose ticks end as told, and what it noted; each wait lasts until it is woken."""

    def __init__(self, interval: float, endings: Sequence[ApiTrouble | None]) -> None:
        self._endings = list(endings)
        self.waits: list[float] = []
        self.troubles: list[Trouble | None] = []
        self._noted = asyncio.Semaphore(0)
        self.loop = SyncLoop("schemas", self._tick, interval=lambda: interval, note=self._note)

    async def _tick(self) -> None:
        ending = self._endings.pop(0)
        if ending is not None:
            raise ending

    async def _note(self, kind: str, trouble: Trouble | None, wait: float) -> None:
        self.troubles.append(trouble)
        self.waits.append(wait)
        self._noted.release()

    async def noted(self) -> None:
        async with asyncio.timeout(20):
            await self._noted.acquire()
        # The note is the last thing before the wait: let the loop come to it.
        await asyncio.sleep(0)

    def __enter__(self) -> Scripted:
        self._task = asyncio.create_task(self.loop.follow())
        return self

    def __exit__(self, *_: object) -> None:
        self._task.cancel()


async def test_a_slow_kind_that_fails_is_tried_again_soon_and_then_ever_later() -> None:
    with Scripted(600, [GONE] * 8 + [None]) as it:
        await it.noted()
        for _ in range(8):
            it.loop.wake()
            await it.noted()
    assert it.waits == [AGAIN_S, 30, 60, 120, 240, 480, 600, 600, 600]
    assert it.troubles[0] == Trouble("nobody answered", "unreachable")
    assert it.troubles[-1] is None


async def test_a_quick_kind_that_fails_waits_no_longer_than_it_does_anyway_at_first() -> None:
    with Scripted(2, [GONE, None, GONE]) as it:
        for _ in range(3):
            await it.noted()
            it.loop.wake()
    assert it.waits == [2, 2, 2]


async def test_what_failed_is_tried_again_once_when_others_are_answered() -> None:
    with Scripted(600, [GONE, OWN, OWN, GONE]) as it:
        await it.noted()
        it.loop.hasten()
        await it.noted()  # another trouble than before: it may have been the way there
        it.loop.hasten()
        await it.noted()
        it.loop.hasten()  # in vain: its trouble is its own
        await asyncio.sleep(0)
        assert len(it.waits) == 3
        it.loop.wake()
        await it.noted()
        assert len(it.waits) == 4


async def test_what_is_well_is_not_hastened() -> None:
    with Scripted(600, [None, None]) as it:
        await it.noted()
        it.loop.hasten()
        await asyncio.sleep(0)
        assert len(it.waits) == 1
