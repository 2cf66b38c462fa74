"""Data Prep: mapping sets (AEP.md 6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

from aeptui.api import decode, wire
from aeptui.api.calls import Call, Caller, Service
from aeptui.api.models import MappingSet
from aeptui.api.paging import offset_pages


class DataPrep:
    """Reads mapping sets."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def list_mapping_sets(self) -> AsyncIterator[list[MappingSet]]:
        call = Call(Service.DATA_PREP, "/mappingSets")
        async for items in offset_pages(self._caller, call, "data"):
            yield decode.many(items, decode.mapping_set)

    async def get_mapping_set(self, id: str, version: int | None = None) -> MappingSet:
        """One mapping set; AEP.md 6.1: without its version the platform may show the first."""
        params = () if version is None else (("version", str(version)),)
        call = Call(Service.DATA_PREP, f"/mappingSets/{quote(id, safe='')}", params=params)
        return decode.mapping_set(wire.one(await self._caller.ask(call)))
