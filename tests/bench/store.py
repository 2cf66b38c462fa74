"""What does a run cost in the mirror, on disk and in time? Beside plain SQLite, in the same run.

    python -m tests.bench.store [-n 100000] [--flows 1000] [--seed 1]

Runs of the platform's shape, with random ids, come in newest first as history
does, a thousand at a time, through the same code that the console uses. The
floor is a table of twelve columns with random keys and three indexes, filled by
`executemany` in transactions of a thousand, without any body, turn by turn with
ours. Then the latest fifty runs of a flow and windows in the middle are asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from aeptui.api import decode
from aeptui.api.models import Run
from aeptui.mirror.store import Mirror
from aeptui.mirror.values import Anchor, Listing
from aeptui.monitor.state import run_verdict

BATCH = 1_000
END = datetime(2026, 9, 1, tzinfo=UTC)


class Made:
    """Runs made of a seed, one each 30 seconds back from `END`; one in twenty failed."""

    def __init__(self, flows: int, seed: int) -> None:
        self._random = random.Random(seed)
        self.flows = [self._id() for _ in range(flows)]
        self._source, self._target, self._sandbox = self._id(), self._id(), self._id()

    def _id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def runs(self, start: int, stop: int) -> list[Run]:
        return [decode.run(msgspec.json.encode(self._body(n))) for n in range(start, stop)]

    def _body(self, n: int) -> dict[str, Any]:
        at = int((END - timedelta(seconds=30 * n)).timestamp() * 1000) + self._random.randrange(999)
        rows = self._random.randrange(20_000)
        lasted = self._random.randrange(20_000, 200_000)
        failed = self._random.random() < 0.05
        status = "failed" if failed else "success"
        error = {"code": "CONNECTOR-2001-500", "message": "The source did not answer in time."}
        who = "0123456789ABCDEF@AdobeOrg"
        return {
            "id": self._id(),
            "createdAt": at,
            "updatedAt": at + lasted,
            "createdBy": who,
            "updatedBy": who,
            "createdClient": "aep_flow_service",
            "updatedClient": "aep_flow_service",
            "sandboxId": self._sandbox,
            "sandboxName": "prod",
            "imsOrgId": who,
            "flowId": self._random.choice(self.flows),
            "etag": f'"{self._id()}"',
            "metrics": {
                "durationSummary": {"startedAtUTC": at + 900, "completedAtUTC": at + lasted},
                "sizeSummary": {"inputBytes": rows * 71, "outputBytes": rows * 33},
                "recordSummary": {
                    "inputRecordCount": rows,
                    "outputRecordCount": 0 if failed else rows,
                    "failedRecordCount": 0,
                },
                "fileSummary": {"inputFileCount": 1, "outputFileCount": 1},
                "statusSummary": {"status": status, "errors": [error] if failed else []},
            },
            "activities": [
                self._activity(name, at, lasted, rows, status)
                for name in ("copyActivity", "promotionActivity")
            ],
        }

    def _activity(self, name: str, at: int, lasted: int, rows: int, status: str) -> dict[str, Any]:
        return {
            "id": self._id(),
            "name": name,
            "updatedAtUTC": at + lasted,
            "durationSummary": {
                "startedAtUTC": at + 1000,
                "completedAtUTC": at + lasted - 500,
                "extensions": {"windowStart": at - 900_000, "windowEnd": at},
            },
            "sizeSummary": {"inputBytes": rows * 71, "outputBytes": rows * 33},
            "recordSummary": {"inputRecordCount": rows, "outputRecordCount": rows},
            "fileSummary": {"inputFileCount": 1, "outputFileCount": 1},
            "statusSummary": {"status": status, "extensions": {}},
            "sourceInfo": [{"id": self._source, "type": "SourceConnection"}],
            "targetInfo": [{"id": self._target, "type": "TargetConnection"}],
        }


class Plain:
    """The floor: plain SQLite, filled as fast as it goes."""

    def __init__(self, made: Made, path: Path) -> None:
        self._flows = made.flows
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        columns = ", ".join(f"c{i} INTEGER" for i in range(7))
        self._connection.execute(
            f"CREATE TABLE runs (id BLOB PRIMARY KEY, flow BLOB, at INTEGER, word TEXT, ended INTEGER, "
            f"{columns}) WITHOUT ROWID"
        )
        for index in ("at", "flow, at", "word, at"):
            name = index.replace(", ", "_")
            self._connection.execute(f"CREATE INDEX by_{name} ON runs ({index})")

    def write(self, start: int, stop: int) -> None:
        rows = [
            (uuid.uuid4().bytes, random.choice(self._flows), -m, "clean", -m, *range(7))
            for m in range(start, stop)
        ]
        self._connection.execute("BEGIN")
        marks = ", ".join("?" * 12)
        self._connection.executemany(f"INSERT INTO runs VALUES ({marks})", rows)
        self._connection.execute("COMMIT")

    def latest(self, flow: str) -> list[tuple[Any, ...]]:
        sql = "SELECT * FROM runs WHERE flow = ? ORDER BY at DESC LIMIT 50"
        return self._connection.execute(sql, (flow,)).fetchall()


class Stopwatch:
    """Adds up what pieces of work took, by the wall and by the processor."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu


