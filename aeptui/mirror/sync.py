"""Sync: ask what moved, write it down, back off, carry on.

Flows and runs are asked for each interval, one filtered call each, whatever
their number; open runs are looked at again together; what changes rarely is
read whole every ten minutes; a slow sweep finds flows that were deleted, and
the history of runs and batches is read backwards, page by page, behind all that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from aeptui.api.models import Model
from aeptui.mirror.history import HISTORIC, History, newest, newest_first, oldest
from aeptui.mirror.lock import Lock
from aeptui.mirror.loop import SyncLoop, insist
from aeptui.mirror.store import Mirror
from aeptui.mirror.troubles import Trouble
from aeptui.mirror.values import BEGUN_AGAIN

if TYPE_CHECKING:
    from aeptui.api.services import Services, ServiceView

OVERLAP = timedelta(minutes=5)
"""A run may be listed a little after it was created."""

ONCE_PAGES = 10
"""Pages of history that a single look reads while the whole is not known."""

_LEAST_S = 1.0
_FOLLOWER_S = 1.0

_SHARE = 0.8
"""Of the budget; the rest is for questions and for more than one page."""

_CALLS = {"runs": 2}
"""Calls a look takes where it is not one: what is new, and what is still open."""

LIVE = ("flows", "runs", "batches")

SLOW = (
    "base-connections",
    "source-connections",
    "target-connections",
    "datasets",
    "schemas",
    "mapping-sets",
    "connection-specs",
    "flow-specs",
    "sandboxes",
)

_NAMED_IN: Mapping[str, tuple[str, ...]] = {
    "flows": ("base-connections", "source-connections", "target-connections", "datasets"),
    "runs": ("flows",),
    "batches": ("datasets", "flows"),
    "base-connections": ("connection-specs", "flows"),
    "source-connections": ("base-connections", "connection-specs"),
    "target-connections": ("datasets", "schemas"),
    "datasets": ("schemas",),
    "mapping-sets": ("schemas",),
}
"""Kinds whose names stand in a list of the first: read with it as long as they never were."""


class Clock(Protocol):
    """The platform's time, and how many of its seconds pass in one of ours."""

    heard: bool

    def now(self) -> datetime: ...
    @property
    def speed(self) -> float: ...


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """How often to ask, in the platform's seconds, and how far back."""

    interval_s: float = 15.0
    batches_s: float = 60.0
    slow_s: float = 600.0
    sweep_s: float = 3600.0
    history_days: float = 90.0
    max_mb: float = 500.0


