"""News of what differs, from the writer to whoever reads; news that waits is merged."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress

from aeptui.mirror.values import BEGUN_AGAIN, FRESHNESS, Changed

GAP_S = 0.25
"""A subscriber hears at most so often, so that a first sync does not draw every page of it."""


class News(AsyncIterator[Changed]):
    """News of some kinds (of all resources, when none is named), from the moment it is made.

    Made and read on one event loop; it is heard until `aclose`.
    """

    def __init__(self, kinds: Sequence[str], leave: Callable[[News], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._kinds = frozenset(kinds)
        self._leave = leave
        self._waiting: dict[str, Changed] = {}
        self._arrived = asyncio.Event()
        self._not_before = 0.0
        self._closed = False

    def tell(self, changed: Changed) -> None:
        """From any thread."""
        named = changed.kind in self._kinds
        wanted = named or (not self._kinds and changed.kind not in (FRESHNESS, BEGUN_AGAIN))
        if changed and wanted:
            with suppress(RuntimeError):  # its loop has ended: nobody is left to hear
                self._loop.call_soon_threadsafe(self._take, changed)

    def _take(self, changed: Changed) -> None:
        had = self._waiting.get(changed.kind)
        self._waiting[changed.kind] = had.merged(changed) if had else changed
        self._arrived.set()

    def __aiter__(self) -> News:
        return self

    async def __anext__(self) -> Changed:
        await self._arrived.wait()
        if self._closed:
            raise StopAsyncIteration
        pause = self._not_before - self._loop.time()
        if pause > 0:
            await asyncio.sleep(pause)
            if self._closed:
                raise StopAsyncIteration
        kind = next(iter(self._waiting))
        changed = self._waiting.pop(kind)
        if not self._waiting:
            self._arrived.clear()
            self._not_before = self._loop.time() + GAP_S
        return changed

    async def aclose(self) -> None:
        self._closed = True
        self._arrived.set()
        self._leave(self)


class Hub:
    """Knows who listens; news is told from the writer thread, so no cancelled wait loses it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listening: list[News] = []

    def join(self, kinds: Sequence[str]) -> News:
        news = News(kinds, self._leave)
        with self._lock:
            self._listening.append(news)
        return news

    def _leave(self, news: News) -> None:
        with self._lock:
            if news in self._listening:
                self._listening.remove(news)

    def publish(self, pieces: Sequence[Changed]) -> None:
        with self._lock:
            listening = list(self._listening)
        for news in listening:
            for changed in pieces:
                news.tell(changed)