async def measure(options: argparse.Namespace, folder: Path) -> None:
    made = Made(options.flows, options.seed)
    plain = Plain(made, folder / "plain.sqlite")
    path = folder / "mirror.sqlite"
    mirror = Mirror.open(path, run_verdict=run_verdict, clock=lambda: END)
    ours, theirs = Stopwatch(), Stopwatch()
    raw = 0
    for start in range(0, options.n, BATCH):
        runs = made.runs(start, start + BATCH)
        raw += sum(len(run.body) for run in runs)
        with theirs():
            plain.write(start, start + BATCH)
        with ours():
            await mirror.upsert("runs", runs, seen_at=END)
    size = await mirror.ask(lambda reader: reader.size_bytes())
    n = options.n
    print(
        f"N {n:,} runs of {options.flows:,} flows, seed {options.seed}, {raw / n:,.0f} bytes of JSON each"
    )
    print(f"bytes a run      {size / n:8,.0f}")
    print(
        f"runs/s           {n / ours.wall:8,.0f}   plain SQLite {n / theirs.wall:,.0f} rows/s   "
        f"ratio {theirs.wall / ours.wall:.2f}"
    )
    print(
        f"runs/s of CPU    {n / ours.cpu:8,.0f}   plain SQLite {n / theirs.cpu:,.0f} rows/s   "
        f"ratio {theirs.cpu / ours.cpu:.2f}"
    )
    middle = Anchor(int((END - timedelta(seconds=15 * options.n)).timestamp() * 1000), "", "after")
    chosen = random.Random(options.seed).choices(made.flows, k=options.asked)
    timed("latest 50 of a flow", [partial(mirror.runs_of_now, flow, 50) for flow in chosen])
    timed("the same, plain", [partial(plain.latest, flow) for flow in chosen])
    middling = partial(mirror.window_now, Listing("runs"), 40, middle)
    timed("40 in the middle", [middling] * options.asked)
    if options.parts:
        parts(path)
    mirror.close()


def timed(name: str, questions: list[Callable[[], object]]) -> None:
    """Print the median and the 95th percentile, by the wall and of our own processor time."""
    walls, cpus = [], []
    for question in questions:
        wall, cpu = time.perf_counter(), time.thread_time()
        question()
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.thread_time() - cpu) * 1000)
    told = (
        f"{statistics.median(took):.2f} ms, p95 {sorted(took)[len(took) * 95 // 100]:.2f} ms"
        for took in (walls, cpus)
    )
    print(f"{name:20} median {'   of CPU: median '.join(told)}")


def parts(path: Path) -> None:
    """Print what each table and index takes, where SQLite was built to tell it."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT name, sum(pgsize) AS size FROM dbstat GROUP BY name ORDER BY size DESC LIMIT 12"
        )
        for name, size in rows:
            print(f"  {name:24} {size:12,}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("-n", type=int, default=100_000)
    parser.add_argument("--flows", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--asked", type=int, default=400)
    parser.add_argument("--parts", action="store_true", help="what each table takes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(options, Path(folder)))


if __name__ == "__main__":
    main()
