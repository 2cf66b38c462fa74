"""Flows: a source joined to a dataset by a mapping, on a schedule."""

from typing import Any

from starlette.responses import JSONResponse, Response

from aeptui.emulator.calls import Call
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import flow_error, source_error
from aeptui.emulator.services import entities, quirks, schedulerules
from aeptui.emulator.services.entities import FLOWS
from aeptui.emulator.services.flowspecs import flow_specs
from aeptui.emulator.world import CLIENT_ID, World, audit, touch

_PATCHED = frozenset(
    {"name", "description", "scheduleParams", "transformations", "options", "labels", "policy"}
)
_STABLE = frozenset({"draft", "enabled", "disabled"})


def create(
    world: World,
    sandbox: str,
    body: dict[str, Any],
    client: str = CLIENT_ID,
    *,
    draft: bool = False,
    lenient: bool = False,
) -> Document:
    """Keep a flow; a draft may still lack its mapping and its schedule."""
    if "state" in body:
        raise flow_error("1410-400", "The state is not allowed when a flow is created.")
    if "mode" in body:
        raise source_error("1368-400", "The mode belongs into the query, not into the body.")
    name = entities.text(body, "name")
    spec = _spec_of(body)
    source = _single(world, sandbox, body, "sourceConnectionIds", "sourceConnections")
    target = _single(world, sandbox, body, "targetConnectionIds", "targetConnections")
    source_spec = source.body["connectionSpec"]["id"]
    if source_spec not in spec["sourceConnectionSpecIds"] and not lenient:
        raise flow_error(
            "1413-400",
            f"The flow spec {spec['name']} does not take sources of the connection spec"
            f" {source_spec}.",
        )
    kept = entities.only(body, ("scheduleParams", "transformations", "options"))
    if not draft:
        _check_published(source, target)
        schedulerules.check(kept.get("scheduleParams"), world.clock, lenient=lenient)
        kept["transformations"] = _transformations(world, sandbox, kept, target)
    _check_options(kept.get("options"))
    fields = audit(world, sandbox, client)
    flow_id = fields["id"]
    whole = fields | {
        "name": name,
        "description": entities.text(body, "description", required=False),
        "flowSpec": {"id": spec["id"], "version": "1.0"},
        "state": "draft" if draft else "initializing",
        "sourceConnectionIds": [source.id],
        "targetConnectionIds": [target.id],
        "inheritedAttributes": {
            "sourceConnections": [
                {
                    "id": source.id,
                    "connectionSpec": source.body["connectionSpec"],
                    "baseConnection": source.body["inheritedAttributes"]["baseConnection"],
                }
            ],
            "targetConnections": [
                {"id": target.id, "connectionSpec": target.body["connectionSpec"]}
            ],
            "properties": {"isSourceFlow": True},
        },
        **kept,
        "runs": f"/runs?property=flowId=={flow_id}",
        "lastOperation": operation(world, "create", done=draft),
    }
    return world.put(sandbox, FLOWS.kind, flow_id, whole, {})


def operation(world: World, what: str, *, done: bool) -> dict[str, Any]:
    """The `lastOperation` of a flow; the runner ends those that take their time."""
    now = world.clock.now_ms()
    return {
        "started": now,
        "updated": now,
        "percentCompleted": 100.0 if done else 0.0,
        "status": {"value": "completed" if done else "inProgress", "errors": []},
        "ops": [],
        "operation": what,
    }


def _spec_of(body: dict[str, Any]) -> dict[str, Any]:
    id = entities.part(body, "flowSpec").get("id")
    for spec in flow_specs():
        if spec["id"] == id:
            return spec
    raise flow_error("1413-400", f"The flow spec {str(id)[:100]} is not known.")


def _single(world: World, sandbox: str, body: dict[str, Any], name: str, kind: str) -> Document:
    ids = body.get(name)
    if not isinstance(ids, list) or not ids:
        raise source_error("1320-400", f"The list {name} is empty.")
    if len(ids) != 1:
        raise source_error("1321-400", f"The list {name} must hold one id.")
    return entities.need(world, sandbox, kind, ids[0])


