"""What the names in a pipeline file stand for in one sandbox: connectors, flow specs, blocks.

Adobe's classes and field groups have the same `$id` everywhere and are named by
it; those of an organisation's own have another in each sandbox and are named by
title, which is theirs alone (AEP.md 4.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from aeptui.api.xdmlibrary import Block
from aeptui.forms.connectors import Connector, FlowKind
from aeptui.forms.lookups import Lookups, Question
from aeptui.forms.questions import Blocks, Connectors, FlowKinds

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known:
    """The building blocks of a sandbox."""

    tenant: str
    connectors: tuple[Connector, ...]
    flow_kinds: tuple[FlowKind, ...]
    classes: tuple[Block, ...]
    field_groups: tuple[Block, ...]

    def connector(self, said: str) -> Connector | None:
        """A connector by its id, its name or its title."""
        by_id = [each for each in self.connectors if each.id == said]
        named = [each for each in self.connectors if said in (each.name, each.title)]
        return next(iter(by_id or named), None)

    def flow_kind(self, said: str) -> FlowKind | None:
        """A flow spec by its id or its name."""
        return next((each for each in self.flow_kinds if said in (each.id, each.name)), None)

    def class_(self, said: str) -> Block | None:
        return _block(self.classes, said)

    def field_group(self, said: str) -> Block | None:
        return _block(self.field_groups, said)


async def known_in(services: ServiceView, lookups: Lookups) -> Known:
    """The building blocks, asked once for each `lookups`; raises ApiTrouble."""

    async def asked(question: Question[T]) -> T:
        found = lookups.peek(question)
        if found is None:
            found = await question.ask(services)
            lookups.tell(question, found)
        return found

    return Known(
        tenant=await asked(Tenant()),
        connectors=await asked(Connectors()),
        flow_kinds=await asked(FlowKinds()),
        classes=await asked(Blocks("classes")),
        field_groups=await asked(Blocks("fieldgroups")),
    )


@dataclass(frozen=True, slots=True)
class Tenant:
    """The organisation's own name in ids and paths."""

    says: str = "the name of the organisation in paths"

    async def ask(self, services: ServiceView) -> str:
        return await services.library.tenant()


def name_of(block: Block) -> str:
    """How a file names a block, so that the name holds in other sandboxes."""
    return block.title if block.container == "tenant" else block.id


def _block(blocks: Iterable[Block], said: str) -> Block | None:
    found = list(blocks)
    by_id = [each for each in found if each.id == said]
    own = [each for each in found if each.container == "tenant" and each.title == said]
    return next(iter(by_id or own), None)


def at(value: Any, *path: str | int) -> Any:
    """What a path leads to in decoded JSON; None where it leads nowhere."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
