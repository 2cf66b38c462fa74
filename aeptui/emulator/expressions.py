"""Data Prep's expression language: text to something that can be evaluated on a row."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class MapperError(ValueError):
    """An expression that cannot be read or evaluated; `place` is a 1-based column or None."""

    code = "MAPPER-3700-400"

    def __init__(self, sentence: str, place: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.place = place


@dataclass(frozen=True, slots=True)
class Moment:
    """What an expression may ask beside its row: the time and fresh ids."""

    now_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; `sources` are the columns that it reads."""

    text: str
    sources: frozenset[str]

    def evaluate(self, row: dict[str, Any], moment: Moment | None = None) -> Any:
        """The value on this row; raises `MapperError`, nothing else."""
        raise NotImplementedError


def parse(text: str) -> Expression:
    """Raises `MapperError` naming the place, or the function that does not exist."""
    raise NotImplementedError


FUNCTIONS: list[dict[str, Any]] = []  # /languages/el/functions, only what is evaluated
OPERATORS: list[dict[str, Any]] = []  # /languages/el/operators
