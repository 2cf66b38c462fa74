"""How long does a scaled world take to fill, and how long do its pages take?

    python -m tests.bench.emulator_scale [--flows 10000] [--runs 1000000] [-n 21] [--seed 1]

Starts an emulator with `--scale` in a folder of its own, waits until it is filled, and asks
for pages of 100 over HTTP, each n times after one that does not count. Prints the time to
fill, the medians and the slowest, the sizes of the files and the memory of the process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from tests.emulated import FLOWSERVICE, start, stop

STATUS, STARTED = "metrics.statusSummary.status", "metrics.durationSummary.startedAtUTC"
DAY_MS = 86_400_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--flows", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-n", type=int, default=21)
    options = parser.parse_args()
    scale = f"flows={options.flows},runs={options.runs}"
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        emulator = start(Path(folder), "--scale", scale, "--speed", "0", "--seed",
                         str(options.seed))  # fmt: skip
        process = psutil.Process(emulator.process.pid)
        try:
            most = process.memory_info().rss
            while emulator.state()["making"] is not None:
                most = max(most, process.memory_info().rss)
                time.sleep(0.2)
            load = os.getloadavg()[0]
            print(f"{scale}, seed {options.seed}, n = {options.n}, load {load:.1f}")
            print(f"filled in {time.perf_counter() - begun:.1f} s, up to {_mb(most)} of memory")
            with emulator.client() as api:
                for title, query in _queries(api, emulator.now_ms):
                    _measure(api, title, query, options.n)
            print(f"{_mb(process.memory_info().rss)} of memory after that")
            for path in sorted(Path(folder).glob("*.sqlite")):
                print(f"{_mb(path.stat().st_size)} in {path.name}")
        finally:
            stop(emulator)
    return 0


def _queries(api: httpx.Client, now_ms: int) -> list[tuple[str, str]]:
    flow_id = api.get(f"{FLOWSERVICE}/flows?limit=100").json()["items"][37]["id"]
    first = api.get(f"{FLOWSERVICE}/runs?limit=100").json()
    onward = first["_links"]["next"]["href"]
    recent, month = now_ms - DAY_MS, now_ms - 30 * DAY_MS

    def runs(*properties: str, order: str = "") -> str:
        query = [("property", one) for one in properties] + [("limit", "100")]
        query += [("orderby", order)] if order else []
        return f"/runs?{httpx.QueryParams(query)}"

    return [
        ("flows", "/flows?limit=100"),
        ("flows by name", "/flows?limit=100&orderby=name"),
        ("flows, newest change first", "/flows?limit=100&orderby=-updatedAt"),
        ("runs", "/runs?limit=100"),
        ("runs, second page", onward),
        ("runs, newest first", runs(order="-createdAt")),
        ("runs by start", runs(order=STARTED)),
        ("runs of a flow", runs(f"flowId=={flow_id}", order=f"-{STARTED}")),
        ("failed runs", runs(f"{STATUS}==failed")),
        ("failed runs, newest first", runs(f"{STATUS}==failed", order="-createdAt")),
        ("open runs", runs(f"{STATUS}==inProgress,queued")),
        ("runs of the last day", runs(f"{STARTED}>={recent}", order=f"-{STARTED}")),
        ("runs of the last month", runs(f"{STARTED}>={month}")),
        ("failed of the last month", runs(f"{STARTED}>={month}", f"{STATUS}==failed")),
        ("failed of a flow", runs(f"flowId=={flow_id}", f"{STATUS}==failed")),
        ("changed in the last day", runs(f"updatedAt>{recent}", order="-updatedAt")),
        ("one run", f"/runs/{first['items'][50]['id']}"),
        ("count of all runs", "/runs?count=true"),
    ]


def _measure(api: httpx.Client, title: str, query: str, times: int) -> None:
    taken: list[float] = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        answer = api.get(f"{FLOWSERVICE}{query}")
        taken.append((time.perf_counter() - begun) * 1000)
        answer.raise_for_status()
    body = answer.json()
    found = body["count"] if "count" in body else len(body["items"])
    median, slowest = statistics.median(taken[1:]), max(taken[1:])
    print(f"{median:8.1f} ms  {slowest:8.1f} ms at most  {title}: {found}")


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"


if __name__ == "__main__":
    raise SystemExit(main())
