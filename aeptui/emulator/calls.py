"""A request as the services see it, and the checks that come before any of them.

The order of the checks is the platform's: token, API key, organisation, then the sandbox,
which is the service's own affair and is refused in the service's own shape.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from aeptui.emulator import samples
from aeptui.emulator.emulator import Emulator
from aeptui.emulator.errors import Family, Refusal
from aeptui.emulator.requestlog import CONTROL

if TYPE_CHECKING:
    from aeptui.emulator.world import World

BODY_LIMIT = 8 * 1024 * 1024
DEEPEST = 100

_HALF = re.compile(rb"(?i)\\ud[89a-f]")

Handler = Callable[["Call"], Response]


@dataclass
class Call:
    """One request, authenticated: what a handler may know of it."""

    emulator: Emulator
    method: str
    url_path: str
    path: Mapping[str, str]  # parameters of the route, decoded once
    query: QueryParams  # a multi-dict: query.getlist("property")
    headers: Headers
    body: bytes
    family: Family
    request_id: str
    base_url: str  # scheme and host as the caller wrote them
    peer: str  # the address that the call came from
    sandbox: str = ""
    client_id: str = ""

    @property
    def world(self) -> "World":
        return self.emulator.world

    def json(self) -> Any:
        """The body, decoded; an empty or broken one is refused in the service's shape."""
        return self._decoded

    def json_object(self) -> dict[str, Any]:
        """The body, which has to be a JSON object."""
        if not isinstance(self._decoded, dict):
            raise self.refuse(400, "The request body must be a JSON object.")
        return self._decoded

    def meant(self) -> dict[str, Any]:
        """The body of a create: as it was sent, or to a lenient emulator as it was meant."""
        body = self.json_object()
        return samples.put_right(body) if self.emulator.lenient else body

    @cached_property
    def _decoded(self) -> Any:
        if not self.body.strip():
            raise self.refuse(400, "The request body is empty.", number="1405")
        kind = self.headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if kind != "application/json" and not kind.endswith("+json"):
            raise self.refuse(415, "A valid content-type must be specified.")
        body = samples.without_last_commas(self.body) if self.emulator.lenient else self.body
        try:
            value = json.loads(body.decode(), parse_constant=_no_constant, parse_float=_finite)
        except (ValueError, RecursionError) as reason:
            raise self.refuse(400, f"The request body is not valid JSON: {reason}.") from None
        if _depth(value) > DEEPEST:
            raise self.refuse(400, f"The request body is nested deeper than {DEEPEST} levels.")
        if _HALF.search(self.body) and not _is_text(value):
            raise self.refuse(400, "The request body holds half of a surrogate pair.")
        return value

    def refuse(self, status: int, sentence: str, *, number: str = "1400", **more: Any) -> Refusal:
        """A refusal in the shape of the service that was called."""
        match self.family:
            case "flow":
                code = f"FLOW-{number}-{status}"
            case "registry":
                code = f"XDM-{number}-{status}"
            case "gateway":
                code = f"{status}000"
            case "ims":
                code = "invalid_request"
            case _:
                code = ""
        return Refusal(status, self.family, code, sentence, **more)


def endpoint(
    path: str,
    handlers: Mapping[str, Handler],
    *,
    family: Family,
    sandbox: bool = True,
    authorised: bool = True,
    settle: bool = True,
    atomic: bool = True,
) -> Route:
    """A route of a service: one handler per method, run in a thread under the world's lock.

    `family` is the shape of its errors; `sandbox=False` for the calls that need no sandbox,
    `authorised=False` for the token endpoint and the control calls. `atomic=False` is for
    a call that lets much time pass, which is committed step by step.
    """

    async def answer(request: Request) -> Response:
        emulator: Emulator = request.app.state.emulator
        call = Call(
            emulator=emulator,
            method=request.method,
            url_path=request.url.path,
            path={name: unquote(str(value)) for name, value in request.path_params.items()},
            query=request.query_params,
            headers=request.headers,
            body=b"",
            family=family,
            request_id=request.scope["emulator.request_id"],
            base_url=f"{request.url.scheme}://{request.headers.get('host', 'localhost')}",
            peer=request.client.host if request.client is not None else "",
        )
        try:
            handler = handlers.get(request.method)
            if handler is None and request.method == "HEAD":
                handler = handlers.get("GET")
            if handler is None:
                allowed = ", ".join(sorted(handlers))
                sentence = f"{request.method} is not a method of this path; it takes {allowed}."
                raise call.refuse(405, sentence, headers={"Allow": allowed})
            call.body = await _body_of(request, call)
            return await run_in_threadpool(
                _answered,
                call,
                handler,
                authorised=authorised,
                sandbox=sandbox,
                settle=settle,
                atomic=atomic,
            )
        except ClientDisconnect:
            return _Unanswered()
        except Refusal as refusal:
            return _oddly(call, refused(refusal, call.request_id, emulator.world.clock.now_ms()))

    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    return Route(path, answer, methods=every)


