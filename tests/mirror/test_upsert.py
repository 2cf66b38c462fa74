"""Writing: only what differs is written and told, in whatever order answers arrive."""

from __future__ import annotations

import asyncio
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeptui.api.models import BaseConnection, Dataset, Flow, Run, SourceConnection
from aeptui.mirror.rows import Row, RunRow
from aeptui.mirror.store import Mirror
from aeptui.mirror.values import Changed, Listing
from aeptui.mirror.verdicts import FlowVerdict
from aeptui.monitor.state import run_verdict
from tests.mirror.conftest import NOW


def run(id: str, **fields: Any) -> Run:
    return Run(id=id, created_at=NOW, **fields)


async def test_news_names_what_differs_and_nothing_else(mirror: Mirror) -> None:
    runs = [run(f"r{n}", flow_id="f") for n in range(5)]
    first = await mirror.upsert("runs", runs, seen_at=NOW)
    assert first == Changed("runs", frozenset(each.id for each in runs), False, frozenset({"f"}))
    runs[2] = run("r2", flow_id="f", state="failed")
    second = await mirror.upsert("runs", runs, seen_at=NOW)
    assert second.ids == {"r2"}
    assert not await mirror.upsert("runs", runs, seen_at=NOW)


async def test_a_body_that_differs_is_news_even_when_no_column_does(mirror: Mirror) -> None:
    await mirror.upsert("runs", [run("r", body=b'{"id":"r"}')], seen_at=NOW)
    assert await mirror.upsert("runs", [run("r", body=b'{"id":"r","x":1}')], seen_at=NOW)
    assert await mirror.body("runs", "r") == {"id": "r", "x": 1}


async def test_what_rows_share_comes_back_as_it_was_also_where_it_looks_like_an_id(
    mirror: Mirror,
) -> None:
    who, flow = str(uuid.UUID(int=7)), str(uuid.UUID(int=8))
    told = [run("a", updated_by=who, flow_id=flow), run("b", updated_by="ana", flow_id="F")]
    await mirror.upsert("runs", told, seen_at=NOW)
    for each in told:
        row = await mirror.get("runs", each.id)
        assert isinstance(row, RunRow)
        assert (row.updated_by, row.flow_id) == (each.updated_by, each.flow_id)
        assert [found.id for found in await mirror.runs_of(each.flow_id, 5)] == [each.id]


async def test_seeing_the_same_again_writes_nothing(mirror: Mirror, path: Path) -> None:
    runs = [run(f"r{n}") for n in range(300)]
    await mirror.upsert("runs", runs, seen_at=NOW)
    log = path.with_name(path.name + "-wal")
    before = log.stat().st_size
    await mirror.upsert("runs", runs, seen_at=NOW + timedelta(minutes=5))
    assert log.stat().st_size == before


def _versions(data: st.DataObject) -> list[Run]:
    """Some runs, each in some versions with times of their own."""
    ids = data.draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8))
    return [
        Run(
            id=id,
            created_at=NOW,
            updated_at=NOW + timedelta(seconds=step),
            flow_id=data.draw(st.sampled_from(["f", "g"])),
            state=data.draw(st.sampled_from(["success", "failed", "inProgress"])),
            body=msgspec.json.encode({"id": id, "step": step}),
        )
        for step, id in enumerate(ids)
    ]


def _told(runs: list[Run], batches: list[int]) -> tuple[list[Row], list[Any], dict[str, int]]:
    """What a mirror holds after hearing `runs` in batches of these sizes."""
    with tempfile.TemporaryDirectory() as folder:
        mirror = Mirror.open(Path(folder) / "m.sqlite", run_verdict=run_verdict, clock=lambda: NOW)

        async def tell() -> None:
            rest = list(runs)
            for size in batches:
                part, rest = rest[:size], rest[size:]
                await mirror.upsert("runs", part, seen_at=NOW)
            await mirror.upsert("runs", rest, seen_at=NOW)

        try:
            asyncio.run(tell())
            rows = mirror.window_now(Listing("runs", order="id"), 50).rows
            bodies = [mirror.body_now("runs", row.id) for row in rows]
            words: dict[str, int] = {}
            for row in rows:
                words[getattr(row, "word", "")] = words.get(getattr(row, "word", ""), 0) + 1
            assert mirror.summary_now().runs_open == words.get("running", 0)
            return list(rows), bodies, dict(mirror.summary_now().counts)
        finally:
            mirror.close()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_upserts_in_any_order_duplicated_and_delayed_end_equal(data: st.DataObject) -> None:
    versions = _versions(data)
    shuffled = data.draw(
        st.permutations(versions + data.draw(st.lists(st.sampled_from(versions), max_size=5)))
    )
    sizes = data.draw(st.lists(st.integers(1, 3), max_size=5))
    assert _told(shuffled, sizes) == _told(versions, [])


