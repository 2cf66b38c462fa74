"""Java's date patterns, and the patterns that Data Prep tries on a string without being told.

A pattern is compiled once to a regular expression and a writer. Reading is exact: a run of n
letters takes n digits (one letter: one or two), and the whole text has to match.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# The order matters: the first that matches wins. A plain `yyyy-MM-dd HH:mm:ss` is not among them.
AUTOMATIC = (
    "yyyy-MM-dd HH:mm:ssZ",
    "yyyy-MM-dd HH:mm:ss.SSSZ",
    "yyyy-MM-dd HH:mm:ss.SSS",
    "yyyy-MM-dd'T'HH:mm:ss.SSSX",
    "yyyy-MM-dd'T'HH:mm:ss'Z'",
    "yyyy-MM-dd",
    "yyyy/MM/dd",
    "yyyy.MM.dd",
    "yyyy-MMM-dd",
    "yyyyMMdd",
    "MM-dd-yyyy",
    "MMddyyyy",
    "M/dd/yyyy",
    "dd.M.yyyy",
    "M/dd/yyyy hh:mm:ss a",
    "dd.M.yyyy hh:mm:ss a",
    "dd.MMM.yyyy",
    "dd-MMM-yyyy",
)

_LETTERS = "GyYMLwWDdFEuaHkKhmsSzZX"
_LONGEST = 200
_SHORT_MONTHS = {name[:3].lower(): place for place, name in enumerate(MONTHS, 1)}
_LONG_MONTHS = {name.lower(): place for place, name in enumerate(MONTHS, 1)}
# What sets a moment; the others (week, weekday) can be written but say too little to be read.
_READ = {
    "y": "year",
    "Y": "year",
    "M": "month",
    "L": "month",
    "d": "day",
    "D": "day_of_year",
    "H": "hour",
    "k": "hour24",
    "h": "hour12",
    "K": "hour11",
    "m": "minute",
    "s": "second",
    "S": "fraction",
    "a": "half",
    "z": "zone",
    "Z": "zone",
    "X": "zone",
}


class PatternRefused(ValueError):
    """A date pattern that Java would not take."""


Writer = Callable[[datetime], str]


class DatePattern:
    """One pattern, reading and writing."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > _LONGEST:
            raise PatternRefused(f"a date pattern has at most {_LONGEST} characters")
        self.pattern = pattern
        self._writers: list[Writer] = []
        self._names: list[str] = []
        expression = ""
        for letter, width, text in _pieces(pattern):
            if letter:
                expression += self._letter(letter, width)
            else:
                expression += re.escape(text)
                self._writers.append(lambda moment, text=text: text)  # type: ignore[misc]
        self._match = re.compile(expression, re.IGNORECASE | re.ASCII).fullmatch

    def parse(self, text: str) -> datetime | None:
        """The moment (UTC where the text has no zone), or None where it does not fit."""
        found = self._match(text)
        if found is None:
            return None
        parts = dict(zip(self._names, found.groups(), strict=True))
        try:
            return _moment(parts)
        except (ValueError, OverflowError):  # 30 February, hour 25, year 0
            return None

    def format(self, moment: datetime) -> str:
        return "".join(writer(moment) for writer in self._writers)

    def _letter(self, letter: str, width: int) -> str:
        self._writers.append(_writer(letter, width))
        name = _READ.get(letter)
        if name is None:
            return _SKIPPED.get(letter, r"\d{1,2}")
        text = _digits(name, width)
        if name in self._names:  # said again, as in a heading: only the first counts
            return f"(?:{text})"
        self._names.append(name)
        return f"({text})"


def _digits(name: str, width: int) -> str:
    """The expression that a run of this letter reads."""
    match name:
        case "month" if width > 2:
            return "|".join(_SHORT_MONTHS if width == 3 else _LONG_MONTHS)
        case "half":
            return "AM|PM"
        case "zone":
            return r"Z|UTC|GMT|[+-]\d\d(?::?\d\d)?"
        case "year" if width != 2:
            return r"\d{4}"
        case "fraction":
            return rf"\d{{{width}}}"
        case _:
            return r"\d{1,2}" if width == 1 else rf"\d{{{width}}}"


_SKIPPED = {"E": r"[A-Za-z]+", "G": "(?:AD|BC)"}


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> DatePattern:
    """Raises `PatternRefused`."""
    return DatePattern(pattern)


def parse_automatically(text: str) -> datetime | None:
    """The moment by the first of the automatic patterns that fits."""
    # A date is at least eight characters; most values that are none leave here.
    if not 8 <= len(text) <= 32:
        return None
    for pattern in AUTOMATIC:
        moment = compile_pattern(pattern).parse(text)
        if moment is not None:
            return moment
    return None


