"""What went wrong is kept beside the runs: added, changed and gone with them."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aeptui.api.models import BaseConnection, Flow, Run, RunError
from aeptui.mirror.failures import Failing
from aeptui.mirror.store import Mirror
from aeptui.monitor.state import run_verdict
from tests.mirror.conftest import NOW

REFUSED = RunError("CONNECTOR-1001-500", "invalid_client: refused", None, "copyActivity")


def _run(id: str, hour: float = 0, *, bad: bool = True, flow: str = "f", **fields: Any) -> Run:
    at = NOW - timedelta(hours=hour)
    known: dict[str, Any] = {"state": "success", "received": 5, "ingested": 5, "skipped": 0}
    if bad:
        known = {"state": "failed", "errors": (REFUSED,)}
    return Run(
        id=id, flow_id=flow, created_at=at, updated_at=at, completed_at=at, **{**known, **fields}
    )


async def _failing(mirror: Mirror, hours: float = 24 * 30) -> list[Failing]:
    since = NOW - timedelta(hours=hours)
    return sorted(
        await mirror.ask(lambda reader: reader.failing(since)), key=lambda each: each.flow_id
    )


async def test_a_failing_flow_is_told_with_its_names_and_its_newest_run(mirror: Mirror) -> None:
    await mirror.upsert("base-connections", [BaseConnection(id="b", name="SF prod")], seen_at=NOW)
    flow = Flow(id="f", name="Contacts", base_connection_id="b")
    await mirror.upsert("flows", [flow], seen_at=NOW)
    await mirror.upsert("runs", [_run("r2", 2), _run("r1", 1), _run("r3", 3)], seen_at=NOW)
    (told,) = await _failing(mirror)
    assert (told.code, told.step, told.message) == (REFUSED.code, REFUSED.activity, REFUSED.message)
    assert (told.flow_name, told.base_connection_name) == ("Contacts", "SF prod")
    assert (told.runs, told.last_run_id, told.whole, told.open) == (3, "r1", True, True)
    assert told.first_seen == NOW - timedelta(hours=3)
    (recent,) = await _failing(mirror, hours=1.5)
    assert recent.runs == 1
    assert recent.first_seen == told.first_seen, "when it began is not cut off with the window"


async def test_a_run_is_told_by_the_error_that_says_most(mirror: Mirror) -> None:
    errors = (
        RunError("INGEST-1212-400", "The rows could not be promoted.", 40, "promotionActivity"),
        RunError("INGEST-1555-400", "crmId is required", 40, "promotionActivity"),
    )
    await mirror.upsert("runs", [_run("r", errors=errors)], seen_at=NOW)
    (row,) = await mirror.runs_of("f", 1)
    assert (row.code, row.message) == ("INGEST-1555-400", "crmId is required")


async def test_a_failure_is_open_until_a_run_of_its_flow_ends_without_it(mirror: Mirror) -> None:
    await mirror.upsert("flows", [Flow(id="f"), Flow(id="g")], seen_at=NOW)
    await mirror.upsert("runs", [_run("r1", 3), _run("s1", 3, flow="g")], seen_at=NOW)
    waiting = Run(id="r2", flow_id="f", state="scheduled", created_at=NOW - timedelta(hours=1))
    await mirror.upsert("runs", [waiting], seen_at=NOW)
    assert [each.open for each in await _failing(mirror)] == [True, True]
    await mirror.upsert("runs", [_run("r2", 1, bad=False)], seen_at=NOW)
    assert [each.open for each in await _failing(mirror)] == [False, True]


async def test_nothing_of_a_flow_that_is_gone_is_open(mirror: Mirror) -> None:
    await mirror.upsert("runs", [_run("r1")], seen_at=NOW)
    (told,) = await _failing(mirror)
    assert not told.open
    assert told.flow_id == "f"


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_order_of_writing_and_forgetting_leaves_the_failures_of_the_runs_that_are_there(
    data: st.DataObject,
) -> None:
    steps = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from("abcd"), st.sampled_from(["fail", "clean", "forget"]), st.booleans()
            ),
            max_size=12,
        )
    )

    async def play(mirror: Mirror) -> tuple[set[tuple[str, int]], int]:
        for number, (id, step, other) in enumerate(steps):
            if step == "forget":
                await mirror.forget("runs", [id])
                continue
            fields = {"errors": (RunError("X-1-400", f"no {number}", 2, "copyActivity"),)}
            run = _run(id, -number, bad=step == "fail", flow=id, **(fields if other else {}))
            await mirror.upsert("runs", [run], seen_at=NOW)
        told = await _failing(mirror)
        causes = sqlite3.connect(mirror.path).execute("SELECT count(*) FROM cause").fetchone()[0]
        return {(each.flow_id, each.code) for each in told}, causes

    expected: dict[str, str | None] = {}
    for id, step, other in steps:
        code = "X-1-400" if other else REFUSED.code if step == "fail" else None
        expected[id] = None if step == "forget" else code
    with tempfile.TemporaryDirectory() as folder:
        mirror = Mirror.open(Path(folder) / "m.sqlite", run_verdict=run_verdict, clock=lambda: NOW)
        try:
            found, causes = asyncio.run(play(mirror))
        finally:
            mirror.close()
    assert found == {(id, code) for id, code in expected.items() if code}
    assert causes == len({code for code in expected.values() if code})
