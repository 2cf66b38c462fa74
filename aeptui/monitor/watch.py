"""Keeps the monitor's words for flows in the mirror current."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from aeptui.mirror.rows import FlowRow
from aeptui.mirror.store import Mirror
from aeptui.mirror.verdicts import FlowVerdict
from aeptui.monitor.state import ENOUGH, Thresholds, flow_verdict

if TYPE_CHECKING:
    from aeptui.mirror.read import Reader

_SLICE = 20
"""Flows judged at a time, so that a screen's question never waits behind all of them."""

_LEAST_S = 1.0
"""A clock that runs fast does not make us look more often than this."""

_LONGEST_S = 3600.0
"""Nothing is due for so long only where no flow has a schedule."""


class Clock(Protocol):
    """The platform's time, and how many of its seconds pass in one of ours."""

    def now(self) -> datetime: ...
    @property
    def speed(self) -> float: ...


class Watch:
    """Judges flows again when news touches them, and when time alone may have changed a word.

    Nothing runs in between: it waits for news and for the earliest `check_at`
    that the last verdicts named. A clock may be moved and a lid closed while it
    waits, so it also looks for what is due after each answer of the platform.
    """

    def __init__(self, mirror: Mirror, clock: Clock, thresholds: Thresholds) -> None:
        self._mirror = mirror
        self._clock = clock
        self._thresholds = thresholds

    async def once(self) -> None:
        """Judge every flow now."""
        await self._judge(await self._mirror.ask(lambda reader: reader.ids("flows")))

    async def follow(self) -> None:
        """Judge every flow, then those that news or time touch, until cancelled."""
        news = self._mirror.news("flows", "runs", "freshness")
        heard = asyncio.ensure_future(anext(news))
        try:
            await self.once()
            while True:
                await asyncio.wait([heard], timeout=await self._patience())
                touched: set[str] = set()
                if heard.done():
                    changed = heard.result()
                    heard = asyncio.ensure_future(anext(news))
                    if changed.kind == "runs":
                        touched |= changed.flow_ids
                    elif changed.kind == "flows" and not changed.judged:  # not our own echo
                        touched |= changed.ids
                    if changed.all and changed.kind != "freshness" and not changed.judged:
                        await self.once()
                        continue
                await self._judge(sorted(touched | await self._due()))
        finally:
            heard.cancel()
            await news.aclose()

    async def _due(self) -> set[str]:
        """Flows whose word time alone may have changed by now."""
        now = self._clock.now()
        return set(await self._mirror.ask(lambda reader: reader.due_checks(now)))

    async def _patience(self) -> float:
        """Real seconds until a word may change by itself."""
        at = await self._mirror.ask(lambda reader: reader.next_check())
        if at is None or self._clock.speed <= 0:
            return _LONGEST_S
        wait = (at - self._clock.now()).total_seconds() / self._clock.speed
        return min(max(wait, _LEAST_S), _LONGEST_S)

    async def _judge(self, flow_ids: Sequence[str]) -> None:
        for start in range(0, len(flow_ids), _SLICE):
            verdicts = await self._mirror.ask(
                partial(self._verdicts, flow_ids[start : start + _SLICE], self._clock.now())
            )
            await self._mirror.judge(verdicts)

    def _verdicts(self, ids: Sequence[str], now: datetime, reader: Reader) -> list[FlowVerdict]:
        """On the reader thread: a flow and its newest runs, and what they amount to."""
        verdicts = []
        for id in ids:
            flow = cast(FlowRow | None, reader.get("flows", id))
            if flow is not None:
                runs = reader.runs_of(id, ENOUGH)
                verdicts.append(
                    flow_verdict(flow, runs, now, self._thresholds, flow.dataset_expires_at)
                )
        return verdicts
