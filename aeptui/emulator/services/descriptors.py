"""Schema descriptors: what a tenant says about a field of a schema, above all its identities."""

from collections import defaultdict
from typing import Any

from starlette.responses import JSONResponse, Response

from aeptui.emulator import xdm
from aeptui.emulator.calls import Call
from aeptui.emulator.errors import Refusal, registry_error
from aeptui.emulator.services import accept, listing, resources
from aeptui.emulator.services.listing import malformed
from aeptui.emulator.world import CLIENT_ID, TECHNICAL_ACCOUNT, World

IDENTITY = "xdm:descriptorIdentity"
# Adobe's own client sends no version of the schema with these two.
_WITHOUT_VERSION = frozenset({"xdm:descriptorVersion", "xdm:descriptorTimestamp"})
TYPES = frozenset(
    {
        IDENTITY,
        "xdm:alternateDisplayInfo",
        "xdm:descriptorReferenceIdentity",
        "xdm:descriptorOneToOne",
        "xdm:descriptorRelationship",
        "xdm:descriptorPrimaryKey",
        "xdm:descriptorVersion",
        "xdm:descriptorTimestamp",
        "xdm:descriptorTimeSeriesGranularity",
        "xdm:descriptorLabel",
        "xdm:descriptorDeprecated",
    }
)


def create_descriptor(
    world: World, sandbox: str, body: dict[str, Any], client: str = CLIENT_ID
) -> dict[str, Any]:
    """Say something about a field of a schema of the tenant."""
    _check(world, sandbox, body, own_id=None)
    of = world.sandbox(sandbox)
    now = world.clock.now_ms()
    whole = {
        "@id": world.ids.hex(48),
        **{name: value for name, value in body.items() if name != "@id"},
        "imsOrg": world.org,
        "version": "1",
        "created": now,
        "createdClient": client,
        "createdUser": TECHNICAL_ACCOUNT,
        "updated": now,
        "updatedUser": TECHNICAL_ACCOUNT,
        "meta:containerId": "tenant",
        "meta:sandboxId": "" if of is None else of["id"],
        "meta:sandboxType": "" if of is None else of["type"],
    }
    world.put(sandbox, "descriptors", whole["@id"], whole)
    return whole


def _check(world: World, sandbox: str, body: dict[str, Any], own_id: str | None) -> None:
    if body.get("@type") not in TYPES:
        sentence = f"{body.get('@type')} is not a type of descriptor."
        raise malformed(sentence)
    needed = ["xdm:sourceSchema"]
    if body["@type"] != "xdm:descriptorTimeSeriesGranularity":  # it is about a whole schema
        needed.append("xdm:sourceProperty")
    for name in needed:
        if not isinstance(body.get(name), str):
            raise malformed(f"A descriptor needs {name}.")
    if "xdm:sourceVersion" not in body and body["@type"] not in _WITHOUT_VERSION:
        raise malformed("A descriptor needs xdm:sourceVersion.")
    schema_id, path = body["xdm:sourceSchema"], body.get("xdm:sourceProperty")
    schema = resources.lookup(world, sandbox, schema_id)
    if schema is None:
        raise resources.not_found(schema_id)
    if path is not None and not _has_field(xdm.resolve(world, sandbox, schema.body), path):
        sentence = f"The schema {schema.body['title']} has no field {path}."
        raise malformed(sentence)
    if body["@type"] == IDENTITY:
        _check_identity(world, sandbox, body, own_id)


def _check_identity(world: World, sandbox: str, body: dict[str, Any], own_id: str | None) -> None:
    if not body.get("xdm:namespace"):
        raise malformed("An identity needs xdm:namespace.")
    if body.get("xdm:property") not in ("xdm:code", "xdm:id"):
        sentence = "xdm:property must be xdm:code or xdm:id, as xdm:namespace is one or the other."
        raise malformed(sentence)
    held = resources.primary_identity(world, sandbox, body["xdm:sourceSchema"])
    if body.get("xdm:isPrimary") is True and held is not None and held["@id"] != own_id:
        sentence = f"The schema has a primary identity already: {held['xdm:sourceProperty']}."
        raise malformed(sentence)


