"""Data Prep's functions: each one evaluated, and described as the platform's own list does.

A function that is not here is not in that list either, so nobody is promised more than works.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aeptui.emulator.coercion import (
    MapperError,
    from_ms,
    shown,
    to_boolean,
    to_moment,
    to_number,
    to_text,
    to_whole,
)
from aeptui.emulator.dates import compile_pattern

_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Moment:
    """What an expression may ask beside its row: the time and fresh ids."""

    now_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())


Takes = Literal["values", "moment", "row", "thunks"]


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how it is called, and what the platform's list says about it.

    `takes` is what `call` wants before its arguments: nothing, the moment or the row; with
    `thunks` the arguments are evaluated only when it asks for them.
    """

    name: str
    category: str
    params: tuple[str, ...]  # "?" ends an optional one, "..." one that repeats
    description: str
    returns: str
    example: str
    result: str
    takes: Takes
    call: Callable[..., Any]

    @property
    def least(self) -> int:
        return sum(not param.endswith("?") for param in self.params)

    @property
    def most(self) -> int | None:
        return None if any(each.endswith("...") for each in self.params) else len(self.params)

    def wire(self) -> dict[str, Any]:
        """The function as `/languages/el/functions` lists it."""
        java = {"string": "java.lang.String", "date": "java.time.ZonedDateTime"}
        described = []
        for place, param in enumerate(self.params):
            name = param.rstrip("?.")
            repeated = param.endswith("...")
            described.append(
                {
                    "name": name,
                    "description": f"The {name}s." if repeated else f"The {name}.",
                    "type": "optional" if param.endswith("?") else "required",
                    "dataType": "[Ljava.lang.Object;" if repeated else "java.lang.Object",
                    "position": place,
                }
            )
        return {
            "category": self.category,
            "function": self.name,
            "description": self.description,
            "syntax": f"{self.name}({', '.join(self.params)})",
            "returns": self.returns,
            "returnType": java.get(self.returns, "java.lang.Object"),
            "example": self.example,
            "result": self.result,
            "params": described,
            "since": "1.0",
        }


CATALOGUE: dict[str, Function] = {}