def _check_published(*connections: Document) -> None:
    for each in connections:
        if each.body["state"] == entities.DRAFT:
            sentence = "The connection is a draft; publish it before the flow."
            raise flow_error("1416-400", sentence, id=each.id, type=each.kind)


def _transformations(
    world: World, sandbox: str, body: dict[str, Any], target: Document
) -> list[dict[str, Any]]:
    """The transformations of a flow, the mapping pinned to a version."""
    found = body.get("transformations")
    if not isinstance(found, list):
        raise source_error("1370-400", "The flow has no Mapping transformation.")
    kept: list[dict[str, Any]] = []
    for one in found:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise source_error("1392-400", "Each transformation needs a name and params.")
        kept.append(one)
    named = {str(one["name"]): one for one in kept}
    _check_copy(named.get("Copy"), once=schedulerules.is_once(body["scheduleParams"]))
    mapping = named.get("Mapping")
    if mapping is None:
        raise source_error("1370-400", "The flow has no Mapping transformation.")
    if not isinstance(mapping.get("params"), dict):
        raise source_error("1328-400", "The Mapping transformation has no params.")
    pinned = _pin(world, sandbox, mapping["params"], target)
    return [one | {"params": pinned} if one is mapping else one for one in kept]


def _check_copy(copy: dict[str, Any] | None, *, once: bool) -> None:
    params = (copy or {}).get("params")
    delta = params.get("deltaColumn") if isinstance(params, dict) else None
    if once:
        if copy is not None and delta is not None:
            raise source_error("1369-400", "A deltaColumn is not allowed with frequency once.")
        return
    name = delta.get("name") if isinstance(delta, dict) else None
    if not isinstance(name, str) or not name:
        raise source_error("1367-400", "A recurring flow needs a deltaColumn to copy by.")


def _pin(world: World, sandbox: str, params: dict[str, Any], target: Document) -> dict[str, Any]:
    mapping_id = params.get("mappingId")
    found = world.get(sandbox, "mappingSets", mapping_id) if isinstance(mapping_id, str) else None
    if found is None:
        raise flow_error("1419-400", f"The mapping set {str(mapping_id)[:100]} is not found.")
    newest = int(found.body.get("version", 0))
    sent = params.get("mappingVersion", newest)
    version = schedulerules.whole(sent)
    if version is None or not 0 <= version <= newest:
        sentence = f"The mapping set has no version {str(sent)[:20]}; its newest is {newest}."
        raise flow_error("1412-400", sentence)
    body = found.body if version == newest else found.private["versions"][str(version)]
    dataset = world.get(sandbox, "dataSets", target.body["params"]["dataSetId"])
    if dataset is None or _schema_of(body) != _schema_ref(dataset.body.get("schemaRef", {})):
        sentence = "The mapping set and the dataset have different schemas, or versions of one."
        raise flow_error("1425-400", sentence)
    return params if "mappingVersion" in params else params | {"mappingVersion": version}


def _schema_of(mapping_set: dict[str, Any]) -> tuple[str, str]:
    """The schema that a mapping set fills, in the old and the new style of writing it."""
    output = mapping_set.get("outputSchema")
    if isinstance(output, dict) and isinstance(output.get("schemaRef"), dict):
        return _schema_ref(output["schemaRef"])
    version = str(mapping_set.get("xdmVersion", "1")).split(".")[0]
    return str(mapping_set.get("xdmSchema", "")), version


def _schema_ref(reference: dict[str, Any]) -> tuple[str, str]:
    """Id and major version; the version is part of a media type, with and without a space."""
    _, found, version = str(reference.get("contentType", "")).partition("version=")
    return str(reference.get("id", "")), version.strip().split(".")[0] if found else "1"