async def test_what_a_complete_reading_lacks_is_gone(mirror: Mirror) -> None:
    flows = [Flow(id=id, name=id) for id in "abc"]
    await mirror.upsert("flows", flows, seen_at=NOW)
    later = NOW + timedelta(minutes=1)
    changed = await mirror.upsert("flows", flows[:2], seen_at=later, complete=True)
    assert changed.ids == {"c"}
    assert await mirror.get("flows", "c") is None
    assert (await mirror.summary()).counts["flows"] == 2
    assert (await mirror.freshness())["flows"].complete_at == later


async def test_what_came_in_during_a_reading_is_not_gone(mirror: Mirror) -> None:
    began = NOW
    await mirror.upsert("flows", [Flow(id="new")], seen_at=NOW + timedelta(seconds=5))
    assert not await mirror.prune("flows", [], seen_at=began)
    assert await mirror.get("flows", "new") is not None


async def test_a_judgement_survives_an_upsert_and_is_told_once(mirror: Mirror) -> None:
    await mirror.upsert("flows", [Flow(id="f", name="old")], seen_at=NOW)
    verdict = FlowVerdict(flow_id="f", word="late", rank=3, reason="11 min overdue", since=NOW)
    assert (await mirror.judge([verdict])).ids == {"f"}
    assert not await mirror.judge([verdict])
    assert not await mirror.judge([msgspec.structs.replace(verdict, check_at=NOW)])
    await mirror.upsert("flows", [Flow(id="f", name="new")], seen_at=NOW)
    row = await mirror.get("flows", "f")
    assert row is not None
    assert (row.name, getattr(row, "word", ""), getattr(row, "reason", "")) == (
        "new",
        "late",
        "11 min overdue",
    )
    assert (await mirror.summary()).flows == {"late": 1}


async def test_a_judgement_of_a_flow_that_is_gone_is_passed_over(mirror: Mirror) -> None:
    assert not await mirror.judge([FlowVerdict(flow_id="f", word="late", rank=3)])


async def test_links_say_what_is_used_and_by_what(mirror: Mirror) -> None:
    base, source = str(uuid.uuid4()), str(uuid.uuid4())
    await mirror.upsert("base-connections", [BaseConnection(id=base, name="SF")], seen_at=NOW)
    first = SourceConnection(id=source, name="Contact", base_connection_id=base)
    await mirror.upsert("source-connections", [first], seen_at=NOW)
    (uses,) = await mirror.links("source-connections", source)
    assert (uses.relation, uses.kind, uses.id, uses.name) == (
        "uses",
        "base-connections",
        base,
        "SF",
    )
    (used,) = await mirror.links("base-connections", base)
    assert (used.relation, used.kind, used.id, used.name) == (
        "used by",
        "source-connections",
        source,
        "Contact",
    )
    moved = SourceConnection(id=source, name="Contact", base_connection_id="other")
    await mirror.upsert("source-connections", [moved], seen_at=NOW)
    assert await mirror.links("base-connections", base) == []


async def test_a_run_leads_to_its_flow_and_batch(mirror: Mirror) -> None:
    await mirror.upsert("flows", [Flow(id="f", name="contacts")], seen_at=NOW)
    await mirror.upsert("runs", [run("r", flow_id="f", batch_id="b")], seen_at=NOW)
    links = await mirror.links("runs", "r")
    assert [(link.kind, link.id, link.name) for link in links] == [
        ("flows", "f", "contacts"),
        ("batches", "b", ""),
    ]


async def test_bodies_come_back_whole_with_and_without_a_dictionary(mirror: Mirror) -> None:
    alike = [run(f"r{n}", body=msgspec.json.encode({"id": n, "x": ["é"] * n})) for n in range(40)]
    await mirror.upsert("runs", alike[:3], seen_at=NOW)
    await mirror.upsert("runs", alike[3:], seen_at=NOW)
    for each in alike:
        assert await mirror.body("runs", each.id) == each.raw()
    assert await mirror.body("runs", "nobody") is None


