"""A platform of canned answers on loopback, for bodies that the emulator cannot be made to say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TOKEN = "/ims/token/v3"


@dataclass(frozen=True)
class Reply:
    """One answer; anything but bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        body = self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)
        return Response(body, self.status, {"content-type": "application/json", **self.headers})


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    def param(self, name: str) -> str | None:
        return dict(self.query).get(name)


class Canned:
    """Says what it was told to say, in turn; the last answer for a path is repeated."""

    def __init__(self) -> None:
        self.url = ""
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self.seen: list[Seen] = []

    def forget(self) -> None:
        self._replies.clear()
        self.seen.clear()
        self.says("POST", TOKEN, Reply({"access_token": "token-1", "expires_in": 86399}))

    def says(self, method: str, path: str, *replies: Reply) -> None:
        self._replies[method, path] = list(replies)

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    async def answer(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode().partition("?")[0]
        self.seen.append(
            Seen(
                request.method,
                path,
                parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True),
                dict(request.headers),
                await request.body(),
            )
        )
        replies = self._replies.get((request.method, path))
        if replies is None:
            return Reply({"title": "nothing canned", "status": 404}, 404).response()
        return (replies.pop(0) if len(replies) > 1 else replies[0]).response()


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Canned]:
    """A Canned on a free port, in a thread of its own; over TLS with `certificate` and its key."""
    canned = Canned()
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", canned.answer, methods=methods)])
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            log_config=None,
            lifespan="off",
            date_header=False,
            ssl_certfile=certificate,
        )
    )
    ready = threading.Event()
    startup = server.startup

    async def announce(sockets: Any = None) -> None:
        await startup(sockets)
        ready.set()

    server.startup = announce  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert ready.wait(10)
    port = server.servers[0].sockets[0].getsockname()[1]
    canned.url = f"http{'s' if certificate else ''}://127.0.0.1:{port}"
    yield canned
    server.should_exit = True
    thread.join(10)
