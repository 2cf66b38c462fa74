"""A week of a busy sandbox in minutes: does the monitor tell what happened, no more and no less?

    python -m tests.week [--days 7] [--flows 120] [--seed 1] [--interval 60]

An emulator lives through a script of incidents on its own clock, and two
sessions, one for each of two sandboxes, follow it over HTTP with the sync, the
watch and the recorder that the console has, in compressed time (`compressed.py`).
Each incident says which events it owes; the table shows what came of it, and
what came that nobody owed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aeptui.config import Config, Profile, Settings
from aeptui.credentials import SecretSource
from aeptui.emulator.clock import Clock
from aeptui.emulator.crm import Crm
from aeptui.emulator.incidents import Incidents
from aeptui.emulator.runner import Runner
from aeptui.emulator.seed import Maker
from aeptui.emulator.seedplan import FlowSeed
from aeptui.emulator.world import World
from aeptui.monitor.events import Event
from aeptui.session import Session, session_for
from tests import compressed
from tests.emulated import CLIENT_ID, SECRET, START_MS, Rehearsal, start, stop

HOUR_S = 3600
SANDBOXES = ("dev", "prod")
WARM_H = 14
"""Hours that the world has lived when the watch begins: what is usual is known then."""

_ELSEWHERE = (
    ("Salesforce EMEA", "salesforce.lead"),
    ("Dynamics sales", "dynamics.account"),
    ("Dynamics service", "dynamics.contact"),
)


def _reads(sandbox: str, number: int) -> tuple[str, str]:
    """Connection and table of a flow: two thirds, forty of sixty, share one connection."""
    if sandbox == "prod" and number == 0:
        return "Salesforce prod", "salesforce.contact"  # the most rows: half of them is odd
    if number % 3 < 2:
        return "Salesforce prod", ("salesforce.account", "salesforce.campaign")[number % 2]
    return _ELSEWHERE[number // 3 % 3]


@dataclass(frozen=True)
class Made:
    """A flow of the world, under a name of its own."""

    id: str
    name: str
    sandbox: str
    base: str
    base_id: str


@dataclass(frozen=True)
class Owed:
    """An event that has to come: which, about how many flows, and when at the latest."""

    sandbox: str
    kind: str
    state: str
    flow_ids: frozenset[str] = frozenset()
    """Of which flows one each; for a cause, among which its flows are; empty for the sandbox's own."""
    from_h: float = 0.0
    to_h: float = 0.0
    some: bool = False
    """Whether it may be more than one: bad rows are bad in several ways."""


@dataclass(frozen=True)
class Incident:
    """Something that goes wrong at an hour of the watch, and what the monitor owes for it."""

    name: str
    at_h: float
    lasts_h: float
    owed: tuple[Owed, ...]
    calls: tuple[dict[str, Any], ...] = ()
    """Incidents behind the platform."""
    fault: dict[str, Any] | None = None
    """What the platform's answers meet."""
    suspends: bool = False
    """Whether the machine that watches sleeps meanwhile."""


@dataclass
class Outcome:
    """What came of a script."""

    script: Sequence[Incident]
    events: list[tuple[str, Event]]
    began: datetime
    runs: int = 0
    missing: list[Owed] = field(default_factory=list)
    surplus: list[tuple[str, Event]] = field(default_factory=list)
    paid: dict[str, int] = field(default_factory=dict)

    def judge(self) -> Outcome:
        """Hold the events against what is owed, each for one."""
        left = [(sandbox, event) for sandbox, event in self.events if not event.quiet]
        for incident in self.script:
            for owed in incident.owed:
                wanted = (
                    [owed]
                    if owed.kind == "cause" or not owed.flow_ids
                    else [replace(owed, flow_ids=frozenset({id})) for id in sorted(owed.flow_ids)]
                )
                for each in wanted:
                    found = next((one for one in left if self._pays(each, *one)), None)
                    if found is None:
                        self.missing.append(each)
                        continue
                    paid = [one for one in left if self._pays(each, *one)] if owed.some else [found]
                    left = [one for one in left if one not in paid]
                    self.paid[incident.name] = self.paid.get(incident.name, 0) + len(paid)
        self.surplus = left
        return self

    def _pays(self, owed: Owed, sandbox: str, event: Event) -> bool:
        at_h = (event.at - self.began) / timedelta(hours=1)
        return (
            (owed.sandbox, owed.kind, owed.state) == (sandbox, event.kind, event.state)
            and owed.from_h <= at_h <= owed.to_h
            and set(event.flow_ids) <= owed.flow_ids
            and bool(event.flow_ids) == bool(owed.flow_ids)
        )


