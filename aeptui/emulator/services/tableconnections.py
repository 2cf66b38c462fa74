"""Source connections (a table of a CRM) and target connections (a dataset of the data lake)."""

from typing import Any

from starlette.responses import JSONResponse, Response

from aeptui.emulator.calls import Call
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import flow_error, source_error
from aeptui.emulator.services import entities
from aeptui.emulator.services.baseconnections import connector_of, row_filter
from aeptui.emulator.services.connectors import DATA_LAKE
from aeptui.emulator.services.entities import SOURCES, TARGETS, Collection
from aeptui.emulator.world import CLIENT_ID, World, audit, touch

_PATCHED = frozenset({"name", "description", "params", "data", "labels"})


def create_source(
    world: World,
    sandbox: str,
    body: dict[str, Any],
    client: str = CLIENT_ID,
    *,
    draft: bool = False,
) -> Document:
    name = entities.text(body, "name")
    connector = connector_of(entities.part(body, "connectionSpec"))
    base = entities.need(world, sandbox, "connections", body.get("baseConnectionId"))
    if base.body["connectionSpec"]["id"] != connector.id:
        raise flow_error("1413-400", "The base connection has another connection spec.")
    kept = entities.only(body, ("data", "params"))
    if not draft:
        _check_source(kept, connector)
    fields = audit(world, sandbox, client)
    return world.put(
        sandbox,
        SOURCES.kind,
        fields["id"],
        fields
        | {
            "name": name,
            "description": entities.text(body, "description", required=False),
            "baseConnectionId": base.id,
            "state": entities.DRAFT if draft else "enabled",
            "connectionSpec": {"id": connector.id, "version": "1.0"},
            **kept,
            "inheritedAttributes": {
                "baseConnection": {"id": base.id, "connectionSpec": base.body["connectionSpec"]}
            },
        },
        {},
    )


def _check_source(body: dict[str, Any], connector: Any) -> None:
    if entities.part(body, "data").get("format") != "tabular":
        raise source_error("1327-400", "The format of a table must be tabular.")
    params = entities.part(body, "params")
    entities.text(params, "tableName")
    columns = params.get("columns")
    if columns is not None:
        if not isinstance(columns, list) or not columns:
            raise source_error("1330-400", "The table has no columns.")
        for column in columns:
            if not isinstance(column, dict) or not isinstance(column.get("name"), str):
                raise source_error("1391-400", "Each column needs a name.")
    row_filter(connector, params.get("filters"))


def create_target(
    world: World,
    sandbox: str,
    body: dict[str, Any],
    client: str = CLIENT_ID,
    *,
    draft: bool = False,
) -> Document:
    name = entities.text(body, "name")
    spec = entities.part(body, "connectionSpec")
    if spec.get("id") != DATA_LAKE:
        raise source_error("1307-400", "The target connection spec must be the data lake's.")
    kept = entities.only(body, ("data", "params"))
    if not draft:
        _check_target(world, sandbox, kept)
    fields = audit(world, sandbox, client)
    return world.put(
        sandbox,
        TARGETS.kind,
        fields["id"],
        fields
        | {
            "name": name,
            "description": entities.text(body, "description", required=False),
            "state": entities.DRAFT if draft else "enabled",
            "connectionSpec": {"id": DATA_LAKE, "version": "1.0"},
            **kept,
            "inheritedAttributes": {},
        },
        {},
    )


def _check_target(world: World, sandbox: str, body: dict[str, Any]) -> None:
    dataset_id = entities.part(body, "params").get("dataSetId")
    if not isinstance(dataset_id, str) or not dataset_id:
        raise source_error("1325-400", "The dataSetId is empty.")
    dataset = world.get(sandbox, "dataSets", dataset_id)
    if dataset is None:
        raise source_error("1325-400", f"The dataset {dataset_id[:100]} does not exist.")
    schema = entities.part(entities.part(body, "data"), "schema", required=False)
    if schema and schema.get("id") != dataset.body.get("schemaRef", {}).get("id"):
        raise source_error("1391-400", "The dataset has another schema than data.schema.id.")


def post_source(call: Call) -> Response:
    draft = entities.is_draft(call)
    made = create_source(call.world, call.sandbox, call.meant(), call.client_id, draft=draft)
    return entities.made(call, made)


def post_target(call: Call) -> Response:
    draft = entities.is_draft(call)
    made = create_target(call.world, call.sandbox, call.meant(), call.client_id, draft=draft)
    return entities.made(call, made)


def patch_source(call: Call) -> Response:
    document = entities.find(call, SOURCES)
    body = entities.patched(call, document, _PATCHED)
    entities.text(body, "name")
    if body["state"] != entities.DRAFT:
        _check_source(body, connector_of(body["connectionSpec"]))
    return _patched(call, document, body)


def patch_target(call: Call) -> Response:
    document = entities.find(call, TARGETS)
    body = entities.patched(call, document, _PATCHED)
    entities.text(body, "name")
    if body["state"] != entities.DRAFT:
        _check_target(call.world, call.sandbox, body)
    return _patched(call, document, body)


def _patched(call: Call, document: Document, body: dict[str, Any]) -> Response:
    document.body = body
    return JSONResponse(entities.brief(touch(call.world, document, call.client_id)))


def delete_source(call: Call) -> Response:
    return _delete(call, SOURCES, "sourceConnectionIds")


def delete_target(call: Call) -> Response:
    return _delete(call, TARGETS, "targetConnectionIds")


def _delete(call: Call, collection: Collection, used_as: str) -> Response:
    document = entities.find(call, collection)
    for flow in call.world.scan(call.sandbox, "flows"):
        if document.id in flow.body[used_as]:
            sentence = f"The connection is used by the flow {flow.id}; delete the flow first."
            raise flow_error("1418-400", sentence, id=document.id, type=collection.kind)
    call.world.delete(call.sandbox, collection.kind, document.id)
    return Response(status_code=204)


def action_source(call: Call) -> Response:
    source = _to_publish(call, SOURCES)
    _check_source(source.body, connector_of(source.body["connectionSpec"]))
    base = entities.need(call.world, call.sandbox, "connections", source.body["baseConnectionId"])
    if base.body["state"] == entities.DRAFT:
        raise flow_error("1416-400", "The base connection is a draft; publish it first.")
    return entities.published(call, source)


def action_target(call: Call) -> Response:
    target = _to_publish(call, TARGETS)
    _check_target(call.world, call.sandbox, target.body)
    return entities.published(call, target)


def _to_publish(call: Call, collection: Collection) -> Document:
    document = entities.find(call, collection)
    op = entities.action_of(call)
    if op != "publish":
        raise entities.unknown_action(op)
    return document
