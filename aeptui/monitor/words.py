"""Spans of time and counts in the words of a reason; coarse, so that they seldom change."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

_HOUR, _DAY = 3600, 86_400


def count(number: float) -> str:
    """`9,800`; a half is rounded."""
    return f"{number:,.0f}"


def rows(number: int) -> str:
    """`1 row`, `412 rows`."""
    return "1 row" if number == 1 else f"{count(number)} rows"


def span(seconds: float) -> str:
    """`40 s`, `11 min`, `2 h`, `5 days`: rounded down to the unit that is shown."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // 60} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h"
    return f"{whole // _DAY} days"


def next_change(since: datetime, now: datetime) -> datetime:
    """When `span(now - since)` will read differently, in steps of a minute or more."""
    passed = (now - since).total_seconds()
    unit = 60 if passed < _HOUR else _HOUR if passed < 2 * _DAY else _DAY
    return since + timedelta(seconds=(int(passed) // unit + 1) * unit)


def until(seconds: float) -> str:
    """`in 5 days`, `in 3 h`, rounded up, so that the promise is kept until the end."""
    if seconds > _DAY:
        return f"in {ceil(seconds / _DAY)} days"
    return f"in {ceil(seconds / _HOUR)} h"
