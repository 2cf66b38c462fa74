"""Fields from a JSON schema: what a connector says it wants, as questions.

The platform publishes what a connector, a flow's options and its schedule take
as JSON schema (AEP.md 3.8, 3.9). A property that no simple field can answer is
asked for as JSON, so that no connector is out of reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aeptui.api.decode import masked
from aeptui.forms.choices import Choice
from aeptui.forms.fields import Field, Kind
from aeptui.forms.words import label

_KINDS: dict[str, Kind] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "flag",
}


def fields_of(schema: Mapping[str, Any], prefix: str = "") -> tuple[Field, ...]:
    """One field for each property, in the schema's order; `prefix` goes before its name."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return ()
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    return tuple(
        _field(name, told if isinstance(told, dict) else {}, name in needed, prefix)
        for name, told in properties.items()
    )


def is_secret(name: str, told: Mapping[str, Any]) -> bool:
    """Whether a property is one to hide: by its format, or because its name sounds like it."""
    return told.get("format") == "password" or masked({name: ""}) != {name: ""}


def _field(name: str, told: Mapping[str, Any], required: bool, prefix: str) -> Field:
    values = told.get("enum")
    kind: Kind = _KINDS.get(_type(told), "json")
    choices: tuple[Choice, ...] = ()
    if isinstance(values, list) and values and all(isinstance(each, str) for each in values):
        kind, choices = "choice", tuple(Choice(each, each) for each in values)
    elif kind == "text" and is_secret(name, told):
        kind = "secret"
    default = told.get("default")
    return Field(
        name=prefix + name,
        label=str(told.get("title") or label(name)),
        kind=kind,
        required=required,
        help=str(told.get("description") or ""),
        default=_default(kind, default),
        choices=choices,
        least=_bound(told, "minimum"),
        most=_bound(told, "maximum"),
        above=_bound(told, "exclusiveMinimum"),
        shortest=told["minLength"] if isinstance(told.get("minLength"), int) else 0,
        longest=told["maxLength"] if isinstance(told.get("maxLength"), int) else None,
        pattern=str(told.get("pattern") or ""),
        format=str(told.get("format") or ""),
    )


def _type(told: Mapping[str, Any]) -> str:
    """The one type of a property; a type that may also be null counts as that type."""
    types = told.get("type")
    if isinstance(types, list):
        real = [each for each in types if each != "null"]
        types = real[0] if len(real) == 1 else ""
    return types if isinstance(types, str) else ""


def _default(kind: Kind, value: Any) -> Any:
    if kind == "flag":
        return value if isinstance(value, bool) else None
    if kind in ("integer", "number"):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return str(value) if is_number else None
    return value if isinstance(value, str) and kind in ("text", "choice") else None


def _bound(told: Mapping[str, Any], name: str) -> float | None:
    value = told.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
