"""Row-level filters of a source (PQL as JSON) as a condition of the CRM's own query language."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


class FilterRefused(Exception):
    """A filter that cannot be used; `code` is the number of AEP's sources table."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def compile_filter(filters: dict[str, Any], columns: Collection[str]) -> tuple[str, list[Any]]:
    """A SQL condition with its parameters; raises `FilterRefused`."""
    raise NotImplementedError
