"""The token endpoint: OAuth server-to-server, versions 3 and 2."""

from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aeptui.emulator.calls import Call, endpoint
from aeptui.emulator.errors import Refusal
from aeptui.emulator.world import CLIENT_ID, CLIENT_SECRET, World


def routes(world: World) -> list[Route]:
    return [
        endpoint(path, {"POST": token}, family="ims", sandbox=False, authorised=False, settle=False)
        for path in ("/ims/token/v3", "/ims/token/v2")
    ]


def token(call: Call) -> Response:
    kind = call.headers.get("content-type", "").split(";")[0].strip().lower()
    fields = dict(call.query)
    if kind in ("", "application/x-www-form-urlencoded"):
        fields |= dict(parse_qsl(call.body.decode("utf-8", "replace"), max_num_fields=50))
    grant = fields.get("grant_type", "")
    if not grant:
        raise _refused("invalid_request", "grant_type is missing")
    if grant != "client_credentials":
        raise _refused("unsupported_grant_type", f"unsupported grant_type {grant[:40]}")
    if fields.get("client_id") != CLIENT_ID:
        raise _refused("invalid_client", "invalid client_id parameter")
    if fields.get("client_secret") != CLIENT_SECRET:
        raise _refused("invalid_client", "invalid client_secret parameter")
    if not fields.get("scope", "").strip():
        raise _refused("invalid_scope", "scope is missing")
    tokens = call.emulator.tokens
    return JSONResponse(
        {
            "access_token": tokens.issue(call.world.clock.now_ms()),
            "token_type": "bearer",
            "expires_in": tokens.ttl_s,
        }
    )


def _refused(error: str, description: str) -> Refusal:
    return Refusal(400, "ims", error, description)
