"""Keeps the monitor's words for flows in the mirror current."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from aeptui.mirror.rows import FlowRow
from aeptui.mirror.store import Mirror
from aeptui.mirror.verdicts import FlowVerdict
from aeptui.monitor.state import ENOUGH, Thresholds, flow_verdict

if TYPE_CHECKING:
    from aeptui.mirror.read import Reader

_SLICE = 20
"""Flows judged at a time, so that a screen's question never waits behind all of them."""


class Watch:
    """Judges flows again when news touches them, and when time alone may have changed a word.

    A flow is judged as of the moment at which the platform last confirmed the
    runs, never by a later clock: while nobody answers, runs that we cannot see
    may well have begun, and a flow is not called late for that. So the answers of
    the platform are all the ticking there is, and nothing runs in between.
    """

    def __init__(self, mirror: Mirror, thresholds: Thresholds) -> None:
        self._mirror = mirror
        self._thresholds = thresholds

    async def once(self) -> None:
        """Judge every flow now."""
        await self._judge(await self._mirror.ask(lambda reader: reader.ids("flows")))

    async def follow(self) -> None:
        """Judge every flow, then those that news or time touch, until cancelled."""
        news = self._mirror.news("flows", "runs", "freshness")
        try:
            await self.once()
            async for changed in news:
                if changed.all and changed.kind != "freshness" and not changed.judged:
                    await self.once()
                    continue
                touched: set[str] = set()
                if changed.kind == "runs":
                    touched |= changed.flow_ids
                elif changed.kind == "flows" and not changed.judged:  # not our own echo
                    touched |= changed.ids
                await self._judge(sorted(touched | await self._due()))
        finally:
            await news.aclose()

    async def _as_of(self) -> datetime | None:
        """Up to when the runs are known; None before the platform has told any."""
        runs = (await self._mirror.freshness()).get("runs")
        return runs.confirmed_at if runs else None

    async def _due(self) -> set[str]:
        """Flows whose word time alone may have changed by now, and those without one."""
        now = await self._as_of()
        if now is None:
            return set()
        return set(await self._mirror.ask(lambda reader: reader.due_checks(now)))

    async def _judge(self, flow_ids: Sequence[str]) -> None:
        now = await self._as_of()
        if now is None:
            return
        for start in range(0, len(flow_ids), _SLICE):
            verdicts = await self._mirror.ask(
                partial(self._verdicts, flow_ids[start : start + _SLICE], now)
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