def iso(moment: datetime) -> str:
    """The moment as AEP writes it: UTC with milliseconds."""
    try:
        there = moment.astimezone(UTC)
    except OverflowError:  # the first and last hours that a datetime can hold
        there = moment
    return there.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _pieces(pattern: str) -> list[tuple[str, int, str]]:
    """Runs of a letter as (letter, width, ""), the rest as ("", 0, text)."""
    found: list[tuple[str, int, str]] = []
    for piece in re.finditer(r"''|'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'", pattern):
        whole, quoted, letter = piece.group(0), piece.group(1), piece.group(2)
        if letter:
            if letter not in _LETTERS:
                raise PatternRefused(f"the pattern {pattern} has an unknown letter {letter}")
            found.append((letter, len(whole), ""))
        elif whole == "'":
            raise PatternRefused(f"the pattern {pattern} has a quote that does not end")
        elif whole == "''":
            found.append(("", 0, "'"))
        else:
            found.append(("", 0, whole if quoted is None else quoted.replace("''", "'")))
    return found


def _moment(parts: dict[str, str]) -> datetime:
    year = 1970
    if "year" in parts:
        year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
    month = parts.get("month", "1")
    number = _SHORT_MONTHS.get(month[:3].lower()) or int(month)
    day = date(year, number, int(parts.get("day", 1)))
    if "day_of_year" in parts:
        day = date(year, 1, 1) + timedelta(days=int(parts["day_of_year"]) - 1)
        if day.year != year:
            raise ValueError("no such day of the year")
    fraction = (parts.get("fraction", "") + "000000")[:6]
    return datetime(
        day.year,
        day.month,
        day.day,
        _hour(parts),
        int(parts.get("minute", 0)),
        int(parts.get("second", 0)),
        int(fraction),
        _zone(parts.get("zone", "Z")),
    )


def _hour(parts: dict[str, str]) -> int:
    if "hour" in parts:
        return int(parts["hour"])
    late = 12 if parts.get("half", "").lower() == "pm" else 0
    if "hour12" in parts:
        hour = int(parts["hour12"])
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        return hour % 12 + late
    if "hour24" in parts:
        return int(parts["hour24"]) % 24
    return int(parts.get("hour11", 0)) + late


def _zone(text: str) -> timezone:
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[0] == "-" else offset)


def _writer(letter: str, width: int) -> Writer:
    match letter:
        case "y":
            return _year(width, lambda moment: moment.year)
        case "Y":
            return _year(width, lambda moment: moment.isocalendar().year)
        case "M" | "L" if width > 2:
            end = 3 if width == 3 else None
            return lambda moment: MONTHS[moment.month - 1][:end]
        case "E":
            end = 3 if width < 4 else None
            return lambda moment: WEEKDAYS[moment.weekday()][:end]
        case "G":
            return lambda moment: "AD"
        case "a":
            return lambda moment: "AM" if moment.hour < 12 else "PM"
        case "S":
            return lambda moment: f"{moment.microsecond:06d}"[:width].ljust(width, "0")
        case "z":
            return lambda moment: "UTC" if not moment.utcoffset() else _offset(moment, ":")
        case "Z":
            return lambda moment: _offset(moment, "")
        case "X":
            return lambda moment: _short_offset(moment, width)
        case _:
            number = _NUMBERS[letter]
            return lambda moment: f"{number(moment):0{width}d}"


_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "M": lambda moment: moment.month,
    "L": lambda moment: moment.month,
    "w": lambda moment: moment.isocalendar().week,
    "W": lambda moment: (moment.day + moment.replace(day=1).weekday() - 1) // 7 + 1,
    "D": lambda moment: moment.timetuple().tm_yday,
    "d": lambda moment: moment.day,
    "F": lambda moment: (moment.day - 1) // 7 + 1,
    "u": lambda moment: moment.isoweekday(),
    "H": lambda moment: moment.hour,
    "k": lambda moment: moment.hour or 24,
    "K": lambda moment: moment.hour % 12,
    "h": lambda moment: moment.hour % 12 or 12,
    "m": lambda moment: moment.minute,
    "s": lambda moment: moment.second,
}


def _year(width: int, year: Callable[[datetime], int]) -> Writer:
    if width == 2:
        return lambda moment: f"{year(moment) % 100:02d}"
    return lambda moment: f"{year(moment):0{max(width, 4)}d}"


def _offset(moment: datetime, between: str) -> str:
    offset = moment.utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}{between}{abs(minutes) % 60:02d}"


def _short_offset(moment: datetime, width: int) -> str:
    if not moment.utcoffset():
        return "Z"
    if width == 1 and _offset(moment, "").endswith("00"):
        return _offset(moment, "")[:3]
    return _offset(moment, ":" if width == 3 else "")
