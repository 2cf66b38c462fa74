"""Mapping sets at work: a row of the source in, a nested XDM record out."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass
from typing import Any, Self

from aeptui.emulator.expressions import Moment
from aeptui.emulator.xdm import Field

WARNING = "MAPPER-3700-400"


class MappingRefused(Exception):
    """A mapping set that cannot be used: the place of the mapping in the set and why."""

    def __init__(self, index: int, sentence: str) -> None:
        super().__init__(sentence)
        self.index = index
        self.sentence = sentence


@dataclass(slots=True)
class Mapped:
    """A record, and (destination, sentence) for each value that could not be made."""

    record: dict[str, Any]
    warnings: list[tuple[str, str]]


class Mapping:
    """A version of a mapping set, compiled once and applied to any number of rows."""

    sources: frozenset[str]  # the columns that it reads

    @classmethod
    def compile(cls, body: dict[str, Any], fields: ReadOnly[str, Field]) -> Self:
        """Raises `MappingRefused` at the first mapping that `validate` has a sentence for."""
        raise NotImplementedError

    def apply(self, row: dict[str, Any], moment: Moment | None = None) -> Mapped:
        """Never raises: a value that cannot be made is left out and warned about."""
        raise NotImplementedError


def validate(body: dict[str, Any], fields: ReadOnly[str, Field]) -> list[str | None]:
    """A sentence for each mapping that cannot work, None for each that can, in order."""
    raise NotImplementedError
