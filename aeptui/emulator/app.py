"""All services under one application: what happens to a request before and after its handler."""

import importlib
import re
import uuid
from email.utils import formatdate
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aeptui.emulator import control, published
from aeptui.emulator.calls import refused
from aeptui.emulator.emulator import Emulator
from aeptui.emulator.errors import Refusal, not_emulated

SERVICES = (
    "ims",
    "sandboxes",
    "identities",
    "flowservice",
    "schemaregistry",
    "catalog",
    "dataprep",
    "dataaccess",
)


def create_app(emulator: Emulator) -> ASGIApp:
    """The ASGI application of an emulator."""
    routes: list[Route] = control.routes(emulator.world)
    for name in SERVICES:
        service = importlib.import_module(f"aeptui.emulator.services.{name}")
        routes += service.routes(emulator.world)
    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    routes.append(Route("/{rest:path}", _elsewhere, methods=every))
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    app.state.emulator = emulator
    return Front(app, emulator)


async def _elsewhere(request: Request) -> Response:
    """Paths that nobody here serves: 501 when the platform has them, else 404."""
    path = request.url.path
    if published.has(path):
        refusal = not_emulated(f"{request.method} {path}", published.family_of(path))
    else:
        refusal = Refusal(404, "gateway", "404000", "Resource not found")
    now_ms = request.app.state.emulator.world.clock.now_ms()
    return refused(refusal, request.scope["emulator.request_id"], now_ms)


class Front:
    """What is true of every answer: a request id, the platform's time, faults, the log."""

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self._app = app
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        now_ms = self._emulator.world.clock.now_ms()
        seen = self._emulator.log.begin(scope, request_id, now_ms)
        scope = {**scope, "path": _path(scope), "emulator.request_id": request_id}

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                clock = self._emulator.world.clock
                message["headers"] = [
                    *message.get("headers", []),
                    (b"date", formatdate(clock.now_ms() / 1000, usegmt=True).encode()),
                    (b"x-emulator-speed", f"{clock.speed:g}".encode()),
                    (b"x-request-id", request_id.encode()),
                ]
                seen.status = message["status"]
            await send(message)

        faults, race = self._emulator.faults, self._emulator.race
        await faults.pass_through(self._app, scope, receive, stamped, now_ms, race)
        if seen.status is None:
            seen.status = 0


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and re.fullmatch(rb"[!-~]{1,128}", value):
            return str(value.decode())
    return str(uuid.uuid4())


def _path(scope: Scope) -> str:
    """The path to route on: an encoded slash stays inside its segment, a last slash goes."""
    raw = scope.get("raw_path", b"").split(b"?")[0].decode("latin-1") or scope["path"]
    parts = [quote(unquote(part), safe=":@!$&'()*+,;=~-._") for part in raw.split("/")]
    path = "/".join(parts)
    return path.rstrip("/") or "/"
