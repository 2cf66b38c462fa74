"""Which field a refusal of the platform is about, told by the words of the refusal.

The platform names a property, or says in words what it minds; no answer of it
says which question that was. What cannot be told is about the form as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from aeptui.forms.fields import Field

_HINTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\b(already exists|name .*(taken|used|unique)|duplicate name|same name|not unique)", ("name", "title")),
    (r"\b(credential|password|log ?in|authenticat|secret|refused the)", ("secret",)),
    (r"\b(interval)\b", ("interval", "frequency")),
    (r"\b(start ?time|in the past)\b", ("start",)),
    (r"\b(schedule|frequency)\b", ("frequency",)),
    (r"\b(delta ?column)\b", ("delta_column",)),
    (r"\b(column)s?\b", ("columns", "delta_column", "pairs")),
    (r"\b(table|tablename)\b", ("table",)),
    (r"\b(filter)s?\b", ("filter",)),
    (r"\b(identit|namespace|descriptor)", ("identities", "pairs")),
    (r"\b(mapping|destination|xdm path)", ("pairs", "mapping_set")),
    (r"\b(field ?group|mixin)s?\b", ("field_groups",)),
    (r"\b(class)\b", ("class",)),
    (r"\b(flow ?spec)", ("flow_spec",)),
    (r"\b(base ?connection)", ("base_connection", "existing")),
    (r"\b(source ?connection)", ("source_connection", "existing")),
    (r"\b(target ?connection)", ("target_connection", "existing")),
    (r"\b(schema)", ("schema", "existing")),
    (r"\b(data ?set)", ("dataset", "existing")),
    (r"\b(host|url|address|environment)\b", ("url",)),
    (r"\b(name|title)\b", ("name",)),
)  # fmt: skip


def field_about(sentence: str, fields: Iterable[Field]) -> str:
    """The name of the field that a refusal is about, or an empty string."""
    asked = list(fields)
    said = sentence.lower()
    for field in asked:
        short = _short(field).lower()
        told = re.search(rf"(?<![a-z0-9]){re.escape(short)}(?![a-z0-9])", said)
        # A plain word such as `name` may be about anything; a property has a shape of its own.
        if told and (any(letter.isupper() for letter in _short(field)) or "_" in short):
            return field.name
    for pattern, names in _HINTS:
        if not re.search(pattern, said):
            continue
        for name in names:
            for field in asked:
                if _fits(field, name):
                    return field.name
    return ""


def _short(field: Field) -> str:
    return field.name.rpartition(".")[2]


def _fits(field: Field, name: str) -> bool:
    if name == "secret":
        return field.kind == "secret"
    if name == "url":
        return field.format == "uri" or _short(field).lower().endswith(("url", "uri", "host"))
    return _short(field) == name
