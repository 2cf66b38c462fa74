"""What it costs a world to live on: a demo left open for days, or very many flows for one.

python -m tests.bench.emulator_days --days 30       the demo's world: its files and the CPU
python -m tests.bench.emulator_days --flows 120     so many flows in two sandboxes, one day
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import psutil

from aeptui.emulator.clock import Clock
from aeptui.emulator.crm import Crm
from aeptui.emulator.incidents import Incidents
from aeptui.emulator.runner import Runner
from aeptui.emulator.seed import Maker, add_sandboxes
from aeptui.emulator.seedplan import ENTITIES, FlowSeed
from aeptui.emulator.world import World
from tests.emulated import START_MS, STILL, emulated

MINUTE_MS = 60_000
DAY_S = 86_400
EVERY_MIN = (15, 30, 60, 20, 45)


def size_mb(folder: Path) -> float:
    """The world's files as they lie there, with what SQLite keeps beside them."""
    return sum(each.stat().st_size for each in folder.glob("*.sqlite*")) / 1e6


def demo(days: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with emulated(folder, *STILL) as rehearsal:
            rehearsal.control.timeout = 3600
            process = psutil.Process(rehearsal.process.pid)

            def spent() -> float:
                return sum(process.cpu_times()[:2])

            print(f"made: {size_mb(folder):.1f} MB, {spent():.1f} s CPU")
            for day in range(1, days + 1):
                before = spent()
                ended = rehearsal.advance(days=1)
                print(
                    f"day {day}: {ended} runs, {spent() - before:.1f} s CPU,"
                    f" {size_mb(folder):.1f} MB, {process.memory_info().rss / 1e6:.0f} MB in memory",
                    flush=True,
                )
        print(f"closed: {size_mb(folder):.1f} MB")


def seeds(number: int, entities: list[str]) -> Iterator[FlowSeed]:
    for place, entity, minutes in islice(
        zip(range(number), cycle(entities), cycle(EVERY_MIN)), number
    ):
        base = "Salesforce prod" if entity.startswith("salesforce") else "Dynamics sales"
        yield FlowSeed(f"Flow {place}", base, entity, minutes, 0)


def many(number: int, entities: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = World(folder / "world.sqlite", Clock(START_MS, 0.0), 1)
        crm = Crm(folder / "crm.sqlite", 1, START_MS)
        runner = Runner(world, crm, Incidents(world))
        with world.transaction():
            add_sandboxes(world)
            makers = [Maker(world, runner, sandbox) for sandbox in ("dev", "prod")]
            for maker, seed in zip(cycle(makers), seeds(number, entities), strict=False):
                maker.flow(seed, START_MS + 3 * 3600 * 1000)
        world.clock.advance(4 * 3600)
        runner.settle()
        world.clock.advance(DAY_S)
        cpu, wall = time.process_time(), time.perf_counter()
        ended = runner.settle()
        print(
            f"{number} flows, one day: {ended} runs, {time.process_time() - cpu:.1f} s CPU,"
            f" {time.perf_counter() - wall:.1f} s, {size_mb(folder):.1f} MB"
        )
        world.close()
        crm.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=0)
    parser.add_argument("--flows", type=int, default=0)
    parser.add_argument("--entities", default=",".join(ENTITIES), help="what the flows read")
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, seed 1")
    if options.days:
        demo(options.days)
    if options.flows:
        many(options.flows, options.entities.split(","))


if __name__ == "__main__":
    main()
