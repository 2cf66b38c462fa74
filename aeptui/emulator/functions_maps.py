"""Data Prep's functions on maps, on objects in arrays, and on the parts of dates and addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aeptui.emulator.catalogue import as_array, as_object, function
from aeptui.emulator.coercion import MapperError, shown, to_moment, to_text, to_whole
from aeptui.emulator.functions_values import make_date_time, pairs_of

# -- maps


def _keys(values: tuple[Any, ...]) -> list[str]:
    """Keys that are given one by one, or as one array."""
    found = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
    return [to_text(each) for each in found if each is not None]


@function(
    "Hierarchies - Map",
    "map_get_values(map, key...)",
    "The values under the keys, in the keys' order.",
    'map_get_values(to_map("a", 1, "b", 2), "b")',
    "[2]",
    "array",
)
def _map_get_values(held: Any, *keys: Any) -> list[Any] | None:
    if held is None:
        return None
    return [as_object(held)[key] for key in _keys(keys) if key in as_object(held)]


@function(
    "Hierarchies - Map",
    "map_has_keys(map, key...)",
    "Whether the map has any of the keys.",
    'map_has_keys(to_map("a", 1), "a", "b")',
    "true",
    "boolean",
)
def _map_has_keys(held: Any, *keys: Any) -> bool:
    return held is not None and any(key in as_object(held) for key in _keys(keys))


@function(
    "Hierarchies - Map",
    "add_to_map(map, entry...)",
    "The map with more entries: keys and values in turn, or other maps.",
    'add_to_map(to_map("a", 1), "b", 2)',
    '{"a": 1, "b": 2}',
    "map",
)
def _add_to_map(held: Any, *entries: Any) -> dict[str, Any]:
    whole = {} if held is None else dict(as_object(held))
    if entries and all(isinstance(each, dict) for each in entries):
        for each in entries:
            whole |= each
        return whole
    return whole | pairs_of(entries)


@function(
    "Hierarchies - Map",
    "object_to_map(object)",
    "A map of the names and values of an object.",
    'object_to_map(to_object("a", 1))',
    '{"a": 1}',
    "map",
)
def _object_to_map(value: Any) -> dict[str, Any] | None:
    return None if value is None else dict(as_object(value))


@function(
    "Hierarchies - Map",
    "array_to_map(objects, key_field)",
    "A map of objects, each under the value of one of its fields.",
    'array_to_map([to_object("id", "x")], "id")',
    '{"x": {"id": "x"}}',
    "map",
)
def _array_to_map(objects: Any, field: Any) -> dict[str, Any] | None:
    if objects is None:
        return None
    name = to_text(field)
    found = {}
    for each in as_array(objects):
        if as_object(each).get(name) is None:
            raise MapperError(f"an object has no {shown(name)} to be found by")
        found[to_text(each[name])] = each
    return found


# -- objects


@function(
    "Hierarchies - Objects",
    "arrays_to_objects(entry...)",
    "An array of objects; names and arrays of their values in turn.",
    'arrays_to_objects("sku", ["a", "b"], "price", [1, 2])',
    '[{"sku": "a", "price": 1}, {"sku": "b", "price": 2}]',
    "array",
)
def _arrays_to_objects(*entries: Any) -> list[dict[str, Any]]:
    columns = {
        name: [] if values is None else as_array(values)
        for name, values in pairs_of(entries).items()
    }
    length = max((len(values) for values in columns.values()), default=0)
    return [
        {name: values[place] for name, values in columns.items() if place < len(values)}
        for place in range(length)
    ]


@function(
    "Hierarchies - Objects",
    "get_values(string, key, value_mark, pair_mark?)",
    "The value of a key in a string of pairs, without the white space around it.",
    'get_values("first - Ann , last - Lee", "last", "-", ",")',
    '"Lee"',
)
def _get_values(text: Any, key: Any, value_mark: Any, pair_mark: Any = ",") -> str | None:
    if text is None:
        return None
    between, after = to_text(value_mark), to_text(pair_mark)
    if not between or not after:
        raise MapperError("a delimiter is empty")
    for pair in to_text(text).split(after):
        name, found, value = pair.partition(between)
        if found and name.strip() == to_text(key).strip():
            return value.strip()
    return None


# -- dates and addresses

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


@function(
    "URL",
    "get_url_query_str(url, anchor)",
    "The query of a URL as a map; its anchor is to retain, remove or append.",
    'get_url_query_str("https://adobe.com/?name=ferret#nose", "append")',
    '{"name": "ferret", "_anchor_": "nose"}',
    "map",
)
def _get_url_query_str(text: Any, anchor: Any) -> dict[str, str] | None:
    wanted = to_text(anchor).lower()
    if wanted not in ("retain", "remove", "append"):
        raise MapperError(f"{shown(anchor)} is none of retain, remove and append")
    if text is None:
        return None
    try:  # an address that is none gives null, not an error
        address = urlsplit(to_text(text))
        pairs = dict(parse_qsl(address.query, keep_blank_values=True, max_num_fields=1000))
    except ValueError:
        return None
    if not address.scheme or not address.netloc:
        return None
    if address.fragment and wanted == "append":
        pairs["_anchor_"] = address.fragment
    elif address.fragment and wanted == "retain" and pairs:
        last = next(reversed(pairs))
        pairs[last] = f"{pairs[last]}#{address.fragment}"
    return pairs
