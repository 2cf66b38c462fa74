"""Answers as values: what was typed, read by the kind of its field, and what is wrong with it.

A fault is a sentence under the name of its field. The local rules speak first
and in our words; the platform's own JSON schema then has the last word on the
whole.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from aeptui.api.settings import Secret
from aeptui.forms.fields import Answers, Field, Value, answer_to, is_empty
from aeptui.forms.words import listed

Faults: TypeAlias = dict[str, str]


class Unreadable(ValueError):
    """What was typed is not what its field takes; the text says what would be."""


def faults_in(fields: Iterable[Field], answers: Answers) -> Faults:
    """What is wrong with each answer taken by itself."""
    found: Faults = {}
    for field in fields:
        value = answer_to(field, answers)
        if field.trouble or field.waits:
            found[field.name] = field.trouble or f"Still asking for {field.waits}"
            continue
        if is_empty(value):
            if field.required:
                found[field.name] = _wanted(field)
            continue
        try:
            read(field, value)
        except Unreadable as reason:
            found[field.name] = str(reason)
    return found


def read(field: Field, value: Value) -> Any:
    """The answer as a value of its field's kind; Unreadable when it cannot be one."""
    match field.kind:
        case "integer" | "number":
            return _number(field, value)
        case "flag":
            if not isinstance(value, bool):
                raise Unreadable(f"{field.label} is yes or no")
            return value
        case "json":
            return _json(field, value)
        case "choice":
            return _choice(field, value)
        case "many" | "columns":
            if not isinstance(value, list | tuple):
                raise Unreadable(f"{field.label} takes a list")
            return [_choice(field, each) for each in value]
        case "secret":
            if not isinstance(value, Secret):
                raise Unreadable(f"{field.label} has to be given as a secret")
            _check_text(field, value.reveal())
            return value
        case "text" | "time" | "pick":
            if not isinstance(value, str):
                raise Unreadable(f"{field.label} takes text")
            text = value.strip()
            _check_text(field, text)
            return text
        case _:
            return value


def payload(fields: Iterable[Field], answers: Answers, prefix: str = "") -> dict[str, Any]:
    """The answers as an object, without those that say nothing; secrets stay `Secret`.

    Only for answers in which `faults_in` finds nothing.
    """
    found: dict[str, Any] = {}
    for field in fields:
        value = answer_to(field, answers)
        if not is_empty(value):
            found[field.name.removeprefix(prefix)] = read(field, value)
    return found


def schema_faults(
    schema: Mapping[str, Any], fields: Iterable[Field], instance: Mapping[str, Any], prefix: str
) -> Faults:
    """What the platform's own schema has against an object, at the field that it is about.

    A schema that cannot be applied here has nothing against it: the platform will say.
    It is never completed from the network.
    """
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import SchemaError, UnknownType
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import EMPTY_REGISTRY

    by_name = {field.name: field for field in fields}
    revealed = {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in instance.items()
    }
    try:
        Draft7Validator.check_schema(schema)
        validator = Draft7Validator(dict(schema), registry=EMPTY_REGISTRY)
        errors = list(validator.iter_errors(revealed))
    except (SchemaError, UnknownType, Unresolvable, re.error):
        return {}
    found: Faults = {}
    for error in errors:
        names = [str(error.absolute_path[0])] if error.absolute_path else []
        if error.validator == "required" and not names:
            names = [each for each in error.validator_value if each not in revealed]
        if not names:
            names = [name.removeprefix(prefix) for name in by_name][:1]
        for name in names:
            field = by_name.get(prefix + name)
            label = field.label if field else name
            found.setdefault(prefix + name, f"{label} {_objection(error)}")
    return found


def _objection(error: Any) -> str:
    """What a schema's keyword says, in plain words; never the value, which may be a secret."""
    wanted = error.validator_value
    match error.validator:
        case "required" | "minLength":
            return "is needed"
        case "type":
            return f"must be of the type {wanted}"
        case "pattern":
            return f"must look like {wanted}"
        case "enum":
            return f"must be one of {listed([str(each) for each in wanted], 6)}"
        case "maxLength":
            return f"takes at most {wanted:,} characters"
        case "minimum" | "maximum":
            return f"must be at {'least' if error.validator == 'minimum' else 'most'} {wanted}"
        case "exclusiveMinimum":
            return f"must be more than {wanted}"
        case _:
            return f"breaks a rule of the connector ({error.validator})"


def _wanted(field: Field) -> str:
    match field.kind:
        case "choice" | "pick" | "many" | "columns":
            return f"Choose {_article(field.label)}"
        case _:
            return f"{field.label} is needed"


def _article(label: str) -> str:
    small = label if label[1:2].isupper() else label[:1].lower() + label[1:]
    if small.endswith("s") and not small.endswith("ss"):
        return f"some {small}"
    return f"{'an' if small[:1] in 'aeiou' else 'a'} {small}"


def _number(field: Field, value: Value) -> int | float:
    text = str(value).strip()
    whole = field.kind == "integer"
    try:
        number: int | float = int(text) if whole else float(text)
    except ValueError:
        word = "a whole number" if whole else "a number"
        raise Unreadable(f"{field.label} is {word}, such as {_such_as(field)}") from None
    if isinstance(value, bool) or not math.isfinite(number) or abs(number) >= 2**63:
        raise Unreadable(f"{field.label} is a number, such as {_such_as(field)}")
    if field.least is not None and number < field.least:
        raise Unreadable(f"{field.label} is at least {field.least:g}")
    if field.above is not None and number <= field.above:
        raise Unreadable(f"{field.label} is more than {field.above:g}")
    if field.most is not None and number > field.most:
        raise Unreadable(f"{field.label} is at most {field.most:g}")
    if not whole and number == int(number):
        return int(number)
    return number


def _such_as(field: Field) -> str:
    if isinstance(field.default, str) and field.default:
        return field.default
    return f"{field.least:g}" if field.least is not None else "5"


def _json(field: Field, value: Value) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Unreadable(f"{field.label} is written as JSON") from None


def _no_constant(word: str) -> Any:
    raise ValueError(word)


def _choice(field: Field, value: Value) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"{field.label} is chosen from a list")
    if field.choices and value not in {choice.value for choice in field.choices}:
        raise Unreadable(f"{field.label} has no {value!r} to choose")
    return value


def _check_text(field: Field, text: str) -> None:
    if len(text) < field.shortest:
        raise Unreadable(f"{field.label} has at least {field.shortest} characters")
    if field.longest is not None and len(text) > field.longest:
        raise Unreadable(f"{field.label} takes at most {field.longest:,} characters")
    if field.kind != "secret" and any(ord(letter) < 32 for letter in text):
        raise Unreadable(f"{field.label} is one line of plain text")
    if field.format == "uri" and not _is_address(text):
        raise Unreadable(f"{field.label} is a whole address, such as https://example.com")
    if field.pattern and not _matches(field.pattern, text):
        example = _EXAMPLES.get(field.pattern)
        how = f"like {example}" if example else f"of the form {field.pattern}"
        raise Unreadable(f"{field.label} is written {how}")


_EXAMPLES = {"^[0-9]+\\.[0-9]+$": "52.0", "^\\d+\\.\\d+$": "52.0"}


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) and not re.search(r"\s", text)


def _matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found; one that cannot be read is left to the platform."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True
