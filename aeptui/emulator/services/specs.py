"""Connection specs and flow specs over HTTP: they are the platform's own, to be read only."""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from aeptui.emulator import filters
from aeptui.emulator.calls import Call, Handler
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import flow_error, source_error
from aeptui.emulator.services import quirks
from aeptui.emulator.services.connectors import connection_specs
from aeptui.emulator.services.entities import Collection
from aeptui.emulator.services.flowspecs import flow_specs

_KNOWN = frozenset(
    {
        *("id", "name", "providerId", "version", "attributes", "authSpec", "sourceSpec"),
        *("sourceConnectionSpecIds", "targetConnectionSpecIds", "transformationSpecs"),
    }
)
CONNECTION_SPECS = Collection("connectionSpecs", _KNOWN)
FLOW_SPECS = Collection("flowSpecs", _KNOWN)


def listing_of(collection: Collection) -> Handler:
    return lambda call: JSONResponse(listed(call, collection, call.query))


def one_of(collection: Collection) -> Handler:
    def answer(call: Call) -> Response:
        return JSONResponse({"items": [quirks.spec(call, _find(call, collection))]})

    return answer


def listed(
    call: Call, collection: Collection, query: QueryParams, most: int = filters.MOST
) -> dict[str, Any]:
    """Specs are few and come whole: a limit is kept to, but there is no default one."""
    asked = filters.read(query, collection.known, b"", collection.kind, most=most)
    documents = [
        Document(spec["id"], collection.kind, call.sandbox, spec, {}, place)
        for place, spec in enumerate(_all(collection))
    ]
    found = asked.sorted(documents)
    if asked.count:
        return {"count": len(found)}
    if "limit" in query:
        found = found[: asked.limit]
    return {"items": [quirks.spec(call, each.body) for each in found], "_links": {}}


def provider_only(call: Call) -> Response:
    raise flow_error("1426-400", "A user token is not authorised to write specs.")


def explore(call: Call) -> Response:
    """Exploring by a spec alone is for destinations; so are its configurations."""
    _find(call, CONNECTION_SPECS)
    raise source_error("1372-400", "This connection spec cannot be explored.")


def _all(collection: Collection) -> Sequence[dict[str, Any]]:
    return connection_specs() if collection is CONNECTION_SPECS else flow_specs()


def _find(call: Call, collection: Collection) -> dict[str, Any]:
    id = call.path["id"]
    for spec in _all(collection):
        if spec["id"] == id:
            return spec
    sentence = f"The requested {collection.kind} resource {id[:100]} is not found."
    raise flow_error("1439-404", sentence, id=id[:100], type=collection.kind)