def _check_options(options: Any) -> None:
    if options is None:
        return
    if not isinstance(options, dict):
        raise flow_error("1400-400", "The options must be an object.")
    diagnostics = options.get("errorDiagnosticsEnabled", False)
    if not isinstance(diagnostics, bool):
        raise flow_error("1400-400", "errorDiagnosticsEnabled must be true or false.")
    percent = options.get("partialIngestionPercent")
    if percent is not None and (
        isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 < percent <= 100
    ):
        raise flow_error("1400-400", "partialIngestionPercent must lie above 0, up to 100.")


def listing(call: Call) -> Response:
    return entities.listing(call, FLOWS, quirks.flows(call))


def one(call: Call) -> Response:
    return quirks.looked_up(call, entities.one(call, FLOWS, quirks.flows(call)))


def post(call: Call) -> Response:
    flow = create(
        call.world,
        call.sandbox,
        call.meant(),
        call.client_id,
        draft=entities.is_draft(call),
        lenient=call.emulator.lenient,
    )
    call.emulator.runner.flow_changed(flow)
    return entities.made(call, flow)


def patch(call: Call) -> Response:
    flow = entities.find(call, FLOWS)
    body = entities.patched(call, flow, _PATCHED)
    entities.text(body, "name")
    if flow.body["state"] not in _STABLE:
        raise flow_error("1420-400", f"The flow is {flow.body['state']}; try again later.")
    lenient = call.emulator.lenient
    if flow.body["state"] != "draft":
        before, clock = flow.body["scheduleParams"], call.world.clock
        schedulerules.check_change(before, body.get("scheduleParams"), clock, lenient=lenient)
        target = entities.need(
            call.world, call.sandbox, "targetConnections", body["targetConnectionIds"][0]
        )
        body["transformations"] = _transformations(call.world, call.sandbox, body, target)
    _check_options(body.get("options"))
    flow.body = body | {"lastOperation": operation(call.world, "update", done=True)}
    flow = touch(call.world, flow, call.client_id)
    call.emulator.runner.flow_changed(flow)
    return JSONResponse(entities.brief(flow))


def delete(call: Call) -> Response:
    flow = entities.find(call, FLOWS)
    call.world.delete(call.sandbox, FLOWS.kind, flow.id)
    call.emulator.runner.flow_deleted(flow)
    return Response(status_code=204)


def action(call: Call) -> Response:
    flow = entities.find(call, FLOWS)
    entities.same_version(call, flow, required=False)
    op = entities.action_of(call)
    state = flow.body["state"]
    match op:
        case "enable":
            if state not in ("disabled", "enabled"):
                raise flow_error("1420-400", f"A flow that is {state} cannot be enabled.")
            new = "enabling" if state == "disabled" else state
        case "disable":
            if state not in ("disabled", "enabled"):
                raise flow_error("1421-400", f"A flow that is {state} cannot be disabled.")
            new = "disabling" if state == "enabled" else state
        case "publish":
            if state != "draft":
                raise flow_error("1422-400", f"A flow that is {state} cannot be published.")
            _check_draft(call, flow)
            new = "initializing"
        case _:
            raise entities.unknown_action(op)
    flow.body |= {
        "state": new,
        "lastOperation": operation(call.world, op, done=new == state),
    }
    flow = touch(call.world, flow, call.client_id)
    call.emulator.runner.flow_changed(flow)
    return JSONResponse(entities.brief(flow))


def _check_draft(call: Call, flow: Document) -> None:
    """What a draft may lack, a flow that is to run may not."""
    lenient = call.emulator.lenient
    params = flow.body.get("scheduleParams")
    schedulerules.check(params, call.world.clock, lenient=lenient)
    target = entities.need(
        call.world, call.sandbox, "targetConnections", flow.body["targetConnectionIds"][0]
    )
    source = entities.need(
        call.world, call.sandbox, "sourceConnections", flow.body["sourceConnectionIds"][0]
    )
    _check_published(source, target)
    flow.body["transformations"] = _transformations(call.world, call.sandbox, flow.body, target)
