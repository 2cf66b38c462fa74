"""Sandboxes: the ones that these credentials may use (AEP.md 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aeptui.api import decode
from aeptui.api.calls import Call, Caller, Service
from aeptui.api.models import Sandbox
from aeptui.api.paging import offset_pages


class Sandboxes:
    """Reads the sandboxes; the calls need no sandbox themselves."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def list_sandboxes(self) -> AsyncIterator[list[Sandbox]]:
        async for items in offset_pages(self._caller, Call(Service.SANDBOXES, "/"), "sandboxes"):
            yield decode.many(items, decode.sandbox)
