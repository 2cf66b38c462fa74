"""Worlds filled with synthetic history: every list means what it means elsewhere, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from aeptui.emulator import filters, listings, scale
from aeptui.emulator.clock import Clock
from aeptui.emulator.crm import Crm
from aeptui.emulator.documents import Document
from aeptui.emulator.history import Scale
from aeptui.emulator.incidents import Incidents
from aeptui.emulator.runner import Runner
from aeptui.emulator.services.entities import FLOWS, RUNS, Collection
from aeptui.emulator.world import World
from tests.emulated import FLOWSERVICE, START, start, stop, wait_for_world
from tests.emulator.stage import START_MS, closes, records
from tests.emulator.test_server import refused

DAY_MS = 86_400_000
STATUS, STARTED = "metrics.statusSummary.status", "metrics.durationSummary.startedAtUTC"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Five flows and 140 synthetic runs; then a day and a half is lived, so that real ones follow."""
    folder = tmp_path_factory.mktemp("scaled")
    clock = Clock(START_MS, 0.0)
    made = World(folder / "world.sqlite", clock, 3)
    crm = Crm(folder / "crm.sqlite", 3, START_MS)
    runner = Runner(made, crm, Incidents(made))
    scale.fill(made, runner, Scale(5, 140), lambda done, of: None)
    clock.advance(36 * 3600)
    assert runner.settle() >= 5
    flow = made.get("dev", "runs", made.runs_of("dev", _flow_ids(made)[0])[0].id)
    assert flow is not None
    waiting = flow.body | {"id": "waiting", "metrics": {"statusSummary": {"status": "scheduled"}}}
    made.put("dev", "runs", "waiting", waiting)
    yield made
    made.close()
    crm.close()


@pytest.fixture(scope="module")
def runs(world: World) -> list[Document]:
    """All of its runs, in their order; nothing changes them."""
    return list(world.scan("dev", "runs"))


def _flow_ids(world: World) -> list[str]:
    return [flow.id for flow in world.scan("dev", "flows")]


def _numbers() -> st.SearchStrategy[str]:
    near = st.integers(-30 * DAY_MS, 3 * DAY_MS).map(lambda ms: str(START_MS + ms))
    odd = ["0", "nan", "inf", "1e12", "soon", str(2**70), f"{START_MS - 5 * DAY_MS}.5"]
    return near | st.sampled_from(odd)


def _conditions(flow_ids: list[str], runs: list[Document]) -> st.SearchStrategy[str]:
    compare = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    equal = st.sampled_from(["==", "!="])
    times = st.sampled_from(["createdAt", "updatedAt", STARTED])
    some = runs[::17]
    moments = st.sampled_from([str(run.body["createdAt"]) for run in some]) | _numbers()
    flows = st.sampled_from([*flow_ids, "nobody"])
    words = st.sampled_from(["success", "FAILED", "scheduled", "inProgress", "säumig"])
    ids = st.sampled_from([run.id for run in some])
    many = st.lists(words, min_size=1, max_size=2).map(",".join)
    return st.one_of(
        st.builds("{}{}{}".format, times, compare, moments),
        st.builds("{}{}{}".format, st.just("flowId"), compare, flows),
        st.builds("{}{}{}".format, st.sampled_from([STATUS, "state"]), equal, many),
        st.builds("{}{}{}".format, st.just(STATUS), compare, words),
        st.builds("{}{}{}".format, st.just("id"), equal, ids),
        st.builds("{}{}{}".format, st.just("metrics.recordSummary.failedRecordCount"),
                  compare, st.sampled_from(["0", "5"])),
    )  # fmt: skip


ORDERS = ["", "createdAt", "-createdAt", "-updatedAt", STARTED, f"-{STARTED}", "id", "-flowId"]


def _asked(collection: Collection, conditions: list[str], order: str, limit: int) -> Any:
    query = [("property", one) for one in conditions] + [("limit", str(limit))]
    query += [("orderby", order)] if order else []
    return filters.read(QueryParams(query), collection.known, b"key", "here", collection.aliases)


