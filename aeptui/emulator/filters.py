"""Flow Service's list grammar: `property`, `orderby`, `limit`, `count`, `continuationToken`.

A page is the documents after a key in an order under a filter; the token carries all of it,
sealed, so that it can be sent alone or with the query that it came from, and no other.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from aeptui.emulator.documents import Document
from aeptui.emulator.errors import flow_error

DEFAULT_LIMIT = 20
MOST = 100
PARAMETERS = frozenset({"property", "orderby", "limit", "count", "continuationToken"})

_FILTER = re.compile(r"\s*([^=!<>~*()\s]+)\s*([=!<>~*()]+)\s*(.*?)\s*", re.DOTALL)
_OPERATORS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_VALUE = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)')
_WITHOUT_CASE = frozenset({"status", "state"})

# Runs carry no `state`, yet filtering them by it is documented.
RUN_ALIASES = {"state": "metrics.statusSummary.status"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One `property`: a path, an operator, and the values of which one has to fit."""

    path: tuple[str, ...]
    operator: str
    values: tuple[str, ...]

    def __call__(self, body: Mapping[str, Any]) -> bool:
        found = list(_reach(body, self.path))
        if self.operator == "==":
            return any(_equal(each, value, self.path) for each in found for value in self.values)
        if self.operator == "!=":
            return not any(
                _equal(each, value, self.path) for each in found for value in self.values
            )
        return any(_ordered(each, self.operator, self.values[0]) for each in found)


class Property:
    """All the `property` parameters of a query: every one has to hold."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self.conditions = tuple(conditions)

    def __call__(self, body: Mapping[str, Any]) -> bool:
        return all(condition(body) for condition in self.conditions)

    @classmethod
    def parse(
        cls,
        texts: Iterable[str],
        known: Collection[str],
        aliases: Mapping[str, str] | None = None,
    ) -> "Property":
        """`known` are the first names of the paths that there are; refuses with FLOW-14xx."""
        return cls(_condition(text, known, aliases or {}) for text in texts)


def _condition(text: str, known: Collection[str], aliases: Mapping[str, str]) -> Condition:
    parts = _FILTER.fullmatch(text)
    if parts is None:
        raise flow_error("1440-400", f"The filter {text[:200]} has no operator.")
    name, operator, rest = parts.groups()
    if operator not in _OPERATORS:
        raise flow_error("1450-400", f"The operator {operator[:20]} is not supported.")
    name = aliases.get(name, name)
    path = tuple(name.split("."))
    if path[0].removesuffix("[]") not in known or not all(path):
        raise flow_error("1449-400", f"The property {name[:200]} is not known.")
    values = _values(rest)
    if not all(values):
        raise flow_error("1453-400", f"The filter on {name[:200]} has an empty value.")
    if len(values) > 1:
        if name == "createdAt":
            raise flow_error("1452-400", "createdAt takes one value.")
        if operator not in ("==", "!="):
            sentence = f"The operator {operator} takes one value; only equality takes several."
            raise flow_error("1443-400", sentence)
    if name == "id" and operator not in ("==", "!="):
        raise flow_error("1448-400", f"The operator {operator} is not supported on id.")
    return Condition(path, operator, values)


def _values(text: str) -> tuple[str, ...]:
    """The comma list; a value in quotation marks may hold commas."""
    if not text:
        return ("",)
    values: list[str] = []
    place = 0
    while place <= len(text):
        match = _VALUE.match(text, place)
        if match is None:  # a quotation mark in the middle: take the rest as it stands
            values.append(text[place:].strip())
            break
        quoted, bare = match.groups()
        values.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare.strip())
        if match.end() == len(text) and not match.group(0).endswith(","):
            break
        place = match.end()
    return tuple(values)


def _reach(node: Any, path: tuple[str, ...]) -> Iterable[Any]:
    """The values at a path; an array is only entered where the path says `[]`."""
    if not path:
        yield node
        return
    head, rest = path[0], path[1:]
    name = head.removesuffix("[]")
    if not isinstance(node, Mapping) or name not in node:
        return
    inner = node[name]
    if head.endswith("[]"):
        if isinstance(inner, list):
            for each in inner:
                yield from _reach(each, rest)
    elif not isinstance(inner, list):
        yield from _reach(inner, rest)


def _equal(found: Any, value: str, path: tuple[str, ...]) -> bool:
    if isinstance(found, bool):
        return value.lower() == ("true" if found else "false")
    if isinstance(found, int | float):
        number = to_number(value)
        return number is not None and number == found
    if not isinstance(found, str):
        return False
    if path[-1] in _WITHOUT_CASE:
        return found.lower() == value.lower()
    return found == value


def _ordered(found: Any, operator: str, value: str) -> bool:
    left: Any = found
    right: Any = value
    if isinstance(found, bool):
        return False
    if isinstance(found, int | float):
        right = to_number(value)
        if right is None:
            return False
    elif not isinstance(found, str):
        return False
    match operator:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case _:
            return bool(left >= right)


def to_number(text: str) -> float | None:
    """The number that a filter's value is, if it is one."""
    try:
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,300}", text) else float(text)
    except ValueError:
        return None


