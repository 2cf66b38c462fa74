"""A form's fields as flags: `--name value`, read by the kind of the field.

The fields may depend on what was answered before, so flags are read as the form
comes to know them. A secret is never an argument: `env:NAME` or `file:PATH`
says where it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aeptui.api.settings import Secret
from aeptui.credentials import SecretSource, SecretUnavailable
from aeptui.forms.fields import Answers, Field
from aeptui.forms.form import NOTHING, Form, answered, settled
from aeptui.forms.lookups import Lookups
from aeptui.headless.asking import bring
from aeptui.headless.listing import Usage
from aeptui.headless.one import find
from aeptui.nearest import nearest
from aeptui.resources import registry

if TYPE_CHECKING:
    from aeptui.session import Session

_YES, _NO = ("yes", "true", "on"), ("no", "false", "off")


def flags_in(words: Sequence[str]) -> dict[str, str]:
    """`--name value` and `--name=value` by name; Usage for what is neither."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise Usage(f"{word!r} belongs to no field; a field is given as --name value")
        name, has_value, value = word[2:].partition("=")
        if not has_value:
            if not rest:
                raise Usage(f"--{name} lacks its value")
            value = rest.pop(0)
        if name in found:
            raise Usage(f"--{name} is given twice")
        found[name] = value
    return found


def flag_of(name: str) -> str:
    """A field's name as a flag: `auth.environmentUrl`, `field-groups`."""
    return name.replace("_", "-")


async def answers_of(
    session: Session, form: Form, lookups: Lookups, given: Mapping[str, str]
) -> Answers:
    """The answers that the flags come to, one after the other, in the order of the fields."""
    answers: Answers = {}
    left = dict(given)
    while True:
        await settled(form, answers, lookups)
        fields = form.fields(answers, lookups, NOTHING)
        found = next(((field, flag) for field in fields if (flag := _flag(field, left))), None)
        if found is None:
            break
        field, flag = found
        value = await read_text(session, field, left.pop(flag), f"--{flag_of(field.name)}")
        answers = answered(form, answers, field.name, value)
    if left:
        known = [flag_of(field.name) for field in fields]
        near = nearest(next(iter(left)), known)
        hint = f"Did you mean --{near}?" if near else f"There are --{', --'.join(known)}"
        raise Usage(f"This form has no field --{next(iter(left))}. {hint}")
    return answers


def _flag(field: Field, given: Mapping[str, str]) -> str:
    """The flag that answers a field: its name, or the last part of it."""
    names = (flag_of(field.name), field.name, field.name.rpartition(".")[2])
    return next((name for name in names if name in given), "")


async def read_text(session: Session, field: Field, text: str, called: str) -> Any:
    """The answer that a text means to its field; Usage, about the field as `called`, when none."""
    match field.kind:
        case "secret":
            return _secret(text, called)
        case "flag":
            if text.lower() not in (*_YES, *_NO):
                raise Usage(f"{called} is yes or no")
            return text.lower() in _YES
        case "choice":
            return _choice(field, text, called)
        case "many" | "columns":
            return [
                _choice(field, part.strip(), called) for part in text.split(",") if part.strip()
            ]
        case "pick":
            await bring(session, field.picks)
            return (await find(session, registry.BY_KIND[field.picks], text)).id
        case "pairs" | "identities":
            return _rows(field, text, called)
        case _:
            return text


def _secret(text: str, called: str) -> Secret:
    how, _, where = text.partition(":")
    if where and how in ("env", "file"):
        source = SecretSource("env" if how == "env" else "file", where, env=os.environ)
        try:
            return Secret(source.read())
        except SecretUnavailable as reason:
            raise Usage(f"{called}: {str(reason).rstrip('.')}") from None
    raise Usage(
        f"{called} is a secret, and arguments can be seen by others: give env:NAME or file:PATH"
    )


def _choice(field: Field, text: str, called: str) -> str:
    """A choice by its value or by its name."""
    for each in field.choices:
        if text.lower() in (each.value.lower(), each.label.lower()):
            return each.value
    near = nearest(text, [each.label for each in field.choices])
    hint = f"; did you mean {near}?" if near else ""
    raise Usage(f"{called} has no {text!r} to choose{hint}")


def _rows(field: Field, text: str, called: str) -> list[Any]:
    """`Id=crmId, Email=personalEmail.address` or `email:Email:primary`, or a list as JSON."""
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            raise Usage(f"{called} is no JSON list") from None
        return list(found)
    rows: list[Any] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if field.kind == "pairs":
            source, _, destination = part.partition("=")
            rows.append({"source": source.strip(), "destination": destination.strip()})
        else:
            path, namespace, *mark = [*part.split(":"), "", ""][:3]
            rows.append({"field": path, "namespace": namespace, "primary": mark == ["primary"]})
    return rows
