"""What does keeping a large sandbox current cost, and how long does the loop that draws stand still?

    python -m tests.bench.sync [--flows 10000] [--runs 100000] [--seed 1]

An emulator with `--scale` over HTTP, and a session as the console has it. Told are
the time to the first useful rows and to the whole, requests and processor time
of the first sync and of one in which nothing changed, memory, and the pieces of
work on the event loop that took longer than a frame: of the loop's own processor
time, so that what else the machine does is not counted, and by the wall. As in the
console, what was loaded for the first rows is kept out of later collections.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import tempfile
import time
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from aeptui.session import Session, open_session
from tests.emulated import Rehearsal, start, stop, wait_for_world
from tests.week import config_in, profile_of

FRAME_S = 0.008
KINDS = ("flows", "runs")


class Pieces:
    """How long each piece of work of the event loop took."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.worst = ""
        self._longest = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        plain = events.Handle._run

        def run(handle: Any) -> None:
            cpu, wall = time.thread_time(), time.perf_counter()
            plain(handle)
            spent = time.thread_time() - cpu
            self.wall.append(time.perf_counter() - wall)
            if spent > self._longest:
                self._longest, self.worst = spent, repr(handle)[:200]
            self.cpu.append(spent)

        events.Handle._run = run  # type: ignore[method-assign]
        try:
            yield
        finally:
            events.Handle._run = plain  # type: ignore[method-assign]

    def __str__(self) -> str:
        long = [sum(each > FRAME_S for each in times) for times in (self.cpu, self.wall)]
        return (
            f"{len(self.cpu):,} pieces of work; over 8 ms of its own time {long[0]}, by the wall "
            f"{long[1]}; longest {max(self.cpu) * 1e3:.1f} and {max(self.wall) * 1e3:.1f} ms"
        )


async def first_sync(session: Session, runs: int) -> tuple[float, float]:
    """Follow until all is read: seconds to the first rows with a word, and to the whole."""
    began, useful = time.perf_counter(), 0.0
    session.start()
    while True:
        await asyncio.sleep(0.05)
        known = await session.mirror.summary()
        if not useful and known.flows and known.counts.get("runs"):
            useful = time.perf_counter() - began
            gc.freeze()
        freshness = await session.mirror.freshness()
        whole = "runs" in freshness and freshness["runs"].complete_at is not None
        if whole and known.counts.get("runs", 0) >= runs:
            return useful, time.perf_counter() - began


async def measure(emulator: Rehearsal, folder: Path, runs: int) -> None:
    config = config_in(
        folder, sync_calls_per_minute=1_000_000, sync_interval_s=3600, history_days=3650
    )
    session = await open_session(config, profile_of(emulator))
    process, pieces = psutil.Process(), Pieces()
    before = process.memory_info().rss
    try:
        cpu = time.process_time()
        with pieces.timed():
            useful, whole = await first_sync(session, runs)
        first_cpu = time.process_time() - cpu
        asked = emulator.requests()[-1]["n"]
        print(f"first rows {useful:.2f} s, whole {whole:.1f} s, {asked:,} requests, "
              f"{first_cpu:.1f} s of CPU")  # fmt: skip
        print(f"event loop       {pieces}")
        print(f"                 longest: {pieces.worst}")
        print(f"memory           {before / 1e6:.0f} MB before, "
              f"{process.memory_info().rss / 1e6:.0f} MB after")  # fmt: skip
        for task in session._background.tasks:
            task.cancel()
        await asyncio.gather(*session._background.tasks, return_exceptions=True)
        log, cpu = emulator.requests()[-1]["n"], time.process_time()
        await session.sync.once(KINDS)
        cost = time.process_time() - cpu
        again = [each for each in emulator.requests(log) if "/flowservice/" in each["path"]]
        print(f"nothing changed  {len(again)} requests for {len(KINDS)} kinds, {cost:.2f} s of CPU, "
              f"{cost / first_cpu:.1%} of the first")  # fmt: skip
    finally:
        await session.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--flows", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    scale = f"flows={options.flows},runs={options.runs}"
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        data.mkdir()
        flags = ("--scale", scale, "--speed", "0", "--seed", str(options.seed))
        emulator = start(data, *flags)
        try:
            wait_for_world(emulator)
            print(f"{scale}, seed {options.seed}")
            asyncio.run(measure(emulator, Path(name), options.runs))
        finally:
            stop(emulator)


if __name__ == "__main__":
    main()
