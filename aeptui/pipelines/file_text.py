"""Writing a pipeline file: the same value as text, with remarks where it cannot say all.

Whatever is written is read again as it was. A remark stands as a comment above
the table that it is about; those about the whole stand at the top.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aeptui.credentials import SecretSource
from aeptui.forms.pairs import Pair
from aeptui.pipelines.file import (
    VERSION,
    BaseConnection,
    FieldGroup,
    Flow,
    MappingSet,
    Part,
    PipelineFile,
    Schema,
)

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_WIDE = 96
_SOURCE = {"attribute": "source", "expression": "expression", "static": "value"}


@dataclass(frozen=True, slots=True)
class Remark:
    """What a file cannot say of a part, in a sentence; `part` is empty for the whole."""

    part: str
    sentence: str


def written(file: PipelineFile, remarks: Sequence[Remark] = ()) -> str:
    """The file as text."""
    lines = [*_comments("", remarks), f"version = {VERSION}"]
    if file.tenant:
        lines.append(_line("tenant", file.tenant))
    for name, part in (
        ("base_connection", file.base_connection),
        ("source_connection", file.source_connection),
    ):
        lines += _part(name, part, remarks)
    for group in file.field_groups:
        lines += ["", *_comments(group.name, remarks), "[[field_groups]]", *_group(group)]
    for name in ("schema", "dataset", "target_connection", "mapping_set", "flow"):
        lines += _part(name, file.part(name), remarks)
    return "\n".join(lines) + "\n"


def _part(name: str, part: Part, remarks: Sequence[Remark]) -> Iterator[str]:
    yield ""
    yield from _comments(name, remarks)
    yield f"[{name}]"
    match part:
        case BaseConnection():
            yield from _said(part, ("name", "id", "description", "connector", "authentication"))
            if part.auth is not None:
                yield "[base_connection.auth]"
                yield from (_line(key, value) for key, value in part.auth.items())
        case Schema():
            yield from _said(part, ("name", "id", "description"))
            if part.class_id is not None:
                yield _line("class", part.class_id)
            yield from _said(part, ("field_groups",))
            for mark in part.identities:
                yield "[[schema.identities]]"
                yield from _table({**mark.as_answer(), "primary": mark.primary or None})
        case MappingSet():
            for pair in part.fields:
                yield "[[mapping_set.fields]]"
                yield from _table(_pair(pair))
        case Flow():
            keys = ("name", "id", "description", "spec", "delta_column", "error_diagnostics")
            yield from _said(part, (*keys, "partial_ingestion_percent"))
            if said := list(_said(part.schedule, ("frequency", "interval", "start", "backfill"))):
                yield "[flow.schedule]"
                yield from said
        case _:
            yield from _said(part, tuple(part.__dataclass_fields__))


def _pair(pair: Pair) -> dict[str, Any]:
    told: dict[str, Any] = {_SOURCE[pair.way]: pair.source, "destination": pair.destination}
    if pair.namespace:
        told["identity"] = {"namespace": pair.namespace}
        if pair.primary:
            told["identity"]["primary"] = True
    return told


def _group(group: FieldGroup) -> Iterator[str]:
    yield from _said(group, ("name", "description"))
    if group.fits:
        yield _line("fits", group.fits)
    text = json.dumps(group.definition, ensure_ascii=False, separators=(",", ":"))
    # A literal text keeps the quotation marks of JSON as they are, where it has none of its own.
    plain = "'" not in text and text.isprintable()
    literal = f"'{text}'" if plain else _value(text)
    yield f"definition = {literal}"


def _said(part: Any, keys: Iterable[str]) -> Iterator[str]:
    """The lines for what a part says; an empty `id` says nothing."""
    for key in keys:
        value = getattr(part, key)
        if value is not None and not (key == "id" and not value):
            yield _line(key, value)


def _table(told: Mapping[str, Any]) -> Iterator[str]:
    return (_line(key, value) for key, value in told.items() if value is not None)


def _comments(part: str, remarks: Sequence[Remark]) -> Iterator[str]:
    for remark in remarks:
        if remark.part == part:
            words = " ".join(each for each in remark.sentence.split())
            yield f"# {''.join(each for each in words if each.isprintable())}"


def _line(key: str, value: Any) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(name: str) -> str:
    return name if name and set(name) <= _BARE else _value(name)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            # JSON's escapes are TOML's; only DEL is printable to one and not to the other.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case int() | float():
            return repr(value)
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case datetime():
            return value.isoformat()
        case SecretSource("command"):
            return f"{{ command = {_value(list(value.argv))} }}"
        case SecretSource():
            return f"{{ {value.kind} = {_value(value.place)} }}"
        case Mapping():
            inner = ", ".join(_line(key, each) for key, each in value.items())
            return f"{{ {inner} }}"
        case list() | tuple():
            items = [_value(each) for each in value]
            short = f"[{', '.join(items)}]"
            if len(short) <= _WIDE:
                return short
            return "[\n" + "".join(f"  {each},\n" for each in items) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} cannot be written")
