"""Flow Service: its routes. What they mean is in the modules of its collections."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeptui.emulator import filters
from aeptui.emulator.calls import Call, Handler, endpoint
from aeptui.emulator.errors import flow_error, not_emulated, source_error
from aeptui.emulator.services import baseconnections, entities, flows, runs, tableconnections
from aeptui.emulator.services.connectors import connection_specs
from aeptui.emulator.services.entities import BASE, CONNECTIONS, SOURCES, TARGETS, Collection
from aeptui.emulator.services.flowspecs import flow_specs
from aeptui.emulator.world import Document, World

_SPEC = frozenset(
    {
        *("id", "name", "providerId", "version", "attributes", "authSpec", "sourceSpec"),
        *("sourceConnectionSpecIds", "targetConnectionSpecIds", "transformationSpecs"),
    }
)
CONNECTION_SPECS = Collection("connectionSpecs", _SPEC)
FLOW_SPECS = Collection("flowSpecs", _SPEC)


def routes(world: World) -> list[Route]:
    def at(path: str, **handlers: Handler) -> Route:
        return endpoint(BASE + path, handlers, family="flow")

    base, tables = baseconnections, tableconnections
    return [
        at("/connectionSpecs", GET=_specs_of(CONNECTION_SPECS), POST=_provider_only),
        at("/connectionSpecs/{id}", GET=_spec_of(CONNECTION_SPECS), PUT=_provider_only),
        at("/connectionSpecs/{id}/explore", GET=_explore_spec),
        at("/flowSpecs", GET=_specs_of(FLOW_SPECS), POST=_provider_only),
        at("/flowSpecs/search", POST=_search),
        at("/flowSpecs/{id}", GET=_spec_of(FLOW_SPECS), PUT=_provider_only),
        at("/connections", GET=_list_of(CONNECTIONS), POST=base.post),
        at("/connections/search", POST=_search),
        at("/connections/{id}", GET=_one_of(CONNECTIONS), PATCH=base.patch, DELETE=base.delete),
        at("/connections/{id}/test", GET=base.test),
        at("/connections/{id}/explore", GET=base.explore),
        at("/connections/{id}/configs", GET=base.configs),
        at("/connections/{id}/action", POST=base.action),
        at("/sourceConnections", GET=_list_of(SOURCES), POST=tables.post_source),
        at(
            "/sourceConnections/{id}",
            GET=_one_of(SOURCES),
            PATCH=tables.patch_source,
            DELETE=tables.delete_source,
        ),
        at("/sourceConnections/{id}/action", POST=tables.action_source),
        at("/targetConnections", GET=_list_of(TARGETS), POST=tables.post_target),
        at(
            "/targetConnections/{id}",
            GET=_one_of(TARGETS),
            PATCH=tables.patch_target,
            DELETE=tables.delete_target,
        ),
        at("/targetConnections/{id}/action", POST=tables.action_target),
        at("/flows", GET=flows.listing, POST=flows.post),
        at("/flows/search", POST=_search),
        at("/flows/{id}", GET=flows.one, PATCH=flows.patch, DELETE=flows.delete),
        at("/flows/{id}/action", POST=flows.action),
        at("/runs", GET=runs.listing, POST=runs.post),
        at("/runs/{id}", GET=runs.one, PUT=runs.put),
        at("/runs/{id}/action", POST=runs.action),
    ]


def _list_of(collection: Collection) -> Handler:
    return lambda call: entities.listing(call, collection)


def _one_of(collection: Collection) -> Handler:
    return lambda call: entities.one(call, collection)


def _specs(collection: Collection) -> Sequence[dict[str, Any]]:
    return connection_specs() if collection is CONNECTION_SPECS else flow_specs()


def _specs_of(collection: Collection) -> Handler:
    """Specs are few and come whole: a limit is kept to, but there is no default one."""

    def answer(call: Call) -> Response:
        asked = filters.read(call.query, collection.known, b"", collection.kind)
        documents = [
            Document(spec["id"], collection.kind, call.sandbox, spec, {}, place)
            for place, spec in enumerate(_specs(collection))
        ]
        found = asked.sorted(documents)
        if asked.count:
            return JSONResponse({"count": len(found)})
        if "limit" in call.query:
            found = found[: asked.limit]
        return JSONResponse({"items": [each.body for each in found], "_links": {}})

    return answer


def _spec_of(collection: Collection) -> Handler:
    def answer(call: Call) -> Response:
        id = call.path["id"]
        for spec in _specs(collection):
            if spec["id"] == id:
                return JSONResponse({"items": [spec]})
        sentence = f"The requested {collection.kind} resource {id[:100]} is not found."
        raise flow_error("1439-404", sentence, id=id[:100], type=collection.kind)

    return answer


def _provider_only(call: Call) -> Response:
    raise flow_error("1426-400", "A user token is not authorised to write specs.")


def _explore_spec(call: Call) -> Response:
    raise source_error("1372-400", "This connection spec cannot be explored.")


def _search(call: Call) -> Response:
    raise not_emulated("Search", "flow")
