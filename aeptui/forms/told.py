"""An answer in words: what a line of a form, or a question asked aloud, says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aeptui.forms.fields import Field, Value, is_empty


def in_words(field: Field, value: Value, names: Mapping[str, str]) -> str:
    """The answer in a few words; `names` are those of picked resources by their ids.

    A secret is told by nobody: whoever shows that there is one has a mask of its own.
    """
    if is_empty(value):
        return _nothing(field)
    match field.kind:
        case "secret":
            return ""
        case "flag":
            return "yes" if value else "no"
        case "choice":
            return _label(field, value)
        case "pick":
            return names.get(value, str(value))
        case "many" | "columns":
            return _chosen(field, value)
        case "pairs":
            return _pairs(value)
        case "identities":
            return ", ".join(_identity(each) for each in value)
        case _:
            return str(value)


def _nothing(field: Field) -> str:
    match field.kind:
        case "choice" | "pick":
            return "choose one" if field.required else "none"
        case "many" | "columns" | "pairs" | "identities":
            return "choose some" if field.required else "none"
        case _:
            return "" if field.required else "none"


def _label(field: Field, value: Any) -> str:
    return next((each.label for each in field.choices if each.value == value), str(value))


def _chosen(field: Field, value: Any) -> str:
    chosen = list(value)
    labels = [each.label for each in field.choices if each.value in chosen]
    if field.kind == "columns":
        return f"{len(chosen):,} of {len(field.choices):,}"
    return f"{len(chosen):,}: {', '.join(labels)}" if labels else f"{len(chosen):,}"


def _pairs(value: Any) -> str:
    marked = sum(1 for each in value if isinstance(each, dict) and each.get("namespace"))
    told = f"{len(value):,} field{'' if len(value) == 1 else 's'} filled"
    return f"{told}, {marked:,} as identity" if marked else told


def _identity(each: Any) -> str:
    if not isinstance(each, dict):
        return str(each)
    mark = " (primary)" if each.get("primary") else ""
    return f"{each.get('field')} as {each.get('namespace') or '?'}{mark}"
