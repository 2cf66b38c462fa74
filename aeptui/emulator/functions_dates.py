"""Data Prep's functions on dates: the present, text to date and back, parts and zones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aeptui.emulator.catalogue import Moment, function
from aeptui.emulator.coercion import (
    MapperError,
    from_ms,
    shown,
    to_moment,
    to_text,
    to_whole,
)
from aeptui.emulator.dates import compile_pattern


@function(
    "Date / Time", "now()", "The time.", "now()", '"2026-01-02T03:04:05.000Z"', "date", "moment"
)
def _now(moment: Moment) -> datetime:
    return from_ms(moment.now_ms)


@function(
    "Date / Time",
    "timestamp()",
    "The time in milliseconds since 1970.",
    "timestamp()",
    "1767323045000",
    "long",
    "moment",
)
def _timestamp(moment: Moment) -> int:
    return moment.now_ms


@function(
    "Date / Time",
    "format(date, pattern)",
    "Writes a date by a pattern.",
    'format(date("2026-01-02"), "dd.MM.yyyy")',
    '"02.01.2026"',
)
def _format(moment: Any, pattern: Any) -> str | None:
    if moment is None:
        return None
    return compile_pattern(to_text(pattern)).format(to_moment(moment))


@function(
    "Date / Time",
    "dformat(milliseconds, pattern)",
    "Writes milliseconds since 1970 by a pattern.",
    'dformat(0, "yyyy")',
    '"1970"',
)
def _dformat(moment_ms: Any, pattern: Any) -> str | None:
    if moment_ms is None:
        return None
    return compile_pattern(to_text(pattern)).format(from_ms(to_whole(moment_ms)))


@function(
    "Date / Time",
    "date(string, pattern?, default?)",
    "Reads a date by a pattern, else by the first automatic pattern that fits.",
    'date("2026-01-02 03:04", "yyyy-MM-dd HH:mm")',
    '"2026-01-02T03:04:00.000Z"',
    "date",
)
def _date(text: Any, pattern: Any = None, default: Any = None) -> datetime | None:
    if text is None or text == "":
        return None if default is None else to_moment(default)
    if pattern is None:
        return to_moment(text)
    found = compile_pattern(to_text(pattern)).parse(to_text(text))
    if found is not None:
        return found
    if default is not None:
        return to_moment(default)
    raise MapperError(f"{shown(text)} does not fit the date pattern {shown(pattern)}")


_COMPONENTS: dict[str, Callable[[datetime], int]] = {
    "year yyyy yy": lambda moment: moment.year,
    "quarter qq q": lambda moment: (moment.month + 2) // 3,
    "month mm m": lambda moment: moment.month,
    "dayofyear dy y": lambda moment: moment.timetuple().tm_yday,
    "day dd d": lambda moment: moment.day,
    "week ww w": lambda moment: moment.isocalendar().week,
    "weekday dw": lambda moment: moment.isoweekday(),
    "hour hh hh24": lambda moment: moment.hour,
    "hh12": lambda moment: moment.hour % 12 or 12,
    "minute mi n": lambda moment: moment.minute,
    "second ss s": lambda moment: moment.second,
    "millisecond ms": lambda moment: moment.microsecond // 1000,
}
_COMPONENT = {name: part for names, part in _COMPONENTS.items() for name in names.split()}


@function(
    "Date / Time",
    "date_part(component, date)",
    "A part of a date.",
    'date_part("month", date("2026-01-02"))',
    "1",
    "integer",
)
def _date_part(component: Any, moment: Any) -> int | None:
    part = _COMPONENT.get(to_text(component).lower())
    if part is None:
        raise MapperError(f"{shown(component)} is not a part of a date")
    return None if moment is None else part(to_moment(moment))


@function(
    "Date / Time",
    "make_date_time(year, month, day, hour, minute, second, nanosecond, zone)",
    "A date of its parts.",
    'make_date_time(2026, 1, 2, 3, 4, 5, 0, "UTC")',
    '"2026-01-02T03:04:05.000Z"',
    "date",
)
def make_date_time(*parts: Any) -> datetime:
    year, month, day, hour, minute, second, nanosecond = [to_whole(each) for each in parts[:7]]
    zone = _zone(parts[7])
    return datetime(year, month, day, hour, minute, second, nanosecond // 1000, zone)


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(to_text(name))
    except (LookupError, ValueError, OSError):
        raise MapperError(f"{shown(name)} is not a time zone") from None


@function(
    "Date / Time",
    "zone_date_to_utc(date)",
    "The same moment in UTC.",
    "zone_date_to_utc(now())",
    '"2026-01-02T03:04:05.000Z"',
    "date",
)
def _zone_date_to_utc(moment: Any) -> datetime | None:
    return None if moment is None else to_moment(moment).astimezone(UTC)


@function(
    "Date / Time",
    "zone_date_to_zone(date, zone)",
    "The same moment in another zone.",
    'zone_date_to_zone(now(), "Europe/Paris")',
    '"2026-01-02T04:04:05.000+01:00"',
    "date",
)
def _zone_date_to_zone(moment: Any, zone: Any) -> datetime | None:
    return None if moment is None else to_moment(moment).astimezone(_zone(zone))


_SETTABLE: dict[str, Callable[[datetime, int], datetime]] = {
    "year yyyy yy": lambda moment, value: moment.replace(year=value),
    "month mm m": lambda moment, value: moment.replace(month=value),
    "day dd d": lambda moment, value: moment.replace(day=value),
    "hour hh hh24": lambda moment, value: moment.replace(hour=value),
    "minute mi n": lambda moment, value: moment.replace(minute=value),
    "second ss s": lambda moment, value: moment.replace(second=value),
    "millisecond ms": lambda moment, value: moment.replace(microsecond=value * 1000),
}
_SET = {name: change for names, change in _SETTABLE.items() for name in names.split()}


@function(
    "Date / Time",
    "set_date_part(component, value, date)",
    "A date with one of its parts replaced.",
    'set_date_part("m", 4, date("2016-11-09"))',
    '"2016-04-09T00:00:00.000Z"',
    "date",
)
def _set_date_part(component: Any, value: Any, moment: Any) -> datetime | None:
    change = _SET.get(to_text(component).lower())
    if change is None:
        raise MapperError(f"{shown(component)} is not a part of a date that can be set")
    return None if moment is None else change(to_moment(moment), to_whole(value))


@function(
    "Date / Time",
    "make_timestamp(year, month, day, hour, minute, second, nanosecond, zone)",
    "A date of its parts, in milliseconds since 1970.",
    'make_timestamp(1970, 1, 1, 0, 0, 1, 0, "UTC")',
    "1000",
    "long",
)
def _make_timestamp(*parts: Any) -> int:
    made: datetime = make_date_time(*parts)
    return round(made.timestamp() * 1000)