def _function(
    category: str,
    syntax: str,
    description: str,
    example: str,
    result: str,
    returns: str = "string",
    takes: Takes = "values",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enters a function into the catalogue under the name that stands in its syntax."""

    def enter(call: Callable[..., Any]) -> Callable[..., Any]:
        name, _, rest = syntax.rstrip(")").partition("(")
        params = tuple(each.strip() for each in rest.split(",") if each.strip())
        CATALOGUE[name] = Function(
            name, category, params, description, returns, example, result, takes, call
        )
        return call

    return enter


def _size(value: Any, what: str) -> int:
    number = to_whole(value)
    if not 0 <= number <= _LONGEST:
        raise MapperError(f"{what} {number} is not between 0 and {_LONGEST}")
    return number


def _array(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise MapperError(f"{shown(value)} is not an array")


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise MapperError(f"{shown(value)} is not an object")


def _regex(text: Any) -> re.Pattern[str]:
    try:
        return re.compile(to_text(text))
    except (re.error, OverflowError, RecursionError) as reason:
        raise MapperError(f"{shown(text)} is not a regular expression: {reason}") from None


# -- strings


@_function("String", "concat(string...)", "Joins strings.", 'concat("a", "b")', '"ab"')
def _concat(*strings: Any) -> str:
    return "".join([to_text(each) for each in strings if each is not None])


def _on_text(work: Callable[[str], str]) -> Callable[[Any], str | None]:
    return lambda text: None if text is None else work(to_text(text))


for _name, _work, _said, _sample in (
    ("lower", str.lower, "Turns a string into lower case.", ('"HeLLo"', '"hello"')),
    ("lcase", str.lower, "Turns a string into lower case.", ('"HeLLo"', '"hello"')),
    ("upper", str.upper, "Turns a string into upper case.", ('"HeLLo"', '"HELLO"')),
    ("ucase", str.upper, "Turns a string into upper case.", ('"HeLLo"', '"HELLO"')),
    ("trim", str.strip, "Takes white space off both ends.", ('"  a "', '"a"')),
    ("ltrim", str.lstrip, "Takes white space off the start.", ('"  a "', '"a "')),
    ("rtrim", str.rstrip, "Takes white space off the end.", ('"  a "', '"  a"')),
):
    _function("String", f"{_name}(string)", _said, f"{_name}({_sample[0]})", _sample[1])(
        _on_text(_work)
    )


@_function(
    "String",
    "substr(string, start, length?)",
    "A part of a string; the start counts from 0.",
    'substr("This is a test", 7, 3)',
    '" a "',
)
def _substr(text: Any, start: Any, length: Any = None) -> str | None:
    if text is None:
        return None
    first = _size(start, "start")
    end = None if length is None else first + _size(length, "length")
    return to_text(text)[first:end]


@_function(
    "String",
    "replacestr(string, find, replacement)",
    "Replaces every occurrence.",
    'replacestr("a-b-c", "-", "+")',
    '"a+b+c"',
)
def _replacestr(text: Any, find: Any, replacement: Any) -> str | None:
    if text is None:
        return None
    sought = to_text(find)
    made = to_text(text).replace(sought, to_text(replacement)) if sought else to_text(text)
    if len(made) > _LONGEST:
        raise MapperError(f"the string would have {len(made)} characters")
    return made


@_function(
    "String",
    "instr(string, sought, start?, occurrence?)",
    "The place of a string in another, counted from 0; -1 when it is not there.",
    'instr("adobe.com", "com")',
    "6",
    "integer",
)
def _instr(text: Any, sought: Any, start: Any = 0, occurrence: Any = 1) -> int | None:
    if text is None:
        return None
    place = _size(start, "start") - 1
    for _ in range(min(_size(occurrence, "occurrence"), _LONGEST)):
        place = to_text(text).find(to_text(sought), place + 1)
        if place < 0:
            return -1
    return place


@_function(
    "String",
    "split(string, separators)",
    "Splits at any of the separators' characters.",
    'split("a-b c", "- ")',
    '["a", "b", "c"]',
    "array",
)
def _split(text: Any, separators: Any) -> list[str] | None:
    if text is None:
        return None
    marks = to_text(separators)
    return re.split(f"[{re.escape(marks)}]", to_text(text)) if marks else [to_text(text)]


@_function(
    "String",
    "explode(string, regex?)",
    "Splits at a regular expression, by default a comma.",
    'explode("a,b", ",")',
    '["a", "b"]',
    "array",
)
def _explode(text: Any, regex: Any = ",") -> list[str] | None:
    if text is None:
        return None
    return [each or "" for each in _regex(regex).split(to_text(text))]


@_function("String", "join(separator, array)", "Joins an array.", 'join(" ", ["a", "b"])', '"a b"')
def _join(separator: Any, array: Any) -> str | None:
    if array is None:
        return None
    return to_text(separator).join([to_text(each) for each in _array(array) if each is not None])


def _pad(text: Any, length: Any, padding: Any, left: bool) -> str | None:
    if text is None:
        return None
    whole, size = to_text(text), _size(length, "length")
    fill = to_text(padding) if padding else " "
    missing = max(0, size - len(whole))
    extra = (fill * (missing // len(fill) + 1))[:missing]
    return (extra + whole if left else whole + extra)[:size]


@_function(
    "String", "lpad(string, length, padding?)", "Fills the start.", 'lpad("7", 3, "0")', '"007"'
)
def _lpad(text: Any, length: Any, padding: Any = None) -> str | None:
    return _pad(text, length, padding, left=True)


@_function(
    "String", "rpad(string, length, padding?)", "Fills the end.", 'rpad("7", 3, "0")', '"700"'
)
def _rpad(text: Any, length: Any, padding: Any = None) -> str | None:
    return _pad(text, length, padding, left=False)


@_function("String", "left(string, count)", "The first characters.", 'left("abc", 2)', '"ab"')
def _left(text: Any, count: Any) -> str | None:
    return None if text is None else to_text(text)[: _size(count, "count")]


@_function("String", "right(string, count)", "The last characters.", 'right("abc", 2)', '"bc"')
def _right(text: Any, count: Any) -> str | None:
    if text is None:
        return None
    whole = to_text(text)
    return whole[max(0, len(whole) - _size(count, "count")) :]


@_function(
    "String",
    "equals(a, b)",
    "Whether two strings are the same.",
    '"a".equals("a")',
    "true",
    "boolean",
)
def _equals(one: Any, other: Any) -> bool:
    return same(one, other)


@_function(
    "String",
    "equalsIgnoreCase(a, b)",
    "Whether two strings are the same but for their case.",
    '"a".equalsIgnoreCase("A")',
    "true",
    "boolean",
)
def _equals_ignore_case(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return to_text(one).casefold() == to_text(other).casefold()


def same(one: Any, other: Any) -> bool:
    """Equality of values; a boolean is no number, a number in a string is that number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, str):
        return to_text(one) == other
    if isinstance(one, str) and isinstance(other, int | float):
        return one == to_text(other)
    return bool(one == other)


