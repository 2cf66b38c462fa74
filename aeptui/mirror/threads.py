"""One thread with one connection of its own, for an event loop to hand work to."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from aeptui.mirror.connected import Connected, Place

S = TypeVar("S")
T = TypeVar("T")


_HAND_OVER_S = 0.0002
"""A thread at work hands the interpreter over so soon: the loop that draws waits for it each time."""


class Thread(Generic[S]):
    """Runs work one piece after another, each with the state made from the connection."""

    def __init__(self, name: str, place: Place, make: Callable[[sqlite3.Connection], S]) -> None:
        sys.setswitchinterval(_HAND_OVER_S)
        self._connected = Connected(place, make)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, work: Callable[[S], T]) -> T:
        """Work that has begun is finished even when the caller is cancelled."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._connected.run, work)

    async def ask(self, work: Callable[[S], T]) -> T:
        """Work that is left where it stands, or never begun, when the caller is cancelled."""
        loop, unwanted = asyncio.get_running_loop(), threading.Event()
        try:
            return await loop.run_in_executor(self._executor, self._connected.run, work, unwanted)
        finally:
            unwanted.set()

    def close(self, *, interrupt: bool) -> None:
        """Finish the piece in hand (or leave it, with `interrupt`), drop the rest, and close."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        if interrupt:
            self._connected.leave()
        self._executor.shutdown(wait=True)
        self._connected.close()
