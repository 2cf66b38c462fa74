"""OAuth server-to-server: one token for all calls (AEP.md 1.2).

The token is asked for once, however many calls wait for it, renewed before the
platform's clock says that it ends, and once more when a 401 says that it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from aeptui.api.clock import PlatformClock, ticking_s
from aeptui.api.errors import ApiError, AuthError, SettingsError
from aeptui.api.http import httpx
from aeptui.api.meter import Meter
from aeptui.api.problems import token_refusal
from aeptui.api.scrub import scrub_text
from aeptui.api.settings import ApiSettings, Secret, struck_out
from aeptui.api.transport import MANNER, Manner
from aeptui.api.wire import number, text, told_by

TOKEN_PATH = "/ims/token/v3"  # noqa: S105 (a path)
_LEEWAY = timedelta(seconds=600)
_SULK_S = 15.0
"""After a refusal IMS is left alone for so long: loops must not lock an account."""
_MILLISECONDS_ABOVE = 10_000_000
"""No token lives 115 days: AEP.md 1.2, one of IMS's answers counts in milliseconds."""


class ImsTokens:
    """Has the token for whoever asks; `send` sends a request to IMS."""

    def __init__(
        self,
        settings: ApiSettings,
        *,
        send: Callable[[httpx.Request], Awaitable[httpx.Response]],
        clock: PlatformClock,
        meter: Meter,
        ticks: Callable[[], float] = ticking_s,
    ) -> None:
        self._settings = settings
        self._send = send
        self._clock = clock
        self._meter = meter
        self._ticks = ticks
        self._lock = asyncio.Lock()
        self._token = settings.access_token or Secret("")
        self._renew_at: datetime | None = None
        self._sent_secret = Secret("")
        self._refused: tuple[float, ApiError] | None = None

    @property
    def renewable(self) -> bool:
        """Whether another token can be had when this one is refused; not of a pasted one."""
        return self._settings.access_token is None

    async def token(self, refused: Secret | None = None) -> Secret:
        """One that is good by the platform's clock and is not the `refused` one."""
        async with self._lock:  # many questions, one token request
            if self._is_stale(refused):
                reply = await self._send(await self._token_request())
                try:
                    await reply.aread()
                finally:
                    await reply.aclose()
                self._keep(reply)
            return self._token

    def redacted(self, body: bytes) -> bytes:
        """`body` without the secrets that were sent, should an answer repeat them."""
        return struck_out(body, (self._token, self._sent_secret))

    def _is_stale(self, refused: Secret | None) -> bool:
        if not self.renewable:
            return False
        if not self._token or self._token == refused:
            return True
        return self._renew_at is not None and self._clock.now() >= self._renew_at

    async def _token_request(self) -> httpx.Request:
        if self._refused is not None:
            at, error = self._refused
            if self._ticks() - at < _SULK_S:
                raise error
        self._sent_secret = await self._client_secret()
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._sent_secret.reveal(),
            "scope": ",".join(self._settings.scopes.replace(",", " ").split()),
        }
        limits = httpx.Timeout(self._settings.timeouts.token_s).as_dict()
        return httpx.Request(
            "POST",
            self._settings.ims_url.rstrip("/") + TOKEN_PATH,
            data=form,
            headers={"Accept": "application/json"},
            extensions={"timeout": limits, MANNER: Manner(repeatable=True, free=True)},
        )

    async def _client_secret(self) -> Secret:
        held = self._settings.client_secret
        secret = await asyncio.to_thread(held) if callable(held) else held
        if not secret:
            raise SettingsError(
                "There is no client secret to ask for a token with",
                remedy="set client_secret in the profile",
            )
        return secret

    def _keep(self, reply: httpx.Response) -> None:
        told = _told(reply)
        token = text(told, "access_token", limit=100_000)
        if reply.status_code >= 300 or not token or not token.isascii() or not token.isprintable():
            error = self._refusal(reply)
            if isinstance(error, AuthError):
                self._refused = (self._ticks(), error)
            raise error
        self._refused = None
        self._token = Secret(token)
        life = _life(number(told.get("expires_in")))
        now = self._clock.now()
        self._meter.token_expires_at = None if life is None else now + life
        self._renew_at = None if life is None else now + life - min(life / 10, _LEEWAY)

    def _refusal(self, reply: httpx.Response) -> ApiError:
        if reply.status_code < 300:
            return AuthError(
                "IMS answered without a token",
                service="IMS",
                status=reply.status_code,
                remedy="check ims_url in the profile",
            )
        return token_refusal(
            reply.status_code,
            self.redacted(reply.content),
            request_id=scrub_text(reply.headers.get("x-request-id", ""), 100),
            host=reply.request.url.host,
        )


def _told(reply: httpx.Response) -> dict[str, object]:
    try:
        return told_by(reply.content)
    except ValueError:
        return {}


def _life(expires_in: int | None) -> timedelta | None:
    if expires_in is None or expires_in <= 0:
        return None
    if expires_in > _MILLISECONDS_ABOVE:
        expires_in //= 1000
    return timedelta(seconds=min(expires_in, _MILLISECONDS_ABOVE))
