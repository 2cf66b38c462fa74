"""`aeptui create`: a form answered by flags, shown or sent; the same form as on the screen.

The flags are the form's fields, which may depend on what was answered before,
so they are read as the form comes to know them. A secret is never an argument:
`env:NAME` or `file:PATH` says where it is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aeptui.api.settings import Secret
from aeptui.forms.catalogue import FORMS
from aeptui.forms.fields import Answers, Field
from aeptui.forms.form import NOTHING, Form, answered, settled
from aeptui.forms.lookups import Lookups
from aeptui.forms.words import listed
from aeptui.headless.asking import bring
from aeptui.headless.listing import Usage
from aeptui.headless.one import find
from aeptui.nearest import nearest
from aeptui.pipelines.apply import apply
from aeptui.pipelines.events import Event
from aeptui.pipelines.here import journal_of, plan_for, why_not_write
from aeptui.pipelines.plan import Made, Plan, Secrets
from aeptui.pipelines.request import as_text, preview
from aeptui.resources import registry

if TYPE_CHECKING:
    from aeptui.session import Session

FINE, TROUBLE, HALF_WAY = 0, 1, 5
_YES, _NO = ("yes", "true", "on"), ("no", "false", "off")


async def run(session: Session, kind: str, words: Sequence[str], *, dry_run: bool) -> int:
    """Make one resource of `kind` from the flags in `words`; answers the exit code."""
    form = FORMS.get(kind)
    if form is None:
        raise Usage(f"{kind} are not made by a form; {listed(list(FORMS), 9)} are")
    lookups = Lookups(session.connected, session.now, session.config.settings.zone())
    await session.connected()
    answers = await _answers(session, form, lookups, flags_in(words))
    faults = form.check(answers, lookups, NOTHING)
    if faults:
        for name, sentence in faults.items():
            print(f"--{flag_of(name)}: {sentence}.", file=sys.stderr)
        raise Usage("Nothing was sent")
    steps = form.steps(answers, lookups, NOTHING)
    plan = plan_for(session, steps[0].title, steps)
    if dry_run:
        print("\n\n".join(as_text(preview(step)) for step in plan.steps))
        return FINE
    if reason := why_not_write(session):
        name = " --confirm-sandbox NAME" if session.protected else ""
        raise Usage(f"{reason}; --allow-writes{name} opens it for this command. Nothing was sent")
    return await _send(session, form, plan, form.secrets(answers, lookups, NOTHING))


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


async def _answers(
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
        value = await read_flag(session, field, left.pop(flag))
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


async def read_flag(session: Session, field: Field, text: str) -> Any:
    """The answer that a flag's text means to its field."""
    match field.kind:
        case "secret":
            return _secret(field, text)
        case "flag":
            if text.lower() not in (*_YES, *_NO):
                raise Usage(f"--{flag_of(field.name)} is yes or no")
            return text.lower() in _YES
        case "choice":
            return _choice(field, text)
        case "many" | "columns":
            return [_choice(field, part.strip()) for part in text.split(",") if part.strip()]
        case "pick":
            await bring(session, field.picks)
            return (await find(session, registry.BY_KIND[field.picks], text)).id
        case "pairs" | "identities":
            return _rows(field, text)
        case _:
            return text


def _secret(field: Field, text: str) -> Secret:
    how, _, where = text.partition(":")
    if how == "env" and where:
        if not (value := os.environ.get(where)):
            raise Usage(f"The variable {where} for --{flag_of(field.name)} is empty")
        return Secret(value)
    if how == "file" and where:
        try:
            return Secret(Path(where).expanduser().read_text(encoding="utf-8").rstrip("\r\n"))
        except (OSError, UnicodeDecodeError):
            raise Usage(f"{where}, the file for --{flag_of(field.name)}, cannot be read") from None
    raise Usage(
        f"--{flag_of(field.name)} is a secret, and arguments can be seen by others: "
        "give env:NAME or file:PATH"
    )


def _choice(field: Field, text: str) -> str:
    """A choice by its value or by its name."""
    for each in field.choices:
        if text.lower() in (each.value.lower(), each.label.lower()):
            return each.value
    near = nearest(text, [each.label for each in field.choices])
    hint = f"; did you mean {near}?" if near else ""
    raise Usage(f"--{flag_of(field.name)} has no {text!r} to choose{hint}")


def _rows(field: Field, text: str) -> list[Any]:
    """`Id=crmId, Email=personalEmail.address` or `email:Email:primary`, or a list as JSON."""
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            raise Usage(f"--{flag_of(field.name)} is no JSON list") from None
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


async def _send(session: Session, form: Form, plan: Plan, secrets: Secrets) -> int:
    """Send the plan, telling what happens on standard error and the new id on standard output."""
    last: Event | None = None
    services = await session.connected()
    async with journal_of(session) as journal:
        async for event in apply(plan, secrets, services, journal):
            last = event
            print(f"aeptui: {event}", file=sys.stderr)
    if last is None:
        return TROUBLE
    made = next((made for step, made in last.stands if step.name == form.step), None)
    if made is not None:
        print(made.id)
    if last.what != "finished":
        if last.error is not None and not last.stands and last.what == "failed":
            raise last.error
        return HALF_WAY if last.stands or last.what == "unknown" else TROUBLE
    return await _tested(session, form, made) if made else FINE


async def _tested(session: Session, form: Form, made: Made) -> int:
    """Test a base connection that was made; 1 when it cannot log in."""
    if form.kind != "base-connections":
        return FINE
    result = await (await session.connected()).flows.test_connection(made.id)
    said = "it can log in" if result.ok else f"it cannot log in: {result.sentence}"
    print(f"aeptui: {said.rstrip('.')}.", file=sys.stderr)
    return FINE if result.ok else TROUBLE
