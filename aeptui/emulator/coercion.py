"""Values from one kind to another, as the mapper turns them: strings, numbers, booleans, dates."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aeptui.emulator.dates import iso, parse_automatically
from aeptui.emulator.xdm import Field

_TRUE = frozenset({"y", "yes", "Y", "YES", "on", "ON", "true", "TRUE"})
_FALSE = frozenset({"n", "N", "no", "NO", "off", "OFF", "false", "FALSE"})
_LARGEST = 2**63


class MapperError(ValueError):
    """A value or an expression that cannot be made; `place` is a 1-based column or None."""

    code = "MAPPER-3700-400"

    def __init__(self, sentence: str, place: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.place = place


def shown(value: Any) -> str:
    """A value short enough for a sentence."""
    text = repr(iso(value) if isinstance(value, datetime) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return iso(value)
    raise MapperError(f"{shown(value)} is not a string")


def to_number(value: Any) -> int | float:
    """A number; of a string, what Java's parsers would read."""
    if isinstance(value, bool):
        raise MapperError(f"{shown(value)} is not a number")
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise MapperError(f"{value} is not a number")
    if isinstance(value, str) and len(value) <= 60 and "_" not in value:
        try:
            return int(value)
        except ValueError:
            pass
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
    raise MapperError(f"{shown(value)} is not a number")


def to_whole(value: Any) -> int:
    number = to_number(value)
    if isinstance(number, float):
        if not number.is_integer():
            raise MapperError(f"{shown(value)} is not a whole number")
        number = int(number)
    if not -_LARGEST <= number < _LARGEST:
        raise MapperError(f"{shown(value)} does not fit into 64 bits")
    return number


def to_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
    raise MapperError(f"{shown(value)} is not a boolean")


def to_moment(value: Any) -> datetime:
    """A date: as it is, milliseconds since 1970, or a string by the automatic patterns."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        moment = parse_automatically(value)
        if moment is not None:
            return moment
    elif isinstance(value, int) and not isinstance(value, bool):
        return from_ms(value)
    raise MapperError(f"{shown(value)} is not a date in a form that is known")


def from_ms(moment_ms: int) -> datetime:
    try:
        return datetime.fromtimestamp(moment_ms / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        raise MapperError(f"{shown(moment_ms)} ms is outside of the calendar") from None


def to_wire(value: Any) -> Any:
    """A value of an expression as JSON holds it."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, list):
        return [to_wire(each) for each in value]
    if isinstance(value, dict):
        return {str(key): to_wire(each) for key, each in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise MapperError(f"{value} is not a number")
    return value


def _date_time(value: Any) -> str:
    # The form that AEP writes itself is by far the most frequent; it needs no rewriting.
    if type(value) is str and len(value) == 24 and value[10] == "T" and value[23] == "Z":
        try:
            datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if value[19] == "." and value[4] == "-":
                return value
    return iso(to_moment(value))


def _date(value: Any) -> str:
    return to_moment(value).strftime("%Y-%m-%d").rjust(10, "0")


def _map(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        wire: dict[str, Any] = to_wire(value)
        return wire
    raise MapperError(f"{shown(value)} is not an object")


def to_field(field: Field) -> Callable[[Any], Any]:
    """What makes a value of this field's type out of any other; it raises `MapperError`."""
    match field.type:
        case "string" if field.format == "date-time":
            return _date_time
        case "string" if field.format == "date":
            return _date
        case "string":
            return to_text
        case "integer":
            return to_whole
        case "number":
            return to_number
        case "boolean":
            return to_boolean
        case _:
            return _map