def _answered(
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
    with call.emulator.my_turn():
        if authorised:
            authorise(call)
        if settle:
            call.emulator.settle()
        if sandbox:
            choose_sandbox(call)
        with call.world.transaction():
            return handler(call)


class _Unanswered(Response):
    """For a caller who left before the request was whole: there is nobody to answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pass


def refused(refusal: Refusal, request_id: str, now_ms: int) -> Response:
    return JSONResponse(
        refusal.body(request_id, now_ms), status_code=refusal.status, headers=refusal.headers
    )


def _oddly(call: Call, answer: Response) -> Response:
    """An error in the forms that have been seen too; control calls keep their own."""
    quirks = call.emulator.quirks
    if call.family == "flow" and "legacy-errors" in quirks:
        sentence = json.loads(bytes(answer.body)).get("errorMessage")
        if sentence is not None:
            return JSONResponse({"errorMessage": sentence}, status_code=answer.status_code)
    if call.family == "plain" and "bare-errors" in quirks and not call.url_path.startswith(CONTROL):
        return Response(status_code=answer.status_code)
    return answer


def authorise(call: Call) -> None:
    """Token, API key and organisation, in the gateway's order and the gateway's words."""
    world = call.world
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if not token.strip() or scheme.lower() != "bearer":
        raise Refusal(403, "gateway", "403010", "Oauth token is missing.")
    if not call.emulator.tokens.valid(token.strip(), world.clock.now_ms()):
        raise Refusal(401, "gateway", "401013", "Oauth token is not valid")
    key = call.headers.get("x-api-key", "")
    if not key:
        raise Refusal(403, "gateway", "403000", "Api Key is required")
    if key != call.emulator.tokens.client_id:
        raise Refusal(403, "gateway", "403003", "Api Key is invalid")
    org = call.headers.get("x-gw-ims-org-id", "")
    if not org:
        raise Refusal(400, "gateway", "400003", "Missing header")
    if not re.fullmatch(r"[0-9A-Za-z]+@AdobeOrg", org):
        raise Refusal(403, "gateway", "403027", "User region is missing")
    if org != world.org:
        raise Refusal(403, "gateway", "403025", "Profile is not valid")
    call.client_id = key


def choose_sandbox(call: Call) -> None:
    """The sandbox that the call is about; unknown ones are refused by the service."""
    if call.headers.get("x-sandbox-id"):
        sentence = "The x-sandbox-id header is only for service tokens."
        raise call.refuse(400, sentence, number="2110")
    name = call.headers.get("x-sandbox-name", "")
    if not name:
        if not call.emulator.lenient:
            raise call.refuse(400, "The x-sandbox-name header is missing.", number="2105")
        name = next((one["name"] for one in call.world.sandboxes() if one["isDefault"]), "")
    if name == "*":
        sentence = "A user token cannot ask about all sandboxes at once."
        raise call.refuse(403, sentence, number="2111")
    found = call.world.sandbox(name)
    if found is None or found["state"] != "active":
        raise call.refuse(404, f"The sandbox {name} is not found.", number="2100")
    call.sandbox = name


async def _body_of(request: Request, call: Call) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            raise call.refuse(413, f"The request body is over {BODY_LIMIT} bytes.")
        parts.append(part)
    return b"".join(parts)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    """What is too large for a number would go out again as Infinity, which is no JSON."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large for a number")
    return value


def _depth(value: Any) -> int:
    """How deeply a JSON value is nested, without recursion."""
    depth, level = 0, [value]
    while level:
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner += each.values()
            elif isinstance(each, list):
                inner += each
        depth, level = depth + 1, inner
    return depth


def _is_text(value: Any) -> bool:
    """Whether the value can be written down: an escape may stand for half a character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
