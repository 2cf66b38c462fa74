"""Flow Service: its routes. What they mean is in the modules of its collections."""

from starlette.routing import Route

from aeptui.emulator.calls import Handler, endpoint
from aeptui.emulator.services import (
    baseconnections,
    entities,
    flows,
    runs,
    searches,
    specs,
    tableconnections,
)
from aeptui.emulator.services.entities import BASE, CONNECTIONS, SOURCES, TARGETS, Collection
from aeptui.emulator.services.specs import CONNECTION_SPECS, FLOW_SPECS
from aeptui.emulator.world import World


def routes(world: World) -> list[Route]:
    def at(path: str, **handlers: Handler) -> Route:
        return endpoint(BASE + path, handlers, family="flow")

    base, tables = baseconnections, tableconnections
    return [
        at("/connectionSpecs", GET=specs.listing_of(CONNECTION_SPECS), POST=specs.provider_only),
        at("/connectionSpecs/{id}", GET=specs.one_of(CONNECTION_SPECS), PUT=specs.provider_only),
        at("/connectionSpecs/{id}/explore", GET=specs.explore),
        at("/connectionSpecs/{id}/configs", GET=specs.explore),
        at("/flowSpecs", GET=specs.listing_of(FLOW_SPECS), POST=specs.provider_only),
        at("/flowSpecs/search", POST=searches.flow_specs),
        at("/flowSpecs/{id}", GET=specs.one_of(FLOW_SPECS), PUT=specs.provider_only),
        at("/connections", GET=_list_of(CONNECTIONS), POST=base.post),
        at("/connections/search", POST=searches.connections),
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
        at("/flows/search", POST=searches.flows),
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
