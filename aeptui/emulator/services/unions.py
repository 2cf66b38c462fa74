"""Union schemas: for each class, what its schemas that are enabled for Profile hold together."""

import hashlib
import json
from typing import Any

from starlette.responses import JSONResponse, Response

from aeptui.emulator.calls import Call
from aeptui.emulator.services import accept, listing, resources, views
from aeptui.emulator.world import World

_SUFFIX = "__union"


def union_of(world: World, sandbox: str, class_id: str) -> dict[str, Any] | None:
    """The union of a class, None when no schema of it is enabled."""
    return next((each for each in _all(world, sandbox) if each["meta:class"] == class_id), None)


def get_list(call: Call) -> Response:
    wanted = accept.for_list(call.headers.get("accept", ""))
    bodies = listing.filtered(_all(call.world, call.sandbox), call.query.getlist("property"))
    page = listing.paged(bodies, call.query)
    if "id" in wanted.options:
        results = [views.short(body) for body in page.results]
    else:
        results = [views.shown(call.world, call.sandbox, body, wanted) for body in page.results]
    return JSONResponse(listing.answer(page, results, call, "tenant/unions"))


def get_one(call: Call) -> Response:
    wanted = accept.for_lookup(call.headers.get("accept", ""))
    id = call.path["id"]
    for body in _all(call.world, call.sandbox):
        if id in (body["$id"], body["meta:altId"]) and wanted.major == "1":
            return JSONResponse(views.shown(call.world, call.sandbox, body, wanted))
    raise resources.not_found(id, wanted.major)


def _all(world: World, sandbox: str) -> list[dict[str, Any]]:
    enabled: dict[str, list[dict[str, Any]]] = {}
    for schema in resources.tenant_of(world, sandbox, "schemas"):
        if "union" in schema.get("meta:immutableTags", []):
            enabled.setdefault(schema["meta:class"], []).append(schema)
    return [_union(world, sandbox, id, schemas) for id, schemas in enabled.items()]


def _union(
    world: World, sandbox: str, class_id: str, schemas: list[dict[str, Any]]
) -> dict[str, Any]:
    found = resources.lookup(world, sandbox, class_id)
    title, alt_id = (
        (class_id, "") if found is None else (found.body["title"], found.body["meta:altId"])
    )
    parts = dict.fromkeys([class_id, *(ref for each in schemas for ref in each["refs"])])
    built_on = dict.fromkeys(
        name for each in schemas for name in (each["$id"], *each["meta:extends"])
    )
    of = world.sandbox(sandbox)
    body: dict[str, Any] = {
        "$id": class_id + _SUFFIX,
        "meta:altId": alt_id + _SUFFIX,
        "meta:resourceType": "unions",
        "version": "1.0",
        "title": title,
        "type": "object",
        "description": f"What is known of one {title}, from every schema enabled for Profile.",
        "allOf": [{"$ref": ref, "type": "object", "meta:xdmType": "object"} for ref in parts],
        "refs": sorted(parts),
        "imsOrg": world.org,
        "meta:extends": list(built_on),
        "meta:xdmType": "object",
        "meta:class": class_id,
        "meta:containerId": "tenant",
        "meta:tenantNamespace": resources.NAMESPACE,
        "meta:sandboxId": "" if of is None else of["id"],
        "meta:sandboxType": "" if of is None else of["type"],
    }
    seal = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    metadata = [each["meta:registryMetadata"] for each in schemas]
    return body | {
        "meta:registryMetadata": {
            "repo:createdDate": min(each["repo:createdDate"] for each in metadata),
            "repo:lastModifiedDate": max(each["repo:lastModifiedDate"] for each in metadata),
            "eTag": seal,
        }
    }