@_function(
    "Regular Expressions",
    "extract_regex(string, regex)",
    "The groups of the first match, the whole match first.",
    'extract_regex("E259,E259B_009", "([^,]+),[^,]*")',
    '["E259,E259B_009", "E259"]',
    "array",
)
def _extract_regex(text: Any, regex: Any) -> list[str | None] | None:
    found = None if text is None else _regex(regex).search(to_text(text))
    return None if found is None else [found.group(0), *found.groups()]


@_function(
    "Regular Expressions",
    "matches_regex(string, regex)",
    "Whether the whole string matches.",
    'matches_regex("abc", "[a-c]+")',
    "true",
    "boolean",
)
def _matches_regex(text: Any, regex: Any) -> bool:
    return text is not None and _regex(regex).fullmatch(to_text(text)) is not None


# -- hashes and addresses

_CHARSETS = {"UTF-8": "utf-8", "UTF-16": "utf-16", "ISO-8859-1": "latin-1", "US-ASCII": "ascii"}


def _bytes(text: Any, charset: Any) -> bytes:
    encoding = _CHARSETS.get(to_text(charset))
    if encoding is None:
        raise MapperError(f"{shown(charset)} is not a character set that is known")
    return to_text(text).encode(encoding, "replace")


def _hash(name: str) -> Callable[..., str | None]:
    def work(text: Any, charset: Any = "UTF-8") -> str | None:
        if text is None:
            return None
        return hashlib.new(name, _bytes(text, charset), usedforsecurity=False).hexdigest()

    return work


for _name, _result in (
    ("sha1", '"86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"'),
    ("sha256", '"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"'),
    ("sha512", '"1f40fc92da24..."'),
    ("md5", '"0cc175b9c0f1b6a831c399e269772661"'),
):
    _function(
        "Hashing",
        f"{_name}(string, charset?)",
        f"The {_name} hash as lower-case hexadecimal digits.",
        f'{_name}("a", "UTF-8")',
        _result,
    )(_hash(_name))


@_function("Hashing", "crc32(string, charset?)", "The CRC-32 checksum.", 'crc32("a")', '"e8b7be43"')
def _crc32(text: Any, charset: Any = "UTF-8") -> str | None:
    return None if text is None else f"{zlib.crc32(_bytes(text, charset)):08x}"


_PORTS = {"http": 80, "https": 443, "ftp": 21, "sftp": 22}