class Sync:
    """Keeps the mirror of one sandbox current over `services`, as background work."""

    def __init__(
        self, services: Services, mirror: Mirror, clock: Clock, settings: SyncSettings
    ) -> None:
        self._services = services
        self._mirror = mirror
        self._clock = clock
        self._settings = settings
        self._loops: dict[str, SyncLoop] = {}
        self._history = History(
            mirror, clock, settings.history_days, int(settings.max_mb * 1_000_000)
        )
        self._lost = asyncio.Event()
        self.leading = False
        """Whether this process is the one that syncs the mirror."""

    async def follow(self) -> None:
        """Keep every kind current until cancelled, or wait until the one who does so ends."""
        lock = Lock(self._mirror.path.with_suffix(".lock"))
        others = asyncio.create_task(self._follow_others(), name="sync-others")
        try:
            while not lock.take():  # noqa: ASYNC110  (the holder is another process)
                await asyncio.sleep(_FOLLOWER_S)
            self.leading = True
            await self._lead()
        finally:
            self.leading = False
            others.cancel()
            lock.release()

    def refresh(self, *kinds: str) -> None:
        """Look again now at `kinds`; at what is live when none is named."""
        for kind in kinds or LIVE:
            if kind in self._loops:
                self._loops[kind].wake()

    async def once(self, kinds: Collection[str], *, gone: bool = False) -> None:
        """Bring `kinds` up to date, as somebody who waits for it; raises ApiTrouble.

        What they show of other kinds is read with them as long as it never was. With
        `gone`, flows that were deleted since the last sweep are noticed as well.
        """
        known = await self._mirror.freshness()
        wanted = list(kinds)
        if "flows" in wanted:
            wanted.append("runs")  # a flow's word comes from its runs
        for kind in tuple(wanted):
            wanted += [
                other
                for other in _NAMED_IN.get(kind, ())
                if other not in known or known[other].complete_at is None
            ]
        for kind in dict.fromkeys(wanted):
            if gone and kind == "flows":
                await self._whole(kind, self._services)
            else:
                await self._look(kind, self._services)
            await self._note(kind, None, self.interval(kind))

    async def _follow_others(self) -> None:
        while True:
            await self._mirror.notice_others()
            await asyncio.sleep(_FOLLOWER_S)

    async def _lead(self) -> None:
        background = self._services.background()
        known = await self._mirror.freshness()
        now = self._clock.now()
        async with asyncio.TaskGroup() as group:
            for kind in (*LIVE, *SLOW):
                loop = SyncLoop(
                    kind,
                    partial(self._look, kind, background),
                    interval=partial(self.interval, kind),
                    note=self._note,
                )
                self._loops[kind] = loop
                first = 0.0
                if kind in SLOW and kind in known and (at := known[kind].confirmed_at):
                    age = (now - at).total_seconds()
                    if 0 <= age < self._settings.slow_s and not known[kind].trouble:
                        first = self._real(self._settings.slow_s - age)
                group.create_task(loop.follow(first), name=f"sync-{kind}")
            for kind in HISTORIC:
                group.create_task(self._past(kind, background), name=f"history-{kind}")
            group.create_task(self._bounds(), name="history-bounds")
            group.create_task(self._begin_again(), name="sync-again")

    # What a tick does

    async def _look(self, kind: str, services: ServiceView) -> None:
        with self._mirror.reading():
            if kind == "flows":
                await self._flows(services)
            elif kind in HISTORIC:
                await self._newest(kind, services)
            else:
                await self._whole(kind, services)
            if kind == "runs":
                await self._open_runs(services)

    async def _flows(self, services: ServiceView) -> None:
        """What was updated since; the whole list at first, and whenever a sweep is due."""
        known = (await self._mirror.freshness()).get("flows")
        watermark = await self._mirror.ask(lambda reader: reader.watermark("flows"))
        complete_at = known.complete_at if known else None
        age = (self._clock.now() - complete_at).total_seconds() if complete_at else None
        if watermark is None or age is None or not 0 <= age < self._settings.sweep_s:
            await self._whole("flows", services)
            return
        began = _Began(self._clock)
        newest: datetime | None = None
        async for page in services.flows.list_flows(updated_since=watermark):
            await self._mirror.upsert("flows", page, seen_at=began.at())
            newest = _newest(page, "updated_at", newest)
        if newest and newest > watermark:
            await self._mirror.upsert("flows", (), seen_at=began.at(), watermark=newest)

    async def _whole(self, kind: str, services: ServiceView) -> None:
        """Every page of a kind; what no page had is gone."""
        began = _Began(self._clock)
        ids: list[str] = []
        newest: datetime | None = None
        pages = 0
        async for page in _pages(kind, services):
            await self._mirror.upsert(kind, page, seen_at=began.at())
            ids += [model.id for model in page]
            newest = _newest(page, "updated_at", newest)
            pages += 1
        if kind == "flows" and pages > 1:
            # Flows come last changed first: one that changed meanwhile moved up, past the
            # pages that were still to come, and is in none of them.
            async for page in services.flows.list_flows(updated_since=began.at() - OVERLAP):
                await self._mirror.upsert(kind, page, seen_at=began.at())
                ids += [model.id for model in page]
        await self._mirror.prune(kind, ids, seen_at=began.at())
        if newest:
            await self._mirror.upsert(kind, (), seen_at=began.at(), watermark=newest)

    async def _newest(self, kind: str, services: ServiceView) -> None:
        """What was created since; at first the newest page, since history reads the rest.

        The watermark moves when everything behind it has been read, so that a
        look that is broken off leaves no gap.
        """
        watermark = await self._mirror.ask(lambda reader: reader.watermark(kind))
        known = (await self._mirror.freshness()).get(kind)
        whole = known is not None and known.complete_at is not None
        if watermark is None:
            await self._first_page(kind, services)
        else:
            since = watermark - OVERLAP
            if kind == "batches":
                since = min(since, await self._oldest_open_batch(since))
            await self._read_back(kind, services, since)
        if services is self._services and not whole:
            await self._history.read(kind, services, ONCE_PAGES - 1)

    async def _first_page(self, kind: str, services: ServiceView) -> None:
        began = _Began(self._clock)
        async for page in newest_first(kind, services, None):
            await self._mirror.upsert(
                kind,
                page,
                seen_at=began.at(),
                watermark=newest(page),
                reached=oldest(page),
            )
            break

    async def _read_back(self, kind: str, services: ServiceView, since: datetime) -> None:
        """Newest first down to `since`."""
        began = _Began(self._clock)
        newest: datetime | None = None
        async for page in newest_first(kind, services, since):
            await self._mirror.upsert(kind, page, seen_at=began.at())
            newest = _newest(page, "created_at", newest)
        if newest:
            await self._mirror.upsert(kind, (), seen_at=began.at(), watermark=newest)

    async def _open_runs(self, services: ServiceView) -> None:
        """Runs that had not ended, together in one call; one that is no more is forgotten."""
        ids = await self._mirror.ask(lambda reader: reader.open_runs())
        if not ids:
            return
        began = _Began(self._clock)
        found = await services.flows.get_runs(ids)
        await self._mirror.upsert("runs", found, seen_at=began.at())
        gone = set(ids) - {run.id for run in found}
        if gone:
            await self._mirror.forget("runs", gone)

    async def _oldest_open_batch(self, since: datetime) -> datetime:
        day = self._clock.now() - timedelta(days=1)
        oldest = await self._mirror.ask(lambda reader: reader.oldest_open_batch(day))
        return oldest or since

    async def _past(self, kind: str, services: ServiceView) -> None:
        """Read a kind back as far as asked, once; later only what is new is asked for."""
        await self._loops[kind].ticked.wait()
        while True:
            lost = self._lost
            await insist(kind, partial(self._history.read, kind, services))
            await lost.wait()

    async def _begin_again(self) -> None:
        """Read everything anew when the mirror's file was lost."""
        news = self._mirror.news(BEGUN_AGAIN)
        try:
            async for _ in news:
                lost, self._lost = self._lost, asyncio.Event()
                lost.set()
                for loop in self._loops.values():
                    loop.wake()
        finally:
            await news.aclose()

    async def _bounds(self) -> None:
        """Keep the past within its bounds, once the platform has told its time."""
        await self._loops["runs"].ticked.wait()
        await insist("the past", self._history.keep_bounds)

    # Time

    async def _note(self, kind: str, trouble: Trouble | None, wait: float) -> None:
        await self._mirror.note(
            kind,
            at=self._clock.now(),
            trouble=trouble.sentence if trouble else None,
            trouble_kind=trouble.kind if trouble else "failing",
            next_in_s=wait * max(self._clock.speed, 1.0),
        )
        if trouble is None:
            for loop in self._loops.values():
                if loop.kind != kind:
                    loop.hasten()

    def interval(self, kind: str) -> float:
        """Real seconds between two looks at `kind`.

        They are divided by the platform's speed, but all stretched alike where
        they would ask for more than the budget has: else what is live would
        wait in line behind what is slow.
        """
        wanted = sum(_CALLS.get(each, 1) * 60 / self._pace(each) for each in (*LIVE, *SLOW))
        allowed = self._services.budget.calls_per_minute * _SHARE
        return self._pace(kind) * max(1.0, wanted / allowed)

    def _pace(self, kind: str) -> float:
        if kind == "batches":
            return self._real(self._settings.batches_s)
        slow = kind not in LIVE
        return self._real(self._settings.slow_s if slow else self._settings.interval_s)

    def _real(self, seconds: float) -> float:
        """Seconds of the platform in ours, at least one; a clock that stands still is asked too."""
        return max(_LEAST_S, seconds / max(self._clock.speed, 1.0))


class _Began:
    """When a reading began, by the platform's clock, which may first be heard in its answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.now() if clock.heard else None

    def at(self) -> datetime:
        if self._at is None:
            self._at = self._clock.now()
        return self._at


def _newest(page: Sequence[Model], field: str, so_far: datetime | None) -> datetime | None:
    times = [at for model in page if (at := getattr(model, field))]
    return max([*times, so_far] if so_far else times, default=None)


def _pages(kind: str, services: ServiceView) -> AsyncIterator[Sequence[Model]]:
    lists: Mapping[str, Callable[[], AsyncIterator[Sequence[Model]]]] = {
        "flows": services.flows.list_flows,
        "base-connections": services.flows.list_base_connections,
        "source-connections": services.flows.list_source_connections,
        "target-connections": services.flows.list_target_connections,
        "connection-specs": services.flows.list_connection_specs,
        "flow-specs": services.flows.list_flow_specs,
        "schemas": services.schemas.list_schemas,
        "datasets": services.catalog.list_datasets,
        "mapping-sets": services.data_prep.list_mapping_sets,
        "sandboxes": services.sandboxes.list_sandboxes,
    }
    return lists[kind]()
