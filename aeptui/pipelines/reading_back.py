"""What stands on the platform, as a pipeline file would say it.

One function for each part, from the platform's answer to the part's value: the
inverse of what the forms write. `plan` compares a file with this, and an export
is made of it, so that a plan on an export finds nothing to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from aeptui.api import models
from aeptui.api.exploring import column
from aeptui.credentials import SecretSource
from aeptui.forms import row_filter
from aeptui.forms.base_connection import secret_name
from aeptui.forms.identities import Identity
from aeptui.forms.pairs import Pair, Way
from aeptui.forms.schema import is_secret
from aeptui.forms.xdm_fields import slashes
from aeptui.pipelines.file import (
    BaseConnection,
    Dataset,
    Flow,
    MappingSet,
    Schedule,
    Schema,
    SourceConnection,
    TargetConnection,
)
from aeptui.pipelines.known import Known, at, name_of

Held = Iterable[tuple[str, str, bool]]
"""The identities of a schema: path with slashes, namespace, whether primary."""

_WORDS = {"number": "double", "float": "double", "int": "integer", "long": "integer"}
_WAYS: Mapping[str, Way] = {
    "EXPRESSION": "expression",
    "text/x.aep-xl": "expression",
    "STATIC": "static",
}
_ESCAPED = re.compile(r"\$\{(.*)\}", re.DOTALL)


def base_connection(model: models.BaseConnection, known: Known) -> BaseConnection:
    """A secret is where an environment variable of its name would have it."""
    connector = known.connector(model.spec_id)
    variant = connector.variant(model.auth_spec) if connector else None
    described = at(variant.schema, "properties") if variant else None
    params = at(model.raw(), "auth", "params")
    auth: dict[str, Any] = {}
    for name, value in (params if isinstance(params, dict) else {}).items():
        told = at(described, name)
        if is_secret(name, told if isinstance(told, dict) else {}):
            auth[name] = SecretSource("env", secret_name(name))
        elif isinstance(value, str | int | float | bool):
            auth[name] = value
    return BaseConnection(
        name=model.name,
        description=model.description or None,
        connector=connector.name if connector else model.spec_id,
        authentication=model.auth_spec or None,
        auth=auth,
    )


def source_connection(model: models.SourceConnection) -> SourceConnection:
    params = at(model.raw(), "params")
    told = at(params, "columns")
    columns = [column(each) for each in told or () if isinstance(each, dict)]
    filters = at(params, "filters")
    return SourceConnection(
        name=model.name,
        description=model.description or None,
        table=model.table or None,
        columns=tuple(typed(each.name, each.word) for each in columns) or None,
        filter=row_filter.said(filters) if filters else None,
        format=model.format or None,
    )


def typed(name: str, word: str) -> str:
    """`Score:integer`; a text is its name alone."""
    word = _WORDS.get(word, word)
    return name if word == "string" else f"{name}:{word}"


def schema(model: models.Schema, held: Held, known: Known) -> Schema:
    blocks = at(model.raw(), "allOf")
    refs = [str(at(each, "$ref")) for each in blocks or () if at(each, "$ref")]
    the_class = known.class_(model.class_id)
    groups = [known.field_group(ref) for ref in refs]
    return Schema(
        name=model.name,
        description=model.description or None,
        class_id=name_of(the_class) if the_class else model.class_id or None,
        field_groups=tuple(name_of(each) for each in groups if each is not None),
        identities=tuple(
            Identity(dotted(path), code, primary) for path, code, primary in sorted(held)
        ),
    )


def dotted(path: str) -> str:
    """A descriptor's `/person/name/firstName` as `person.name.firstName`."""
    return path.strip("/").replace("/", ".")


def dataset(model: models.Dataset) -> Dataset:
    return Dataset(name=model.name, description=model.description or None)


def target_connection(model: models.TargetConnection) -> TargetConnection:
    return TargetConnection(name=model.name, description=model.description or None)


def mapping_set(model: models.MappingSet, held: Held) -> MappingSet:
    """The pairs; one is an identity when the schema says so of its field and namespace."""
    marks = {(path, code): primary for path, code, primary in held}
    found: list[Pair] = []
    for told in at(model.raw(), "mappings") or ():
        if not isinstance(told, dict):
            continue
        destination = str(told.get("destination") or told.get("destinationXdmPath") or "")
        way = _WAYS.get(str(told.get("sourceType") or ""), "attribute")
        source = str(told.get("source") or told.get("sourceAttribute") or "")
        if way == "attribute" and (escaped := _ESCAPED.fullmatch(source)):
            source = escaped[1]
        code = str(told.get("namespaceCode") or "") if told.get("identity") is True else ""
        primary = marks.get((slashes(destination), code))
        if primary is None:
            found.append(Pair(source, destination, way))
        else:
            found.append(Pair(source, destination, way, code, primary))
    return MappingSet(tuple(found))


def unmarked(schema: Schema, pairs: MappingSet) -> tuple[Identity, ...]:
    """The identities of a schema that no pair names."""
    named = {(pair.destination, pair.namespace) for pair in pairs.fields if pair.namespace}
    return tuple(each for each in schema.identities if (each.field, each.namespace) not in named)


def flow(model: models.Flow, known: Known) -> Flow:
    kind = known.flow_kind(model.flow_spec_id)
    once = model.frequency == "once"
    percent = model.partial_ingestion_percent
    return Flow(
        name=model.name,
        description=model.description or None,
        spec=kind.name if kind else model.flow_spec_id or None,
        delta_column=None if once else model.delta_column or None,
        error_diagnostics=bool(model.error_diagnostics),
        partial_ingestion_percent=0 if percent is None else _plain(percent),
        schedule=Schedule(
            frequency=model.frequency or None,
            interval=None if once else model.interval,
            start=model.start_at,
            backfill=None if once else model.backfill,
        ),
    )


def _plain(number: float) -> float:
    return int(number) if number == int(number) else number
