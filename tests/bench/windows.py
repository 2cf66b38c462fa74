"""What does a window on millions of runs cost: a page on and back, each order, each sort of filter?

    python -m tests.bench.windows [-n 3000000] [--flows 10000] [--seed 1] [--file FOLDER/runs.sqlite]

A file that is not there is made first (about two minutes a million) and, where it
was named, kept for the next time. Told are the wall and the processor time of a
window of 40 rows, the best of three, on the caller's thread; `search` says which
of them the console asks on a thread of its own, with a word on the screen meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from aeptui.api.models import Flow
from aeptui.mirror.query import looks_through
from aeptui.mirror.store import Mirror
from aeptui.mirror.values import END, Anchor, Listing, Window
from aeptui.monitor.state import run_verdict
from aeptui.resources.runs import RUNS
from tests.bench.store import BATCH, Made
from tests.bench.store import END as NOW

HEIGHT = 40
FILTERS = (
    *("state:failed", "state:clean", "lost>0", "received>19990", "started<2026-01-01"),
    *("CONNECTOR", "flow:04711", "nothing-has-this"),
)


def made(path: Path, n: int, flows: int, seed: int) -> Mirror:
    """A mirror with so many runs at `path`, unless one is there."""
    there = path.exists()
    mirror = Mirror.open(path, run_verdict=run_verdict, clock=lambda: NOW)
    if not there:
        asyncio.run(fill(mirror, n, Made(flows, seed)))
    return mirror


async def fill(mirror: Mirror, n: int, made: Made) -> None:
    flows = [
        Flow(id=id, name=f"Salesforce table {at:05}", state="enabled", body=b"{}")
        for at, id in enumerate(made.flows)
    ]
    await mirror.upsert("flows", flows, seen_at=NOW)
    for start in range(0, n, BATCH):
        runs = made.runs(start, min(n, start + BATCH))
        await mirror.upsert("runs", runs, seen_at=NOW)


def tell(name: str, listing: Listing, ask: Callable[[], Window]) -> Window:
    """Ask three times and print the best."""
    walls, cpus = [], []
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.thread_time()
        window = ask()
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.thread_time() - cpu) * 1000)
    how = "search" if looks_through(listing) else ""
    print(
        f"{name:28} {min(walls):9.1f} ms  cpu {min(cpus):9.1f} ms  {len(window.rows):3} rows  {how}",
        flush=True,
    )
    return window


def measure(mirror: Mirror) -> None:
    held = mirror.summary_now().counts["runs"]
    size = asyncio.run(mirror.ask(lambda reader: reader.size_bytes()))
    print(f"{held:,} runs, {size / 1e6:,.0f} MB, {size / held:.0f} bytes each; "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    listing = Listing("runs")
    look = partial(mirror.window_now, listing, HEIGHT)
    first = tell("newest first", listing, look)
    on = tell("a page on", listing, partial(look, first.anchor(HEIGHT - 1, "after")))
    tell("a page back", listing, partial(look, on.anchor(0, "before")))
    halfway = NOW - timedelta(seconds=15 * held)
    middle = partial(look, Anchor(int(halfway.timestamp() * 1000), "", "after"))
    window = tell("in the middle", listing, middle)
    tell("back from there", listing, partial(look, window.anchor(0, "before")))
    tell("around one run", listing, partial(look, Anchor.at(window.rows[9].id)))
    tell("the end", listing, partial(look, END))
    for order in dict.fromkeys(column.order for column in RUNS.columns if column.order):
        for reverse in (False, True):
            listing = Listing("runs", order=order, reverse=reverse)
            look = partial(mirror.window_now, listing, HEIGHT)
            window = tell(f"by {order}{', reversed' if reverse else ''}", listing, look)
            if looks_through(listing) and reverse:
                tell("  a page on", listing, partial(look, window.anchor(HEIGHT - 1, "after")))
    for text in FILTERS:
        listing = Listing("runs", text)
        tell(f"filter {text}", listing, partial(mirror.window_now, listing, HEIGHT))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("-n", type=int, default=3_000_000)
    parser.add_argument("--flows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "runs.sqlite"
        mirror = made(path, options.n, options.flows, options.seed)
        try:
            measure(mirror)
        finally:
            mirror.close()


if __name__ == "__main__":
    main()
