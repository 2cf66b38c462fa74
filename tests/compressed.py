"""Time in which nothing happens takes no time: an event loop for weeks in minutes.

While a request is on its way or a thread works, the loop waits as any other
does. When there is nothing left but timers, it goes on at once to the next one.
The world that it talks to is brought along just before it is asked again.
"""

from __future__ import annotations

import asyncio
import selectors
import types
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
import pytest

from aeptui.api import clock

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Waits only for what is really under way."""

    def __init__(self, loop: CompressedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self._loop.under_way or timeout is None:
            return super().select(None)
        self._loop.passed_s += timeout
        return []


class CompressedLoop(asyncio.SelectorEventLoop):
    """`passed_s` seconds have passed on it; `under_way` things must be waited for."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.under_way = 0
        self.slept_s = 0.0
        """What has passed on top of that while the machine was suspended."""
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.passed_s

    def since_boot(self) -> float:
        """As a clock that goes on during a suspend."""
        return self.passed_s + self.slept_s

    @contextmanager
    def waited_for(self) -> Iterator[None]:
        """What happens in the block takes real time."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self.under_way += 1
        future.add_done_callback(self._returned)
        return future

    def _returned(self, _: object) -> None:
        self.under_way -= 1


class _Body(httpx.AsyncByteStream):
    """The rest of an answer, which is under way until it is closed."""

    def __init__(self, inner: Any, closed: Callable[[], None]) -> None:
        self._inner = inner
        self._closed: Callable[[], None] | None = closed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            yield piece

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            if self._closed is not None:
                self._closed()
                self._closed = None


def run(
    main: Callable[[CompressedLoop], Coroutine[Any, Any, T]], bring: Callable[[float], None]
) -> T:
    """Run `main` in compressed time; `bring` moves the world so far on before it is asked."""
    loop = CompressedLoop()
    brought_s = 0.0
    plain = httpx.AsyncHTTPTransport.handle_async_request

    async def asked(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        nonlocal brought_s
        if loop.since_boot() > brought_s:
            brought_s = loop.since_boot()
            bring(brought_s)
        loop.under_way += 1
        try:
            response = await plain(transport, request)
        except BaseException:
            loop.under_way -= 1
            raise
        response.stream = _Body(response.stream, lambda: loop._returned(None))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", asked)
        ticking = types.SimpleNamespace(monotonic=loop.since_boot)
        patch.setattr(clock, "time", ticking)
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(main(loop))
