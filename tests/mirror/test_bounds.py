"""The bounds of the past: so many days, so many bytes, and what is never trimmed."""

from __future__ import annotations

import os
import sqlite3
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from aeptui.api.models import Batch, Flow, Run
from aeptui.mirror.history import History
from aeptui.mirror.store import Mirror
from aeptui.mirror.values import Listing
from aeptui.mirror.verdicts import FlowVerdict
from aeptui.mirror.write import GIVEN_BACK
from tests.mirror.conftest import NOW


class Clock:
    def now(self) -> object:
        return NOW


def run(hours_ago: float, **fields: Any) -> Run:
    id = str(uuid.uuid4())
    body = msgspec.json.encode({"id": id, "noise": os.urandom(400).hex()})
    made = NOW - timedelta(hours=hours_ago)
    given: dict[str, Any] = {
        "id": id,
        "created_at": made,
        "state": "success",
        "body": body,
        **fields,
    }
    return Run(**given)


def history(mirror: Mirror, days: float = 10_000, max_bytes: int = 10**9) -> History:
    return History(mirror, Clock(), days, max_bytes)  # type: ignore[arg-type]


async def ids(mirror: Mirror, kind: str) -> set[str]:
    return set(await mirror.ask(lambda reader: reader.ids(kind)))


async def test_what_is_older_than_asked_for_is_forgotten(mirror: Mirror) -> None:
    runs = [run(hours) for hours in range(0, 1500)]
    batches = [Batch(id=f"b{day}", created_at=NOW - timedelta(days=day)) for day in range(20)]
    await mirror.upsert("runs", runs, seen_at=NOW)
    await mirror.upsert("batches", batches, seen_at=NOW)
    await history(mirror, days=7).trim()
    assert await ids(mirror, "runs") == {each.id for each in runs[: 7 * 24 + 1]}
    assert await ids(mirror, "batches") == {f"b{day}" for day in range(8)}
    assert (await mirror.summary()).counts["runs"] == 7 * 24 + 1


async def test_what_is_open_and_the_last_run_of_a_flow_stay(mirror: Mirror) -> None:
    last, open_, old = run(900, flow_id="f"), run(901, state="inProgress"), run(902, flow_id="f")
    await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
    await mirror.upsert("runs", [last, open_, old], seen_at=NOW)
    await mirror.judge([FlowVerdict(flow_id="f", word="late", rank=1, last_run_id=last.id)])
    await history(mirror, days=1).trim()
    assert await ids(mirror, "runs") == {last.id, open_.id}


async def test_over_its_largest_size_the_oldest_goes_and_the_file_shrinks(
    mirror: Mirror, path: Path
) -> None:
    runs = [run(hours / 10) for hours in range(3000)]
    batches = [Batch(id=f"b{n}", created_at=each.created_at) for n, each in enumerate(runs)]
    await mirror.upsert("runs", runs, seen_at=NOW, reached=runs[-1].created_at)
    await mirror.upsert("batches", batches, seen_at=NOW)
    before = await mirror.ask(lambda reader: reader.size_bytes())
    limit = before // 2
    await history(mirror, max_bytes=limit).trim()
    assert await mirror.ask(lambda reader: reader.size_bytes()) <= limit
    kept = await ids(mirror, "runs")
    assert 500 < len(kept) < 2500
    assert kept == {each.id for each in runs[: len(kept)]}
    reached = await mirror.ask(lambda reader: reader.reached("runs"))
    oldest = runs[len(kept) - 1].created_at
    assert reached is not None and oldest is not None
    assert reached <= oldest
    assert reached > oldest - timedelta(hours=0.1)
    assert len(await ids(mirror, "batches")) == len(kept)
    row = mirror.window_now(Listing("runs"), 1).rows[0]
    assert mirror.body_now("runs", row.id) == runs[0].raw()
    mirror.close()  # what is in the log goes into the file
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    assert pages * 4096 < limit + GIVEN_BACK * 4096 < before
