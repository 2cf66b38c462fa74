"""Repeats what may be repeated, waits as told, and counts every call (AEP.md 2.5).

A GET and a DELETE may always go again. A POST, PUT or PATCH goes again only
when the platform cannot have acted on it: no connection was made, or it said
429. There are no idempotency keys, so anything else could make a thing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

from aeptui.api.budget import Budget
from aeptui.api.clock import PlatformClock, ticking_s
from aeptui.api.http import httpx
from aeptui.api.meter import Meter

log = logging.getLogger("aeptui.api")

MANNER = "aeptui.manner"
TRIES = "aeptui.tries"

_MOST_TRIES = 5
_CONNECTION_TRIES = 3
"""Fewer than for a busy platform: an operator is owed the news that nobody is there."""
_BASE_S = 0.5
_CEILING_S = 30.0
_PATIENCE_S = 60.0
"""So long one call waits between its tries in all; after that its asker decides."""
_BUSY = frozenset({500, 502, 503, 504})
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a request may be treated; `free` ones (the token's) cost no budget."""

    background: bool = False
    repeatable: bool = False
    free: bool = False


class RetryTransport(httpx.AsyncBaseTransport):
    """Wraps the transport that sends."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        budget: Budget,
        meter: Meter,
        clock: PlatformClock,
        sleep: Callable[[float], Awaitable[None]],
        chance: Callable[[], float],
    ) -> None:
        self._inner = inner
        self._budget = budget
        self._meter = meter
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._quiet_until = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        manner: Manner = request.extensions.get(MANNER, Manner())
        idempotent = request.method in ("GET", "HEAD", "DELETE") or manner.repeatable
        tries, waited = 0, 0.0
        while True:
            tries += 1
            try:
                response = await self._send(request, manner)
            except httpx.TransportError as reason:
                reason.request = request  # so that whoever catches it knows which host it was
                again = idempotent or isinstance(reason, _NEVER_SENT)
                if not again or tries >= _CONNECTION_TRIES or _is_lasting(reason):
                    raise
                wait = self._jitter(tries)
            else:
                response.extensions[TRIES] = tries
                again = response.status_code == 429 or (
                    idempotent and response.status_code in _BUSY
                )
                if not again or tries >= _MOST_TRIES:
                    return response
                told = self.told_to_wait(response)
                wait = self._jitter(tries) if told is None else told
                if wait > _CEILING_S or waited + wait > _PATIENCE_S:
                    return response
                await response.aclose()
            waited += wait
            await self._sleep(wait)

    async def aclose(self) -> None:
        await self._inner.aclose()

    def told_to_wait(self, response: httpx.Response) -> float | None:
        """Real seconds that `Retry-After` asks for, in either of its forms; None without one."""
        text = response.headers.get("retry-after", "").strip()
        if text.isdecimal() and len(text) < 9:
            return float(text)
        try:
            until = parsedate_to_datetime(text)
            sent = parsedate_to_datetime(response.headers.get("date", ""))
            seconds = (until - sent).total_seconds()
        except (ValueError, TypeError):
            return None
        # A date is in the platform's time, which a rehearsal may run faster.
        speed = self._clock.speed
        return max(0.0, seconds / speed) if speed else 0.0

    async def _send(self, request: httpx.Request, manner: Manner) -> httpx.Response:
        if not manner.free:
            await self._budget.take(background=manner.background)
            quiet = self._quiet_until - ticking_s()
            if quiet > 0:
                await self._sleep(quiet)
        self._meter.count()
        began = ticking_s()
        response = await self._inner.handle_async_request(request)
        response.request = request
        took = ticking_s() - began
        self._meter.last_latency_s = took
        log.debug(
            "%s %s %d in %d ms, request %s",
            request.method,
            request.url.path,
            response.status_code,
            took * 1000,
            response.headers.get("x-request-id", "-"),
        )
        # IMS tells the time too, which counts until the platform itself has spoken: the end
        # of the first token is reckoned with it.
        if not manner.free or not self._clock.heard:
            self._clock.hear(
                response.headers.get("date"), response.headers.get("x-emulator-speed"), took
            )
        if not manner.free and response.status_code == 429:
            self._slow_down(response)
        return response

    def _slow_down(self, response: httpx.Response) -> None:
        self._budget.slow_down()
        told, now = self.told_to_wait(response), self._clock.now()
        pause = None if told is None else timedelta(seconds=told * self._clock.speed)
        self._meter.note_limit(now, None if pause is None else now + pause)
        if told is not None:  # everybody waits, not only the call that was told
            self._quiet_until = ticking_s() + min(told, _CEILING_S)

    def _jitter(self, tries: int) -> float:
        ceiling = min(_CEILING_S, _BASE_S * 2.0 ** (tries - 1))
        return self._chance() * ceiling


def _is_lasting(reason: httpx.TransportError) -> bool:
    """A certificate that is not trusted will not be trusted in a second either."""
    return "ssl" in str(reason).lower()
