"""Data Prep: mapping sets with their versions, trials of them, and the expression language."""

import json
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeptui.emulator import expressions, xdm
from aeptui.emulator.calls import Call, Handler, endpoint
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import plain_error
from aeptui.emulator.services import listing, mappingsets, quirks, resources, suggestions
from aeptui.emulator.world import World

BASE = "/data/foundation/conversion"
LIMIT = 10
MOST = 100

_ORDERS = {
    "createdDate": "createdDate",
    "updatedDate": "modifiedDate",
    "modifiedDate": "modifiedDate",
    "lastUpdateDate": "modifiedDate",
    "name": "name",
}


def routes(world: World) -> list[Route]:
    return [
        _route("/mappingSets", {"GET": list_sets, "POST": post_set}),
        _route("/mappingSets/validate", {"POST": validate}),
        _route("/mappingSets/preview", {"POST": preview}),
        _route("/mappingSets/suggestion", {"GET": suggestion}),
        _route("/mappingSets/{id}", {"GET": get_set, "PUT": put_set, "DELETE": delete_set}),
        _route("/mappingSets/{id}/mappings", {"GET": list_mappings, "POST": post_mapping}),
        _route(
            "/mappingSets/{id}/mappings/{mapping}",
            {"GET": get_mapping, "PUT": put_mapping, "DELETE": delete_mapping},
        ),
        _route("/languages/el/validate", {"POST": validate_expression}),
        _route("/languages/el/functions", {"GET": functions}),
        _route("/languages/el/operators", {"GET": operators}),
    ]


def _route(path: str, handlers: dict[str, Handler]) -> Route:
    return endpoint(BASE + path, handlers, family="plain")


# -- mapping sets


def list_sets(call: Call) -> Response:
    """Newest versions, by their last change when no order is asked for."""
    start, limit = _whole(call, "start", 0, 0), _whole(call, "limit", LIMIT, 1)
    limit = min(limit, MOST)
    bodies = resources.tenant_of(call.world, call.sandbox, mappingsets.KIND)
    bodies = [body for body in bodies if _wanted(call, body)]
    order = call.query.get("orderBy", "lastUpdateDate").strip()
    attribute = _ORDERS.get(order.lstrip("+-"))
    if attribute is None:
        raise plain_error(400, "Invalid request", f"Mapping sets cannot be ordered by {order}.")
    bodies.sort(
        key=lambda body: _sortable(body.get(attribute)),
        reverse=order.startswith("-"),
    )
    page = bodies[start : start + limit]
    links: dict[str, Any] = {}
    if start + limit < len(bodies):
        kept = [(k, v) for k, v in call.query.multi_items() if k not in ("start", "limit")]
        onward = urlencode([*kept, ("start", start + limit), ("limit", limit)])
        links["next"] = {"href": f"/mappingSets?{onward}"}
    return JSONResponse(
        {
            "data": quirks.page_of_sets(call, [_shown(call, body) for body in page]),
            "_page": {"count": len(page), "limit": limit},
            "_links": links,
        }
    )


def _wanted(call: Call, body: dict[str, Any]) -> bool:
    name = call.query.get("name")
    if name is not None and body.get("name") != name:
        return False
    conditions = call.query.getlist("property")
    return bool(listing.filtered([body], conditions, partial(plain_error, 400, "Invalid request")))


def _sortable(value: Any) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, str(value or ""))


def post_set(call: Call) -> Response:
    made = mappingsets.create_mapping_set(
        call.world,
        call.sandbox,
        call.json_object(),
        call.client_id,
        validate=call.query.get("validate") == "true",
    )
    # 200 where one expects 201: so the service has always answered.
    return JSONResponse(made)


def get_set(call: Call) -> Response:
    """One version of a set; without a version the first one, which is the published default."""
    document = _held(call)
    version = call.query.get("version", "0")
    body = mappingsets.version_of(document, version)
    if body is None:
        sentence = f"The mapping set {document.id} has no version {version}."
        raise plain_error(404, "Not found", sentence)
    return JSONResponse(_shown(call, body))


def put_set(call: Call) -> Response:
    return JSONResponse(mappingsets.replace(call.world, _held(call), call.json_object()))


def delete_set(call: Call) -> Response:
    call.world.delete(call.sandbox, mappingsets.KIND, _held(call).id)
    return Response(status_code=204)


def validate(call: Call) -> Response:
    whole = mappingsets.read(call.world, call.sandbox, call.json())
    faults = mappingsets.faults_of(call.world, call.sandbox, whole)
    answers = [
        {"status": "SUCCESS", "errors": None}
        if sentence is None
        else {"status": "FAILED", "errors": [mappingsets.transform_error(one, sentence)]}
        for one, sentence in zip(whole["mappings"], faults, strict=True)
    ]
    return JSONResponse({"validationResponse": answers})