def made_world(folder: Path, flows: int, seed: int) -> list[Made]:
    """A world of hourly flows in two sandboxes that has lived for `WARM_H` hours, in a folder."""
    clock = Clock(START_MS, 0.0)
    world = World(folder / "world.sqlite", clock, seed)
    crm = Crm(folder / "crm.sqlite", seed, START_MS)
    runner = Runner(world, crm, Incidents(world))
    found: list[Made] = []
    try:
        with world.transaction():
            world.add_sandbox("dev", "Development", default=True)
            world.add_sandbox("prod", "Production", production=True)
            for sandbox in SANDBOXES:
                maker = Maker(world, runner, sandbox)
                for number in range(flows // 2):
                    base, entity = _reads(sandbox, number)
                    name = f"{entity.split('.')[1].title()}s {number:02}"
                    first_ms = START_MS + 7_200_000 + number * 53_000
                    flow = maker.flow(FlowSeed(name, base, entity, 60, 0), first_ms).flow
                    source = flow.body["inheritedAttributes"]["sourceConnections"][0]
                    base_id = source["baseConnection"]["id"]
                    found.append(Made(flow.id, name, sandbox, base, base_id))
        clock.set(START_MS + int((2 + WARM_H) * HOUR_S * 1000))
        runner.settle()
        with world.transaction():
            world.remember("made", "yes")
    finally:
        world.close()
        crm.close()
    return found


def script(flows: Sequence[Made], days: float, interval_s: float) -> list[Incident]:
    """The incidents of a week; of a day in which all but their hours and lengths is the same.

    Touch is lost after two intervals: where they are long, so are the troubles on the way.
    """
    least_h = 4 * interval_s / HOUR_S
    dev = [flow for flow in flows if flow.sandbox == "dev"]
    prod = [flow for flow in flows if flow.sandbox == "prod"]
    shared = [flow for flow in dev if flow.base == "Salesforce prod"]
    others = [flow for flow in dev if flow.base != "Salesforce prod"]
    alone = others[0]
    shorter = days < 2
    found = [
        _of_flow(
            "bad rows under the threshold",
            prod[0],
            "partial",
            *((2, 3) if shorter else (10, 5)),
            kind="bad_rows",
            share=0.04,
            causes=True,
        ),
        _of_flow(
            "a flow that never starts",
            alone,
            "late",
            *((4, 3) if shorter else (27, 6)),
            kind="no_tick",
        ),
        _touch(
            "ten minutes of outage",
            9.2 if shorter else 40.2,
            max(1 / 6, least_h),
            "failing",
            {"kind": "status", "status": 503},
        ),
        _base("an expired secret", shared, *((11, 3) if shorter else (52, 5))),
        _of_flow(
            "half the usual volume",
            prod[0],
            "odd",
            *((11, 2) if shorter else (75, 4)),
            kind="volume",
            share=0.5,
        ),
        _touch(
            "five minutes of 429",
            16.3 if shorter else 100.3,
            max(1 / 12, least_h),
            "limited",
            {"kind": "rate-limit"},
        ),
        Incident(
            "a suspend that outlives the token", 18.4 if shorter else 120.4, 3, (), suspends=True
        ),
        _of_flow(
            "nothing to read",
            prod[1],
            "silent",
            *((14, 2) if shorter else (135, 3)),
            kind="volume",
            share=0.0,
        ),
    ]
    return [one for one in found if one.at_h + one.lasts_h + 2 < days * 24]


def _of_flow(
    name: str,
    flow: Made,
    state: str,
    at_h: float,
    lasts_h: float,
    *,
    causes: bool = False,
    **call: Any,
) -> Incident:
    """One flow gets a word and loses it again when its next run has ended well."""
    ids, end_h = frozenset({flow.id}), at_h + lasts_h
    owed = [
        Owed(flow.sandbox, "trouble", state, ids, at_h, at_h + 1.5),
        Owed(flow.sandbox, "recovered", "clean", ids, end_h - 0.1, end_h + 1.5),
    ]
    if causes:
        owed.insert(0, Owed(flow.sandbox, "cause", state, ids, at_h, end_h + 0.2, some=True))
    return Incident(
        name, at_h, lasts_h, tuple(owed), ({"sandbox": flow.sandbox, "flow": flow.id, **call},)
    )


def _base(name: str, flows: Sequence[Made], at_h: float, lasts_h: float) -> Incident:
    """All flows of a connection fail for one cause, which is told once."""
    ids, end_h, sandbox = frozenset(flow.id for flow in flows), at_h + lasts_h, flows[0].sandbox
    owed = (
        Owed(sandbox, "cause", "failed", ids, at_h, at_h + 0.5),
        Owed(sandbox, "trouble", "failed", ids, at_h, at_h + 1.5),
        Owed(sandbox, "recovered", "clean", ids, end_h - 0.1, end_h + 1.5),
    )
    call = {"kind": "crm_auth", "sandbox": sandbox, "base_connection": flows[0].base_id}
    return Incident(name, at_h, lasts_h, owed, (call,))


def _touch(name: str, at_h: float, lasts_h: float, state: str, fault: dict[str, Any]) -> Incident:
    """Both sandboxes lose touch, and find it again."""
    owed = tuple(
        each
        for sandbox in SANDBOXES
        for each in (
            Owed(sandbox, "out-of-touch", state, from_h=at_h, to_h=at_h + lasts_h),
            Owed(sandbox, "in-touch", "", from_h=at_h, to_h=at_h + lasts_h + 0.2),
        )
    )
    return Incident(name, at_h, lasts_h, owed, fault=fault)


class Bringer:
    """Moves an emulator to moments after its beginning; what passes in real time counts too."""

    def __init__(self, emulator: Rehearsal, began_ms: int) -> None:
        self._emulator = emulator
        self._began_ms = began_ms
        self._told_ms, self._told_at = emulator.now_ms, time.monotonic()

    def to(self, seconds: float) -> None:
        now_ms = self._told_ms + (time.monotonic() - self._told_at) * 1000
        ahead_s = (self._began_ms - now_ms) / 1000 + seconds
        if ahead_s > 0:
            self._told_ms = self._emulator.ask("clock", advance_s=ahead_s)["now_ms"]
            self._told_at = time.monotonic()


async def watched(
    loop: compressed.CompressedLoop,
    emulator: Rehearsal,
    config: Config,
    incidents: Sequence[Incident],
    hours: float,
) -> list[tuple[str, Event]]:
    """The events of both sandboxes, followed for so many hours."""
    from aeptui.mirror import sync

    sync._FOLLOWER_S = 30.0  # nobody else writes to these mirrors
    async with AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(session_for(config, profile_of(emulator), name))
            for name in SANDBOXES
        ]
        for session in sessions:
            rare = replace(session.sync._settings, batches_s=6 * HOUR_S, slow_s=6 * HOUR_S)
            session.sync._settings = rare  # no event comes of these
            session.start()
        deeds = [asyncio.create_task(_meet(loop, emulator, incident)) for incident in incidents]
        await _hour(loop, hours)
        await asyncio.gather(*deeds)
        return [(session.sandbox, event) for session in sessions for event in await _told(session)]


