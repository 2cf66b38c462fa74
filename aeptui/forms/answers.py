"""Unfinished answers, kept so that a form that was left goes on where it was; never a secret.

One file for each form, profile and sandbox, in `<state>/answers/`, which only
its owner can read; beside it, once something was sent, the id of the plan that the
journal knows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aeptui.api.settings import Secret
from aeptui.forms.fields import Answers, Value

_MOST_BYTES = 4 * 1024 * 1024
_LONGEST_ID = 100


class KeptAnswers:
    """The answers to one form, on disk."""

    def __init__(self, state_dir: Path, *key: str) -> None:
        """`key` tells them from others: profile, sandbox, kind."""
        name = "~".join(quote(part, safe="") for part in key)
        self._path = state_dir / "answers" / f"{name}.json"
        self._plan = self._path.with_suffix(".plan")

    def keep(self, answers: Answers) -> None:
        """Write the answers down, whole or not at all."""
        _write(self._path, json.dumps(without_secrets(answers), ensure_ascii=False))

    def read(self) -> dict[str, Value]:
        """The answers that were kept; none when there are none, or none that can be read."""
        try:
            if self._path.stat().st_size > _MOST_BYTES:
                return {}
            told = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}

    def begun(self, plan_id: str) -> None:
        """Write down which plan is about to be sent with the answers; empty for none any more."""
        if plan_id:
            _write(self._plan, plan_id)
        else:
            self._plan.unlink(missing_ok=True)

    def plan_id(self) -> str:
        """The plan that was begun with the answers; empty without one."""
        try:
            with self._plan.open(encoding="utf-8") as file:
                return file.read(_LONGEST_ID)
        except (OSError, ValueError):
            return ""

    def forget(self) -> None:
        """The form was sent, or its answers thrown away."""
        self._path.unlink(missing_ok=True)
        self._plan.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_suffix(f".{os.getpid()}.new")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.write(text)
    beside.replace(path)


def without_secrets(answers: Mapping[str, Value]) -> dict[str, Value]:
    """The answers as they may be written down; a secret has to be given again."""
    return {name: _plain(value) for name, value in answers.items() if not isinstance(value, Secret)}


def _plain(value: Value) -> Any:
    if isinstance(value, Mapping):
        return without_secrets(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value if not isinstance(each, Secret)]
    return value
