"""Lists of the Schema Registry: property filters, order, and pages that begin after a value.

A page starts strictly after the value that `start` gives for the first field of `orderby`,
so a page may not end between two resources with the same value: `limit` is a hint.
"""

import re
from collections.abc import Callable, Iterable
from operator import ge, gt, le, lt
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from aeptui.emulator.calls import Call
from aeptui.emulator.errors import Refusal, registry_error
from aeptui.emulator.regexes import RegexTrouble, regex

# No published page names the code of a request that is malformed; here it is this one.
MALFORMED = "1000-400"
LIMIT = 300
MOST = 500

_CONDITION = re.compile(r"(?P<name>[^=!<>~]+?)(?:(?P<op>==|!=|<=|>=|<|>|~)(?P<value>.*))?")
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_ALIASES = {"updated": "repo:lastModifiedDate", "created": "repo:createdDate"}


class Page(NamedTuple):
    """Part of a list; `next` is where the rest begins, None when nothing is left."""

    results: list[dict[str, Any]]
    orderby: str
    next: str | None


def value_of(body: dict[str, Any], name: str) -> Any:
    """A top-level attribute; `created` and `updated` are kept in the registry's metadata."""
    if name in body or name not in _ALIASES:
        return body.get(name)
    return body.get("meta:registryMetadata", {}).get(_ALIASES[name])


def malformed(sentence: str) -> Refusal:
    return registry_error(MALFORMED, sentence)


def filtered(
    bodies: Iterable[dict[str, Any]],
    conditions: list[str],
    refusal: Callable[[str], Refusal] = malformed,
) -> list[dict[str, Any]]:
    """Those that every `property` condition holds for; a bad one is refused in `refusal`'s shape."""
    checks = [_condition(text, refusal) for text in conditions]
    return [body for body in bodies if all(check(body) for check in checks)]


def _condition(text: str, refusal: Callable[[str], Refusal]) -> Callable[[dict[str, Any]], bool]:
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        raise refusal(f"The filter {text} is not a condition on a property.")
    name, op, value = match["name"].strip(), match["op"], match["value"]
    if op is None:
        return lambda body: value_of(body, name) is not None
    if op == "~":

        def fits(body: dict[str, Any]) -> bool:
            try:
                return any(pattern.search(v) for v in _texts(value_of(body, name)))
            except RegexTrouble as trouble:
                raise refusal(f"The filter {text} cannot be used: {trouble}.") from None

        try:
            pattern = regex(value)
        except RegexTrouble as trouble:
            raise refusal(f"The filter {text} cannot be used: {trouble}.") from None
        return fits
    if op == "==":
        return lambda body: value in _texts(value_of(body, name))
    if op == "!=":
        return lambda body: value not in _texts(value_of(body, name))
    compare, wanted = _ORDERED[op], _comparable(value)
    return lambda body: any(compare(_comparable(v), wanted) for v in _texts(value_of(body, name)))


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [_text(one) for one in value]
    return [_text(value)]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _comparable(text: str) -> tuple[float, str]:
    """Numbers before words, by size; `1.10` is a number here, as it is for the registry."""
    try:
        return (float(text), "")
    except ValueError:
        return (float("inf"), text)


def paged(bodies: list[dict[str, Any]], query: QueryParams) -> Page:
    """The page that `orderby`, `start` and `limit` ask for."""
    orderby = query.get("orderby") or query.get("orderBy")
    start = query.get("start")
    if orderby is None:
        # A limit without an order is a hint that nothing follows from: Adobe's client sends it so.
        _limit(query.get("limit"))
        if start is not None:
            raise malformed("start can only be used together with orderby.")
        newest = sorted(bodies, key=lambda b: _sortable(value_of(b, "updated")))
        return Page(newest, "updated", None)
    limit = _limit(query.get("limit"))
    fields = [field.strip() for field in orderby.split(",") if field.strip()]
    if not fields:
        raise malformed("orderby names no property.")
    ordered = list(bodies)
    for field in reversed(fields):
        name = field.lstrip("+-")
        ordered.sort(
            key=lambda b, name=name: _sortable(value_of(b, name)),  # type: ignore[misc]
            reverse=field.startswith("-"),
        )
    first, falling = fields[0].lstrip("+-"), fields[0].startswith("-")
    keys = [_sortable(value_of(body, first)) for body in ordered]
    begin = 0
    if start is not None:
        after = _sortable(start)
        begin = sum(key >= after if falling else key <= after for key in keys)
    end = min(begin + limit, len(ordered))
    while begin < end < len(ordered) and keys[end] == keys[end - 1]:
        end += 1
    more = begin < end < len(ordered)
    return Page(ordered[begin:end], orderby, keys[end - 1][1] if more else None)


def _sortable(value: Any) -> tuple[int, str]:
    """Digits by size and text by code point, so that a value read back from a URL sorts alike."""
    text = "" if value is None else str(value)
    return (len(text) if text.isdecimal() else -1, text)


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT
    if not text.isdecimal() or not 0 < int(text) <= MOST:
        raise malformed(f"limit must be a whole number from 1 to {MOST}.")
    return int(text)


def answer(page: Page, results: list[Any], call: Call, collection: str) -> dict[str, Any]:
    """The body of a list; links are relative to the service."""
    onward = None
    if page.next is not None:
        kept = [(k, v) for k, v in call.query.multi_items() if k != "start"]
        onward = {"href": f"/{collection}?{urlencode([*kept, ('start', page.next)])}"}
    container, _, kind = collection.partition("/")
    links: dict[str, Any] = {"next": onward}
    if container == "tenant" and kind not in ("descriptors", "unions"):
        links[f"global_{kind}"] = {
            "href": f"{call.base_url}/data/foundation/schemaregistry/global/{kind}"
        }
    return {
        "results": results,
        "_page": {"orderby": page.orderby, "next": page.next, "count": len(results)},
        "_links": links,
    }
