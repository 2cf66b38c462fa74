"""Answers that go wrong on purpose: refused, late, cut short, or never sent.

Faults are told through `/_emulator/faults` and stand between the network and the services;
control calls never meet them.
"""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aeptui.emulator import published
from aeptui.emulator.errors import TITLES, Refusal
from aeptui.emulator.requestlog import CONTROL

KINDS = frozenset(
    {"status", "latency", "reset", "truncate", "html", "expired-token", "rate-limit", "etag-race"}
)

_PAGE = """<!DOCTYPE html>
<html><head><title>{status} {title}</title></head>
<body><h1>{title}</h1><p>The server is temporarily unable to service your request.</p></body>
</html>
"""


@dataclass
class Fault:
    """One standing fault: which requests it is for, what happens to them, how often still."""

    id: str
    kind: str
    service: str = "*"
    method: str = "*"
    path: str = "*"
    status: int | None = None
    body: Any = None
    latency_s: float = 0.0
    retry_after: str | None = None
    after: int = 0
    times: int | None = None
    from_ms: int | None = None  # emulated moments; without them it begins now and stays
    to_ms: int | None = None

    def stands(self, now_ms: int) -> bool:
        """Whether its time has come, and is not over."""
        return (self.from_ms is None or self.from_ms <= now_ms) and (
            self.to_ms is None or now_ms < self.to_ms
        )

    def meets(self, service: str | None, method: str, path: str) -> bool:
        """Whether it is for this request; `path` may be a glob of the whole path or of the
        part below the service's base."""
        if self.service not in ("*", service) or self.method.upper() not in ("*", method):
            return False
        base = published.BASES.get(service or "", "")
        return fnmatchcase(path, self.path) or fnmatchcase(path.removeprefix(base), self.path)


class Faults:
    """The standing faults, in the order in which they were told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._standing: list[Fault] = []

    def add(self, **fields: Any) -> Fault:
        fault = Fault(id=str(uuid.uuid4()), **fields)
        with self._lock:
            self._standing.append(fault)
        return fault

    def remove(self, id: str | None = None) -> int:
        """Remove one, or all; answers how many went."""
        with self._lock:
            kept = [] if id is None else [fault for fault in self._standing if fault.id != id]
            gone = len(self._standing) - len(kept)
            self._standing = kept
        return gone

    def standing(self) -> list[Fault]:
        return list(self._standing)

    def take(self, method: str, path: str, now_ms: int) -> list[Fault]:
        """The faults that this request meets; each is counted down, and gone when it is over."""
        service = published.service_of(path)
        met = []
        with self._lock:
            self._standing = [
                fault for fault in self._standing if fault.to_ms is None or now_ms < fault.to_ms
            ]
            for fault in list(self._standing):
                if not fault.stands(now_ms) or not fault.meets(service, method, path):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                met.append(fault)
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._standing.remove(fault)
        return met

    async def pass_through(
        self,
        app: ASGIApp,
        scope: Scope,
        receive: Receive,
        send: Send,
        now_ms: int,
        race: Callable[[str], None],
    ) -> None:
        """Let a request of a moment through to the services, as far as the faults allow.

        `race` changes the entity that a path names, for `etag-race`.
        """
        path: str = scope["path"]
        if not self._standing or path.startswith(CONTROL):
            await app(scope, receive, send)
            return
        for fault in self.take(scope["method"], path, now_ms):
            match fault.kind:
                case "latency":
                    await asyncio.sleep(fault.latency_s)
                case "reset":
                    await _hang_up(scope, receive)
                    return
                case "truncate":
                    await app(scope, receive, _Half(send))
                    await _hang_up(scope, receive)
                    return
                case "etag-race":
                    await asyncio.to_thread(race, path)
                case _:
                    await asyncio.sleep(fault.latency_s)
                    await answer(fault, scope)(scope, receive, send)
                    return
        await app(scope, receive, send)


def answer(fault: Fault, scope: Scope) -> Response:
    """What a fault answers in the place of the service."""
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    if fault.kind == "html":
        status = fault.status or 503
        page = _PAGE.format(status=status, title=TITLES.get(status, "Error"))
        text = page if fault.body is None else str(fault.body)
        return HTMLResponse(text, status_code=status, headers=headers)
    if fault.kind == "expired-token":
        refusal = Refusal(401, "gateway", "401013", "Oauth token is not valid")
    elif fault.kind == "rate-limit":
        refusal = Refusal(429, "gateway", "429050", "Too many requests")
    else:
        status = fault.status or 503
        family = published.family_of(scope["path"])
        code = {"flow": f"FLOW-1400-{status}", "registry": f"XDM-1500-{status}"}.get(family, "")
        sentence = f"{TITLES.get(status, 'The request failed')}."
        refusal = Refusal(status, family, code, sentence)
    if fault.body is not None:
        text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
        media = "text/plain" if isinstance(fault.body, str) else "application/json"
        status = fault.status or refusal.status
        return Response(text, status_code=status, media_type=media, headers=headers)
    body = refusal.body(scope["emulator.request_id"], 0)
    return JSONResponse(body, status_code=fault.status or refusal.status, headers=headers)


class _Half:
    """A `send` that lets half of the first part of the body through and swallows the rest."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._cut = False

    async def __call__(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            await self._send(message)
        elif not self._cut:
            self._cut = True
            half = message.get("body", b"")
            half = half[: len(half) // 2]
            await self._send({"type": "http.response.body", "body": half, "more_body": True})


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection under the caller, who is owed an answer."""
    hang_up = scope.get("emulator.hang_up")
    if hang_up is not None:
        hang_up()
    while (await receive())["type"] != "http.disconnect":
        pass
