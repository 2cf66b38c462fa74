"""Unmaking what a pipeline file made: what goes, what stays and why, in the right order.

The flow goes first, then its source and target connection. A dataset, a schema
and a base connection go only when a plan in the journal made them or when they
are asked for, and nothing goes that something else uses. A mapping set stays,
since no documented call deletes one, and is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from aeptui.api import models
from aeptui.api.paths import path_of
from aeptui.forms.words import listed
from aeptui.pipelines.field_groups import retold
from aeptui.pipelines.file import PipelineError, PipelineFile
from aeptui.pipelines.finding import PartState, find
from aeptui.pipelines.known import known_in
from aeptui.pipelines.looking import Taken
from aeptui.pipelines.plan import Step

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView
    from aeptui.forms.lookups import Lookups

M = TypeVar("M", bound=models.Model)

KINDS: Mapping[str, str] = {
    "flow": "flows",
    "source_connection": "source-connections",
    "target_connection": "target-connections",
    "dataset": "datasets",
    "mapping_set": "mapping-sets",
    "schema": "schemas",
    "base_connection": "base-connections",
}
"""The parts in the order of their going, and the kinds that they are of."""
ASKED_FOR = ("dataset", "schema", "base_connection")
"""What stays unless a plan made it or it is asked for."""


@dataclass(frozen=True, slots=True)
class Going:
    """What becomes of one part: `stays` says why it stays, and is empty when it goes."""

    part: str
    noun: str
    name: str
    id: str
    stays: str = ""
    reach: str = ""
    """What goes along with it."""


@dataclass(frozen=True, slots=True)
class Unmaking:
    """What goes and what stays, and the writes; no parts at all when nothing is there."""

    file: PipelineFile
    parts: tuple[Going, ...]
    faults: tuple[PipelineError, ...] = ()
    steps: tuple[Step, ...] = ()


async def unmake(
    file: PipelineFile,
    services: ServiceView,
    lookups: Lookups,
    made: Taken,
    also: Collection[str] = (),
) -> Unmaking:
    """How to take back what `file` says.

    `made` tells which ids a plan in the journal has made; `also` are the parts of
    `ASKED_FOR` that go in any case. Raises ApiTrouble.
    """
    known = await known_in(services, lookups)
    file = retold(file, known.tenant)
    found = await find(file, services, known, to_make=False)
    if found.faults:
        return Unmaking(file, (), found.faults)
    held = {part.part: part for part in found.parts if part.id}
    if not held:
        return Unmaking(file, ())
    everything = await everything_there(services)
    ours = await made([part.id for part in held.values()])
    going: list[Going] = []
    gone: set[str] = set()
    for name in KINDS:
        if name not in held:
            continue
        part = held[name]
        users = [each.name or each.id for each in everything.users(part.id) if each.id not in gone]
        stays = _stays(part, users, asked=part.id in ours or name in also)
        reach = "" if stays else everything.reach(name, part.id)
        going.append(Going(name, part.noun, part.name, part.id, stays, reach))
        if not stays:
            gone.add(part.id)
    return Unmaking(
        file, tuple(going), (), tuple(step_of(each) for each in going if not each.stays)
    )


def _stays(part: PartState, users: Sequence[str], *, asked: bool) -> str:
    """Why a part stays; empty when it goes."""
    other = next((each for each in part.differences if each.key[-1] == "name"), None)
    if other is not None:
        return f"it is called {other.platform}, not as the file says"
    if part.part == "mapping_set":
        return "the platform has no documented way to delete a mapping set"
    if users:
        return f"{listed(list(users))} {'uses' if len(users) == 1 else 'use'} it"
    if part.part in ASKED_FOR and not asked:
        return f"no plan of this computer made it; --also {part.noun.replace(' ', '-')} takes it"
    return ""


def step_of(each: Going) -> Step:
    """The request that takes a part away."""
    kind = KINDS[each.part]
    return Step(
        name=each.part,
        title=f"Delete the {each.noun} {each.name}",
        kind=kind,
        method="DELETE",
        path=path_of(kind, each.id),
        target=each.id,
    )


@dataclass(frozen=True, slots=True)
class Everything:
    """What may use a part, as it is now."""

    flows: list[models.Flow]
    sources: list[models.SourceConnection]
    targets: list[models.TargetConnection]
    datasets: list[models.Dataset]

    def users(self, id: str) -> list[models.Model]:
        """What uses the thing with this id directly; mapping sets of a schema do not count."""
        found: list[models.Model] = []
        for flow in self.flows:
            if id in (flow.source_connection_id, flow.target_connection_id, flow.mapping_set_id):
                found.append(flow)
        found += [each for each in self.sources if each.base_connection_id == id]
        # AEP.md 3.8: the target connection of a destination has a base connection as well.
        found += [
            each
            for each in self.targets
            if each.dataset_id == id or each.raw().get("baseConnectionId") == id
        ]
        found += [each for each in self.datasets if each.schema_id == id]
        return found

    def reach(self, part: str, id: str) -> str:
        if part == "dataset":
            rows = next((each.row_count for each in self.datasets if each.id == id), None)
            return f"{rows:,} rows go for good" if rows else "all its rows go for good"
        return "its credentials go with it" if part == "base_connection" else ""


def still_going(steps: Iterable[Step], everything: Everything) -> list[Going]:
    """What the deletions among `steps` take away, and what goes along as things are now."""
    found = []
    for step in steps:
        part = next((part for part, kind in KINDS.items() if kind == step.kind), "")
        if step.purpose == "delete" and part:
            noun = part.replace("_", " ")
            name = step.title.removeprefix(f"Delete the {noun} ")
            reach = everything.reach(part, step.target)
            found.append(Going(part, noun, name, step.target, reach=reach))
    return found


def used_by_now(everything: Everything, going: Sequence[Going]) -> str:
    """What uses something of `going` and does not go itself, in words; empty for nothing.

    To be asked again before it is sent: a question may have stood open for long.
    """
    gone = {each.id for each in going}
    for each in going:
        users = [user.name or user.id for user in everything.users(each.id) if user.id not in gone]
        if users:
            verb = "uses" if len(users) == 1 else "use"
            return f"{listed(users)} {verb} the {each.noun} {each.name} by now"
    return ""


async def everything_there(services: ServiceView) -> Everything:
    """What is in the sandbox now; raises ApiTrouble."""
    flows, sources, targets, datasets = await asyncio.gather(
        _all(services.flows.list_flows()),
        _all(services.flows.list_source_connections()),
        _all(services.flows.list_target_connections()),
        _all(services.catalog.list_datasets()),
    )
    return Everything(flows, sources, targets, datasets)


async def _all(pages: AsyncIterator[Sequence[M]]) -> list[M]:
    return [model async for page in pages for model in page]
