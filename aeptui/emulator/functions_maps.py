"""Data Prep's functions on maps, and on objects in arrays."""

from __future__ import annotations

from typing import Any

from aeptui.emulator.catalogue import as_array, as_object, function
from aeptui.emulator.coercion import MapperError, shown, to_text
from aeptui.emulator.functions_values import pairs_of

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
