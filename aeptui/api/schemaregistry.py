"""Schema Registry: the XDM schemas of the organisation (AEP.md 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

from aeptui.api import decode, wire
from aeptui.api.calls import Call, Caller, Service
from aeptui.api.models import Schema
from aeptui.api.paging import registry_pages

# AEP.md 4.2: a list refuses a version in Accept, a look-up refuses one without.
ACCEPT_LIST = "application/vnd.adobe.xed+json"
ACCEPT_FULL = "application/vnd.adobe.xed-full+json; version=1"
ACCEPT_AS_MADE = "application/vnd.adobe.xed+json; version=1"


class SchemaRegistry:
    """Reads the tenant's schemas; Accept headers live here and nowhere else."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def list_schemas(self) -> AsyncIterator[list[Schema]]:
        """Schemas by title, without their fields."""
        call = Call(
            Service.SCHEMAS,
            "/tenant/schemas",
            params=(("orderby", "title"), ("limit", "300")),
            headers={"Accept": ACCEPT_LIST},
        )
        async for items in registry_pages(self._caller, call):
            yield decode.many(items, decode.schema)

    async def get_schema(self, id: str, *, as_made: bool = False) -> Schema:
        """One schema with every field resolved, or `as_made`, with references in their place.

        `id` is its `$id` or its `meta:altId`.
        """
        call = Call(
            Service.SCHEMAS,
            f"/tenant/schemas/{quote(id, safe='')}",
            headers={"Accept": ACCEPT_AS_MADE if as_made else ACCEPT_FULL},
        )
        answer = await self._caller.ask(call)
        return decode.schema(wire.one(answer))
