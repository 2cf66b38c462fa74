"""Keeps the monitor's words for flows in the mirror current."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.mirror.store import Mirror
from aeptui.mirror.values import Changed, Freshness
from aeptui.mirror.verdicts import FlowVerdict, Streak
from aeptui.monitor.blames import Blames
from aeptui.monitor.events import READ, Look, Seen
from aeptui.monitor.state import ENDED, ENOUGH, Thresholds, flow_verdict, unbroken

if TYPE_CHECKING:
    from aeptui.mirror.read import Reader

_SLICE = 20
"""Flows judged at a time, so that a screen's question never waits behind all of them."""

_LONG_S = 0.5
"""A judging that took longer is followed by as long a rest: while pages of news pour in, as in a
first reading, what comes meanwhile is judged once, and the loop that draws finds the time it needs."""


class Listener(Protocol):
    """Whoever makes events of what is watched; see `aeptui.monitor.events`."""

    async def looked(self, look: Look) -> None:
        """Flows were judged, and their words are kept."""

    async def asked(self, freshness: Mapping[str, Freshness]) -> None:
        """The platform answered or refused; only what it did since the watch began."""


class Watch:
    """Judges flows again when news touches them, and when time alone may have changed a word.

    A flow is judged as of the moment at which the platform last confirmed the
    runs, never by a later clock: while nobody answers, runs that we cannot see
    may well have begun, and a flow is not called late for that. So the answers of
    the platform are all the ticking there is, and nothing runs in between.

    Of several processes on one mirror the one that syncs it judges; the others
    read its words, and judge every flow once when they take over.
    """

    def __init__(
        self,
        mirror: Mirror,
        thresholds: Thresholds,
        listener: Listener | None = None,
        *,
        leading: Callable[[], bool] = lambda: True,
    ) -> None:
        self._mirror = mirror
        self._thresholds = thresholds
        self._listener = listener
        self._leading = leading
        self._blames = Blames()

    async def once(self, *, current: bool = True) -> None:
        """Judge every flow now; `current` unless what is known may be from long ago."""
        ids = await self._mirror.ask(lambda reader: reader.ids("flows"))
        await self._judge(ids, whole=True, current=current)

    async def follow(self) -> None:
        """Judge every flow, then while we lead those that news or time touch, until cancelled."""
        news = self._mirror.news("flows", "runs", "freshness")
        at_first, current = await self._mirror.freshness(), False
        try:
            await self.once(current=False)
            led = self._leading()
            async for changed in news:
                began = time.monotonic()
                if changed.kind == "freshness":
                    lately = await self._since(at_first)
                    if not current and _told(lately, at_first):
                        current = True
                        await self.once()
                    if self._listener is not None:
                        await self._listener.asked(lately)
                led_before, led = led, self._leading()
                if led and (changed.every or not led_before):
                    await self.once(current=current)
                elif led:
                    await self._judge(sorted(await self._touched(changed)), current=current)
                if (spent := time.monotonic() - began) > _LONG_S:
                    await asyncio.sleep(spent)
        finally:
            await news.aclose()

    async def _as_of(self) -> datetime | None:
        """Up to when the runs are known; None before the platform has told any."""
        runs = (await self._mirror.freshness()).get("runs")
        return runs.confirmed_at if runs else None

    async def _touched(self, changed: Changed) -> set[str]:
        """Flows whose word `changed` or time alone may have changed.

        Of what a flow's row shows from elsewhere only its dataset's end counts.
        """
        touched = await self._due() | changed.flow_ids
        if changed.all and changed.kind == "flows":
            touched |= set(await self._mirror.ask(lambda reader: reader.dated()))
        return touched

    async def _due(self) -> set[str]:
        """Flows whose word time alone may have changed by now, and those without one."""
        now = await self._as_of()
        if now is None:
            return set()
        return set(await self._mirror.ask(lambda reader: reader.due_checks(now)))

    async def _since(self, at_first: Mapping[str, Freshness]) -> Mapping[str, Freshness]:
        """How asking went, of the kinds that were asked for since `at_first`."""
        known = await self._mirror.freshness()
        return {kind: each for kind, each in known.items() if each != at_first.get(kind)}

    async def _judge(self, flow_ids: Sequence[str], *, whole: bool = False, current: bool) -> None:
        now = await self._as_of()
        if now is None or not (flow_ids or whole):
            return
        seen: list[Seen] = []
        upto = now
        for start in range(0, len(flow_ids), _SLICE):
            judged = await self._mirror.ask(
                partial(self._judged, flow_ids[start : start + _SLICE], now)
            )
            await self._mirror.judge([verdict for verdict, _, _ in judged])
            seen += [each for _, each, _ in judged]
            upto = max([upto, *(at for _, _, at in judged)])
        if self._listener is not None:
            gone = set(flow_ids) - {each.id for each in seen}
            await self._listener.looked(
                Look(upto, seen, sorted(gone), whole=whole, current=current)
            )

    def _judged(
        self, ids: Sequence[str], now: datetime, reader: Reader
    ) -> list[tuple[FlowVerdict, Seen, datetime]]:
        """On the reader thread: a flow and its newest runs, and what they amount to as of when."""
        runs_known = reader.freshness()["runs"].complete_at is not None
        judged = []
        for id in ids:
            flow = cast(FlowRow | None, reader.get("flows", id))
            if flow is None:
                continue
            runs = reader.runs_of(id, ENOUGH)
            at = _known_up_to(runs, now)
            verdict = flow_verdict(
                *(flow, runs, at, self._thresholds, flow.dataset_expires_at),
                _before(reader, runs),
            )
            seen = Seen(
                id=id,
                name=flow.name,
                word=verdict.word,
                reason=verdict.reason,
                since=verdict.since,
                lost=verdict.lost,
                base=flow.base_connection_id,
                last=next((run.word for run in runs if run.word in ENDED), ""),
                blames=self._blames.of(reader, runs) if self._listener is not None else (),
                known=runs_known or len(runs) >= ENOUGH,
            )
            judged.append((verdict, seen, at))
        return judged


def _before(reader: Reader, runs: Sequence[RunRow]) -> Streak | None:
    """The runs before these that ended as badly as all of these did."""
    word, oldest = unbroken(runs), runs[-1].created_at if runs else None
    return reader.streak(runs[-1].flow_id, word, oldest) if word and oldest else None


def _known_up_to(runs: Sequence[RunRow], told_at: datetime) -> datetime:
    """A run that has just come in is news before its reading has been noted as a whole.

    Runs come newest first, so that none of the flow's is missing at that time either.
    """
    newest = runs[0].seen_at if runs else None
    return max(told_at, newest) if newest else told_at


def _told(lately: Mapping[str, Freshness], at_first: Mapping[str, Freshness]) -> bool:
    """Whether the platform has told its flows and its runs since."""
    return all(
        kind in lately
        and lately[kind].confirmed_at is not None
        and lately[kind].confirmed_at != at_first.get(kind, Freshness()).confirmed_at
        for kind in READ
    )
