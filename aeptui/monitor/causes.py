"""Causes: failures across flows, grouped by what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_LONG_HEX = re.compile(r"\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{16,}\b")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")


def normalised(message: str) -> str:
    """`message` without what differs from row to row: values, ids, numbers, letter case, spaces."""
    for pattern, sign in ((_UUID, "…"), (_LONG_HEX, "…"), (_QUOTED, "…"), (_NUMBER, "#")):
        message = pattern.sub(sign, message)
    return " ".join(message.lower().split())


@dataclass(frozen=True, slots=True)
class Failure:
    """One code that one run reported, for one column where it names one."""

    flow_id: str
    run_id: str
    base_connection_id: str
    at: datetime
    code: str
    step: str
    column: str
    message: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures with one code, step, column and message; `message` is the latest as it came."""

    code: str
    step: str
    column: str
    message: str
    rows: int
    first_seen: datetime
    last_seen: datetime
    flow_ids: tuple[str, ...]
    run_ids: tuple[str, ...]
    base_connection_ids: tuple[str, ...]


def group(failures: Iterable[Failure]) -> list[Cause]:
    """The causes of `failures`: those that touch most flows first, then most rows."""
    groups: dict[tuple[str, str, str, str], list[Failure]] = {}
    for failure in failures:
        key = (failure.code, failure.step, failure.column, normalised(failure.message))
        groups.setdefault(key, []).append(failure)
    causes = [_cause(sorted(each, key=lambda failure: failure.at)) for each in groups.values()]
    return sorted(causes, key=lambda cause: (-len(cause.flow_ids), -cause.rows, cause.code))


def _cause(failures: list[Failure]) -> Cause:
    latest = failures[-1]
    return Cause(
        code=latest.code,
        step=latest.step,
        column=latest.column,
        message=latest.message,
        rows=sum(failure.rows or 0 for failure in failures),
        first_seen=failures[0].at,
        last_seen=latest.at,
        flow_ids=tuple(dict.fromkeys(failure.flow_id for failure in failures)),
        run_ids=tuple(dict.fromkeys(failure.run_id for failure in failures)),
        base_connection_ids=tuple(
            dict.fromkeys(each.base_connection_id for each in failures if each.base_connection_id)
        ),
    )
