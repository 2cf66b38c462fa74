"""Identity namespaces: what an identity can be of (AEP.md 8)."""

from __future__ import annotations

from dataclasses import dataclass

from aeptui.api import wire
from aeptui.api.calls import Call, Caller, Service


@dataclass(frozen=True, slots=True)
class Namespace:
    """A kind of identity, such as `Email`; `code` is how a descriptor names it."""

    code: str
    name: str
    id_type: str = ""
    custom: bool = False


class Identities:
    """Reads the namespaces of the organisation."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def namespaces(self) -> tuple[Namespace, ...]:
        """The namespaces in use, in the order sent."""
        answer = await self._caller.ask(Call(Service.IDENTITIES, "/identities"))
        found = [wire.told_by(raw) for raw in wire.items(answer, "items")]
        return tuple(
            Namespace(
                code=wire.text(told, "code"),
                name=wire.text(told, "name", "code"),
                id_type=wire.text(told, "idType"),
                custom=wire.truth(told.get("custom")) is True,
            )
            for told in found
            if wire.text(told, "code") and wire.text(told, "status") in ("ACTIVE", "")
        )
