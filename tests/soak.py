"""Weeks at the console in minutes: does anything grow that should not?

    python -m tests.soak [--refreshes 50000] [--changes 10000] [--seed 1]

The console, headless and at 120x36, over an emulator that moves on by half an
hour now and again: it refreshes and goes from screen to screen, and comes back
to home to be measured. Memory, descriptors, threads and asyncio tasks are
printed at each tenth; the first tenth is warming up, and what it holds then is
what it may hold in the end, memory within ten per cent. Connections come and go
with what is asked, and are bounded by what the client keeps open.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from aeptui.session import Session, open_session
from aeptui.ui.app import AepApp
from tests.emulated import START_MS, Rehearsal, start, stop
from tests.ui.conftest import Console
from tests.week import WARM_H, config_in, made_world, profile_of

ROUND = (
    ("enter",), ("escape",),
    ("c",), ("escape",),
    (*":runs", "enter"), ("enter",), ("w",), ("escape",), ("escape",),
    ("escape",),
)  # fmt: skip
"""Keys from screen to screen, from home and back to it."""

CONNECTIONS = 2 * 8
"""So many the client keeps open at most, to the platform and to where tokens come from."""

EACH, STEP_H = 100, 0.5
"""Each so many refreshes the world moves on by so many hours."""


class Held(NamedTuple):
    """What the process holds."""

    rss: int
    descriptors: int
    """But for connections."""
    threads: int
    tasks: int
    connections: int
    objects: int

    def __str__(self) -> str:
        return (
            f"{self.rss / 1e6:8.1f} MB {self.descriptors:6} descriptors {self.threads:4} threads "
            f"{self.tasks:4} tasks {self.connections:2} connections {self.objects:9,} objects"
        )


class Soaked(NamedTuple):
    """What was held after each tenth, the first of them after warming up."""

    held: list[Held]
    runs: int

    @property
    def growth(self) -> float:
        """Of memory, as a share of what it was once warm."""
        return self.held[-1].rss / self.held[0].rss - 1

    @property
    def constant(self) -> bool:
        """Whether descriptors, threads and tasks are no more than once warm, and connections few."""
        first, last = self.held[0], self.held[-1]
        no_more = all(now <= then for now, then in zip(last[1:4], first[1:4], strict=True))
        return no_more and last.connections <= CONNECTIONS


def held() -> Held:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    descriptors = _descriptors()
    network = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    sockets = {f"socket:[{line.split()[9]}]" for line in network}
    connections = sum(each in sockets for each in descriptors)
    return Held(
        pages * os.sysconf("SC_PAGE_SIZE"),
        len(descriptors) - connections,
        threading.active_count(),
        len(asyncio.all_tasks()),
        connections,
        len(gc.get_objects()),
    )


def _descriptors() -> list[str]:
    """What each leads to."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one by which they are listed
            found.append(str(descriptor.readlink()))
    return found


async def _at_rest(pause: Callable[[float], Awaitable[None]]) -> Held:
    """What is held between pieces of work, which come and go: the least of some looks."""
    looks = []
    for _ in range(5):
        await pause(0.1)
        looks.append(held())
    return Held(*(min(each) for each in zip(*looks, strict=True)))


@contextmanager
def lived_in(folder: Path, seed: int) -> Iterator[Rehearsal]:
    """An emulator with a few flows that have a past; its clock stands."""
    data = folder / "data"
    data.mkdir()
    made_world(data, 6, seed)
    now = datetime.fromtimestamp(START_MS / 1000 + (2 + WARM_H) * 3600, UTC)
    emulator = start(data, "--speed", "0", "--start", now.isoformat())
    try:
        yield emulator
    finally:
        stop(emulator)


async def soak(
    session: Session,
    refresh: Callable[[int], Awaitable[None]],
    *,
    refreshes: int,
    changes: int,
    tenths: int = 10,
) -> Soaked:
    """Refresh and change screens so often, and measure on the way."""
    found: list[Held] = []
    rounds = changes // len(ROUND)
    due = {rounds * tenth // tenths for tenth in range(1, tenths + 1)}
    app = AepApp(session)
    async with app.run_test(size=(120, 36)) as pilot:
        console = Console(app, pilot)
        await console.sees("ontacts")
        asked = 0
        for number in range(1, rounds + 1):
            for place, keys in enumerate(ROUND, 1):
                wanted = refreshes * ((number - 1) * len(ROUND) + place) // (rounds * len(ROUND))
                while asked < wanted:
                    asked += 1
                    await refresh(asked)
                await console.press(*keys)
            if number in due:
                home = len(app.screen_stack)
                await console.until(lambda home=home: len(app.screen_stack) <= home)
                await pilot.pause(0.3)
                found.append(await _at_rest(pilot.pause))
                print(
                    f"{asked:7,} refreshes {number * len(ROUND):7,} changes {found[-1]}", flush=True
                )
        runs = (await session.mirror.summary()).counts["runs"]
    return Soaked(found, runs)


async def on(emulator: Rehearsal, folder: Path, *, refreshes: int, changes: int) -> Soaked:
    """The soak over HTTP, with a world that moves on."""
    config = config_in(folder, sync_calls_per_minute=1_000_000, sync_interval_s=3600)
    session = await open_session(config, profile_of(emulator), "prod")

    async def refresh(number: int) -> None:
        if number % EACH == 0:
            emulator.advance(hours=STEP_H)
        await session.sync.once(("flows", "runs"))

    try:
        return await soak(session, refresh, refreshes=refreshes, changes=changes)
    finally:
        await session.close()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--refreshes", type=int, default=50_000)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, lived_in(Path(name), options.seed) as emulator:
        done = asyncio.run(
            on(emulator, Path(name), refreshes=options.refreshes, changes=options.changes)
        )
    print(
        f"{options.refreshes:,} refreshes, {options.changes:,} screen changes, {done.runs:,} runs; "
        f"memory {done.growth:+.1%}, descriptors, threads and tasks "
        f"{'constant' if done.constant else 'NOT constant'}; seed {options.seed}, "
        f"{time.monotonic() - began:.0f} s"
    )
    return 0 if done.constant and done.growth <= 0.1 else 1


if __name__ == "__main__":
    sys.exit(main())
