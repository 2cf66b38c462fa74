"""Rows against a schema: what AEP refuses on ingestion, and the code it says it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aeptui.emulator.xdm import Field

MISSING = "INGEST-1555-400"
UNFIT = "INGEST-1401-400"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is refused: AEP's code, the path in the record, a sentence."""

    code: str
    path: str
    sentence: str


Checker = Callable[[dict[str, Any]], list[Fault]]


def compile_checks(fields: Mapping[str, Field]) -> Checker:
    """A checker for many records of one schema; it costs what the record holds, not the schema."""
    raise NotImplementedError


def check(record: dict[str, Any], fields: Mapping[str, Field]) -> list[Fault]:
    """The faults of one record; `compile_checks` is for more than one."""
    return compile_checks(fields)(record)
