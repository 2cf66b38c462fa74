"""Schema Registry: the library of XDM resources in its global and its tenant container."""

from collections import Counter
from functools import partial
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeptui.emulator import xdm
from aeptui.emulator.calls import Call, Handler, endpoint
from aeptui.emulator.errors import registry_error
from aeptui.emulator.services import (
    accept,
    auditlog,
    descriptors,
    listing,
    resources,
    transfers,
    unions,
    views,
)
from aeptui.emulator.world import TENANT, World

BASE = "/data/foundation/schemaregistry"
_ALIAS = {"mixins": "fieldgroups"}
_READ_ONLY = "The global container is Adobe's; nothing in it can be changed."


def routes(world: World) -> list[Route]:
    found = [
        _route("/stats", {"GET": stats}),
        _route("/rpc/sampledata/{id}", {"GET": sample_data}),
        _route("/rpc/export/{id}", {"GET": transfers.export}),
        _route("/rpc/import", {"POST": transfers.bring_in}),
        _route("/rpc/auditlog/{id}", {"GET": auditlog.audit_log}),
        _route("/tenant/unions", {"GET": unions.get_list}),
        _route("/tenant/unions/{id}", {"GET": unions.get_one}),
        *_collection(
            "descriptors",
            {"GET": descriptors.get_all, "POST": descriptors.post},
            {"GET": descriptors.get_one, "PUT": descriptors.put, "DELETE": descriptors.delete},
        ),
    ]
    for name in (*resources.KINDS, "mixins"):
        of = partial(partial, kind=_ALIAS.get(name, name))
        found += _collection(
            name,
            {"GET": of(get_list), "POST": of(post)},
            {"GET": of(get_one), "PUT": of(put), "PATCH": of(patch), "DELETE": of(delete)},
        )
    of = partial(partial, kind="behaviors")
    found += _collection("behaviors", {"GET": of(get_list)}, {"GET": of(get_one)})
    return found


def _route(path: str, handlers: dict[str, Handler]) -> Route:
    return endpoint(BASE + path, handlers, family="registry")


def _collection(name: str, many: dict[str, Handler], one: dict[str, Handler]) -> list[Route]:
    return [
        _route(f"/{{container}}/{name}", {m: _contained(h) for m, h in many.items()}),
        _route(f"/{{container}}/{name}/{{id}}", {m: _contained(h) for m, h in one.items()}),
    ]


def _contained(handler: Handler) -> Handler:
    """The handler behind the question whether the container is one, and may be written to."""

    def checked(call: Call) -> Response:
        container = call.path["container"]
        if container not in ("tenant", "global"):
            raise registry_error("1012-404", f"There is no container {container}.")
        if container == "global" and call.method not in ("GET", "HEAD"):
            raise registry_error("1000-403", _READ_ONLY)
        return handler(call)

    return checked


def get_list(call: Call, kind: str) -> Response:
    wanted = accept.for_list(call.headers.get("accept", ""))
    container = call.path["container"]
    if container == "global":
        bodies = list(resources.global_of(kind))
    else:
        bodies = resources.tenant_of(call.world, call.sandbox, kind)
    page = listing.paged(listing.filtered(bodies, call.query.getlist("property")), call.query)
    if "id" in wanted.options:
        results = [views.short(body) for body in page.results]
    else:
        results = [views.shown(call.world, call.sandbox, body, wanted) for body in page.results]
    return JSONResponse(listing.answer(page, results, call, f"{container}/{kind}"))


def get_one(call: Call, kind: str) -> Response:
    wanted = accept.for_lookup(call.headers.get("accept", ""))
    id = call.path["id"]
    body = resources.find(call.world, call.sandbox, call.path["container"], kind, id)
    if body is None or wanted.major != str(body["version"]).partition(".")[0]:
        raise resources.not_found(id, wanted.major)
    return JSONResponse(views.shown(call.world, call.sandbox, body, wanted))


def post(call: Call, kind: str) -> Response:
    made = resources.create(call.world, call.sandbox, kind, call.json_object(), call.client_id)
    return JSONResponse(made, 201)


def put(call: Call, kind: str) -> Response:
    return JSONResponse(
        resources.replace(
            call.world, call.sandbox, kind, call.path["id"], call.json_object(), call.client_id
        )
    )


def patch(call: Call, kind: str) -> Response:
    return JSONResponse(
        resources.patch(
            call.world, call.sandbox, kind, call.path["id"], call.json(), call.client_id
        )
    )


def delete(call: Call, kind: str) -> Response:
    resources.delete(call.world, call.sandbox, kind, call.path["id"])
    return Response(status_code=204)


def sample_data(call: Call) -> Response:
    """One record that the schema accepts."""
    accept.for_lookup(call.headers.get("accept", ""))
    id = call.path["id"]
    body = resources.find(call.world, call.sandbox, "tenant", "schemas", id)
    if body is None:
        raise resources.not_found(id)
    return JSONResponse(views.sample(xdm.resolve(call.world, call.sandbox, body)))


def stats(call: Call) -> Response:
    """What the tenant's library holds, and which classes its schemas are made of."""
    held = {k: resources.tenant_of(call.world, call.sandbox, k) for k in resources.KINDS}
    # Newest first within a kind already, so that what was made at one moment stays in that order.
    everything = [body for bodies in held.values() for body in reversed(bodies)]
    used = Counter(schema["meta:class"] for schema in held["schemas"])
    unions = {
        schema["meta:class"]
        for schema in held["schemas"]
        if "union" in schema.get("meta:immutableTags", [])
    }
    return JSONResponse(
        {
            "imsOrg": call.world.org,
            "tenantId": TENANT,
            "counts": {
                "schemas": len(held["schemas"]),
                "mixins": len(held["fieldgroups"]),
                "datatypes": len(held["datatypes"]),
                "classes": len(held["classes"]),
                "unions": len(unions),
            },
            "recentlyCreatedResources": _newest(everything, "created"),
            "recentlyUpdatedResources": _newest(everything, "updated"),
            "classUsage": [
                _usage(call, class_id, held["schemas"]) for class_id, _ in used.most_common()
            ],
        }
    )


def _newest(bodies: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    newest = sorted(bodies, key=lambda body: int(listing.value_of(body, by)), reverse=True)
    return [{**views.short(body), by: listing.value_of(body, by)} for body in newest[:10]]


def _usage(call: Call, class_id: str, schemas: list[dict[str, Any]]) -> dict[str, Any]:
    found = resources.lookup(call.world, call.sandbox, class_id)
    users = [views.short(schema) for schema in schemas if schema["meta:class"] == class_id]
    return {
        "$id": class_id,
        "title": "" if found is None else found.body["title"],
        "numberOfSchemas": len(users),
        "schemas": users,
    }
