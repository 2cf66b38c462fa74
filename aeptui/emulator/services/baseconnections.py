"""Base connections: credentials for a CRM, whether they work, and what is behind them."""

import base64
import json
import re
from typing import Any

from starlette.responses import JSONResponse, Response

from aeptui.emulator.calls import Call
from aeptui.emulator.crm import CrmRefused, flavour_of, refusal, seal
from aeptui.emulator.documents import Document
from aeptui.emulator.errors import Refusal, flow_error, source_error
from aeptui.emulator.row_filters import FilterRefused
from aeptui.emulator.services import entities, quirks
from aeptui.emulator.services.connectors import DATA_LAKE, Auth, Connector, connectors
from aeptui.emulator.services.entities import CONNECTIONS
from aeptui.emulator.world import CLIENT_ID, World, audit, touch

MASK = "********"
PREVIEW_ROWS = 10

_SECRET_NAME = re.compile(r"(?i)password|secret|token|key|connectionString|jwt|credential")
_NOT_SECRET = frozenset({"tokenEndpoint"})


def create(
    world: World,
    sandbox: str,
    body: dict[str, Any],
    client: str = CLIENT_ID,
    *,
    draft: bool = False,
) -> Document:
    """Keep a base connection; of its secrets, salted digests. The CRM is not asked yet.

    A draft may still lack its credentials.
    """
    fields = audit(world, sandbox, client)
    name = entities.text(body, "name")
    connector = connector_of(entities.part(body, "connectionSpec"))
    kept = fields | {
        "name": name,
        "description": entities.text(body, "description", required=False),
        "connectionSpec": {"id": connector.id, "version": "1.0"},
        "state": entities.DRAFT if draft else "enabled",
    }
    private: dict[str, Any] = {"secrets": {}, "secretsMadeMs": fields["createdAt"]}
    if not (draft and body.get("auth") is None):
        auth = entities.part(body, "auth")
        shown, private["secrets"] = _accepted(world, connector, auth)
        kept["auth"] = entities.only(auth, ("specName", "type")) | {"params": shown}
    return world.put(sandbox, CONNECTIONS.kind, fields["id"], kept, private)


