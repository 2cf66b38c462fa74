"""Earlier versions of definitions: kept when the definition changed, few, and gone with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from aeptui.api.models import Flow, Run
from aeptui.mirror.earlier import KEPT, Earlier
from aeptui.mirror.rows import RunRow
from aeptui.mirror.store import Mirror
from tests.mirror.conftest import NOW


def _flow(number: int, **told: Any) -> Flow:
    at = NOW + timedelta(minutes=number)
    body = {"id": "f", "updatedAt": number, "etag": str(number), **told}
    return Flow(id="f", updated_at=at, body=msgspec.json.encode(body))


async def _versions(mirror: Mirror) -> list[Earlier]:
    return await mirror.ask(lambda reader: reader.earlier("flows", "f"))


async def test_what_a_newer_answer_replaces_is_kept_with_its_time(mirror: Mirror) -> None:
    for number in range(3):
        await mirror.upsert("flows", [_flow(number, name=f"v{number}")], seen_at=NOW)
    told = await _versions(mirror)
    assert [each.body["name"] for each in told] == ["v1", "v0"]
    assert told[1].at == NOW


async def test_a_run_of_a_flow_changes_nothing_of_its_definition(mirror: Mirror) -> None:
    for number in range(3):
        await mirror.upsert("flows", [_flow(number, lastRunDetails={"id": number})], seen_at=NOW)
    assert await _versions(mirror) == []


async def test_only_the_newest_are_kept_and_none_of_what_is_gone(mirror: Mirror) -> None:
    for number in range(KEPT + 5):
        await mirror.upsert("flows", [_flow(number, name=f"v{number}")], seen_at=NOW)
    told = await _versions(mirror)
    assert [each.body["name"] for each in told] == [f"v{n}" for n in range(KEPT + 3, 3, -1)]
    await mirror.forget("flows", ["f"])
    assert await _versions(mirror) == []


def _run(id: str, at: datetime, state: str, rows: int | None = 5) -> Run:
    return Run(
        id=id, flow_id="f", state=state, created_at=at, received=rows, ingested=rows, skipped=0
    )


async def test_the_turning_point_is_the_last_clean_run_with_rows_and_the_first_bad_one(
    mirror: Mirror,
) -> None:
    told = [("clean", "success", 5), ("empty", "success", 0), ("first", "failed", 5)]
    told += [("next", "failed", 5), ("other", "success", 5)]
    runs = [
        _run(id, NOW + timedelta(minutes=n), state, rows)
        for n, (id, state, rows) in enumerate(told)
    ]
    await mirror.upsert("runs", runs, seen_at=NOW)

    async def turning(id: str) -> list[str]:
        run = await mirror.get("runs", id)
        assert isinstance(run, RunRow)
        found = await mirror.ask(lambda reader: reader.turning_point(run))
        return [each.id if each else "" for each in found]

    assert await turning("next") == ["clean", "first"]
    assert await turning("clean") == ["", ""]
