"""Data Prep's functions on other values: logic, conversion, objects and arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aeptui.emulator.catalogue import Moment, as_array, as_object, bounded, function
from aeptui.emulator.coercion import (
    MapperError,
    shown,
    to_number,
    to_text,
    to_whole,
)
from aeptui.emulator.operators import same, truth

# -- logic and conversion

Thunk = Callable[[], Any]


@function(
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


@function(
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


@function(
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


@function(
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


@function(
    "Type Conversions", "to_bigint(value)", "A 64-bit integer.", 'to_bigint("12")', "12", "long"
)
def _to_bigint(value: Any) -> int | None:
    return None if value is None else to_whole(value)


@function(
    "Type Conversions", "to_decimal(value)", "A number.", 'to_decimal("20.56")', "20.56", "double"
)
def _to_decimal(value: Any) -> float | None:
    return None if value is None else float(to_number(value))


@function(
    "Type Conversions", "to_float(value)", "A number.", 'to_float("20.56")', "20.56", "double"
)
def _to_float(value: Any) -> float | None:
    return None if value is None else float(to_number(value))


@function(
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


@function("Special Operations", "uuid()", "A new id.", "uuid()", '"7c0267d2-..."', takes="moment")
@function("Special Operations", "guid()", "A new id.", "guid()", '"7c0267d2-..."', takes="moment")
def _uuid(moment: Moment) -> str:
    return moment.new_id()


# -- objects, arrays, maps


@function("Hierarchies - Objects", "size_of(value)", "How many.", "size_of([1, 2])", "2", "integer")
def _size_of(value: Any) -> int:
    if value is None:
        return 0
    return len(value) if isinstance(value, str | list | dict) else 1


@function(
    "Hierarchies - Objects",
    "is_empty(value)",
    "Whether there is nothing.",
    'is_empty("")',
    "true",
    "boolean",
)
def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


@function("Hierarchies - Objects", "nullify()", "Null.", "nullify()", "null", "any")
def _nullify() -> None:
    return None


@function(
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


@function(
    "Hierarchies - Objects",
    "to_object(pair...)",
    "An object of names and values.",
    'to_object("a", 1, "b", 2)',
    '{"a": 1, "b": 2}',
    "object",
)
@function(
    "Hierarchies - Map",
    "to_map(pair...)",
    "A map of keys and values.",
    'to_map("a", 1)',
    '{"a": 1}',
    "map",
)
def _to_object(*pairs: Any) -> dict[str, Any]:
    return pairs_of(pairs)


def pairs_of(pairs: tuple[Any, ...]) -> dict[str, Any]:
    """Names and values that come in turn."""
    if len(pairs) % 2:
        raise MapperError("a name at the end has no value")
    return {to_text(pairs[at]): pairs[at + 1] for at in range(0, len(pairs), 2)}


@function(
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


@function(
    "Hierarchies - Objects",
    "get_keys(object)",
    "The names in an object.",
    'get_keys(to_object("a", 1))',
    '["a"]',
    "array",
)
def _get_keys(value: Any) -> list[str] | None:
    return None if value is None else list(as_object(value))


def _members(values: tuple[Any, ...]) -> list[Any]:
    """The values, or the items when the only value is an array."""
    return values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)


@function("Hierarchies - Arrays", "first(value...)", "The first.", "first([1, 2])", "1", "any")
def _first(*values: Any) -> Any:
    return next(iter(_members(values)), None)


@function("Hierarchies - Arrays", "last(value...)", "The last.", "last([1, 2])", "2", "any")
def _last(*values: Any) -> Any:
    return next(reversed(_members(values)), None)


@function(
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


@function(
    "Hierarchies - Arrays",
    "add_to_array(array, value...)",
    "The array with the values at its end.",
    "add_to_array([1], 2)",
    "[1, 2]",
    "array",
)
def _add_to_array(array: Any, *values: Any) -> list[Any]:
    return [*([] if array is None else as_array(array)), *values]


# What these two say to Profile, where records of one person are merged, is not emulated.
@function(
    "Hierarchies - Arrays",
    "upsert_array_append(array)",
    "The array, to be added to the one in Profile.",
    "upsert_array_append([1, 2])",
    "[1, 2]",
    "array",
)
def _upsert_array_append(array: Any) -> list[Any] | None:
    return None if array is None else as_array(array)


@function(
    "Hierarchies - Arrays",
    "upsert_array_replace(array, index?)",
    "The array, to stand in Profile instead of the one there, or of its items from an index on.",
    "upsert_array_replace([1, 2])",
    "[1, 2]",
    "array",
)
def _upsert_array_replace(array: Any, index: Any = 0) -> list[Any] | None:
    bounded(index, "the index")
    return None if array is None else as_array(array)


@function(
    "Hierarchies - Arrays",
    "join_arrays(array...)",
    "The items of all arrays.",
    "join_arrays([1], [2])",
    "[1, 2]",
    "array",
)
def _join_arrays(*arrays: Any) -> list[Any]:
    return [item for array in arrays if array is not None for item in as_array(array)]


def _ordered(values: tuple[Any, ...], choose: Callable[[list[Any]], Any]) -> Any:
    found = [each for each in _members(values) if each is not None]
    kinds = {str(type(each)) if not isinstance(each, int | float) else "number" for each in found}
    if len(kinds) > 1 or kinds & {str(dict), str(list)}:
        raise MapperError("the values have no common order")
    return choose(found) if found else None


@function("Aggregation", "min(value...)", "The least value.", "min(3, 1, 2)", "1", "any")
def _min(*values: Any) -> Any:
    return _ordered(values, min)


@function("Aggregation", "max(value...)", "The greatest value.", "max(3, 1, 2)", "3", "any")
def _max(*values: Any) -> Any:
    return _ordered(values, max)