def _accepted(
    world: World, connector: Connector, auth: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The parameters of an `auth` as they are shown, and the digests of the secret ones."""
    variant = connector.auth(auth.get("specName"))
    if variant is None:
        raise flow_error(
            "1415-400",
            f"The authentication {str(auth.get('specName'))[:100]} is not one of {connector.title}.",
        )
    params = entities.part(auth, "params")
    _check_params(variant, params)
    return _sealed(world, variant, params)


def connector_of(spec: dict[str, Any]) -> Connector:
    """The source that a `connectionSpec` names, or the refusal for one that is none."""
    id = spec.get("id")
    if id == DATA_LAKE:
        raise flow_error("1413-400", "The data lake is a target; it takes no base connection.")
    connector = connectors().get(id) if isinstance(id, str) else None
    if connector is None:
        raise flow_error("1413-400", f"The connection spec {str(id)[:100]} is not known.")
    return connector


def _check_params(variant: Auth, params: dict[str, Any]) -> None:
    for param in variant.params:
        value = params.get(param.name)
        if value in (None, "") and not param.required:
            continue
        if not isinstance(value, str) or not value:
            sentence = f"The parameter {param.name} of {variant.name} is mandatory."
            raise source_error("1304-400", sentence)
        if param.shape.startswith("^") and not re.match(param.shape, value):
            sentence = f"The parameter {param.name} must match {param.shape}."
            raise source_error("1304-400", sentence)
        if param.shape == "uri" and not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://\S+|[\w.-]+$", value):
            raise source_error("1304-400", f"The parameter {param.name} must be a URL.")


def _sealed(
    world: World, variant: Auth, params: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The parameters as they are shown, and the digests of the secret ones."""
    salt = world.ids.hex(16)
    shown: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for name, value in params.items():
        named = _SECRET_NAME.search(name) is not None and name not in _NOT_SECRET
        if name in variant.secrets or named:
            shown[name] = MASK
            if name in variant.secrets:
                secrets[name] = seal(str(value), salt)
        else:
            shown[name] = value
    return shown, secrets


def post(call: Call) -> Response:
    draft = entities.is_draft(call)
    made = create(call.world, call.sandbox, call.meant(), call.client_id, draft=draft)
    return entities.made(call, made)


def patch(call: Call) -> Response:
    document = entities.find(call, CONNECTIONS)
    allowed = frozenset({"name", "description", "auth", "labels"})
    body = entities.patched(call, document, allowed)
    entities.text(body, "name")
    if body.get("auth") != document.body.get("auth"):
        auth = entities.part(body, "auth")
        params = entities.part(auth, "params")
        shown, secrets = _accepted(call.world, connector_of(body["connectionSpec"]), auth)
        held = document.private["secrets"]
        for name in secrets:  # a mask that comes back is no new secret
            if params[name] == MASK and name in held:
                secrets[name] = held[name]
        body["auth"] = auth | {"params": shown}
        document.private |= {"secrets": secrets, "secretsMadeMs": call.world.clock.now_ms()}
    document.body = body
    return JSONResponse(entities.brief(touch(call.world, document, call.client_id)))


def delete(call: Call) -> Response:
    document = entities.find(call, CONNECTIONS)
    for source in call.world.scan(call.sandbox, "sourceConnections"):
        if source.body.get("baseConnectionId") != document.id:
            continue
        for flow in call.world.scan(call.sandbox, "flows"):
            if source.id in flow.body["sourceConnectionIds"]:
                sentence = f"The connection is used by the flow {flow.id}; delete the flow first."
                raise flow_error("1418-400", sentence, id=document.id, type="connections")
    call.world.delete(call.sandbox, CONNECTIONS.kind, document.id)
    return Response(status_code=204)


def action(call: Call) -> Response:
    document = entities.find(call, CONNECTIONS)
    op = entities.action_of(call)
    if op in ("finalize", "finalize-update"):
        raise flow_error("1402-400", "Only the provider finalizes a connection.")
    if op != "publish":
        raise entities.unknown_action(op)
    entities.part(document.body, "auth")
    return entities.published(call, document)


def test(call: Call) -> Response:
    """Whether the CRM lets this connection in; a CRM that is down is an error, not a no."""
    try:
        document = entities.find(call, CONNECTIONS)
        _ready(document)
        _let_in(call, document)
    except CrmRefused as refused:
        if refused.reason in ("auth", "expired") and "test-error" not in call.emulator.quirks:
            return JSONResponse({"result": False})
        raise _relayed(refused) from None
    return JSONResponse({"result": True})


def explore(call: Call) -> Response:
    asked = {name.lower(): value for name, value in call.query.items()}
    document = entities.find(call, CONNECTIONS)
    kind = asked.get("objecttype", "").lower()
    if not kind:
        raise source_error("1337-400", "The parameter objectType is missing.")
    if kind in ("folder", "file", "rest"):
        raise source_error("1336-400", f"This source cannot be explored by {kind}.")
    if kind not in ("root", "table"):
        raise source_error("1358-400", f"The objectType {kind[:50]} is not known.")
    _ready(document)
    connector = connector_of(document.body["connectionSpec"])
    flavour = flavour_of(connector.id)
    try:
        _let_in(call, document)
        crm = call.emulator.crm
        if kind == "root":
            return JSONResponse(quirks.root(call, [each.wire() for each in crm.tables(flavour)]))
        name = asked.get("object", "")
        if not name:
            raise source_error("1337-400", "The parameter object is missing.")
        gone = _dropped(call, document)
        columns = [each for each in crm.columns(flavour, name) if each.name not in gone]
        if not columns:
            raise source_error("1330-400", f"The table {name[:100]} has no columns.")
        answer: dict[str, Any] = {
            "format": "flat",
            "schema": {"columns": [column.wire() for column in columns]},
        }
        if asked.get("preview", "false").lower() == "true":
            condition = row_filter(connector, _decoded(asked.get("filters")))
            answer["data"] = crm.preview(flavour, name, PREVIEW_ROWS, condition, gone)
        return JSONResponse(answer)
    except CrmRefused as refused:
        raise _relayed(refused) from None
    except FilterRefused as refused:
        raise source_error(f"{refused.code}-400", refused.sentence) from None


def row_filter(connector: Connector, filters: Any) -> dict[str, Any] | None:
    """The row filter that a preview or a source connection may have with this source."""
    if filters is None:
        return None
    if not connector.filters_rows:
        raise source_error("1349-400", f"{connector.title} does not filter rows.")
    if not isinstance(filters, dict):
        raise source_error("1350-400", "The filter must be an object.")
    return filters


def configs(call: Call) -> Response:
    """The columns behind a connection: of the table that `object` names, else of the first."""
    document = entities.find(call, CONNECTIONS)
    _ready(document)
    flavour = flavour_of(connector_of(document.body["connectionSpec"]).id)
    try:
        _let_in(call, document)
        crm = call.emulator.crm
        name = call.query.get("object") or crm.tables(flavour)[0].name
        columns = crm.columns(flavour, name)
    except CrmRefused as refused:
        raise _relayed(refused) from None
    gone = _dropped(call, document)
    items = [
        {"columnName": column.name, "columnType": column.type}
        for column in columns
        if column.name not in gone
    ]
    return JSONResponse({"items": items})


def _decoded(text: str | None) -> Any:
    if not text:
        return None
    try:
        return json.loads(base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True))
    except (ValueError, RecursionError):
        raise source_error("1389-400", "The filters are not JSON in base 64.") from None


def _ready(document: Document) -> None:
    if document.body["state"] == entities.DRAFT:
        raise flow_error("1416-400", "The connection is a draft; publish it first.")


def _let_in(call: Call, document: Document) -> None:
    """Ask the CRM to accept the connection's credentials, now."""
    now_ms = call.world.clock.now_ms()
    spec_id = document.body["connectionSpec"]["id"]
    incidents = call.emulator.incidents
    for kind, reason in (("crm_down", "down"), ("crm_auth", "auth")):
        if incidents.active(
            kind,  # type: ignore[arg-type]
            sandbox=call.sandbox,
            at_ms=now_ms,
            base_connection=document.id,
            credentials_ms=document.private["secretsMadeMs"],
        ):
            raise refusal(flavour_of(spec_id), reason)
    call.emulator.crm.advance(now_ms)
    call.emulator.crm.check_credentials(
        spec_id,
        document.body["auth"]["specName"],
        document.private["secrets"],
        made_ms=document.private["secretsMadeMs"],
        now_ms=now_ms,
    )


def _dropped(call: Call, document: Document) -> frozenset[str]:
    found = call.emulator.incidents.active(
        "drop_column",
        sandbox=call.sandbox,
        at_ms=call.world.clock.now_ms(),
        base_connection=document.id,
    )
    return frozenset({found.column} if found is not None and found.column else ())


def _relayed(refused: CrmRefused) -> Refusal:
    if refused.reason == "down":
        return flow_error("1103-503", refused.sentence)
    return source_error("1308-400", refused.sentence)
