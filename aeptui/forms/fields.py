"""Fields: what a form asks, one value each, whoever draws or reads it.

A field knows its kind, its bounds and its words; the answer to it lives in the
form's answers and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from aeptui.api.settings import Secret
from aeptui.forms.choices import Choice, Suggestion

if TYPE_CHECKING:
    from aeptui.forms.workbench import Bench

Kind: TypeAlias = Literal[
    "text",
    "secret",
    "integer",
    "number",
    "flag",
    "choice",
    "many",
    "pick",
    "columns",
    "identities",
    "pairs",
    "json",
    "time",
]
"""How a field is answered.

`text`, `integer`, `number`, `json` and `time` are answered by text as it was
typed, `secret` by a `Secret`, `flag` by a boolean, `choice` by the value of one
of its choices, `many` and `columns` by a list of them, `pick` by the id of a
resource of the kind that `picks` names. `identities` and `pairs` are lists of
objects: `identities.Identity` and `pairs.Pair` say which.
"""

Value: TypeAlias = Any
"""What can be kept as JSON, or a `Secret`."""

Answers: TypeAlias = Mapping[str, Value]
"""Answers by the name of their field; a field that nobody answered yet is missing."""


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form.

    `waits` says what is being asked of the platform before this field can be
    answered, `trouble` why that failed; both are empty when all is there.
    """

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    help: str = ""
    default: Value = None
    choices: tuple[Choice, ...] = ()
    targets: tuple[Choice, ...] = ()
    """For `pairs` and `identities`: the fields of the schema."""
    suggested: tuple[Suggestion, ...] = ()
    namespaces: tuple[Choice, ...] = ()
    """For `pairs` and `identities`: what an identity can be of."""
    bench: Bench | None = None
    """For `pairs`: what they are made from."""
    picks: str = ""
    """For `pick`: the kind of resource, as the mirror and the command line name it."""
    least: float | None = None
    most: float | None = None
    above: float | None = None
    """A bound that is itself not allowed."""
    shortest: int = 0
    longest: int | None = None
    pattern: str = ""
    format: str = ""
    fixed: str = ""
    """Why it cannot be another one any more; empty where it can."""
    waits: str = ""
    trouble: str = ""


def answer_to(field: Field, answers: Answers) -> Value:
    """The answer to a field: what was answered, or else its default."""
    value = answers.get(field.name)
    return field.default if value is None else value


def is_empty(value: Value) -> bool:
    """Whether an answer says nothing."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Secret | list | tuple | dict):
        return not value
    return value is None


def text_of(answers: Answers, name: str, default: str = "") -> str:
    """The answer as text without the space around it; `default` when there is none."""
    value = answers.get(name)
    return value.strip() if isinstance(value, str) and value.strip() else default


def flag_of(answers: Answers, name: str, default: bool) -> bool:
    value = answers.get(name)
    return value if isinstance(value, bool) else default


def list_of(answers: Answers, name: str) -> list[Any] | None:
    """The answer as a list; None when nobody answered."""
    value = answers.get(name)
    return list(value) if isinstance(value, list | tuple) else None