def sort_key(path: tuple[str, ...]) -> Callable[[Document], tuple[int, Any, int]]:
    """A total order over documents by the value at a path, then by their creation."""

    def key(document: Document) -> tuple[int, Any, int]:
        return (*_rank(next(iter(_reach(document.body, path)), None)), document.seq)

    return key


def _rank(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool | int | float):
        return 1, value
    return (2, value) if isinstance(value, str) else (0, 0)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list call asks for, checked."""

    properties: tuple[str, ...]
    matches: Property
    order: tuple[str, ...] | None
    descending: bool
    limit: int
    count: bool
    after: tuple[Any, ...] | None = None

    def sorted(self, documents: Iterable[Document]) -> list[Document]:
        found = [each for each in documents if self.matches(each.body)]
        if self.order is not None:
            found.sort(key=sort_key(self.order), reverse=self.descending)
        return found

    def page(self, documents: Iterable[Document]) -> tuple[list[Document], bool]:
        """The documents of this page, and whether there are more after it."""
        found = self.sorted(documents)
        if self.after is not None:
            found = [each for each in found if self.is_after(each)]
        return found[: self.limit], len(found) > self.limit

    def place(self, document: Document) -> tuple[Any, ...]:
        """Where a document stands in this listing's order."""
        return (document.seq,) if self.order is None else sort_key(self.order)(document)

    def is_after(self, document: Document) -> bool:
        """Whether a document stands after the place that was reached."""
        place, after = self.place(document), self.after or ()
        return place < after if self.descending else place > after


def read(
    query: QueryParams,
    known: Collection[str],
    key: bytes,
    collection: str,
    aliases: Mapping[str, str] | None = None,
    extra: Collection[str] = (),
    most: int = MOST,
) -> Listing:
    """The listing that a query asks for; `key` seals tokens, `collection` is part of the seal.

    A limit over `most` is brought down to it.
    """
    for name in query:
        if name not in PARAMETERS and name not in extra:
            raise flow_error("1451-400", f"The query parameter {name[:100]} is not known.")
    properties = tuple(query.getlist("property"))
    orderby = query.get("orderby", "")
    limit = _limit(query.get("limit"), most)
    after = None
    token = query.get("continuationToken")
    if token is not None:
        held = open_token(token, key, collection)
        if (properties and sorted(properties) != sorted(held["p"])) or (
            orderby and _plain(orderby) != _plain(held["o"])
        ):
            sentence = "The continuationToken belongs to a query with other filters or order."
            raise flow_error("1400-400", sentence)
        properties, orderby, after = tuple(held["p"]), held["o"], tuple(held["k"])
        limit = limit or held["l"]
    count = query.get("count", "false").strip().lower() == "true"
    if count and query.get("limit") is not None:
        raise flow_error("1401-400", "limit cannot be used together with count.")
    order, descending = _order(orderby, known)
    matches = Property.parse(properties, known, aliases)
    return Listing(properties, matches, order, descending, limit or DEFAULT_LIMIT, count, after)


def make_token(listing: Listing, last: Document, key: bytes, collection: str) -> str:
    """An opaque, padded token for what comes after `last`."""
    sign = "-" if listing.descending else "+"
    held = {
        "p": list(listing.properties),
        "o": "" if listing.order is None else sign + ".".join(listing.order),
        "l": listing.limit,
        "k": list(listing.place(last)),
    }
    text = json.dumps(held, separators=(",", ":")).encode()
    while len(text) % 3 != 1:  # so that every token ends in padding, as the platform's do
        text += b" "
    return base64.urlsafe_b64encode(_seal(text, key, collection) + text).decode()


def open_token(token: str, key: bytes, collection: str) -> dict[str, Any]:
    bare = token.strip().rstrip("=")
    try:
        data = base64.urlsafe_b64decode((bare + "=" * (-len(bare) % 4)).encode("ascii"))
    except (ValueError, binascii.Error):
        data = b""
    seal, text = data[:15], data[15:]
    if not hmac.compare_digest(seal, _seal(text, key, collection)):
        raise flow_error("1400-400", "The continuationToken is not valid for this collection.")
    held: dict[str, Any] = json.loads(text)
    return held


def _seal(text: bytes, key: bytes, collection: str) -> bytes:
    return hmac.digest(key, collection.encode() + b"\0" + text, hashlib.sha256)[:15]


def _limit(text: str | None, most: int) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise flow_error("1401-400", "limit must be a whole number, at least 1.")
    return min(int(text), most)


def _plain(orderby: str) -> str:
    """`+name`, ` name` (an unencoded plus) and `name` are the same order."""
    return orderby.strip().removeprefix("+")


def _order(orderby: str, known: Collection[str]) -> tuple[tuple[str, ...] | None, bool]:
    text = orderby.strip()
    if not text:
        return None, False
    if "," in text:
        raise flow_error("1432-400", "orderby takes one field.")
    descending = text.startswith("-")
    path = tuple(text.lstrip("+-").split("."))
    if not all(path) or path[0] not in known:
        raise flow_error("1433-400", f"orderby does not know the field {text[:200]}.")
    return path, descending
