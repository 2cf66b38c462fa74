"""All services under one application: what happens to a request before and after its handler."""

import importlib
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from threading import Condition
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aeptui.emulator import published
from aeptui.emulator.calls import Call, Handler, authorise, choose_sandbox, endpoint, refused
from aeptui.emulator.errors import Refusal, not_emulated
from aeptui.emulator.faults import Faults
from aeptui.emulator.incidents import Incidents
from aeptui.emulator.requestlog import RequestLog
from aeptui.emulator.services.ims import Tokens
from aeptui.emulator.world import World, touch

if TYPE_CHECKING:
    from aeptui.emulator.crm import Crm
    from aeptui.emulator.runner import Runner

__all__ = ["Call", "Emulator", "Handler", "create_app", "endpoint"]

PATIENCE_S = 0.05  # how long a request may work off what is due before it is answered
IDLE_S = 0.5

ENTITIES = ("connections", "sourceConnections", "targetConnections", "flows", "runs")

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


class Emulator:
    """What the application is made of: the world, the CRM beside it, and what disturbs them.

    The CRM and the runner come with `furnish`, which a new world needs some seconds for;
    until then calls that need them are told to wait.
    """

    def __init__(self, world: World, *, token_ttl_s: int = 86_399, lenient: bool = False) -> None:
        self.world = world
        self.tokens = Tokens(world, token_ttl_s)
        self.incidents = Incidents(world)
        self.faults = Faults()
        self.quirks: set[str] = set()
        self.log = RequestLog()
        self.lenient = lenient
        self.making: tuple[int, int] | None = None  # runs done and to do, while a world is made
        self.begin_again: Callable[[int], None] = _no_reset
        self._crm: Crm | None = None
        self._runner: Runner | None = None
        self.moves = 0  # calls that wait until the clock was moved
        self._waiting = 0
        self._turn = Condition()

    def furnish(self, crm: "Crm", runner: "Runner") -> None:
        self._crm, self._runner = crm, runner

    @property
    def crm(self) -> "Crm":
        if self._crm is None:
            raise _not_yet()
        return self._crm

    @property
    def runner(self) -> "Runner":
        if self._runner is None:
            raise _not_yet()
        return self._runner

    def answer(
        self,
        call: Call,
        handler: Handler,
        *,
        authorised: bool,
        sandbox: bool,
        settle: bool,
        atomic: bool,
    ) -> Response:
        """One request from its checks to its answer, as one transaction if it is `atomic`.

        When more is due than can be done at once, the answer is of an earlier moment, and whole.
        """
        if not atomic:  # it takes the lock itself, step by step
            return handler(call)
        with self.my_turn():
            if authorised:
                authorise(call)
            if settle and self.making is None:
                self.runner.settle(within_s=PATIENCE_S)
            if sandbox:
                choose_sandbox(call)
            with self.world.transaction():
                return handler(call)

    def keep_up(self) -> float:
        """Do some of what is due; answers how long to wait, in seconds, before it is asked again."""
        with self.world.lock:
            if self.making is not None:
                return IDLE_S
            self.runner.settle(within_s=PATIENCE_S)
            wait_s = self.runner.wait_s()
        self.give_way()
        return min(wait_s, IDLE_S)

    def race(self, path: str) -> None:
        """Change the entity that a path names, as somebody else's write would."""
        id = path.rsplit("/", 1)[1]
        with self.world.transaction():
            for sandbox in self.world.sandboxes():
                for kind in ENTITIES:
                    document = self.world.get(sandbox["name"], kind, id)
                    if document is not None:
                        touch(self.world, document)

    def give_way(self) -> None:
        """Let waiting requests go first: called between the steps of long work, lock not held."""
        with self._turn:
            self._turn.wait_for(lambda: self._waiting == 0, timeout=1.0)

    @contextmanager
    def my_turn(self) -> Iterator[None]:
        """The world's lock, for which long work makes way."""
        with self._turn:
            self._waiting += 1
        try:
            with self.world.lock:
                yield
        finally:
            with self._turn:
                self._waiting -= 1
                self._turn.notify_all()


def _not_yet() -> Refusal:
    sentence = "The world is still being made; ask again in some seconds."
    return Refusal(503, "plain", "", sentence, headers={"Retry-After": "2"})


def _no_reset(seed: int) -> None:
    raise not_emulated("Beginning again in this process")


def create_app(emulator: Emulator) -> ASGIApp:
    """The ASGI application of an emulator."""
    from aeptui.emulator import control

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
