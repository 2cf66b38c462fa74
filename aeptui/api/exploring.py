"""Exploring a base connection: its tables, their columns and sample rows (AEP.md 3.7).

Each question reaches the CRM, so it may take as long as the CRM does.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aeptui.api import wire
from aeptui.api.calls import Answer, Call, Caller, Params, Service


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table, or a folder of a file source; `path` is what it is asked for by."""

    path: str
    name: str
    type: str = "table"
    can_preview: bool = True


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column as the source describes it; `xdm_type` and `format` are empty where it is silent."""

    name: str
    type: str = "string"
    xdm_type: str = ""
    xdm: tuple[tuple[str, str], ...] = ()

    @property
    def format(self) -> str:
        return dict(self.xdm).get("format", "")

    @property
    def word(self) -> str:
        """Its type in one word: `date-time`, `integer`, `string`."""
        return self.xdm_type or self.format or dict(self.xdm).get("type", "") or self.type

    def wire(self) -> dict[str, Any]:
        """As a source connection repeats it."""
        told: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.xdm_type:
            told["meta:xdmType"] = self.xdm_type
        if self.xdm:
            told["xdm"] = dict(self.xdm)
        return told


@dataclass(frozen=True, slots=True)
class TablePreview:
    """The columns of a table and its first rows under a filter."""

    columns: tuple[SourceColumn, ...]
    rows: tuple[dict[str, Any], ...]


class Exploring:
    """Asks what is behind a base connection."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def tables(self, connection_id: str) -> tuple[SourceTable, ...]:
        """What the connection shows at its root, in the order sent."""
        answer = await self._explore(connection_id, (("objectType", "root"),))
        found = (wire.told_by(raw) for raw in wire.items(answer, "items"))
        return tuple(
            SourceTable(
                path=wire.text(told, "path", "name"),
                name=wire.text(told, "name", "path"),
                type=wire.text(told, "type") or "table",
                can_preview=wire.truth(told.get("canPreview")) is not False,
            )
            for told in found
            if wire.text(told, "path", "name")
        )

    async def columns(self, connection_id: str, table: str) -> tuple[SourceColumn, ...]:
        answer = await self._explore(connection_id, (("objectType", "table"), ("object", table)))
        return _columns(answer)

    async def preview(
        self, connection_id: str, table: str, filters: Mapping[str, Any] | None = None
    ) -> TablePreview:
        """The first rows of a table; `filters` is a row filter as a source connection has it."""
        params: Params = (("objectType", "table"), ("object", table), ("preview", "true"))
        if filters is not None:
            text = json.dumps(filters, separators=(",", ":")).encode()
            params = (*params, ("filters", base64.b64encode(text).decode()))
        answer = await self._explore(connection_id, params)
        told = wire.told_by(wire.one(answer))
        return TablePreview(_columns(answer), tuple(wire.parts(told, "data")))

    async def _explore(self, connection_id: str, params: Params) -> Answer:
        path = f"/connections/{quote(connection_id, safe='')}/explore"
        return await self._caller.ask(Call(Service.FLOWS, path, params=params, slow=True))


def column(told: Mapping[str, Any]) -> SourceColumn:
    """One column, as explore and a source connection write it."""
    told = dict(told)
    return SourceColumn(
        name=wire.text(told, "name"),
        type=wire.text(told, "type") or "string",
        xdm_type=wire.text(told, "meta:xdmType"),
        xdm=tuple(
            (key, value) for key, value in wire.part(told, "xdm").items() if isinstance(value, str)
        ),
    )


def _columns(answer: Answer) -> tuple[SourceColumn, ...]:
    told = wire.told_by(wire.one(answer))
    found = (column(each) for each in wire.parts(wire.part(told, "schema"), "columns"))
    return tuple(each for each in found if each.name)
