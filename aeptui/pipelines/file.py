"""The pipeline file: one whole dataflow as TOML, read into one typed value.

The wizard, a pipeline file and an export meet in the answers of the forms: a
file is those answers under names that hold in any sandbox, so no request body is
written down a second time. Read here, it is held against a sandbox by
`resolving` (each part is made, reused, differs, or is refused with its line),
which gives a `Plan` for `apply`. `reading_back` is the way from the platform's
answers to the same value, and `file_text` writes it.

A part with a name alone must exist; one that says more is made where it is
missing. What a part does not say is not compared. `id` only settles which one is
meant where several have the name, and means nothing in another sandbox.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias

from aeptui.credentials import SecretSource
from aeptui.forms.identities import Identity
from aeptui.forms.pairs import Pair, Way
from aeptui.tomlfile import (
    Check,
    FileError,
    Key,
    Source,
    dotted,
    flag,
    line_of,
    number,
    one_of,
    parse_toml,
    read_toml,
    text,
    texts,
    whole,
)

VERSION = 1
LONGEST_NAME = 255
FREQUENCIES = ("minute", "hour", "day", "week", "once")


class PipelineError(FileError):
    """One thing that is wrong with a pipeline file, and where."""


@dataclass(frozen=True, slots=True)
class BaseConnection:
    """Credentials for a CRM. A value of `auth` may be where a secret is, never a secret."""

    name: str
    id: str = ""
    description: str | None = None
    connector: str | None = None
    authentication: str | None = None
    auth: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SourceConnection:
    """A table. A column is `Name` or `Name:type`; without any, every column is read."""

    name: str
    id: str = ""
    description: str | None = None
    table: str | None = None
    columns: tuple[str, ...] | None = None
    filter: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """A field group of the organisation's own, whole, so that it can be made elsewhere."""

    name: str
    definition: Mapping[str, Any]
    description: str | None = None
    fits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema. A field group is its `$id`, or the title of one of the organisation's own."""

    name: str
    id: str = ""
    description: str | None = None
    class_id: str | None = None
    field_groups: tuple[str, ...] | None = None
    identities: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    name: str
    id: str = ""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class TargetConnection:
    name: str
    id: str = ""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class MappingSet:
    """Which column fills which field; it has no name, and is found by what it says."""

    fields: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a flow runs. Without a start, the first run comes within ten minutes of making it."""

    frequency: str | None = None
    interval: int | None = None
    start: datetime | None = None
    backfill: bool | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    name: str
    id: str = ""
    description: str | None = None
    spec: str | None = None
    delta_column: str | None = None
    error_diagnostics: bool | None = None
    partial_ingestion_percent: float | None = None
    schedule: Schedule = Schedule()


Part: TypeAlias = (
    BaseConnection | SourceConnection | Schema | Dataset | TargetConnection | MappingSet | Flow
)


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """A whole dataflow, as a file says it.

    `tenant` is the organisation's own name in paths (`_acme.crmId`): where it
    differs, the paths are read as those of the other organisation.
    """

    base_connection: BaseConnection
    source_connection: SourceConnection
    schema: Schema
    dataset: Dataset
    target_connection: TargetConnection
    mapping_set: MappingSet
    flow: Flow
    field_groups: tuple[FieldGroup, ...] = ()
    tenant: str = ""
    source: Source = field(default=Source(Path(), "", PipelineError), compare=False, repr=False)

    def part(self, name: str) -> Part:
        """A part by the name of its table."""
        part: Part = getattr(self, name)
        return part

    def fault(self, key: Key, sentence: str) -> PipelineError:
        """What is wrong with this file at `key`, to be raised or shown."""
        path, said = self.source.path, self.source.text
        line = line_of(said, key)
        return PipelineError(sentence, file=path, key=dotted(key), line=line)


def read(path: Path, env: Mapping[str, str]) -> PipelineFile:
    """The file at `path`; PipelineError for the first thing that is wrong with it."""
    return _file(*read_toml(path, PipelineError), env)


def parse(path: Path, said: str, env: Mapping[str, str]) -> PipelineFile:
    """The same for a text that stands at `path`, or would."""
    return _file(*parse_toml(path, said, PipelineError), env)


# What stands in a table ---------------------------------------------------------


def _name(value: Any) -> str:
    if wrong := text(value):
        return wrong
    if not value.strip():
        return "must not be empty"
    if value != value.strip():
        return "must not begin or end with a space"
    if len(value) > LONGEST_NAME:
        return f"must be at most {LONGEST_NAME} characters"
    return _line(value)


def _line(value: Any) -> str:
    if wrong := text(value):
        return wrong
    return "must be one line of plain text" if any(ord(each) < 32 for each in value) else ""


def _names(value: Any) -> str:
    if wrong := texts(value):
        return wrong
    if not value:
        return "must name at least one"
    twice = [each for index, each in enumerate(value) if each in value[:index]]
    if twice:
        return f"names {twice[0]!r} twice"
    return next(filter(None, map(_name, value)), "")


def _time(value: Any) -> str:
    good = isinstance(value, datetime)
    return "" if good else "must be a time such as 2026-03-02T14:20:00Z, without quotes"


def _any(_value: Any) -> str:
    return ""


def _definition(value: Any) -> str:
    if wrong := text(value):
        return wrong
    try:
        return "" if isinstance(json.loads(value), dict) else "must be a JSON object"
    except (ValueError, RecursionError):
        return "must be a JSON object, and cannot be read as one"


_NAMED: Mapping[str, Check] = {"name": _name, "id": _line, "description": _line}
_BASE = {**_NAMED, "connector": _name, "authentication": _name, "auth": _any}
_SOURCE = {**_NAMED, "table": _name, "columns": _names, "filter": _line, "format": _name}
_GROUP = {"name": _name, "description": _line, "fits": _names, "definition": _definition}
_SCHEMA = {**_NAMED, "class": _name, "field_groups": _names, "identities": _any}
_IDENTITY: Mapping[str, Check] = {"namespace": _name, "primary": flag}
_MARKED = {"field": _name, **_IDENTITY}
_WAYS: Mapping[str, Way] = {"source": "attribute", "expression": "expression", "value": "static"}
_PAIR: Mapping[str, Check] = {
    **dict.fromkeys(_WAYS, _name),
    "expression": text,
    "destination": _name,
    "identity": _any,
}
_FLOW: Mapping[str, Check] = {
    **_NAMED,
    "spec": _name,
    "delta_column": _name,
    "error_diagnostics": flag,
    "partial_ingestion_percent": number(0, 100),
    "schedule": _any,
}
_SCHEDULE: Mapping[str, Check] = {
    "frequency": one_of(*FREQUENCIES),
    "interval": whole(1, 10_000),
    "start": _time,
    "backfill": flag,
}
_PARTS: Mapping[str, Mapping[str, Check]] = {
    "base_connection": _BASE,
    "source_connection": _SOURCE,
    "schema": _SCHEMA,
    "dataset": _NAMED,
    "target_connection": _NAMED,
    "mapping_set": {"fields": _any},
    "flow": _FLOW,
}
_TOP: Mapping[str, Check] = {
    "version": _any,
    "tenant": _name,
    "field_groups": _any,
    **dict.fromkeys(_PARTS, _any),
}


def _file(source: Source, told: Mapping[str, Any], env: Mapping[str, str]) -> PipelineFile:
    if "version" not in told:
        raise source.refuse(("version",), f"The first line must be version = {VERSION}.")
    if told["version"] != VERSION or isinstance(told["version"], bool):
        raise source.refuse(("version",), f"This version of aeptui reads version {VERSION} only.")
    source.check(told, _TOP, ())
    for name, known in _PARTS.items():
        if name not in told:
            raise source.refuse((name,), f"The table [{name}] is missing.")
        table = source.table(told, name)
        source.check(table, known, (name,))
        if "name" in known and "name" not in table:
            raise source.refuse((name, "name"), "The name is missing.")
    return PipelineFile(
        base_connection=_base(source, told["base_connection"], env),
        source_connection=SourceConnection(**_tuples(told["source_connection"])),
        schema=_schema(source, told["schema"]),
        dataset=Dataset(**told["dataset"]),
        target_connection=TargetConnection(**told["target_connection"]),
        mapping_set=_mapping_set(source, told["mapping_set"]),
        flow=_flow(source, told["flow"]),
        field_groups=_groups(source, told),
        tenant=told.get("tenant", ""),
        source=source,
    )


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def _base(source: Source, table: Mapping[str, Any], env: Mapping[str, str]) -> BaseConnection:
    at: Key = ("base_connection", "auth")
    if "auth" not in table:
        return BaseConnection(**table)
    auth = {
        name: source.secret(value, (*at, name), env) if isinstance(value, dict) else value
        for name, value in source.table(table, "auth", at[:1]).items()
    }
    for name, value in auth.items():
        if not isinstance(value, str | int | float | bool | SecretSource) or isinstance(
            value, date
        ):
            raise source.refuse((*at, name), "must be a text, a number, true or false.")
    return BaseConnection(**{**table, "auth": auth})


def _groups(source: Source, told: Mapping[str, Any]) -> tuple[FieldGroup, ...]:
    found: list[FieldGroup] = []
    for index, table in enumerate(source.tables(told, "field_groups")):
        at: Key = ("field_groups", index)
        source.check(table, _GROUP, at)
        for key in ("name", "definition"):
            if key not in table:
                raise source.refuse((*at, key), f"The {key} is missing.")
        if any(each.name == table["name"] for each in found):
            raise source.refuse((*at, "name"), "Another field group has this name already.")
        definition = json.loads(table["definition"])
        found.append(FieldGroup(**{**_tuples(table), "definition": definition}))
    return tuple(found)


def _schema(source: Source, table: Mapping[str, Any]) -> Schema:
    said = _tuples(table)
    said["identities"] = tuple(
        _marked(source, each, ("schema", "identities", index))
        for index, each in enumerate(source.tables(table, "identities", ("schema",)))
    )
    if "class" in said:
        said["class_id"] = said.pop("class")
    return Schema(**said)


def _marked(source: Source, table: Mapping[str, Any], at: Key) -> Identity:
    source.check(table, _MARKED, at)
    for key in ("field", "namespace"):
        if key not in table:
            raise source.refuse((*at, key), f"The {key} is missing.")
    return Identity(table["field"], table["namespace"], table.get("primary", False))


def _mapping_set(source: Source, table: Mapping[str, Any]) -> MappingSet:
    rows = source.tables(table, "fields", ("mapping_set",))
    if not rows:
        sentence = "At least one pair is needed, begun by a line [[mapping_set.fields]]."
        raise source.refuse(("mapping_set",), sentence)
    found: list[Pair] = []
    for index, row in enumerate(rows):
        pair = _pair(source, row, ("mapping_set", "fields", index))
        if any(each.destination == pair.destination for each in found):
            raise source.refuse(
                ("mapping_set", "fields", index, "destination"),
                f"{pair.destination} is filled twice.",
            )
        found.append(pair)
    return MappingSet(tuple(found))


def _pair(source: Source, row: Mapping[str, Any], at: Key) -> Pair:
    source.check(row, _PAIR, at)
    said = [key for key in _WAYS if key in row]
    if len(said) != 1:
        what = "one of source, expression and value" if not said else f"{said[0]} or {said[1]}"
        more = "" if not said else ", not both"
        raise source.refuse((*at, *said[1:2]), f"A pair has {what}{more}.")
    if "destination" not in row:
        raise source.refuse((*at, "destination"), "The destination is missing.")
    pair = Pair(row[said[0]].strip(), row["destination"], _WAYS[said[0]])
    if not pair.source:
        raise source.refuse((*at, said[0]), "must not be empty.")
    if "identity" not in row:
        return pair
    identity = source.table(row, "identity", at)
    source.check(identity, _IDENTITY, (*at, "identity"))
    if "namespace" not in identity:
        raise source.refuse((*at, "identity"), "An identity needs a namespace, such as Email.")
    primary = identity.get("primary", False)
    return Pair(pair.source, pair.destination, pair.way, identity["namespace"], primary)


def _flow(source: Source, table: Mapping[str, Any]) -> Flow:
    schedule = source.table(table, "schedule", ("flow",))
    source.check(schedule, _SCHEDULE, ("flow", "schedule"))
    if schedule.get("frequency") == "once":
        late = [key for key in ("interval", "backfill") if key in schedule]
        if late:
            key = ("flow", "schedule", late[0])
            raise source.refuse(key, f"A flow that runs once has no {late[0]}.")
        if "delta_column" in table:
            sentence = "A flow that runs once has no delta column."
            raise source.refuse(("flow", "delta_column"), sentence)
    return Flow(**{**table, "schedule": Schedule(**schedule)})
