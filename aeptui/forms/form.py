"""Form: the questions for one creatable kind of resource, as a value.

A screen, a command and a pipeline file drive the same value. `fields`, `check`
and `steps` are pure: what has to be asked of the platform they read from
`Lookups`, and what is not known there yet they ask for by reading it. Whoever
drives the form puts the missing questions and calls again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from aeptui.api.exploring import SourceColumn
from aeptui.forms.fields import Answers, Field, Value, answer_to
from aeptui.forms.lookups import Lookups
from aeptui.forms.xdm_fields import XdmField
from aeptui.pipelines.plan import Id, Ref, Secrets, Step


@dataclass(frozen=True, slots=True)
class Given:
    """What is settled before a form is asked, by the pages before it.

    A form that is given a thing does not ask for it. None means: not settled
    here, so the form asks for one that exists.
    """

    called: str = ""
    """A name to propose."""
    connection_spec: str = ""
    base_connection: Id | None = None
    source_connection: Id | None = None
    columns: tuple[SourceColumn, ...] | None = None
    table: str = ""
    sample: tuple[dict[str, Any], ...] = ()
    schema: Id | None = None
    schema_version: str = "1.0"
    """A schema that is still to be made begins with it (AEP.md 4.3)."""
    schema_fields: tuple[XdmField, ...] | None = None
    identified: tuple[tuple[str, str, bool], ...] = ()
    """The identities of a schema that is still to be made: path with slashes, namespace, primary."""
    dataset: Id | None = None
    target_connection: Id | None = None
    mapping_set: Id | None = None
    mapping_version: int | Ref | None = None


NOTHING = Given()


@dataclass(frozen=True, slots=True)
class Look:
    """What a form can show before anything is sent: sample rows, the fields of a schema.

    `waits` and `trouble` are as with a field. `faults` are sentences under the
    fields that they are about.
    """

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    waits: str = ""
    trouble: str = ""


def no_look(_answers: Answers, _lookups: Lookups, _given: Given) -> Look | None:
    return None


def no_secrets(_answers: Answers, _lookups: Lookups, _given: Given) -> Secrets:
    return Secrets()


@dataclass(frozen=True, slots=True)
class Form:
    """The questions for one kind, the faults in its answers, and the steps they come to.

    `check` answers with a sentence for each field that is not right, by its
    name; an empty one means that `steps` may be called. `steps` calls the step
    that makes the thing `step`, so that later ones can refer to it; `secrets`
    are those that the steps name. `look` asks the platform for more than the
    fields do, so it is called only when someone wants to see; it is None where
    there is nothing to see.
    """

    kind: str
    title: str
    intro: str
    step: str
    fields: Callable[[Answers, Lookups, Given], tuple[Field, ...]]
    check: Callable[[Answers, Lookups, Given], dict[str, str]]
    steps: Callable[[Answers, Lookups, Given], list[Step]]
    secrets: Callable[[Answers, Lookups, Given], Secrets] = no_secrets
    look: Callable[[Answers, Lookups, Given], Look | None] = no_look
    looks: str = ""
    """What `look` shows, in a word or two; empty where there is nothing."""
    clears: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Answers that mean nothing any more when the named field gets another one (`x.*`: all of x)."""

    @property
    def noun(self) -> str:
        """What it makes."""
        return self.step.replace("_", " ")


def remarks(form: Form, answers: Answers, lookups: Lookups, given: Given) -> dict[str, str]:
    """What is no fault and worth knowing all the same, by field: that a name is taken."""
    asked = form.fields(answers, lookups, given)
    name = next((answer_to(each, answers) for each in asked if each.name == "name"), None)
    if not isinstance(name, str) or not lookups.taken(form.kind, name.strip()):
        return {}
    return {"name": f"Another {form.noun} has this name, which is allowed"}


def answered(form: Form, answers: Answers, name: str, value: Value) -> dict[str, Value]:
    """The answers with another one, and without those that it leaves without a meaning."""
    if answers.get(name) == value:
        return dict(answers)
    gone = form.clears.get(name, ())
    kept = {
        key: old
        for key, old in answers.items()
        if not any(fnmatchcase(key, pattern) for pattern in gone)
    }
    return kept | {name: value}


async def settled(form: Form, answers: Answers, lookups: Lookups, given: Given = NOTHING) -> None:
    """Put every question that the form's fields and checks read, until none is open.

    What could not be answered stays as the trouble of its field. For whoever
    has no screen to keep alive meanwhile.
    """
    while True:
        lookups.start_over()
        form.fields(answers, lookups, given)
        form.check(answers, lookups, given)
        if not await lookups.ask_missing():
            return
