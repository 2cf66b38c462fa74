"""A line to the emulator that ends at a chosen byte: a proxy on loopback that counts what passes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Wire:
    """Bytes in both directions are counted; after `limit` of them the line is cut, once.

    `then` is called at that byte, before anything closes. Connections made later
    pass, unless the line stays `dead`.
    """

    def __init__(self, url: str) -> None:
        self.passed = 0
        self.url = ""
        self._host, self._port = "127.0.0.1", int(urlsplit(url).port or 0)
        self._limit: int | None = None
        self._then: Callable[[], None] = lambda: None
        self._dead = False
        self._open: set[asyncio.StreamWriter] = set()

    def cut_after(self, limit: int, then: Callable[[], None], *, dead: bool) -> None:
        self.passed, self._limit, self._then, self._dead = 0, limit, then, dead

    def mend(self) -> None:
        self._limit, self._dead = None, False

    @property
    def cut(self) -> bool:
        return self._limit is not None and self.passed >= self._limit

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the client's."""
        if self._dead and self.cut:
            writer.close()
            return
        there, back = await asyncio.open_connection(self._host, self._port)
        ends = {writer, back}
        self._open |= ends
        pumps = [
            asyncio.create_task(self._pump(reader, back)),
            asyncio.create_task(self._pump(there, writer)),
        ]
        with contextlib.suppress(asyncio.CancelledError):  # at the end of the block
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for each in ends:
            each.close()
        for pump in pumps:
            pump.cancel()
        self._open -= ends

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65_536):
                if self._limit is not None and not self.cut:
                    chunk = chunk[: self._limit - self.passed]
                self.passed += len(chunk)
                writer.write(chunk)
                await writer.drain()
                if self._limit is not None and self.passed == self._limit:
                    self._then()
                    self.passed += 1  # once
                    for each in tuple(self._open):
                        each.close()
                    return


@asynccontextmanager
async def wired(url: str) -> AsyncIterator[Wire]:
    """A wire to the emulator at `url`, open for as long as the block lasts."""
    wire = Wire(url)
    server = await asyncio.start_server(wire.meet, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()
