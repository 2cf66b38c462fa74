"""A world of one process, with a CRM and a runner: for what is asked of them directly."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import mkdtemp
from typing import Any

from aeptui.emulator.clock import Clock
from aeptui.emulator.crm import Crm
from aeptui.emulator.documents import Document
from aeptui.emulator.incidents import Incidents
from aeptui.emulator.runner import Runner
from aeptui.emulator.seed import Maker
from aeptui.emulator.seedplan import FlowSeed
from aeptui.emulator.world import World

START_MS = 1_772_438_400_000
MINUTE_MS = 60_000
SEED = 1


class Stage:
    """A world at its first moment; its clock stands until it is told to move."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock(START_MS, 0.0)
        self.world = World(folder / "world.sqlite", self.clock, SEED)
        self.crm = Crm(folder / "crm.sqlite", SEED, START_MS)
        self.incidents = Incidents(self.world)
        self.runner = Runner(self.world, self.crm, self.incidents)
        if not self.world.sandboxes():
            self.world.add_sandbox("dev", "Development", default=True)
            self.maker = Maker(self.world, self.runner, "dev")

    def flow(
        self,
        entity: str = "salesforce.account",
        *,
        minutes: int = 15,
        backfill: bool = True,
        options: dict[str, Any] | None = None,
        first_min: int = 10,
    ) -> Document:
        """A flow that is due for the first time `first_min` minutes after the start."""
        base = "Salesforce prod" if entity.startswith("salesforce") else "Dynamics sales"
        seed = FlowSeed("A flow", base, entity, minutes, 0, backfill=backfill)
        flow = self.maker.flow(seed, START_MS + first_min * MINUTE_MS).flow
        if options is not None:
            flow.body["options"] = options
            self.world.put("dev", "flows", flow.id, flow.body)
        return flow

    def at(self, minutes: float) -> int:
        """Go on until so many minutes after the start; answers how many runs ended."""
        self.clock.set(START_MS + int(minutes * MINUTE_MS))
        return self.runner.settle()

    def advance(self, minutes: float) -> int:
        self.clock.advance(minutes * 60)
        return self.runner.settle()

    def runs(self, flow: Document) -> list[dict[str, Any]]:
        """The runs of a flow as the wire shows them, oldest first."""
        return [run.body for run in reversed(self.world.runs_of("dev", flow.id))]

    def changed(self, table: str, after_ms: int, until_ms: int) -> tuple[int, int]:
        """(rows, of them deleted) that changed in (after, until], counted in the CRM's file."""
        with sqlite3.connect(self.folder / "crm.sqlite") as db:
            row = db.execute(
                f"SELECT count(*), coalesce(sum(deleted), 0) FROM {table}"
                " WHERE modified > ? AND modified <= ?",
                (after_ms, until_ms),
            ).fetchone()
        return int(row[0]), int(row[1])

    def lines(self, batch_id: str, prefix: str) -> list[dict[str, Any]]:
        """The JSON lines of a batch's files whose paths begin so."""
        found: list[dict[str, Any]] = []
        for path, _ in self.world.files.listed("dev", batch_id, prefix):
            data = self.world.files.read("dev", batch_id, path) or b""
            found += [json.loads(line) for line in data.splitlines()]
        return found

    def close(self) -> None:
        self.world.close()
        self.crm.close()


def records(run: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = run["metrics"]["recordSummary"]
    return found


def status(run: dict[str, Any]) -> str:
    return str(run["metrics"]["statusSummary"]["status"])


def batch_of(run: dict[str, Any]) -> str:
    """The id of the batch that a run wrote."""
    return str(run["activities"][1]["targetInfo"][0]["reference"]["ids"][0])


def closes(run: dict[str, Any]) -> bool:
    """Whether received = ingested + skipped + failed."""
    of = records(run)
    rest = of["outputRecordCount"] + of["skippedRecordCount"] + of["failedRecordCount"]
    return of["inputRecordCount"] == rest


_FILLED: dict[tuple[int, int], Path] = {}


def filled_crm(path: Path, seed: int = SEED, start_ms: int = START_MS) -> Path:
    """A CRM's file with all its first rows: made once for each seed and start, and copied."""
    if (seed, start_ms) not in _FILLED:
        template = Path(mkdtemp(dir=path.parent)) / "crm.sqlite"
        crm = Crm(template, seed, start_ms)
        crm.count("salesforce", "Account")
        crm.close()
        _FILLED[(seed, start_ms)] = template
    copyfile(_FILLED[(seed, start_ms)], path)
    return path


@contextmanager
def stage_in(folder: Path) -> Iterator[Stage]:
    """A stage in an empty folder."""
    filled_crm(folder / "crm.sqlite")
    made = Stage(folder)
    try:
        yield made
    finally:
        made.close()
