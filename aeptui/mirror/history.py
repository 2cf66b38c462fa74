"""The past of runs and batches: read backwards as far as asked, and kept within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from aeptui.api.models import Model
from aeptui.mirror.store import Mirror

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView

HISTORIC = ("runs", "batches")

_TIDY_S = 600.0
"""Real seconds between two looks at the bounds."""

_FULL, _ROOMY = 0.98, 0.9
"""Shares of the largest size: history stops at the first, trimming at the second."""


class _Clock(Protocol):
    def now(self) -> datetime: ...


class History:
    """Reads page by page and writes down how far it came, so that a reading can be resumed.

    Nothing older than `days` is asked for or kept, and the oldest goes first
    when the file grows over `max_bytes`. What is still open and the last run of
    each flow stay.
    """

    def __init__(self, mirror: Mirror, clock: _Clock, days: float, max_bytes: int) -> None:
        self._mirror = mirror
        self._clock = clock
        self._days = timedelta(days=days)
        self._max_bytes = max_bytes

    @property
    def floor(self) -> datetime:
        """The moment before which nothing is of interest."""
        return self._clock.now() - self._days

    async def read(self, kind: str, services: ServiceView, pages: int = 0) -> None:
        """Go on backwards from where the last reading ended, for so many pages (0: to the end)."""
        with self._mirror.reading():
            await self._read(kind, services, pages)

    async def _read(self, kind: str, services: ServiceView, pages: int) -> None:
        since = self.floor
        reached = await self._mirror.ask(lambda reader: reader.reached(kind))
        if reached is None or reached > since:
            read = 0
            async for page in newest_first(kind, services, since, reached):
                if await self._size() > self._max_bytes * _FULL:
                    await self._mirror.completed(kind, at=self._clock.now())
                    return
                first = reached is None and not read
                await self._mirror.upsert(
                    kind,
                    page,
                    seen_at=self._clock.now(),
                    reached=oldest(page),
                    watermark=newest(page) if first else None,
                )
                read += 1
                if read == pages:
                    return
        await self._mirror.completed(kind, at=self._clock.now(), reached=since)

    async def keep_bounds(self) -> None:
        """Trim now and again, until cancelled."""
        while True:
            await self.trim()
            await asyncio.sleep(_TIDY_S)

    async def trim(self) -> None:
        """Forget what is older than asked for, then the oldest until the file is small enough."""
        for kind in HISTORIC:
            while await self._mirror.trim(kind, before=self.floor):
                pass
        if await self._size() > self._max_bytes:
            while await self._size() > self._max_bytes * _ROOMY and await self._forget_oldest():
                pass
        await self._mirror.give_back()

    async def _forget_oldest(self) -> bool:
        """Some of the oldest runs, and the batches before what is left; whether any went."""
        gone = bool(await self._mirror.trim("runs"))
        reached = await self._mirror.ask(lambda reader: reader.reached("runs"))
        gone = bool(await self._mirror.trim("batches", before=reached)) or gone
        return gone or bool(await self._mirror.trim("batches"))

    async def _size(self) -> int:
        return await self._mirror.ask(lambda reader: reader.size_bytes())


def newest_first(
    kind: str,
    services: ServiceView,
    since: datetime | None,
    before: datetime | None = None,
) -> AsyncIterator[Sequence[Model]]:
    """Runs or batches made in that span, in pages."""
    if kind == "runs":
        return services.flows.list_runs(created_since=since, created_before=before)
    return services.catalog.list_batches(created_since=since, created_before=before)


def newest(page: Sequence[Model]) -> datetime | None:
    """When the newest of a page was made."""
    return max((model.created_at for model in page if model.created_at), default=None)


def oldest(page: Sequence[Model]) -> datetime | None:
    """When the oldest of a page was made."""
    return min((model.created_at for model in page if model.created_at), default=None)