def _has_field(full: dict[str, Any], path: str) -> bool:
    """Whether a slash path without the word `properties` names a field; arrays are stepped into."""
    node: Any = full
    for part in path.strip("/").split("/"):
        while isinstance(node, dict) and "items" in node:
            node = node["items"]
        if not isinstance(node, dict):
            return False
        if "additionalProperties" in node and part not in node.get("properties", {}):
            node = node["additionalProperties"]
            continue
        if part not in node.get("properties", {}):
            return False
        node = node["properties"][part]
    return True


# -- calls


def post(call: Call) -> Response:
    body = call.json_object()
    return JSONResponse(create_descriptor(call.world, call.sandbox, body, call.client_id), 201)


def get_all(call: Call) -> Response:
    """Grouped by type, or with `v2` in one list with pages; ids, paths or whole objects."""
    wanted = accept.for_descriptors(call.headers.get("accept", ""))
    container = call.path["container"]
    bodies = [] if container == "global" else _all(call)
    bodies = listing.filtered(bodies, call.query.getlist("property"))
    if "v2" in wanted.options:
        page = listing.paged(bodies, call.query)
        results = [_formed(body, wanted) for body in page.results]
        return JSONResponse(listing.answer(page, results, call, f"{container}/descriptors"))
    grouped: dict[str, list[Any]] = defaultdict(list)
    for body in bodies:
        grouped[body["@type"]].append(_formed(body, wanted))
    return JSONResponse(grouped)


def get_one(call: Call) -> Response:
    accept.for_descriptor(call.headers.get("accept", ""))
    return JSONResponse(_held(call))


def put(call: Call) -> Response:
    held, body = _held(call), call.json_object()
    _check(call.world, call.sandbox, body, own_id=held["@id"])
    derived = ("imsOrg", "created", "createdClient", "createdUser")
    contained = ("meta:containerId", "meta:sandboxId", "meta:sandboxType")
    whole = {"@id": held["@id"], **{k: v for k, v in body.items() if k != "@id"}}
    whole |= {name: held[name] for name in (*derived, *contained)}
    whole["version"] = str(int(held["version"]) + 1)
    whole |= {"updated": call.world.clock.now_ms(), "updatedUser": TECHNICAL_ACCOUNT}
    call.world.put(call.sandbox, "descriptors", held["@id"], whole)
    return JSONResponse(whole)


def delete(call: Call) -> Response:
    held = _held(call)
    schema = resources.lookup(call.world, call.sandbox, held["xdm:sourceSchema"])
    enabled = schema is not None and "union" in schema.body.get("meta:immutableTags", [])
    if enabled and held.get("xdm:isPrimary") is True:
        sentence = "The primary identity of a schema that is enabled for Profile stays."
        raise registry_error("1000-403", sentence)
    call.world.delete(call.sandbox, "descriptors", held["@id"])
    return Response(status_code=204)


def _all(call: Call) -> list[dict[str, Any]]:
    return resources.tenant_of(call.world, call.sandbox, "descriptors")


def _held(call: Call) -> dict[str, Any]:
    id = call.path["id"]
    document = call.world.get(call.sandbox, "descriptors", id)
    if document is None or call.path.get("container") == "global":
        raise _not_found(id)
    return document.body


def _not_found(id: str) -> Refusal:
    return registry_error(
        "1012-404", f"Requested descriptor {id} is not found", title="Resource Not Found"
    )


def _formed(body: dict[str, Any], wanted: accept.Accept) -> Any:
    if "id" in wanted.options:
        return body["@id"]
    if "link" in wanted.options:
        return f"/tenant/descriptors/{body['@id']}"
    return body
