"""Flow runs: looked at, asked for, and asked for again."""

from typing import Any

from starlette.responses import JSONResponse, Response

from aeptui.emulator.calls import Call
from aeptui.emulator.documents import FINAL_STATES, Document
from aeptui.emulator.errors import flow_error, source_error
from aeptui.emulator.services import entities, quirks, schedulerules
from aeptui.emulator.services.entities import RUNS
from aeptui.emulator.world import touch

_MILLISECONDS = 10**11


def listing(call: Call) -> Response:
    return entities.listing(call, RUNS, quirks.runs(call))


def one(call: Call) -> Response:
    return quirks.looked_up(call, entities.one(call, RUNS, quirks.runs(call)))


def post(call: Call) -> Response:
    """A run on demand, of a flow that runs once, over a window of its own."""
    body = call.json_object()
    flow_id = body.get("flowId")
    if not isinstance(flow_id, str) or not flow_id:
        raise flow_error("1446-400", "The flowId is empty.")
    flow = call.world.get(call.sandbox, "flows", flow_id)
    if flow is None:
        raise flow_error("1430-400", f"The flow {flow_id[:100]} is not found.")
    if flow.body["state"] != "enabled":
        raise flow_error("1444-400", f"The flow is {flow.body['state']}; it must be enabled.")
    if not schedulerules.is_once(flow.body["scheduleParams"]):
        raise source_error("1386-400", "Only flows with frequency once run on demand.")
    params = body.get("params")
    if not isinstance(params, dict) or not params:
        raise source_error("1384-400", "The params are empty.")
    begin_ms, end_ms = (_moment_ms(params, name) for name in ("windowStartTime", "windowEndTime"))
    if end_ms < begin_ms:
        raise source_error("1381-400", "The window ends before it starts.")
    _delta_column(call, flow, params)
    run = call.emulator.runner.demand(flow, begin_ms, end_ms, params)
    if "post-run-whole" in call.emulator.quirks:
        return JSONResponse(run.body, status_code=201)
    if "post-run-brief" in call.emulator.quirks:
        return JSONResponse(entities.brief(run), status_code=201)
    return JSONResponse({"items": [entities.brief(run)]}, status_code=201)


def _moment_ms(params: dict[str, Any], name: str) -> int:
    """A moment of a run: seconds in every published sample, milliseconds in the text."""
    value = schedulerules.whole(params.get(name))
    if value is None:
        raise source_error("1340-400", f"The {name} must be a time in epoch seconds.")
    return value if value >= _MILLISECONDS else value * 1000


def _delta_column(call: Call, flow: Document, params: dict[str, Any]) -> None:
    """The first run on demand says which column tells new rows; the flow keeps it."""
    transformations = flow.body["transformations"]
    copies = [one for one in transformations if one["name"] == "Copy"]
    known = ((copies[0].get("params") or {}).get("deltaColumn") or {}) if copies else {}
    sent = params.get("deltaColumn")
    name = sent.get("name") if isinstance(sent, dict) else None
    if sent is not None and (not isinstance(name, str) or not name):
        raise source_error("1383-400", "The deltaColumn needs a name.")
    if known.get("name"):
        if name is not None and name != known["name"]:
            sentence = f"The flow copies by {known['name']}; another deltaColumn is not allowed."
            raise source_error("1382-400", sentence)
        return
    if name is None:
        raise source_error("1383-400", "The first run on demand needs a deltaColumn.")
    copy = {"name": "Copy", "params": {"deltaColumn": sent}}
    others = [one for one in transformations if one["name"] != "Copy"]
    flow.body["transformations"] = [copy, *others]
    touch(call.world, flow, call.client_id)


def put(call: Call) -> Response:
    raise flow_error("1427-400", "A user token is not authorised to change runs.")


def action(call: Call) -> Response:
    """Run again over the same window: for runs that failed or found nothing."""
    run = entities.find(call, RUNS)
    entities.same_version(call, run, required=False)
    op = entities.action_of(call)
    if op != "re-trigger":
        raise source_error("1401-400", f"The run action {op[:50] or '(none)'} is not supported.")
    metrics = run.body.get("metrics", {})
    status = metrics.get("statusSummary", {}).get("status")
    received = metrics.get("recordSummary", {}).get("inputRecordCount", 0)
    if status not in FINAL_STATES:
        raise source_error("1387-400", "The run has not ended; it cannot be triggered again.")
    if status != "failed" and received:
        sentence = "Only runs that failed or received no rows can be triggered again."
        raise source_error("1387-400", sentence)
    flow = call.world.get(call.sandbox, "flows", run.body["flowId"])
    if flow is None or flow.body["state"] != "enabled":
        raise source_error("1388-400", "The flow must be enabled.")
    return JSONResponse(entities.brief(call.emulator.runner.retry(flow, run)))
