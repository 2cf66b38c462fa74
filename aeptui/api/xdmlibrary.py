"""The registry's building blocks: classes and field groups, and everything with its fields.

AEP.md 4.3: the same kinds live in two containers, Adobe's (`global`) and the
organisation's (`tenant`); a list wants the short form, a look-up the full one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from aeptui.api import wire
from aeptui.api.calls import Call, Caller, Service
from aeptui.api.paging import registry_pages
from aeptui.api.schemaregistry import ACCEPT_AS_MADE, ACCEPT_FULL, ACCEPT_LIST

Collection: TypeAlias = Literal["classes", "fieldgroups"]
Whole: TypeAlias = Literal["classes", "fieldgroups", "schemas", "datatypes"]
Container: TypeAlias = Literal["global", "tenant"]
ADHOC = "https://ns.adobe.com/xdm/data/adhoc"


@dataclass(frozen=True, slots=True)
class Block:
    """A class or field group: its `$id`, its title, and what it fits.

    For a field group `fits` are the classes that it is meant for, for a class
    the behaviours that it has.
    """

    id: str
    title: str
    container: Container
    description: str = ""
    fits: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    """For a field group the fields that it brings, as far as its author wrote them out:
    the outermost ones, and those within the organisation's own object."""
    created_at: datetime | None = None


class XdmLibrary:
    """Reads classes, field groups, and the fields of whatever has some."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def blocks(self, collection: Collection) -> tuple[Block, ...]:
        """All of both containers, the organisation's own first."""
        found: list[Block] = []
        for container in ("tenant", "global"):
            call = Call(
                Service.SCHEMAS,
                f"/{container}/{collection}",
                params=(("orderby", "title"), ("limit", "300")),
                headers={"Accept": ACCEPT_LIST},
            )
            async for page in registry_pages(self._caller, call):
                found += [
                    _block(wire.told_by(raw), "tenant" if container == "tenant" else "global")
                    for raw in page
                ]
        return tuple(block for block in found if block.id)

    async def full(self, collection: Whole, container: Container, id: str) -> dict[str, Any]:
        """One of them with every field resolved into `properties`."""
        return await self._one(collection, container, id, ACCEPT_FULL)

    async def as_made(self, collection: Whole, container: Container, id: str) -> dict[str, Any]:
        """One of them as its author wrote it, with references in it."""
        return await self._one(collection, container, id, ACCEPT_AS_MADE)

    async def _one(
        self, collection: Whole, container: Container, id: str, accept: str
    ) -> dict[str, Any]:
        path = f"/{container}/{collection}/{quote(id, safe='')}"
        call = Call(Service.SCHEMAS, path, headers={"Accept": accept})
        return wire.told_by(wire.one(await self._caller.ask(call)))

    async def tenant(self) -> str:
        """The organisation's own name in ids and paths, without its underscore (AEP.md 4.5)."""
        answer = await self._caller.ask(Call(Service.SCHEMAS, "/stats"))
        return wire.text(wire.told_by(wire.one(answer)), "tenantId")

    async def identities(self, schema_id: str) -> tuple[dict[str, Any], ...]:
        """The identity descriptors of a schema, whichever way they are listed (AEP.md 4.4)."""
        call = Call(
            Service.SCHEMAS,
            "/tenant/descriptors",
            headers={"Accept": "application/vnd.adobe.xdm-v2+json"},
            params=(("orderby", "xdm:sourceProperty"), ("limit", "300")),
        )
        found: list[dict[str, Any]] = []
        async for page in registry_pages(self._caller, call, grouped=True):
            found += [wire.told_by(raw) for raw in page]
        return tuple(
            told
            for told in found
            if told.get("@type") == "xdm:descriptorIdentity"
            and told.get("xdm:sourceSchema") == schema_id
        )


def _block(told: dict[str, Any], container: Container) -> Block:
    return Block(
        id=wire.text(told, "$id"),
        title=wire.text(told, "title", "$id"),
        container=container,
        description=wire.text(told, "description"),
        fits=wire.texts(told.get("meta:intendedToExtend") or told.get("meta:extends")),
        holds=tuple(_held(told)),
        created_at=wire.when(wire.part(told, "meta:registryMetadata").get("repo:createdDate")),
    )


def _held(told: dict[str, Any]) -> Iterator[str]:
    definitions = told.get("definitions")
    parts = [told, *(definitions.values() if isinstance(definitions, dict) else ())]
    for part in parts:
        properties = part.get("properties") if isinstance(part, dict) else None
        for name, field in properties.items() if isinstance(properties, dict) else ():
            path = str(name).removeprefix("xdm:")  # as raw views write it (AEP.md 4.3)
            own = field.get("properties") if isinstance(field, dict) else None
            if path.startswith("_") and isinstance(own, dict):
                yield from (f"{path}.{each}" for each in own)
            else:
                yield path
