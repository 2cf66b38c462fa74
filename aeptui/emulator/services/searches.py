"""Flow Service's searches: a list whose filters come in the body, and more of it at once.

What a `queryString` may hold is published by no page; here it is what the query of a list
holds, `property=...` joined by `&`, or the bare conditions joined so.
"""

from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from aeptui.emulator.calls import Call
from aeptui.emulator.errors import flow_error, not_emulated
from aeptui.emulator.services import entities, quirks, specs
from aeptui.emulator.services.entities import CONNECTIONS, FLOWS, Dress
from aeptui.emulator.services.specs import FLOW_SPECS

MOST = 1000


def connections(call: Call) -> Response:
    query = _query(call, call.json_object())
    where = f"{CONNECTIONS.kind}/search"
    return entities.page(call, CONNECTIONS, query, where, MOST, entities.as_stored)


def flows(call: Call) -> Response:
    body = call.json_object()
    projected, dressed = _projection(body), quirks.flows(call)
    query = _query(call, body)
    where = f"{FLOWS.kind}/search"
    return entities.page(call, FLOWS, query, where, MOST, lambda flow: projected(dressed(flow)))


def flow_specs(call: Call) -> Response:
    body = call.json_object()
    if body.get("groupByProperty"):
        raise not_emulated("Grouping flow specs by a property", "flow")
    projected = _projection(body)
    found = specs.listed(call, FLOW_SPECS, _query(call, body), MOST)
    if "items" in found:
        found["items"] = [projected(each) for each in found["items"]]
    return JSONResponse(found)


def _query(call: Call, body: dict[str, Any]) -> QueryParams:
    """The same question as the query of a list."""
    pairs = [("property", condition) for condition in _conditions(body.get("queryString"))]
    for name, kinds in (("orderby", str), ("limit", int), ("count", bool)):
        value = body.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, kinds) or (kinds is int and isinstance(value, bool)):
            raise flow_error("1401-400", f"The field {name} of a search has the wrong type.")
        pairs.append((name, str(value).lower() if kinds is bool else str(value)))
    if isinstance(body.get("limit"), int) and body["limit"] > MOST:
        raise flow_error("1401-400", f"The limit of a search is at most {MOST}.")
    token = call.query.get("continuationToken")
    return QueryParams([*pairs, *([("continuationToken", token)] if token else [])])


def _conditions(text: Any) -> list[str]:
    if text is None:
        return []
    if not isinstance(text, str):
        raise flow_error("1440-400", "The queryString of a search must be text.")
    return [part.removeprefix("property=") for part in text.split("&") if part.strip()]


def _projection(body: dict[str, Any]) -> Dress:
    """What is left of an item when only some of its fields are asked for; its id always is."""
    text = body.get("projectionFields")
    if not text:
        return entities.as_stored
    if not isinstance(text, str):
        raise flow_error("1449-400", "The projectionFields of a search must be text.")
    wanted = {"id", *(name.strip() for name in text.split(","))}
    return lambda item: {name: value for name, value in item.items() if name in wanted}