def _url(part: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def work(text: Any) -> Any:
        if text is None:
            return None
        try:  # an address that is none gives null, not an error
            address = urlsplit(to_text(text))
            return part(address) if address.scheme and address.netloc else None
        except ValueError:
            return None

    return work


for _name, _said, _result, _part in (
    ("get_url_protocol", "The scheme of a URL.", '"https"', lambda url: url.scheme),
    ("get_url_host", "The host of a URL.", '"platform.adobe.io"', lambda url: url.hostname),
    (
        "get_url_port",
        "The port of a URL, else its scheme's.",
        "443",
        lambda url: url.port or _PORTS.get(url.scheme),
    ),
):
    _function("URL", f"{_name}(url)", _said, f'{_name}("https://platform.adobe.io/home")', _result)(
        _url(_part)
    )


@_function(
    "URL",
    "get_url_path(url, full?)",
    "The path of a URL, with its query unless full is false.",
    'get_url_path("https://adobe.com/a?b=1", false)',
    '"/a"',
)
def _get_url_path(text: Any, full: Any = True) -> Any:
    query = to_boolean(full)
    return _url(lambda url: url.path + (f"?{url.query}" if url.query and query else ""))(text)


# -- dates


@_function(
    "Date / Time", "now()", "The time.", "now()", '"2026-01-02T03:04:05.000Z"', "date", "moment"
)
def _now(moment: Moment) -> datetime:
    return from_ms(moment.now_ms)


@_function(
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


@_function(
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


@_function(
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


@_function(
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


@_function(
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


@_function(
    "Date / Time",
    "make_date_time(year, month, day, hour, minute, second, nanosecond, zone)",
    "A date of its parts.",
    'make_date_time(2026, 1, 2, 3, 4, 5, 0, "UTC")',
    '"2026-01-02T03:04:05.000Z"',
    "date",
)
def _make_date_time(*parts: Any) -> datetime:
    year, month, day, hour, minute, second, nanosecond = [to_whole(each) for each in parts[:7]]
    zone = _zone(parts[7])
    return datetime(year, month, day, hour, minute, second, nanosecond // 1000, zone)


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(to_text(name))
    except (LookupError, ValueError, OSError):
        raise MapperError(f"{shown(name)} is not a time zone") from None


@_function(
    "Date / Time",
    "zone_date_to_utc(date)",
    "The same moment in UTC.",
    "zone_date_to_utc(now())",
    '"2026-01-02T03:04:05.000Z"',
    "date",
)
def _zone_date_to_utc(moment: Any) -> datetime | None:
    return None if moment is None else to_moment(moment).astimezone(UTC)


@_function(
    "Date / Time",
    "zone_date_to_zone(date, zone)",
    "The same moment in another zone.",
    'zone_date_to_zone(now(), "Europe/Paris")',
    '"2026-01-02T04:04:05.000+01:00"',
    "date",
)
def _zone_date_to_zone(moment: Any, zone: Any) -> datetime | None:
    return None if moment is None else to_moment(moment).astimezone(_zone(zone))


# -- logic and conversion

Thunk = Callable[[], Any]


@_function(
    "Logical",
    "iif(condition, then, otherwise)",
    "One of two values.",
    'iif("a".equals("b"), 1, 2)',
    "2",
    "any",
    "thunks",
)
def _iif(condition: Thunk, then: Thunk, otherwise: Thunk) -> Any:
    return then() if truth(condition()) else otherwise()


def truth(value: Any) -> bool:
    """The truth of a value; null is false."""
    return value is not None and to_boolean(value)


@_function(
    "Logical",
    "decode(key, options...)",
    "The value after the option that equals the key; the odd one out at the end is the default.",
    'decode("k2", "k1", 1, "k2", 2, 0)',
    "2",
    "any",
    "thunks",
)
def _decode(key: Thunk, *options: Thunk) -> Any:
    sought = key()
    for place in range(0, len(options) - 1, 2):
        if same(sought, options[place]()):
            return options[place + 1]()
    return options[-1]() if len(options) % 2 else None


@_function(
    "Hierarchies - Arrays",
    "coalesce(value...)",
    "The first value that is not null.",
    "coalesce(null, 2)",
    "2",
    "any",
    "thunks",
)
def _coalesce(*values: Thunk) -> Any:
    for value in values:
        found = value()
        if found is not None:
            return found
    return None


@_function(
    "Type Conversions",
    "to_integer(value)",
    "A 32-bit integer.",
    'to_integer("12")',
    "12",
    "integer",
)
def _to_integer(value: Any) -> int | None:
    if value is None:
        return None
    number = to_whole(value)
    if not -(2**31) <= number < 2**31:
        raise MapperError(f"{number} does not fit into an integer")
    return number


@_function(
    "Type Conversions", "to_bigint(value)", "A 64-bit integer.", 'to_bigint("12")', "12", "long"
)
def _to_bigint(value: Any) -> int | None:
    return None if value is None else to_whole(value)


@_function(
    "Type Conversions", "to_decimal(value)", "A number.", 'to_decimal("20.56")', "20.56", "double"
)
def _to_decimal(value: Any) -> float | None:
    return None if value is None else float(to_number(value))


@_function(
    "Type Conversions", "to_float(value)", "A number.", 'to_float("20.56")', "20.56", "double"
)
def _to_float(value: Any) -> float | None:
    return None if value is None else float(to_number(value))


@_function(
    "JSON",
    "json_to_object(string)",
    "Reads JSON.",
    "json_to_object('{\"a\": 1}')",
    '{"a": 1}',
    "any",
)
def _json_to_object(text: Any) -> Any:
    try:
        return None if text is None else json.loads(to_text(text))
    except (ValueError, RecursionError):
        raise MapperError(f"{shown(text)} is not JSON") from None


@_function("Special Operations", "uuid()", "A new id.", "uuid()", '"7c0267d2-..."', takes="moment")
@_function("Special Operations", "guid()", "A new id.", "guid()", '"7c0267d2-..."', takes="moment")
def _uuid(moment: Moment) -> str:
    return moment.new_id()


# -- objects, arrays, maps


@_function(
    "Hierarchies - Objects", "size_of(value)", "How many.", "size_of([1, 2])", "2", "integer"
)
def _size_of(value: Any) -> int:
    if value is None:
        return 0
    return len(value) if isinstance(value, str | list | dict) else 1


@_function(
    "Hierarchies - Objects",
    "is_empty(value)",
    "Whether there is nothing.",
    'is_empty("")',
    "true",
    "boolean",
)
def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


@_function("Hierarchies - Objects", "nullify()", "Null.", "nullify()", "null", "any")
def _nullify() -> None:
    return None


@_function(
    "Hierarchies - Objects",
    "contains_key(path)",
    "Whether the source has this attribute.",
    'contains_key("person.name")',
    "false",
    "boolean",
    "row",
)
def _contains_key(row: dict[str, Any], path: Any) -> bool:
    name = to_text(path)
    if name in row:
        return True
    node: Any = row
    for step in name.split("."):
        if not isinstance(node, dict) or step not in node:
            return False
        node = node[step]
    return True


@_function(
    "Hierarchies - Objects",
    "to_object(pair...)",
    "An object of names and values.",
    'to_object("a", 1, "b", 2)',
    '{"a": 1, "b": 2}',
    "object",
)
@_function(
    "Hierarchies - Map",
    "to_map(pair...)",
    "A map of keys and values.",
    'to_map("a", 1)',
    '{"a": 1}',
    "map",
)
def _to_object(*pairs: Any) -> dict[str, Any]:
    if len(pairs) % 2:
        raise MapperError("a name at the end has no value")
    return {to_text(pairs[at]): pairs[at + 1] for at in range(0, len(pairs), 2)}


@_function(
    "Hierarchies - Objects",
    "str_to_object(string, value_mark?, pair_mark?)",
    "An object of a string of pairs.",
    'str_to_object("a:1,b:2")',
    '{"a": "1", "b": "2"}',
    "object",
)
def _str_to_object(text: Any, value_mark: Any = ":", pair_mark: Any = ",") -> Any:
    if text is None:
        return None
    between, after = to_text(value_mark), to_text(pair_mark)
    if not between or not after:
        raise MapperError("a delimiter is empty")
    pairs = [pair.partition(between) for pair in to_text(text).split(after) if pair]
    return {name: value for name, _, value in pairs}


@_function(
    "Hierarchies - Objects",
    "get_keys(object)",
    "The names in an object.",
    'get_keys(to_object("a", 1))',
    '["a"]',
    "array",
)
def _get_keys(value: Any) -> list[str] | None:
    return None if value is None else list(_object(value))


def _members(values: tuple[Any, ...]) -> list[Any]:
    """The values, or the items when the only value is an array."""
    return values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)


@_function("Hierarchies - Arrays", "first(value...)", "The first.", "first([1, 2])", "1", "any")
def _first(*values: Any) -> Any:
    return next(iter(_members(values)), None)


@_function("Hierarchies - Arrays", "last(value...)", "The last.", "last([1, 2])", "2", "any")
def _last(*values: Any) -> Any:
    return next(reversed(_members(values)), None)


@_function(
    "Hierarchies - Arrays",
    "to_array(include_nulls, value...)",
    "An array of the values.",
    "to_array(false, 1, null, 2)",
    "[1, 2]",
    "array",
)
def _to_array(include_nulls: Any, *values: Any) -> list[Any]:
    nulls = truth(include_nulls)
    return [each for each in values if nulls or each is not None]


@_function(
    "Hierarchies - Arrays",
    "add_to_array(array, value...)",
    "The array with the values at its end.",
    "add_to_array([1], 2)",
    "[1, 2]",
    "array",
)
def _add_to_array(array: Any, *values: Any) -> list[Any]:
    return [*([] if array is None else _array(array)), *values]


@_function(
    "Hierarchies - Arrays",
    "join_arrays(array...)",
    "The items of all arrays.",
    "join_arrays([1], [2])",
    "[1, 2]",
    "array",
)
def _join_arrays(*arrays: Any) -> list[Any]:
    return [item for array in arrays if array is not None for item in _array(array)]


def _ordered(values: tuple[Any, ...], choose: Callable[[list[Any]], Any]) -> Any:
    found = [each for each in _members(values) if each is not None]
    kinds = {str(type(each)) if not isinstance(each, int | float) else "number" for each in found}
    if len(kinds) > 1 or kinds & {str(dict), str(list)}:
        raise MapperError("the values have no common order")
    return choose(found) if found else None


@_function("Aggregation", "min(value...)", "The least value.", "min(3, 1, 2)", "1", "any")
def _min(*values: Any) -> Any:
    return _ordered(values, min)


@_function("Aggregation", "max(value...)", "The greatest value.", "max(3, 1, 2)", "3", "any")
def _max(*values: Any) -> Any:
    return _ordered(values, max)
