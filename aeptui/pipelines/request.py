"""The request of a step: the bytes that are sent, and the same as text and as a curl line.

One function makes the body, so what is shown is what is sent: JSON with an
indent of two, in the order of the step's own keys. Shown, a secret is its name
after a dollar and an answer that is not known yet is `<id of the schema>`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from aeptui.api.writing import WriteRequest
from aeptui.pipelines.plan import (
    Json,
    Made,
    Plan,
    Ref,
    SecretRef,
    Secrets,
    Step,
    Undo,
    fill_path,
    refs_in,
    secret_names,
)

CONTENT_TYPE = "application/json"


class MissingSecret(Exception):
    """A step needs a secret that is not at hand; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The secret {name} is needed and was not given")
        self.name = name


class UnknownAnswer(Exception):
    """A step refers to an answer that is not there yet."""


def render(step: Step | Undo, known: Mapping[str, Made], secrets: Secrets) -> WriteRequest:
    """The request as it is sent; the same step and answers always give the same bytes.

    Raises MissingSecret or UnknownAnswer where something is not at hand.
    """

    def reveal(secret: SecretRef) -> str:
        if not secrets.get(secret.name):
            raise MissingSecret(secret.name)
        return secrets[secret.name].reveal()

    def answer(ref: Ref) -> str | int:
        value = _value(known.get(ref.step), ref)
        if value is None:
            raise UnknownAnswer(f"The {ref.part} of the step {ref.step} is not known yet")
        return value

    request = _Filling(answer, reveal, _encoded).request(step)
    return replace(request, secrets=tuple(secrets[name] for name in secret_names(step.body)))


def preview(step: Step | Undo, known: Mapping[str, Made] | None = None) -> WriteRequest:
    """The request as it is shown: no secret in it, whatever is not known yet in words."""
    return _Filling(_shown(known), lambda secret: f"${secret.name}", _in_path).request(step)


def as_text(request: WriteRequest) -> str:
    """A request as the review page has it: its line, its headers, an empty line, its body."""
    head = [f"{request.method} {request.path}"]
    head += [f"{name}: {value}" for name, value in request.headers.items()]
    return "\n".join(head) + ("\n\n" + request.body.decode() if request.body is not None else "")


def curl(plan: Plan, step: Step | Undo, known: Mapping[str, Made] | None = None) -> str:
    """The same request for a shell, with `$AEP_TOKEN`, `$AEP_API_KEY` and each secret as a variable.

    A secret's variable stands inside a JSON string: quotes in its value must be escaped there.
    """
    request = preview(step, known)
    lines = [
        f"curl -X {request.method} {_quoted(plan.host.rstrip('/') + request.path)}",
        '-H "Authorization: Bearer $AEP_TOKEN"',
        '-H "x-api-key: $AEP_API_KEY"',
        f"-H {_quoted(f'x-gw-ims-org-id: {plan.org}')}",
        f"-H {_quoted(f'x-sandbox-name: {plan.sandbox}')}",
    ]
    lines += [f"-H {_quoted(f'{name}: {value}')}" for name, value in request.headers.items()]
    if request.body is not None:
        marked = _Filling(_shown(known), lambda secret: f"{_MARK}{secret.name}{_MARK}", _in_path)
        body = _quoted(marked.body(step.body).decode())
        lines.append(f"--data-binary {_MARKED.sub(_variable, body)}")
    return " \\\n  ".join(lines)


def to_bytes(body: Json) -> bytes:
    """JSON as it is sent and shown."""
    return json.dumps(body, ensure_ascii=False, indent=2, allow_nan=False).encode()


@dataclass(frozen=True, slots=True)
class _Filling:
    """How the open places of a request are filled: answers, secrets, and answers in a path."""

    answer: Callable[[Ref], Any]
    secret: Callable[[SecretRef], str]
    in_path: Callable[[str], str]

    def request(self, step: Step | Undo) -> WriteRequest:
        headers = {
            name: str(self.answer(value)) if isinstance(value, Ref) else value
            for name, value in step.headers.items()
        }
        if step.body is not None and "content-type" not in {name.lower() for name in headers}:
            headers = {"Content-Type": CONTENT_TYPE, **headers}
        in_path = {ref: self.in_path(str(self.answer(ref))) for ref in refs_in(step.path)}
        path = fill_path(step.path, in_path)
        body = None if step.body is None else self.body(step.body)
        return WriteRequest(step.method, path, headers, body)

    def body(self, body: Json) -> bytes:
        return to_bytes(self._filled(body))

    def _filled(self, value: Json) -> Any:
        match value:
            case Ref():
                return self.answer(value)
            case SecretRef():
                return self.secret(value)
            case Mapping():
                return {key: self._filled(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self._filled(inner) for inner in value]
            case _:
                return value


def _shown(known: Mapping[str, Made] | None) -> Callable[[Ref], Any]:
    """Answers as far as they are known, and words in the place of the others."""

    def answer(ref: Ref) -> Any:
        value = _value((known or {}).get(ref.step), ref)
        said = ref.step.replace("_", " ").replace("-", " ")
        return f"<{ref.part} of the {said}>" if value is None else value

    return answer


def _value(made: Made | None, ref: Ref) -> str | int | None:
    if made is None:
        return None
    return made.version if ref.part == "version" else (getattr(made, ref.part) or None)


def _encoded(text: str) -> str:
    return quote(text, safe="")


def _in_path(text: str) -> str:
    return text if text.startswith("<") else _encoded(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


_MARK = "\ue000"
"""Stands round a secret's name while the rest is quoted for the shell."""
_MARKED = re.compile(f"{_MARK}([A-Z][A-Z0-9_]*){_MARK}")


def _variable(found: re.Match[str]) -> str:
    return f"'\"${found[1]}\"'"