async def _told(session: Session) -> list[Event]:
    kept = await session.notes.events(newest=100_000)
    return [each.event for each in kept]


async def _hour(loop: compressed.CompressedLoop, at_h: float) -> None:
    """Wait for an hour of the watch; a timer stands still in a suspend, so it is looked again."""
    while (left := at_h * HOUR_S - loop.since_boot()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(min(600.0, left))


async def _meet(loop: compressed.CompressedLoop, emulator: Rehearsal, incident: Incident) -> None:
    """Bring about what is not behind the platform but between it and us."""
    if incident.fault is None and not incident.suspends:
        return
    await _hour(loop, incident.at_h)
    if incident.suspends:
        loop.slept_s += incident.lasts_h * HOUR_S
        return
    id = emulator.ask("faults", **(incident.fault or {}))["id"]
    await asyncio.sleep(incident.lasts_h * HOUR_S)
    emulator.control.delete(f"/faults/{id}").raise_for_status()


def live(folder: Path, *, days: float, flows: int, seed: int, interval_s: float) -> Outcome:
    """Make a world, let it live through the script, and judge what was told."""
    data = folder / "data"
    data.mkdir()
    made = made_world(data, flows, seed)
    began_ms = START_MS + int((2 + WARM_H) * HOUR_S * 1000)
    emulator = start(
        data,
        "--speed",
        "1",
        "--token-ttl",
        "7200",
        "--start",
        datetime.fromtimestamp(began_ms / 1000, UTC).isoformat(),
    )
    try:
        incidents = script(made, days, interval_s)
        for incident in incidents:
            span = (incident.at_h, incident.at_h + incident.lasts_h)
            times = dict(
                zip(
                    ("from_ms", "to_ms"),
                    (began_ms + int(h * HOUR_S * 1000) for h in span),
                    strict=True,
                )
            )
            for call in incident.calls:
                emulator.ask("incidents", **call, **times)
        config = config_in(folder, sync_interval_s=interval_s)
        events = compressed.run(
            lambda loop: watched(loop, emulator, config, incidents, days * 24),
            Bringer(emulator, began_ms).to,
        )
        counts = emulator.state()["counts"]
        outcome = Outcome(
            incidents,
            events,
            datetime.fromtimestamp(began_ms / 1000, UTC),
            runs=sum(counts[name]["runs"] for name in SANDBOXES),
        )
        return outcome.judge()
    finally:
        stop(emulator)


def config_in(folder: Path, **settings: Any) -> Config:
    """A configuration without a file."""
    return Config(folder / "config.toml", folder / "state", Settings(timezone="UTC", **settings))


def profile_of(emulator: Rehearsal) -> Profile:
    """Who may ask the emulator anything."""
    return Profile(
        name="rehearsal",
        org_id=emulator.org,
        client_id=CLIENT_ID,
        client_secret=SecretSource("text", "a test", text=SECRET),
        sandbox=SANDBOXES[0],
        platform_url=emulator.url,
        ims_url=emulator.url,
    )


def table(outcome: Outcome) -> Iterator[str]:
    """Incidents with what was owed for them and what came."""
    yield f"{'HOUR':>6} {'LASTS':>6}  {'INCIDENT':36} {'OWED':>5} {'CAME':>5}"
    for incident in outcome.script:
        owed = sum(
            1 if each.kind == "cause" else max(1, len(each.flow_ids)) for each in incident.owed
        )
        came = outcome.paid.get(incident.name, 0)
        yield f"{incident.at_h:6.1f} {incident.lasts_h:5.1f}h  {incident.name:36} {owed:5} {came:5}"
    for owed in outcome.missing:
        yield f"missing: {owed.sandbox} {owed.kind} {owed.state} between {owed.from_h:.1f} and {owed.to_h:.1f} h"
    for sandbox, event in outcome.surplus:
        at_h = (event.at - outcome.began) / timedelta(hours=1)
        names = ", ".join(event.flows[:3])
        yield f"surplus: {at_h:6.2f} h {sandbox} {event.kind} {event.before}>{event.state} {names}: {event.reason}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--flows", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--interval", type=float, default=60)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcome = live(
            Path(folder),
            days=options.days,
            flows=options.flows,
            seed=options.seed,
            interval_s=options.interval,
        )
    print("\n".join(table(outcome)))
    told = sum(not event.quiet for _, event in outcome.events)
    print(
        f"{options.days:g} days, {options.flows} flows, {outcome.runs:,} runs, {told} events, "
        f"{len(outcome.missing)} missing, {len(outcome.surplus)} surplus; seed {options.seed}, "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if outcome.missing or outcome.surplus else 0


if __name__ == "__main__":
    sys.exit(main())
