"""What a plan is: writes that follow one another, each with its request.

A plan can be read before anything is sent, kept in the journal, and written out
as JSON and read back. A body may have a `Ref` where the answer of an earlier
step belongs and a `SecretRef` where a secret belongs; the secrets themselves
travel beside the plan in `Secrets` and are never part of it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from aeptui.api.settings import Secret

Json: TypeAlias = Any
"""A JSON value that may have `Ref` and `SecretRef` inside."""

Part: TypeAlias = Literal["id", "version", "etag"]
Purpose: TypeAlias = Literal["create", "change", "delete", "action"]

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_REFERENCE = re.compile(r"\{([a-z][a-z0-9_-]*)(?:\.(id|version|etag))?\}")


@dataclass(frozen=True, slots=True)
class Ref:
    """A part of the answer to an earlier step, by that step's name."""

    step: str
    part: Part = "id"


Id: TypeAlias = str | Ref
"""An id that is known, or that an earlier step of the plan will bring."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret by its name, in capitals as a shell would have it (`CRM_PASSWORD`)."""

    name: str

    def __post_init__(self) -> None:
        if not _SECRET_NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name for a secret")


class Secrets(Mapping[str, Secret]):
    """Secrets by name, carried beside a plan; shows nothing of them and cannot be written down."""

    def __init__(self, known: Mapping[str, Secret | str] | None = None) -> None:
        self._known = {
            name: secret if isinstance(secret, Secret) else Secret(secret)
            for name, secret in (known or {}).items()
        }

    def __getitem__(self, name: str) -> Secret:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self._known))})"


@dataclass(frozen=True, slots=True)
class Made:
    """What the platform answered to a step, as far as later steps refer to it."""

    id: str
    etag: str = ""
    version: int | str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """The request that takes a step back; `{name}` in the path is the id that the step made.

    A step without one (`Step.undo` is None) leaves behind what it made.
    """

    method: str
    path: str
    headers: Mapping[str, str | Ref] = field(default_factory=dict)
    body: Json = None


@dataclass(frozen=True, slots=True)
class Step:
    """One write.

    `name` is short and unique in its plan (`schema`), `title` says it in words
    (`Create the schema CRM contact`), `kind` is the mirror's (`schemas`). `path`
    is whole, below the host and percent-encoded; `{flow}` or `{flow.id}` in it is
    the answer of an earlier step. `target` is the id of what is changed, deleted or
    acted on; empty for a creation. A body of None sends no body at all.
    """

    name: str
    title: str
    kind: str
    method: str
    path: str
    headers: Mapping[str, str | Ref] = field(default_factory=dict)
    body: Json = None
    undo: Undo | None = None
    target: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name for a step")

    @property
    def purpose(self) -> Purpose:
        """What the write is for, told by its method and path."""
        match self.method:
            case "DELETE":
                return "delete"
            case "PUT" | "PATCH":
                return "change"
            case _:
                return "action" if self.path.partition("?")[0].endswith("/action") else "create"

    def refs(self) -> tuple[Ref, ...]:
        """The answers that this step waits for, each once."""
        found = [leaf for leaf in _leaves(self.body) if isinstance(leaf, Ref)]
        found += [value for value in self.headers.values() if isinstance(value, Ref)]
        found += refs_in(self.path)
        return tuple(dict.fromkeys(found))

    def secret_names(self) -> tuple[str, ...]:
        """The secrets that its body needs, each once."""
        return secret_names(self.body)


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are sent, and where they are sent to.

    `host` is scheme and host of the platform. Raises ValueError when a name is used
    twice, or when a step refers to one that does not come before it.
    """

    title: str
    steps: tuple[Step, ...]
    profile: str
    host: str
    org: str
    sandbox: str
    made_at: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        before: set[str] = set()
        for step in self.steps:
            missing = [ref.step for ref in step.refs() if ref.step not in before]
            if missing:
                raise ValueError(f"step {step.name} refers to {missing[0]}, which is not before it")
            if step.name in before:
                raise ValueError(f"two steps are called {step.name}")
            before.add(step.name)

    def step(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def secret_names(self) -> tuple[str, ...]:
        """The secrets that must be at hand, each once."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.secret_names()))