def _whole_list(world: World, kind: str, asked: filters.Listing) -> list[Document]:
    """Page after page, each from the place where the one before ended."""
    found: list[Document] = []
    more = True
    while more:
        page, more = listings.page(world, "dev", kind, asked)
        found += page
        if page:
            asked = replace(asked, after=asked.place(page[-1]))
    return found


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_filter_any_order_and_any_page_size_list_what_the_grammar_means(
    world: World, runs: list[Document], data: st.DataObject
) -> None:
    conditions = data.draw(st.lists(_conditions(_flow_ids(world), runs), max_size=3))
    order, limit = data.draw(st.sampled_from(ORDERS)), data.draw(st.integers(1, 100))
    few = data.draw(st.sampled_from([0, 20, 2000]))
    asked = _asked(RUNS, conditions, order, limit)
    meant = [each.id for each in asked.sorted(runs)]
    before, listings.FEW = listings.FEW, few
    try:
        assert [each.id for each in _whole_list(world, "runs", asked)] == meant
        assert listings.count(world, "dev", "runs", asked) == len(meant)
    finally:
        listings.FEW = before


@pytest.mark.parametrize("order", ["", "name", "-name", "-createdAt", "updatedAt", "-state"])
@pytest.mark.parametrize("condition", ["", "name==nobody", "name!=nobody", "name<E", "name>=E",
                                       "name==a,b", "createdAt==nan", "state==enabled"])  # fmt: skip
def test_flows_are_listed_whole_in_any_order(world: World, order: str, condition: str) -> None:
    asked = _asked(FLOWS, [condition] if condition else [], order, 2)
    meant = [each.id for each in asked.sorted(world.scan("dev", "flows"))]
    assert [each.id for each in _whole_list(world, "flows", asked)] == meant
    assert listings.count(world, "dev", "flows", asked) == len(meant)
    assert condition or len(meant) == 5


@pytest.mark.parametrize("order", ["", STARTED, f"-{STARTED}", "createdAt"])
@pytest.mark.parametrize("condition", [f"{STARTED}==nan", "createdAt==nan", "updatedAt!=nan",
                                       f"{STARTED}<soon"])  # fmt: skip
def test_what_is_no_time_is_equal_to_none(world: World, order: str, condition: str) -> None:
    asked = _asked(RUNS, [condition], order, 50)
    meant = [each.id for each in asked.sorted(world.scan("dev", "runs"))]
    assert [each.id for each in _whole_list(world, "runs", asked)] == meant
    assert listings.count(world, "dev", "runs", asked) == len(meant)


def test_the_counts_of_every_run_add_up_and_only_synthetic_ones_say_that_they_are(
    world: World,
) -> None:
    runs = [run.body for run in world.scan("dev", "runs") if run.id != "waiting"]
    marked = [
        run["metrics"]["statusSummary"].get("extensions", {}).get("synthetic") for run in runs
    ]
    assert marked[:140] == [True] * 140
    assert not any(marked[140:]) and len(marked) > 140
    assert all(closes(run) for run in runs if records(run))
    created = [run["createdAt"] for run in runs]
    assert created == sorted(created)


def test_a_scaled_world_is_served_goes_on_and_is_kept(tmp_path: Path) -> None:
    flags = ("--scale", "flows=12,runs=240", "--speed", "0", "--seed", "2")
    first = start(tmp_path, *flags, "--start", START)
    try:
        wait_for_world(first)
        counts = first.state()["counts"]["dev"]
        assert (counts["flows"], counts["runs"]) == (12, 240)
        with first.client() as api:
            listed: list[dict[str, Any]] = []
            path = "/runs?limit=70"
            while path:
                answer = api.get(f"{FLOWSERVICE}{path}").json()
                listed += answer["items"]
                path = answer.get("_links", {}).get("next", {}).get("href", "")
            assert len({run["id"] for run in listed}) == 240
            run = next(run for run in listed
                       if run["metrics"]["statusSummary"]["status"] == "failed")  # fmt: skip
            assert api.get(f"{FLOWSERVICE}/runs/{run['id']}").json()["items"] == [run]
            again = api.post(f"{FLOWSERVICE}/runs/{run['id']}/action?op=re-trigger")
            assert again.status_code == 200, again.text
            first.advance(hours=1)
            real = api.get(f"{FLOWSERVICE}/runs/{again.json()['id']}").json()["items"][0]
            assert real["metrics"]["statusSummary"] == {"status": "success"}
            assert real["flowId"] == run["flowId"]
    finally:
        stop(first)
    other = refused("--data", str(tmp_path), "--scale", "flows=13,runs=240")
    assert other.returncode == 2
    assert "--scale" in other.stderr
    second = start(tmp_path, *flags)
    try:
        assert second.state()["making"] is None
        with second.client() as api:
            assert api.get(f"{FLOWSERVICE}/runs/{run['id']}").json()["items"] == [run]
    finally:
        stop(second)
