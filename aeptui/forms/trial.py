"""What the platform makes of a mapping in the making: a verdict on each pair, and sample rows.

Asked in pieces, so that what is there already can be seen: first which pairs
work, then one row after the other. Unless someone asks for it, no more calls
are made than the budget can spare.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aeptui.api.mappingtrials import MappedRow
from aeptui.api.services import ServiceView
from aeptui.forms.pairs import Pair
from aeptui.forms.workbench import Workbench

_EXPRESSIONS_MOST = 20
"""So many expressions are tried one by one while there is no schema to try them with."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is known of one revision; `faults` are sentences by the place of their pair."""

    revision: int
    faults: Mapping[int, str] = field(default_factory=dict)
    records: tuple[MappedRow, ...] = ()
    """One for each row that was mapped so far."""
    whole: bool = False
    """Whether all was asked that can be."""
    note: str = ""
    """Why not, where it was not."""


async def trials(work: Workbench, services: ServiceView, *, frugal: bool) -> AsyncGenerator[Trial]:
    """What is known after each answer; raises ApiTrouble."""
    revision, pairs, rows = work.revision, list(work.pairs), work.rows
    local = work.faults
    sound = [at for at in range(len(pairs)) if at not in local]
    trial = Trial(revision)
    if not work.bench.schema:
        async for known in _expressions(trial, pairs, sound, services, frugal=frugal):
            yield known
        return
    if not sound:
        yield replace(trial, whole=True)
        return
    if frugal and services.budget.spare < 1:
        yield replace(trial, note=_LATER)
        return
    told = await services.trials.validate(work.bench.body(pairs[at] for at in sound))
    faults = {at: sentence for at, sentence in zip(sound, told, strict=False) if sentence}
    trial = replace(trial, faults=faults, whole=not rows)
    yield trial
    body = work.bench.body(pairs[at] for at in sound if at not in faults)
    for row in rows:
        if frugal and services.budget.spare < 1:
            yield replace(trial, note=_LATER)
            return
        mapped = await services.trials.preview(body, row)
        records = (*trial.records, mapped)
        trial = replace(trial, records=records, whole=len(records) == len(rows))
        yield trial


async def _expressions(
    trial: Trial, pairs: list[Pair], sound: list[int], services: ServiceView, *, frugal: bool
) -> AsyncGenerator[Trial]:
    """Without a schema the platform can only say whether it can read an expression."""
    asked = 0
    for at in sound:
        if pairs[at].way != "expression":
            continue
        if asked == _EXPRESSIONS_MOST or (frugal and services.budget.spare < 1):
            yield replace(trial, note=_LATER)
            return
        asked += 1
        if not await services.trials.accepts(pairs[at].source):
            trial = replace(trial, faults={**trial.faults, at: _UNREADABLE})
    yield replace(trial, whole=True, note=_NO_SCHEMA)


def value_at(record: Mapping[str, Any], path: str) -> Any:
    """The value at a path of a record; of an array, the first."""
    value: Any = record
    for step in path.split("."):
        name, _, is_array = step.partition("[")
        value = value.get(name) if isinstance(value, Mapping) else None
        if is_array and isinstance(value, list):
            value = value[0] if value else None
    return value


_LATER = "the call budget is used up for now; ctrl+r asks all the same"
_NO_SCHEMA = "the schema is not made yet, so the platform cannot map with it"
_UNREADABLE = "Data Prep cannot read this expression"
