"""Unmaking a flow with what it stands on: what goes, what stays and why, as one ticks.

The order is that of `unmaking`: the flow, its connections, and what is under
them only where nothing else uses it. What is ticked is weighed anew each time,
since one thing that stays keeps others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from aeptui.api import models
from aeptui.api.errors import NotFound
from aeptui.forms.words import listed
from aeptui.pipelines.unmaking import KINDS, Everything, Going, everything_there

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView

M = TypeVar("M", bound=models.Model)

USUAL = frozenset({"flow", "source_connection", "target_connection", "base_connection"})
"""What goes unless it is unticked; a dataset and a schema go only when they are ticked."""
FOR_GOOD = "the platform has no documented way to delete a mapping set"


@dataclass(frozen=True, slots=True)
class FlowParts:
    """A flow and what it stands on, as far as it is there, and all that may use the same."""

    flow: models.Flow
    held: Mapping[str, tuple[str, str]]
    """The name and the id of each part."""
    everything: Everything

    def weighed(self, ticked: Collection[str]) -> tuple[Going, ...]:
        """What becomes of each part when these are ticked, in the order of their going."""
        found: list[Going] = []
        gone: set[str] = set()
        for part in KINDS:
            if part not in self.held:
                continue
            name, id = self.held[part]
            users = self.everything.users(id)
            others = [each.name or each.id for each in users if each.id not in gone]
            stays = ""
            if part == "mapping_set":
                stays = FOR_GOOD
            elif others:
                stays = f"{listed(others)} {'uses' if len(others) == 1 else 'use'} it"
            elif part not in ticked:
                stays = "it is not ticked"
            reach = self._reach(part, id)
            found.append(Going(part, part.replace("_", " "), name or id, id, stays, reach))
            if not stays:
                gone.add(id)
        return tuple(found)

    def _reach(self, part: str, id: str) -> str:
        if part == "flow":
            return "no run of it comes any more"
        return self.everything.reach(part, id)


async def parts_of(services: ServiceView, flow_id: str) -> FlowParts | None:
    """A flow with its parts; None when it is gone. Raises ApiTrouble."""
    try:
        flow = await services.flows.get_flow(flow_id)
    except NotFound:
        return None
    everything = await everything_there(services)
    held: dict[str, tuple[str, str]] = {"flow": (flow.name, flow.id)}
    source = _by_id(everything.sources, flow.source_connection_id)
    target = _by_id(everything.targets, flow.target_connection_id)
    if source is not None:
        held["source_connection"] = (source.name, source.id)
        if source.base_connection_id:
            held["base_connection"] = await _base(services, source.base_connection_id)
    if target is not None:
        held["target_connection"] = (target.name, target.id)
    dataset = _by_id(everything.datasets, target.dataset_id) if target is not None else None
    if dataset is not None:
        held["dataset"] = (dataset.name, dataset.id)
        if dataset.schema_id:
            held["schema"] = await _schema(services, dataset.schema_id)
    if flow.mapping_set_id:
        held["mapping_set"] = (f"of {flow.name}", flow.mapping_set_id)
    return FlowParts(flow, held, everything)


def _by_id(those: Sequence[M], id: str) -> M | None:
    return next((each for each in those if each.id == id), None)


async def _base(services: ServiceView, id: str) -> tuple[str, str]:
    return (await services.flows.get_base_connection(id)).name, id


async def _schema(services: ServiceView, id: str) -> tuple[str, str]:
    return (await services.schemas.get_schema(id)).name, id