def refs_in(path: str) -> list[Ref]:
    """The answers that a path waits for."""
    return [Ref(found[1], _part(found[2])) for found in _REFERENCE.finditer(path)]


def fill_path(path: str, value: Mapping[Ref, str]) -> str:
    """`path` with each reference replaced by its (encoded) value."""
    return _REFERENCE.sub(lambda found: value[Ref(found[1], _part(found[2]))], path)


def secret_names(body: Json) -> tuple[str, ...]:
    """The secrets that a body needs, each once."""
    leaves = _leaves(body)
    return tuple(dict.fromkeys(leaf.name for leaf in leaves if isinstance(leaf, SecretRef)))


def _part(text: str | None) -> Part:
    return "version" if text == "version" else "etag" if text == "etag" else "id"


def _leaves(value: Json) -> Iterator[Json]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


# As JSON --------------------------------------------------------------------

_ANSWER, _SECRET, _LITERAL = "aeptui:answer", "aeptui:secret", "aeptui:literal"
_MARKS = frozenset({_ANSWER, _SECRET, _LITERAL})


def dumps(plan: Plan) -> str:
    """The plan as JSON; there is no secret in it."""
    return json.dumps(
        {
            "id": plan.id,
            "title": plan.title,
            "profile": plan.profile,
            "host": plan.host,
            "org": plan.org,
            "sandbox": plan.sandbox,
            "made_at": plan.made_at.isoformat(),
            "steps": [_step_out(step) for step in plan.steps],
        },
        ensure_ascii=False,
    )


def loads(text: str) -> Plan:
    """The plan that `dumps` wrote."""
    told = json.loads(text)
    return Plan(
        id=told["id"],
        title=told["title"],
        profile=told["profile"],
        host=told["host"],
        org=told["org"],
        sandbox=told["sandbox"],
        made_at=datetime.fromisoformat(told["made_at"]),
        steps=tuple(_step_in(each) for each in told["steps"]),
    )


def _step_out(step: Step) -> dict[str, Any]:
    undo = step.undo
    return {
        "name": step.name,
        "title": step.title,
        "kind": step.kind,
        "target": step.target,
        **_request_out(step),
        "undo": None if undo is None else _request_out(undo),
    }


def _request_out(request: Step | Undo) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "headers": {name: _out(value) for name, value in request.headers.items()},
        "body": _out(request.body),
    }


def _step_in(told: dict[str, Any]) -> Step:
    undo = told["undo"]
    return Step(
        name=told["name"],
        title=told["title"],
        kind=told["kind"],
        target=told["target"],
        **_request_in(told),
        undo=None if undo is None else Undo(**_request_in(undo)),
    )


def _request_in(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": told["method"],
        "path": told["path"],
        "headers": {name: _in(value) for name, value in told["headers"].items()},
        "body": _in(told["body"]),
    }


def _out(value: Json) -> Any:
    match value:
        case Ref(step, part):
            return {_ANSWER: [step, part]}
        case SecretRef(name):
            return {_SECRET: name}
        case Mapping():
            plain = {key: _out(inner) for key, inner in value.items()}
            return {_LITERAL: plain} if _MARKS & set(plain) else plain
        case list() | tuple():
            return [_out(inner) for inner in value]
        case _:
            return value


def _in(value: Any) -> Json:
    match value:
        case {"aeptui:answer": [step, part]} if len(value) == 1:
            return Ref(step, part)
        case {"aeptui:secret": name} if len(value) == 1:
            return SecretRef(name)
        case {"aeptui:literal": plain} if len(value) == 1:
            return {key: _in(inner) for key, inner in plain.items()}
        case dict():
            return {key: _in(inner) for key, inner in value.items()}
        case list():
            return [_in(inner) for inner in value]
        case _:
            return value
