"""Plans killed and cut at random places: what becomes of them, counted.

One trial is a whole CRM flow of eight writes that is stopped
at a random byte of the line (the process killed by SIGKILL, or the line cut) or at
a random write (reset, answer cut short, later than the time-out). Then it is either
gone on with or rolled back, and the platform is counted.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from aeptui.api.services import ApiSettings, Secret, Services, Timeouts
from aeptui.forms.identities import Identity, descriptor_steps
from aeptui.pipelines.apply import apply, resume, undo
from aeptui.pipelines.events import Event
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.plan import Plan, Ref, Step, dumps, loads
from tests.emulated import CLIENT_ID, SECRET, Rehearsal
from tests.pipelines import crm
from tests.pipelines.crm import FLOWS, PLATFORM, SECRETS
from tests.pipelines.wire import Wire, wired

KINDS = ("kill", "cut", "dead", "reset", "truncate", "latency")
LATE_S, PATIENCE_S = 0.3, 0.12
SETTLING_S = 0.2
"""What is waited for a write that may still arrive, `LATE_S` longer where one is held back."""
WORLD = 40
"""So many trials share a world, since lists grow with what earlier ones left."""
COLLECTIONS = {
    "base-connections": f"{FLOWS}/connections",
    "source-connections": f"{FLOWS}/sourceConnections",
    "target-connections": f"{FLOWS}/targetConnections",
    "flows": f"{FLOWS}/flows",
    "schemas": f"{PLATFORM}/schemaregistry/tenant/schemas",
    "descriptors": f"{PLATFORM}/schemaregistry/tenant/descriptors",
    "datasets": f"{PLATFORM}/catalog/dataSets",
    "mapping-sets": f"{PLATFORM}/conversion/mappingSets",
}


@dataclass
class Figures:
    """What was counted, over all trials."""

    trials: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    """Trials in which the stop fell into the plan, not behind its end."""
    ended: Counter[str] = field(default_factory=Counter)
    creates: int = 0
    twice: int = 0
    left: int = 0
    wrong: list[str] = field(default_factory=list)


def plan_of(number: int, settings: ApiSettings, group: str, now_ms: int) -> Plan:
    """The whole chain under names of its own, an identity among it."""
    mark = f" {number}"
    steps: list[Step] = []
    for step in crm.whole(group, now_ms):
        body = dict(step.body)
        for key in ("name", "title"):
            if key in body:
                body[key] += mark
        if step.name == "mapping":
            body["name"] = f"Pairs{mark}"
        steps.append(replace(step, body=body))
        if step.name == "schema":
            marks = [Identity("person.name.lastName", "CRMID")]
            steps += descriptor_steps(Ref("schema"), "1.0", marks)
    return Plan(
        title=f"Trial{mark}",
        steps=tuple(steps),
        profile="rehearsal",
        host=settings.platform_url,
        org=settings.org_id,
        sandbox="dev",
        made_at=datetime.now(UTC),
        id=f"trial-{number}",
    )


# One process that applies ---------------------------------------------------------


def applying(url: str, org: str, folder: Path, plan: str) -> None:
    """In a process of its own: apply a plan; it may be killed at any byte."""
    settings = ApiSettings(
        platform_url=url,
        ims_url=url,
        org_id=org,
        client_id=CLIENT_ID,
        client_secret=Secret(SECRET),
        sandbox="dev",
        calls_per_minute=60_000,
    )

    async def main() -> None:
        async with Services(settings, sleep=_no_nap) as services:
            journal = Journal.open(folder)
            async for _ in apply(loads(plan), SECRETS, services, journal, sleep=_no_nap):
                pass
            journal.close()

    asyncio.run(main())


async def _no_nap(_seconds: float) -> None:
    await asyncio.sleep(0)


_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.pipelines.trials"])


async def killed(wire: Wire, limit: int, settings: ApiSettings, folder: Path, plan: Plan) -> bool:
    """Apply in a process that is killed at a byte; False when it ended before."""
    told = (settings.platform_url, settings.org_id, folder, dumps(plan))
    process = _CONTEXT.Process(target=applying, args=told, daemon=True)
    process.start()

    def kill() -> None:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)

    wire.cut_after(limit, kill, dead=True)
    await asyncio.to_thread(process.join, 60)
    return process.exitcode == -signal.SIGKILL


# Trials -----------------------------------------------------------------------------


@dataclass
class Trials:
    """Trials in one emulator, one after the other."""

    platform: Rehearsal
    wire: Wire
    chance: random.Random
    folder: Path
    figures: Figures = field(default_factory=Figures)
    whole: int = 0
    """The bytes of an undisturbed plan, both ways."""
    group: str = ""
    settings: ApiSettings | None = None
    api: httpx.Client | None = None
    """Asks the platform what there is; making one anew for each trial takes longer than asking."""

    async def run(self, count: int) -> Figures:
        for number in range(count):
            if number % WORLD == 0:
                await self._new_world(number)
            kind = KINDS[number % len(KINDS)]
            await self._trial(number, kind)
        return self.figures

    async def _new_world(self, number: int) -> None:
        self.platform.begin_again()
        self.settings = self.platform.settings(platform_url=self.wire.url, ims_url=self.wire.url)
        if self.api is not None:
            self.api.close()
        self.api = self.platform.client()
        accept = {"Accept": "application/vnd.adobe.xed-id+json"}
        path = f"{PLATFORM}/schemaregistry/tenant/fieldgroups"
        found = self.api.get(path, headers=accept).json()["results"]
        self.group = next(
            str(each["$id"]) for each in found if each["title"] == "CRM record details"
        )
        if not self.whole:
            self.wire.mend()
            before = self.wire.passed
            plan = self._plan(-1)
            await self._applied(plan, self._journal(-1), self.settings)
            self.whole = self.wire.passed - before

    def _plan(self, number: int) -> Plan:
        assert self.settings is not None
        return plan_of(number, self.settings, self.group, self.platform.now_ms)

    def _journal(self, number: int) -> Path:
        return self.folder / f"trial-{number}"

    async def _applied(self, plan: Plan, folder: Path, settings: ApiSettings) -> list[Event]:
        journal = Journal.open(folder)
        try:
            async with Services(settings, sleep=_no_nap) as services:
                work = apply(plan, SECRETS, services, journal, sleep=_no_nap)
                return [event async for event in work]
        finally:
            journal.close()

    async def _trial(self, number: int, kind: str) -> None:
        assert self.settings is not None
        since = len(self.platform.requests()) and self.platform.requests()[-1]["n"]
        plan, folder = self._plan(number), self._journal(number)
        struck = await self._disturbed(kind, plan, folder)
        self.platform.control.delete("/faults").raise_for_status()
        self.wire.mend()
        self.figures.trials[kind] += 1
        self.figures.struck[kind] += struck
        back = self.chance.random() < 0.5
        settling_s = SETTLING_S + (LATE_S if kind == "latency" else 0.0)
        last, left = await self._settled(plan, folder, settling_s, back=back)
        self.figures.ended[
            ("rolled back" if back else "resumed") if last == "finished" else last
        ] += 1
        self._count(number, since, left, back=back)

    async def _disturbed(self, kind: str, plan: Plan, folder: Path) -> bool:
        """Apply until something happens; whether it did."""
        assert self.settings is not None
        match kind:
            case "kill":
                limit = self.chance.randrange(1, self.whole)
                return await killed(self.wire, limit, self.settings, folder, plan)
            case "cut" | "dead":
                limit = self.chance.randrange(1, self.whole)
                self.wire.cut_after(limit, lambda: None, dead=kind == "dead")
                await self._applied(plan, folder, self.settings)
                return self.wire.cut
            case _:
                after = self.chance.randrange(len(plan.steps))
                late = {"latency_s": LATE_S} if kind == "latency" else {}
                self.platform.ask(
                    "faults", kind=kind, method="POST", path="/data/*", after=after, times=1, **late
                )
                hasty = replace(
                    self.settings, timeouts=Timeouts(read_s=10.0, slow_read_s=PATIENCE_S)
                )
                events = await self._applied(
                    plan, folder, hasty if kind == "latency" else self.settings
                )
                return any(event.what == "unknown" for event in events)

    async def _settled(
        self, plan: Plan, folder: Path, settling_s: float, *, back: bool
    ) -> tuple[str, list[str]]:
        """Go on with the plan, or take it back, until it has come to its end."""
        assert self.settings is not None
        journal = Journal.open(folder)
        left: list[str] = []
        try:
            async with Services(self.settings, sleep=_no_nap) as services:
                entry = await journal.entry(plan.id)
                for _ in range(20):
                    if entry is None and back:
                        return "finished", left  # nothing was begun
                    if back:
                        work = undo(
                            plan.id, services, journal, sleep=_no_nap, settling_s=settling_s
                        )
                    elif entry is None:
                        work = apply(plan, SECRETS, services, journal, sleep=_no_nap)
                    else:
                        work = resume(
                            plan.id,
                            SECRETS,
                            services,
                            journal,
                            sleep=_no_nap,
                            settling_s=settling_s,
                        )
                    events = [event async for event in work]
                    left = [e.made.id for e in events if e.what == "left behind" and e.made]
                    if events and events[-1].what == "finished":
                        return "finished", left
                    await asyncio.sleep(settling_s / 2)  # what was cut off may still arrive
                    entry = await journal.entry(plan.id)
        finally:
            journal.close()
        return f"stuck: {events[-1]}", left

    def _count(self, number: int, since: int, left: list[str], *, back: bool) -> None:
        """Hold the platform to the plan, or to what it was before."""
        figures = self.figures
        made = Counter(
            each["path"]
            for each in self.platform.requests(since)
            if each["method"] == "POST" and each["status"] in (200, 201)
        )
        for path in COLLECTIONS.values():
            figures.creates += made[path]
            if made[path] > 1:
                figures.twice += 1
                figures.wrong.append(f"trial {number}: {path} was made {made[path]} times")
        there = self._there(number)
        figures.left += len(left)
        wanted = Counter() if back else Counter(COLLECTIONS.keys())
        if back and left:  # what stays has to be named, and nothing else may
            wanted = Counter({"mapping-sets": len(left)})
        if there != wanted:
            figures.wrong.append(f"trial {number}: there is {dict(there)}, not {dict(wanted)}")

    def _there(self, number: int) -> Counter[str]:
        """How many of each kind bear the names of a trial, or belong to what does."""
        found: Counter[str] = Counter()
        api = self.api
        assert api is not None
        for kind in ("base-connections", "source-connections", "target-connections", "flows"):
            items = api.get(COLLECTIONS[kind], params={"limit": 100}).json()["items"]
            found[kind] = sum(1 for each in items if each["name"].endswith(f" {number}"))
        datasets = api.get(COLLECTIONS["datasets"], params={"limit": 100}).json()
        found["datasets"] = sum(
            1 for each in datasets.values() if each["name"].endswith(f" {number}")
        )
        accept = {"Accept": "application/vnd.adobe.xed-id+json"}
        schemas = api.get(COLLECTIONS["schemas"], headers=accept).json()["results"]
        ids = {each["$id"] for each in schemas if each["title"].endswith(f" {number}")}
        found["schemas"] = len(ids)
        accept = {"Accept": "application/vnd.adobe.xdm+json"}
        marks = api.get(COLLECTIONS["descriptors"], headers=accept).json()
        found["descriptors"] = sum(
            1 for each in marks.get("xdm:descriptorIdentity", ()) if each["xdm:sourceSchema"] in ids
        )
        sets = self._mapping_sets(api)
        found["mapping-sets"] = sum(1 for each in sets if each.get("name") == f"Pairs {number}")
        return +found

    @staticmethod
    def _mapping_sets(api: Any) -> list[dict[str, Any]]:
        told = api.get(COLLECTIONS["mapping-sets"], params={"limit": 200}).json()["data"]
        return [told] if isinstance(told, dict) else list(told)


async def trials(platform: Rehearsal, count: int, seed: int, folder: Path) -> Figures:
    """So many trials on an emulator whose worlds are thrown away."""
    async with wired(platform.url) as wire:
        return await Trials(platform, wire, random.Random(seed), folder).run(count)
