"""Another version of a mapping set, and the flows that are moved to it: one plan.

A flow names the version that it uses (AEP.md 6.1), so that saving alone changes
nothing. The set has no etag: that nobody saved meanwhile is asked before it is
sent, and a flow that somebody moved is refused by its own etag.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aeptui.api.errors import ApiTrouble
from aeptui.api.exploring import SourceColumn
from aeptui.api.paths import path_of
from aeptui.api.services import ServiceView
from aeptui.forms import identities
from aeptui.forms.choices import Choice
from aeptui.forms.pairs import Pair, pair_of
from aeptui.forms.questions import (
    Identified,
    Namespaces,
    Rows,
    TheMappingSet,
    TheSchema,
    TheSourceConnection,
)
from aeptui.forms.settling import STABLE
from aeptui.forms.workbench import Bench
from aeptui.pipelines.plan import Ref, Step, Undo

STEP = "mapping_set"


@dataclass(frozen=True, slots=True)
class Pin:
    """A flow that uses the set: its etag, and its entry for the mapping with its place."""

    flow: str
    name: str
    etag: str
    at: int
    entry: Mapping[str, Any]
    version: int | None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Remap:
    """A mapping set as it was read to be changed.

    `version` is the one that the work begins from, `newest` the last one that
    anybody saved.
    """

    id: str
    name: str
    version: int
    newest: int
    bench: Bench
    pairs: tuple[Pair, ...]
    pins: tuple[Pin, ...]


async def read(services: ServiceView, id: str, flows: Sequence[str], *, of_flow: str = "") -> Remap:
    """The set, from the version that the flow `of_flow` uses, or else from its newest one.

    `flows` are those that use it. Raises ApiTrouble; a source that does not answer
    leaves the columns and rows unknown, with the reason.
    """
    pins, newest = await asyncio.gather(
        asyncio.gather(*(_pin(services, flow) for flow in flows)), TheMappingSet(id).ask(services)
    )
    pinned = next((pin for pin, _ in pins if pin.flow == of_flow), None)
    version = newest.version
    whole = newest
    if pinned is not None and pinned.version is not None and pinned.version != newest.version:
        version = pinned.version
        whole = await services.data_prep.get_mapping_set(id, version)
    if not whole.raw().get("mappings"):
        whole = await services.data_prep.get_mapping_set(id, version)
    source = next(
        (source for pin, source in pins if source and pin.flow in (of_flow, flows[0])), ""
    )
    schema, held, namespaces, sampled = await asyncio.gather(
        TheSchema(whole.schema_id).ask(services),
        Identified(whole.schema_id).ask(services),
        Namespaces().ask(services),
        _sampled(services, source),
    )
    columns, rows, no_rows = sampled
    raw = whole.raw()
    bench = Bench(
        schema=schema.id,
        schema_version=str(raw.get("xdmVersion") or schema.version),
        columns=columns,
        rows=rows,
        fields=schema.fields,
        namespaces=tuple(Choice(each.code, each.name, each.id_type) for each in namespaces),
        held=held,
        no_rows=no_rows,
        read=raw,
    )
    told = raw.get("mappings") or ()
    pairs = tuple(pair_of(each, bench.codes) for each in told if isinstance(each, dict))
    name = whole.name or schema.title
    return Remap(id, name, version, newest.version, bench, pairs, tuple(pin for pin, _ in pins))


async def pins(services: ServiceView, flows: Sequence[str]) -> tuple[Pin, ...]:
    """The flows as they are now; raises ApiTrouble."""
    return tuple(pin for pin, _ in await asyncio.gather(*(_pin(services, id) for id in flows)))


async def _pin(services: ServiceView, id: str) -> tuple[Pin, str]:
    """A flow with its entry for the mapping, found by its name, and its source connection."""
    flow = await services.flows.get_flow(id)
    raw = flow.raw()
    entries = raw.get("transformations")
    found = [
        (at, entry)
        for at, entry in enumerate(entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and str(entry.get("name", "")).lower() == "mapping"
    ]
    at, entry = found[0] if found else (-1, {})
    etag = str(raw.get("etag") or flow.etag)
    pin = Pin(flow.id, flow.name, etag, at, entry, flow.mapping_version, flow.state)
    return pin, flow.source_connection_id


async def _sampled(
    services: ServiceView, source: str
) -> tuple[tuple[SourceColumn, ...] | None, tuple[dict[str, Any], ...], str]:
    """Columns and rows of a source connection, or why there are none."""
    if not source:
        return None, (), "There are no sample rows, since no flow uses this mapping set."
    columns: tuple[SourceColumn, ...] | None = None
    try:
        facts = await TheSourceConnection(source).ask(services)
        columns = facts.columns
        found = await Rows(facts.base_connection, facts.table).ask(services)
    except ApiTrouble as trouble:
        return columns, (), f"There are no sample rows: {trouble}"
    return columns or found.columns, found.rows, "" if found.rows else "The table has no rows."


def steps(remap: Remap, pairs: Sequence[Pair], flows: Collection[str]) -> list[Step]:
    """Save the pairs as another version, then move `flows` to it, each under its etag."""
    bench, path = remap.bench, path_of("mapping-sets", remap.id)
    saved = Step(
        name=STEP,
        title=f"Save another version of the mapping {remap.name}, {told(remap.pairs, pairs)}",
        kind="mapping-sets",
        method="PUT",
        path=path,
        body=bench.body(pairs),
        target=remap.id,
    )
    marks = identities.descriptor_steps(
        bench.schema,
        bench.schema_version,
        [pair.identity for pair in pairs if pair.identity is not None],
        bench.held,
        called="mapped_identity",
    )
    moved = [
        _move(pin, f"flow_{number}", remap.id)
        for number, pin in enumerate(remap.pins, start=1)
        if pin.flow in flows and pin.at >= 0
    ]
    return [saved, *marks, *moved]


def renewed(
    before: Sequence[Step], now: Sequence[Step], done: Collection[str]
) -> tuple[Step, ...] | None:
    """The steps over what is there now, but as they were sent where they are `done`.

    None where they are not the same steps any more.
    """
    if [step.name for step in before] != [step.name for step in now]:
        return None
    return tuple(old if old.name in done else new for old, new in zip(before, now, strict=True))


def settled(pins: Sequence[Pin], now: Sequence[Pin]) -> tuple[Pin, ...]:
    """The pins, renewed where a flow was in the making when it was read, and only its state moved.

    Any other flow keeps the etag that was read, so that what somebody changed is seen.
    """
    fresh = {pin.flow: pin for pin in now}
    found = []
    for pin in pins:
        same = fresh.get(pin.flow, pin)
        unchanged = (pin.name, pin.at, pin.entry) == (same.name, same.at, same.entry)
        found.append(same if pin.state not in STABLE and unchanged else pin)
    return tuple(found)


def _move(pin: Pin, name: str, mapping_set: str) -> Step:
    where = f"/transformations/{pin.at}"
    params = {**(pin.entry.get("params") or {}), "mappingId": mapping_set}
    after = {**pin.entry, "params": {**params, "mappingVersion": Ref(STEP, "version")}}
    path = path_of("flows", pin.flow)
    was = "another version" if pin.version is None else f"version {pin.version}"
    return Step(
        name=name,
        title=f"Move the flow {pin.name or pin.flow} from {was} to it",
        kind="flows",
        method="PATCH",
        path=path,
        headers={"If-Match": pin.etag},
        body=[{"op": "replace", "path": where, "value": after}],
        undo=Undo(
            "PATCH",
            path,
            {"If-Match": Ref(name, "etag")},
            [{"op": "replace", "path": where, "value": dict(pin.entry)}],
        ),
        target=pin.flow,
    )


def differences(before: Sequence[Pair], after: Sequence[Pair]) -> list[tuple[str, str, str]]:
    """What fills a field before and after, for each field where that differs; empty for nothing."""
    old = {pair.destination: pair for pair in before}
    new = {pair.destination: pair for pair in after}
    return [
        (path, _source(old.get(path)), _source(new.get(path)))
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    ]


def _source(pair: Pair | None) -> str:
    if pair is None:
        return ""
    mark = f" ({'primary ' if pair.primary else ''}identity)" if pair.namespace else ""
    return f"{pair.source}{mark}"


def told(before: Sequence[Pair], after: Sequence[Pair]) -> str:
    """`2 pairs more, 1 less, 3 others`."""
    found = differences(before, after)
    more = sum(1 for _, old, new in found if not old)
    less = sum(1 for _, old, new in found if not new)
    other = len(found) - more - less
    parts = [(more, "more"), (less, "less"), (other, "changed")]
    return ", ".join(f"{count:,} {word}" for count, word in parts if count) or "unchanged"