def preview(call: Call) -> Response:
    body = call.json_object()
    data = body.get("data")
    # One record by the documentation's word and the clients' habit, an array by the schema.
    row = data[0] if isinstance(data, list) and len(data) == 1 else data
    if not isinstance(row, dict):
        raise plain_error(400, "Invalid request", "data must hold one record.")
    whole = mappingsets.read(call.world, call.sandbox, body.get("mappingSet"))
    record, errors = mappingsets.preview(call.world, call.sandbox, whole, row)
    return JSONResponse({"data": record, **({"errors": errors} if errors else {})})


def suggestion(call: Call) -> Response:
    """A mapping set that nobody has kept, from a batch's columns to a dataset's fields."""
    dataset, batch = _named(call, "datasetId", "dataSets"), _named(call, "batchId", "batches")
    columns = suggestions.columns_of(call.world, call.sandbox, call.emulator.crm, batch)
    body = {"outputSchema": {"schemaRef": dataset.body.get("schemaRef")}, "mappings": []}
    whole = mappingsets.read(call.world, call.sandbox, body)
    fields = mappingsets.fields_of(call.world, call.sandbox, whole)
    found = suggestions.suggested(columns, fields)
    pairs = [{"source": column, "destination": path} for column, (path, _) in found.items()]
    whole = mappingsets.read(call.world, call.sandbox, {**body, "mappings": pairs})
    for one in whole["mappings"]:
        one["matchScore"] = found[one["source"]][1]
    if call.query.get("excludeUnmapped", "true").lower() != "true":
        rest = [column for column in columns if column not in found]
        unmapped = {"sourceType": "ATTRIBUTE", "destination": None, "matchScore": 0.0}
        whole["mappings"] += [{"source": column, **unmapped} for column in rest]
    return JSONResponse({name: value for name, value in whole.items() if name != "id"})


def _named(call: Call, name: str, kind: str) -> Document:
    """What a parameter of the query names."""
    id = call.query.get(name)
    if not id:
        raise plain_error(400, "Invalid request", f"The request needs a {name}.")
    found = call.world.get(call.sandbox, kind, id)
    if found is None:
        raise plain_error(404, "Not found", f"There is no {kind} resource {id[:100]}.")
    return found


# -- the mappings of a set


def list_mappings(call: Call) -> Response:
    return JSONResponse(_held(call).body["mappings"])


def get_mapping(call: Call) -> Response:
    body = _held(call).body
    return JSONResponse(body["mappings"][_place(call, body)])


def post_mapping(call: Call) -> Response:
    document = _held(call)
    added = [*document.body["mappings"], call.json_object()]
    return _with_mappings(call, document, added)


def put_mapping(call: Call) -> Response:
    document = _held(call)
    changed = list(document.body["mappings"])
    changed[_place(call, document.body)] = call.json_object()
    return _with_mappings(call, document, changed)


def delete_mapping(call: Call) -> Response:
    document = _held(call)
    left = list(document.body["mappings"])
    del left[_place(call, document.body)]
    return _with_mappings(call, document, left)


def _with_mappings(call: Call, document: Document, mappings: list[dict[str, Any]]) -> Response:
    body = {**document.body, "mappings": mappings}
    return JSONResponse(mappingsets.replace(call.world, document, body))


def _place(call: Call, body: dict[str, Any]) -> int:
    wanted = call.path["mapping"]
    for place, one in enumerate(body["mappings"]):
        if one["id"] == wanted:
            return place
    raise plain_error(404, "Not found", f"The set has no mapping {wanted}.")


# -- the expression language


def validate_expression(call: Call) -> Response:
    """A bare true or false; with sample data, whether the expression works on it too."""
    body = call.json_object()
    text = body.get("expression")
    if not isinstance(text, str):
        raise plain_error(400, "Invalid request", "The request needs an expression.")
    try:
        expression = expressions.parse(text)
        if body.get("sampleData"):
            expression.evaluate(_sample(body["sampleData"]))
    except expressions.MapperError:
        return JSONResponse(False)
    return JSONResponse(True)


def _sample(data: Any) -> dict[str, Any]:
    try:
        row = json.loads(data) if isinstance(data, str) else data
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise plain_error(400, "Invalid request", "sampleData must be a JSON object.")
    return row


def functions(call: Call) -> Response:
    return JSONResponse(expressions.FUNCTIONS)


def operators(call: Call) -> Response:
    return JSONResponse(expressions.OPERATORS)


# -- what the calls share


def _held(call: Call) -> Document:
    found = call.world.get(call.sandbox, mappingsets.KIND, call.path["id"])
    if found is None:
        sentence = f"The mapping set {call.path['id']} is not found."
        raise plain_error(404, "Not found", sentence)
    return found


def _shown(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """A set as kept; with `expandSchema` its schema is written out."""
    body = quirks.mapping_set(call, body)
    if call.query.get("expandSchema") != "true":
        return body
    schema = resources.find(call.world, call.sandbox, "tenant", "schemas", body["xdmSchema"])
    if schema is None:
        return body
    full = xdm.resolve(call.world, call.sandbox, schema)
    return {**body, "outputSchema": {**body["outputSchema"], "jsonSchema": full}}


def _whole(call: Call, name: str, default: int, least: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < least:
        sentence = f"{name} must be a whole number from {least}."
        raise plain_error(400, "Invalid request", sentence)
    return int(text)
