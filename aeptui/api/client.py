"""AepClient: the way to one platform for one profile; httpx and its exceptions end here.

It knows headers, hosts, sizes and what a refusal means; what to ask is the
services' business. It speaks to httpx's transports and not through its client:
cookies are not kept and redirects not followed, so that a token goes nowhere
else, and a page costs less.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote, urlencode

import msgspec

import aeptui
from aeptui.api.auth import ImsTokens
from aeptui.api.budget import Budget
from aeptui.api.calls import Answer, Call, Service
from aeptui.api.clock import PlatformClock
from aeptui.api.errors import ApiError, ApiUnreachable, AuthError, BadAnswer
from aeptui.api.http import httpx
from aeptui.api.meter import Meter
from aeptui.api.problems import looks_like_markup, refusal
from aeptui.api.reaching import proxy_for, trust
from aeptui.api.scrub import NotJson, scrub_json, scrub_text
from aeptui.api.settings import ApiSettings
from aeptui.api.transport import MANNER, TRIES, Manner, RetryTransport

_READS = 3
"""How often a GET whose body broke off is asked again in all."""
_CONNECTIONS = 8
_KEPT_S = 30.0
"""Longer than the pause between two looks, so that each does not begin with TLS."""


class AepClient:
    """Puts one call at a time to AEP, many at once if asked to."""

    def __init__(
        self,
        settings: ApiSettings,
        *,
        clock: PlatformClock,
        meter: Meter,
        budget: Budget,
        sleep: Callable[[float], Awaitable[None]],
        chance: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._base = str(httpx.URL(settings.platform_url)).rstrip("/")
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"aeptui/{aeptui.__version__}",
            "x-api-key": settings.client_id,
            "x-gw-ims-org-id": settings.org_id,
        }
        limits = settings.timeouts
        self._limits = _limits(limits.connect_s, limits.read_s)
        self._slow_limits = _limits(limits.connect_s, limits.slow_read_s)
        trusted = trust(settings)

        def retrying(url: str) -> RetryTransport:
            return RetryTransport(
                httpx.AsyncHTTPTransport(
                    verify=trusted,
                    proxy=proxy_for(settings, url),
                    limits=httpx.Limits(max_connections=_CONNECTIONS, keepalive_expiry=_KEPT_S),
                    trust_env=False,
                ),
                budget=budget,
                meter=meter,
                clock=clock,
                sleep=sleep,
                chance=chance,
            )

        self._platform = retrying(settings.platform_url)
        self._ims = retrying(settings.ims_url)
        self._tokens = ImsTokens(
            settings, send=self._ims.handle_async_request, clock=clock, meter=meter
        )

    async def ask(self, call: Call, *, background: bool = False) -> Answer:
        """The platform's answer to `call`, scrubbed; raises ApiTrouble for anything else."""
        request = self._question(call, background=background)
        reads = _READS if call.method == "GET" else 1
        while True:
            reads -= 1
            try:
                return await self._answer(call, request)
            except _BrokeOff as half:
                if not reads:
                    raise self._unreachable(half.reason) from None
            except httpx.TransportError as reason:
                raise self._unreachable(reason) from None
            except httpx.DecodingError:
                if not reads:
                    raise _bad(call, 200, "", "an answer that is compressed wrongly") from None

    async def aclose(self) -> None:
        await self._platform.aclose()
        await self._ims.aclose()

    def _question(self, call: Call, *, background: bool) -> httpx.Request:
        query = urlencode(call.params, quote_via=quote, safe="")
        headers, body = dict(call.headers or {}), None
        if call.json is not None:
            headers.setdefault("Content-Type", "application/json")
            body = msgspec.json.encode(call.json)
        return self._request(
            call.service,
            call.method,
            f"{call.service.path}{call.path}{'?' if query else ''}{query}",
            headers=headers,
            body=body,
            manner=Manner(background=background, repeatable=call.repeatable),
            slow=call.slow,
        )

    def _request(
        self,
        service: Service,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        manner: Manner,
        slow: bool,
    ) -> httpx.Request:
        """A request with the headers of every one, and its own above them."""
        sent = httpx.Headers({**self._headers, "x-request-id": str(uuid.uuid4())})
        if service is not Service.SANDBOXES:
            sent["x-sandbox-name"] = self._settings.sandbox
        sent.update(headers)
        limits = self._slow_limits if slow else self._limits
        try:
            return httpx.Request(
                method,
                self._base + path,
                headers=sent,
                content=body,
                extensions={"timeout": limits, MANNER: manner},
            )
        except httpx.InvalidURL:
            raise ApiError(
                f"{service.title} was not asked, since the address would be too long",
                service=service.title,
                remedy="ask for something with a shorter id",
            ) from None

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """What the platform answers, to a new token once where one is refused; to be closed."""
        if not str(request.url).startswith(f"{self._base}/"):
            raise RuntimeError("a token is for the platform's host only")
        refused = None
        while True:
            token = await self._tokens.token(refused)
            request.headers["Authorization"] = f"Bearer {token.reveal()}"
            response = await self._platform.handle_async_request(request)
            if response.status_code != 401 or refused is not None or not self._tokens.renewable:
                return response
            await response.aclose()
            refused = token

    async def _answer(self, call: Call, request: httpx.Request) -> Answer:
        response = await self._send(request)
        try:
            body, whole = await _read(response, call.max_bytes)
        finally:
            await response.aclose()
        status = response.status_code
        told_id = scrub_text(response.headers.get("x-request-id", ""), 100)
        request_id = told_id or request.headers["x-request-id"]
        if call.method == "DELETE" and status == 404 and response.extensions[TRIES] > 1:
            return Answer(204, b"", request_id, call.service)  # an earlier try did it
        if status >= 400:
            raise self._refusal(call, response, body, request_id)
        if status >= 300:
            raise _bad(call, status, request_id, "a redirect, which is not followed")
        if not whole and not call.lines:
            size = call.max_bytes // (1024 * 1024)
            raise _bad(call, status, request_id, f"an answer of more than {size} MB")
        if body.strip() and not call.lines:
            try:
                body = scrub_json(body)
            except NotJson:
                what = "a web page" if looks_like_markup(body) else "something"
                raise _bad(call, status, request_id, f"{what} that is not JSON") from None
        return Answer(status, body, request_id, call.service)

    def _refusal(
        self, call: Call, response: httpx.Response, body: bytes, request_id: str
    ) -> ApiError:
        error = refusal(
            response.status_code,
            self._tokens.redacted(body),
            service=call.service.title,
            request_id=request_id,
            sandbox=self._settings.sandbox,
            retry_after_s=self._platform.told_to_wait(response),
        )
        pasted = self._settings.access_token is not None
        if pasted and isinstance(error, AuthError) and error.blames == "access_token":
            error.remedy = "it may have expired: set a fresh access_token"
        return error

    def _unreachable(self, reason: httpx.TransportError) -> ApiUnreachable:
        url = reason.request.url
        host = url.host if url.port is None else f"{url.host}:{url.port}"
        sent = not isinstance(
            reason, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
        )
        sentence, remedy = _why_unreachable(reason, host)
        return ApiUnreachable(sentence, host=host, remedy=remedy, sent=sent)


