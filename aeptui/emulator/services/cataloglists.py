"""How Catalog lists a collection: filters, order, pages and projections of its query string.

Every Catalog collection obeys the same rules, and its answer is an object keyed by id
whose order is the order that was asked for.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from starlette.datastructures import QueryParams

from aeptui.emulator.errors import Refusal, catalog_error
from aeptui.emulator.regexes import RegexTrouble, regex

LIMIT = 20
MOST = 100
MOST_WITH_SCHEMA = 20  # each object then carries a whole schema

_CONDITION = re.compile(r"(?P<name>!?[^=!<>~]+?)(?:(?P<op>==|!=|<=|>=|<|>|~)(?P<value>.*))?")
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_TIMES: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "createdAfter": ("created", gt),
    "createdBefore": ("created", lt),
    "startAfter": ("started", gt),
    "startBefore": ("started", lt),
    "endAfter": ("completed", gt),
    "endBefore": ("completed", lt),
}
_NOT_FILTERS = frozenset({"limit", "start", "orderBy", "property", "properties", "aggregate"})


class Entry(NamedTuple):
    """An object of a collection under its id."""

    id: str
    body: dict[str, Any]


Test = Callable[[Entry], bool]
Relation = Callable[[Entry], Iterable[str]]


def listed(
    entries: Iterable[Entry], query: QueryParams, relations: Mapping[str, Relation] | None = None
) -> list[Entry]:
    """The entries of the page that the query asks for.

    `relations` are the parameters that look beyond the object's own attributes, such as
    `dataSet` of a batch; each gives the values that an entry has.
    """
    tests = [*_tests(query, relations or {})]
    limit, start = _limit(query), _whole(query, "start", 0)
    chosen = [entry for entry in entries if all(test(entry) for test in tests)]
    return _ordered(chosen, query.get("orderBy"))[start : start + limit]


def answer(entries: Iterable[Entry], query: QueryParams) -> dict[str, dict[str, Any]]:
    """The body: objects keyed by id, cut down to the wanted `properties`."""
    wanted = [name for text in query.getlist("properties") for name in text.split(",") if name]
    if not wanted:
        return {entry.id: entry.body for entry in entries}
    return {
        entry.id: {name: entry.body[name] for name in wanted if name in entry.body}
        for entry in entries
    }


def _tests(query: QueryParams, relations: Mapping[str, Relation]) -> Iterable[Test]:
    for name, text in query.multi_items():
        if name == "property":
            yield _condition(text)
        elif name == "tags":
            yield from (_tag(pair) for pair in text.split(","))
        elif name in _TIMES:
            attribute, compare = _TIMES[name]
            yield _at(attribute, compare, _whole(query, name, 0))
        elif name in relations:
            yield _one_of(text, relations[name])
        elif name not in _NOT_FILTERS:
            yield _one_of(text, lambda entry, name=name: _texts(entry, name))  # type: ignore[misc]


def _one_of(text: str, of: Relation) -> Test:
    """`a,b` for either, `!a,b` for neither."""
    wanted = set(text.removeprefix("!").split(","))
    if text.startswith("!"):
        return lambda entry: not wanted & set(of(entry))
    return lambda entry: bool(wanted & set(of(entry)))


def _at(attribute: str, compare: Callable[[Any, Any], bool], moment: int) -> Test:
    def test(entry: Entry) -> bool:
        value = entry.body.get(attribute)
        return isinstance(value, int) and compare(value, moment)

    return test


def _tag(pair: str) -> Test:
    name, _, value = pair.rpartition(":")
    if not name:
        raise catalog_error(400, f"The tag {pair} has no value after a colon.")

    def test(entry: Entry) -> bool:
        held = (entry.body.get("tags") or {}).get(name)
        if held is None:
            return False
        texts = [_text(one) for one in held] if isinstance(held, list) else [_text(held)]
        return value == "*" or value in texts

    return test


def _condition(text: str) -> Test:
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        raise catalog_error(400, f"The filter {text} is not a condition on a property.")
    name, op, value = match["name"], match["op"], match["value"]
    if op is None:
        absent = name.startswith("!")
        return lambda entry: (entry.body.get(name.lstrip("!")) is None) == absent
    if op == "~" or (op in ("==", "!=") and name == "name" and "*" in value):
        finds = _finder(value if op == "~" else _wildcard(value), text)
        return lambda entry: any(map(finds, _texts(entry, name))) == (op != "!=")
    if op == "==":
        return lambda entry: value in _texts(entry, name)
    if op == "!=":
        return lambda entry: value not in _texts(entry, name)
    compare, wanted = _ORDERED[op], _sortable(value)
    return lambda entry: any(compare(_sortable(v), wanted) for v in _texts(entry, name))


def _finder(source: str, text: str) -> Callable[[str], bool]:
    def finds(value: str) -> bool:
        try:
            return pattern.search(value) is not None
        except RegexTrouble as trouble:
            raise refused(trouble) from None

    def refused(trouble: RegexTrouble) -> Refusal:
        return catalog_error(400, f"The filter {text} cannot be used: {trouble}.")

    try:
        pattern = regex(source)
    except RegexTrouble as trouble:
        raise refused(trouble) from None
    return finds


def _wildcard(value: str) -> str:
    """`*` for anything, `**` for the asterisk itself."""
    parts = [".*".join(map(re.escape, part.split("*"))) for part in value.split("**")]
    return rf"(?s)\A{re.escape('*').join(parts)}\Z"


def _ordered(entries: list[Entry], order: str | None) -> list[Entry]:
    for field in reversed((order or "").split(",")):
        direction, _, name = field.strip().rpartition(":")
        if not name:
            continue
        if direction not in ("", "asc", "desc"):
            raise catalog_error(400, f"{direction} is no direction; it is asc or desc.")
        entries = sorted(
            entries,
            key=lambda entry, name=name: _sortable(entry.body.get(name, "")),  # type: ignore[misc]
            reverse=direction == "desc",
        )
    return entries


def _limit(query: QueryParams) -> int:
    wanted = ",".join(query.getlist("properties")).split(",")
    most = MOST_WITH_SCHEMA if "observableSchema" in wanted else MOST
    limit = _whole(query, "limit", LIMIT)
    if not 1 <= limit <= most:
        raise catalog_error(400, f"limit must be from 1 to {most}.")
    return limit


def _whole(query: QueryParams, name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise catalog_error(400, f"{name} must be a whole number.")
    return int(text)


def _texts(entry: Entry, name: str) -> list[str]:
    value = entry.id if name == "id" else entry.body.get(name)
    if value is None:
        return []
    return [_text(one) for one in value] if isinstance(value, list) else [_text(value)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sortable(value: Any) -> tuple[bool, float, str]:
    """Numbers before words: numbers by size, words by code point."""
    try:
        return (False, float(value), "")
    except (TypeError, ValueError):
        return (True, 0.0, str(value))
