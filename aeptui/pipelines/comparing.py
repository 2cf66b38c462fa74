"""Where a part of a pipeline file differs from what stands on the platform, field by field.

Only what the file says is compared, in the file's own words. Secrets cannot be
compared; whether they still let one in is for a test of the connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aeptui.credentials import SecretSource
from aeptui.forms import row_filter
from aeptui.forms.identities import Identity
from aeptui.forms.pairs import Pair
from aeptui.forms.words import listed
from aeptui.pipelines.file import (
    BaseConnection,
    Flow,
    MappingSet,
    Part,
    PipelineFile,
    Schema,
    SourceConnection,
)
from aeptui.pipelines.known import Known, name_of
from aeptui.tomlfile import Key, dotted


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: where it stands in the file, what it says there, and what the platform has."""

    key: Key
    file: str
    platform: str

    def __str__(self) -> str:
        return f"{dotted(self.key)} is {self.platform} on the platform and {self.file} in the file"


def differences(name: str, file: PipelineFile, held: Part, known: Known) -> tuple[Difference, ...]:
    """How `held`, read from the platform, differs from the part called `name`."""
    return tuple(_differences(name, file, held, known))


def _differences(name: str, file: PipelineFile, held: Part, known: Known) -> Iterator[Difference]:
    part = file.part(name)
    match part, held:
        case BaseConnection(), BaseConnection():
            connector = known.connector(part.connector or "")
            said = connector.name if connector else part.connector
            yield from _plain(name, part, held, ("name", "description", "authentication"))
            yield from _one((name, "connector"), said, held.connector)
            yield from _auth(name, part.auth or {}, held.auth or {})
        case SourceConnection(), SourceConnection():
            yield from _plain(name, part, held, ("name", "description", "table", "format"))
            yield from _one((name, "filter"), _filter(part.filter), held.filter)
            yield from _columns((name, "columns"), part.columns, held.columns)
        case Schema(), Schema():
            yield from _plain(name, part, held, ("name", "description"))
            the_class = known.class_(part.class_id or "")
            said = name_of(the_class) if the_class else part.class_id
            yield from _one((name, "class"), said, held.class_id)
            yield from _groups((name, "field_groups"), part, held, known)
            yield from _identities(file, held)
        case MappingSet(), MappingSet():
            yield from _pairs(part, held)
        case Flow(), Flow():
            keys = ("name", "description", "spec", "delta_column", "error_diagnostics")
            yield from _plain(name, part, held, (*keys, "partial_ingestion_percent"))
            times = ("frequency", "interval", "start", "backfill")
            yield from _plain((name, "schedule"), part.schedule, held.schedule, times)
        case _:
            yield from _plain(name, part, held, ("name", "description"))


def _plain(at: str | Key, part: Any, held: Any, keys: tuple[str, ...]) -> Iterator[Difference]:
    for key in keys:
        here: Key = (at, key) if isinstance(at, str) else (*at, key)
        yield from _one(here, getattr(part, key), getattr(held, key))


def _one(key: Key, said: Any, held: Any) -> Iterator[Difference]:
    """An empty text says that there is none."""
    if said is not None and (said or None) != (held or None):
        yield Difference(key, _shown(said), _shown(held))


def _auth(name: str, said: Mapping[str, Any], held: Mapping[str, Any]) -> Iterator[Difference]:
    for key, value in said.items():
        other = held.get(key)
        if not isinstance(value, SecretSource) and not isinstance(other, SecretSource):
            yield from _one((name, "auth", key), value, other)


def _filter(said: str | None) -> str | None:
    """A row filter as it is read back; what is none is said by its form."""
    try:
        return row_filter.said(row_filter.parse(said)) if said else said
    except row_filter.NoFilter:
        return said


def _columns(
    key: Key, said: tuple[str, ...] | None, held: tuple[str, ...] | None
) -> Iterator[Difference]:
    """The order is no difference, and a type only where the file names one."""
    if said is None:
        return
    types = dict(_split(each) for each in held or ())
    wanted = dict(_split(each) for each in said)
    more = [each for each in wanted if each not in types]
    less = [each for each in types if each not in wanted]
    other = [each for each in wanted if wanted[each] and types.get(each, "") != wanted[each]]
    if held is None or more or less:
        yield Difference(key, _few(wanted), _few(types) if held else "every column")
    elif other:
        yield Difference(
            key,
            _few(f"{each}:{wanted[each]}" for each in other),
            _few(f"{each}:{types[each] or 'string'}" for each in other),
        )


def _split(column: str) -> tuple[str, str]:
    name, _, kind = column.partition(":")
    return name.strip(), "" if kind.strip() == "string" else kind.strip()


def _groups(key: Key, part: Schema, held: Schema, known: Known) -> Iterator[Difference]:
    if part.field_groups is None:
        return
    blocks = {each: known.field_group(each) for each in part.field_groups}
    said = {name_of(block) if block else each for each, block in blocks.items()}
    there = set(held.field_groups or ())
    if said != there:
        yield Difference(key, _few(sorted(said - there)), _few(sorted(there - said)))


def _identities(file: PipelineFile, held: Schema) -> Iterator[Difference]:
    """Every identity that the file names, for the schema or in a pair, must be there."""
    there = {each.field: each for each in held.identities}
    for index, mark in enumerate(file.schema.identities):
        yield from _identity(("schema", "identities", index), mark, there)
    for index, pair in enumerate(file.mapping_set.fields):
        if pair.identity is not None:
            yield from _identity(("mapping_set", "fields", index, "identity"), pair.identity, there)


def _identity(key: Key, said: Identity, there: Mapping[str, Identity]) -> Iterator[Difference]:
    held = there.get(said.field)
    if held != said:
        yield Difference(key, _marked(said), _marked(held) if held else "no identity")


def _marked(mark: Identity) -> str:
    word = "primary identity" if mark.primary else "identity"
    return f"{mark.field} as {word} of {mark.namespace}"


def _pairs(part: MappingSet, held: MappingSet) -> Iterator[Difference]:
    """Field by field; the order is no difference, and identities belong to the schema."""
    there = {pair.destination: pair for pair in held.fields}
    for index, pair in enumerate(part.fields):
        other = there.pop(pair.destination, None)
        if other is None or (pair.source, pair.way) != (other.source, other.way):
            key: Key = ("mapping_set", "fields", index)
            yield Difference(key, _paired(pair), _paired(other) if other else "not there")
    for pair in there.values():
        yield Difference(("mapping_set", "fields"), "not there", _paired(pair))


def _paired(pair: Pair) -> str:
    way = {"expression": "the expression ", "static": "the text "}.get(pair.way, "")
    return f"{way}{pair.source} → {pair.destination}"


def _few(names: Any) -> str:
    found = list(names)
    return listed(found, 4) if found else "nothing more"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    return "nothing" if value is None or value == "" else str(value)