class _BrokeOff(Exception):
    """An answer began and did not end; without a beginning the transport asks again itself."""

    def __init__(self, reason: httpx.TransportError) -> None:
        super().__init__()
        self.reason = reason


async def _read(response: httpx.Response, most: int) -> tuple[bytes, bool]:
    """The body, and whether that is all of it."""
    chunks, size = [], 0
    try:
        async for chunk in response.aiter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > most:
                return b"".join(chunks)[:most], False
    except (httpx.ReadError, httpx.RemoteProtocolError) as reason:
        raise _BrokeOff(reason) from None
    return b"".join(chunks), True


def _limits(connect_s: float, read_s: float) -> dict[str, float | None]:
    """Time-outs as a transport wants them.

    Nothing bounds the wait for a free connection: the budget and their number do.
    """
    return httpx.Timeout(read_s, connect=connect_s, pool=None).as_dict()


def _why_unreachable(reason: httpx.TransportError, host: str) -> tuple[str, str]:
    words = str(reason).lower()
    if "certificate" in words:
        return f"The certificate of {host} is not trusted", "set ca_bundle in the profile"
    if "ssl" in words:
        return f"{host} does not speak TLS as it should", "check the URL in the profile"
    if isinstance(reason, httpx.ProxyError):
        return f"The proxy did not let us through to {host}", "check proxy in the profile"
    if "name or service" in words or "getaddrinfo" in words or "name resolution" in words:
        return f"The name {host} cannot be found", "check the network and the URL in the profile"
    if isinstance(reason, httpx.TimeoutException):
        return f"{host} did not answer in time", "check the network, or try again later"
    if isinstance(reason, httpx.ConnectError):
        return f"Nothing answers at {host}", "check the network and the URL in the profile"
    return f"The connection to {host} broke off", "try again"


def _bad(call: Call, status: int, request_id: str, what: str) -> BadAnswer:
    return BadAnswer(
        f"{call.service.title} sent {what}",
        service=call.service.title,
        status=status,
        request_id=request_id,
        remedy="check platform_url, and whether a proxy or sign-in page is in between",
    )