async def test_lost_rows_count_for_a_day(mirror: Mirror) -> None:
    old = Run(id="o", created_at=NOW - timedelta(days=2), state="success", failed=7)
    await mirror.upsert("runs", [run("r", state="success", failed=3), old], seen_at=NOW)
    assert (await mirror.summary()).lost_24h == 3


async def test_live_shows_what_is_open_and_what_ended_last(mirror: Mirror) -> None:
    def at(minutes: int) -> Any:
        return NOW - timedelta(minutes=minutes)

    runs = [
        run("short", state="inProgress", started_at=at(1)),
        run("long", state="inProgress", started_at=at(9)),
        run("soon", state="scheduled"),
        run("before", state="success", started_at=at(9), completed_at=at(8)),
        run("last", state="failed", started_at=at(9), completed_at=at(2)),
    ]
    await mirror.upsert("runs", runs, seen_at=NOW)
    live = await mirror.live(1)
    assert [row.id for row in live.open] == ["long"]
    live = await mirror.live(9)
    assert [row.id for row in live.open] == ["long", "short", "soon"]
    assert [row.id for row in live.ended] == ["last", "before"]


async def test_live_knows_how_long_clean_runs_of_a_flow_usually_last(mirror: Mirror) -> None:
    def ended(n: int, flow: str, seconds: int, state: str = "success") -> Run:
        began = NOW - timedelta(hours=n)
        return Run(
            id=f"{flow}{n}",
            flow_id=flow,
            state=state,
            created_at=began,
            started_at=began,
            completed_at=began + timedelta(seconds=seconds),
        )

    took = [100, 140, 120, 90, 3000]
    runs = [ended(n, "often", seconds) for n, seconds in enumerate(took, 1)]
    runs += [ended(9, "often", 7, "failed"), ended(1, "seldom", 5), ended(2, "seldom", 5)]
    # What is long past is not usual any more.
    runs += [ended(n, "changed", 60) for n in range(1, 21)]
    runs += [ended(n, "changed", 6000) for n in range(21, 60)]
    flows = ("often", "seldom", "changed", "new")
    runs += [run(f"open {flow}", flow_id=flow, state="inProgress") for flow in flows]
    await mirror.upsert("runs", runs, seen_at=NOW)
    assert (await mirror.live(9)).usual_s == {"often": 120, "changed": 60}


async def test_find_knows_ids_and_parts_of_names(mirror: Mirror) -> None:
    flows = [Flow(id=str(uuid.uuid4()), name=name) for name in ("contacts", "old contacts")]
    await mirror.upsert("flows", flows, seen_at=NOW)
    await mirror.upsert("datasets", [Dataset(id="d", name="Contacts lake")], seen_at=NOW)
    assert [each.id for each in await mirror.find(flows[1].id)] == [flows[1].id]
    assert next(each.name for each in await mirror.find("contacts")) == "contacts"
    assert {each.kind for each in await mirror.find("CONTACT")} == {"flows", "datasets"}
    assert [each.id for each in await mirror.find(flows[0].id[:9])] == [flows[0].id]
    assert await mirror.find("100%") == []


async def test_trouble_keeps_the_last_confirmation(mirror: Mirror) -> None:
    await mirror.note("flows", at=NOW, trouble=None, next_in_s=15)
    later = NOW + timedelta(seconds=15)
    await mirror.note("flows", at=later, trouble="no answer", next_in_s=30)
    state = (await mirror.freshness())["flows"]
    assert (state.confirmed_at, state.trouble) == (NOW, "no answer")
    assert state.next_try_at == later + timedelta(seconds=30)


async def test_what_was_written_is_there_when_it_is_opened_again(path: Path) -> None:
    first = Mirror.open(path, run_verdict=run_verdict, clock=lambda: NOW)
    await first.upsert("runs", [run("r", state="failed")], seen_at=NOW, watermark=NOW)
    first.close()
    second = Mirror.open(path, run_verdict=run_verdict, clock=lambda: NOW)
    try:
        assert second.notice == ""
        assert getattr(second.get_now("runs", "r"), "word", "") == "failed"
        assert await second.ask(lambda reader: reader.watermark("runs")) == NOW
    finally:
        second.close()


@pytest.mark.parametrize("kind", ["schemas", "sandboxes", "flow-specs"])
async def test_every_kind_can_be_asked_for_before_it_was_read(mirror: Mirror, kind: str) -> None:
    assert (await mirror.window(Listing(kind), 5)).rows == ()
    assert await mirror.get(kind, "x") is None
    assert await mirror.links(kind, "x") == []
