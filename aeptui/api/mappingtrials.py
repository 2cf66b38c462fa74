"""Trying mappings before they are kept: validation, previews, the functions (AEP.md 6.2).

All of these are questions: they make nothing, so a POST may be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aeptui.api import wire
from aeptui.api.calls import Call, Caller, Service


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the expression language."""

    name: str
    category: str = ""
    syntax: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class MappedRow:
    """The record that a mapping set makes of a row, and (destination, sentence) for each fault."""

    record: dict[str, Any]
    faults: tuple[tuple[str, str], ...] = ()


class MappingTrials:
    """Asks Data Prep what a mapping set would do."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def validate(self, mapping_set: Mapping[str, Any]) -> tuple[str, ...]:
        """A sentence for each mapping in its order; empty where it works."""
        answer = await self._caller.ask(
            Call(
                Service.DATA_PREP,
                "/mappingSets/validate",
                method="POST",
                json=mapping_set,
                repeatable=True,
            )
        )
        told = wire.told_by(wire.one(answer))
        return tuple(_fault(each) for each in wire.parts(told, "validationResponse"))

    async def preview(self, mapping_set: Mapping[str, Any], row: Mapping[str, Any]) -> MappedRow:
        answer = await self._caller.ask(
            Call(
                Service.DATA_PREP,
                "/mappingSets/preview",
                method="POST",
                json={"data": row, "mappingSet": mapping_set},
                repeatable=True,
            )
        )
        told = wire.told_by(wire.one(answer))
        faults = tuple(
            (wire.text(each, "destination"), wire.text(each, "exception"))
            for each in wire.parts(told, "errors")
        )
        return MappedRow(wire.part(told, "data"), faults)

    async def accepts(self, expression: str) -> bool:
        """Whether an expression can be read; the answer is a bare true or false."""
        answer = await self._caller.ask(
            Call(
                Service.DATA_PREP,
                "/languages/el/validate",
                method="POST",
                json={"expression": expression},
                repeatable=True,
            )
        )
        return answer.body.strip() == b"true"

    async def functions(self) -> tuple[Function, ...]:
        answer = await self._caller.ask(Call(Service.DATA_PREP, "/languages/el/functions"))
        found = [wire.told_by(raw) for raw in wire.items(answer, "functions")]
        return tuple(
            Function(
                name=wire.text(told, "function", "name"),
                category=wire.text(told, "category"),
                syntax=wire.text(told, "syntax"),
                description=wire.text(told, "description"),
            )
            for told in found
            if wire.text(told, "function", "name")
        )


def _fault(told: dict[str, Any]) -> str:
    if wire.text(told, "status") != "FAILED":
        return ""
    reasons = [wire.text(each, "exception", "message") for each in wire.parts(told, "errors")]
    return "; ".join(reason for reason in reasons if reason) or "Data Prep refuses it"
