"""Windows: whatever the listing and however one walks it, exactly its rows in its order."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeptui.api.models import Dataset, Flow, Model, Run
from aeptui.mirror.file import connect
from aeptui.mirror.ids import pack_id
from aeptui.mirror.query import Query
from aeptui.mirror.rows import RunRow
from aeptui.mirror.store import Mirror
from aeptui.mirror.values import END, Anchor, Listing, Window
from aeptui.mirror.verdicts import FLOW_WORDS, FlowVerdict
from aeptui.monitor.state import run_verdict

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
FLOWS = [
    Flow(id=str(uuid.UUID(int=number)), name=name)
    for number, name in enumerate(["alpha", "Beta", "beta", "", "50%_off"], 1)
]


def _run_ids() -> st.SearchStrategy[str]:
    return st.uuids().map(str) | st.text("abcXYZ019", min_size=1, max_size=6)


_TIMES = st.none() | st.integers(0, 6).map(lambda n: NOW - timedelta(minutes=n))
_RUNS = st.builds(
    Run,
    id=_run_ids(),
    flow_id=st.sampled_from([flow.id for flow in FLOWS] + ["", "gone"]),
    state=st.sampled_from(["success", "failed", "inProgress", "scheduled", "sideways"]),
    created_at=_TIMES,
    started_at=_TIMES,
    received=st.none() | st.integers(0, 3),
    batch_id=st.sampled_from(["", "B1", "b1", "B2"]),
)
_ORDERS = ["created_at", "started_at", "flow_name", "state", "received", "id", "batch_id", "lost"]


@contextmanager
def held(*kinds: tuple[str, Sequence[Model]]) -> Iterator[Mirror]:
    """A mirror that holds these models."""
    with tempfile.TemporaryDirectory() as folder:
        mirror = Mirror.open(Path(folder) / "m.sqlite", run_verdict=run_verdict, clock=lambda: NOW)
        try:
            for kind, models in kinds:
                asyncio.run(mirror.upsert(kind, models, seen_at=NOW))
            yield mirror
        finally:
            mirror.close()


def _place(order: str, row: RunRow) -> tuple[Any, Any]:
    """What a run is sorted by, as Python has it: (key or None, id)."""
    key = getattr(row, "word" if order == "state" else order)
    if isinstance(key, str):
        key = (pack_id(key) if order in ("id", "batch_id") else key.lower()) or None
    return key, pack_id(row.id)


def _in_order(order: str, down: bool, rows: Sequence[RunRow]) -> list[str]:
    """The listing by other means: those with a key, then those without, ids deciding ties."""

    def comparable(value: Any) -> Any:
        # SQLite sorts texts before blobs.
        return (isinstance(value, bytes), value) if isinstance(value, str | bytes) else value

    places = [(*_place(order, row), row.id) for row in rows]
    keyed = [place for place in places if place[0] is not None]
    bare = [place for place in places if place[0] is None]
    keyed.sort(key=lambda place: (comparable(place[0]), comparable(place[1])), reverse=down)
    bare.sort(key=lambda place: comparable(place[1]), reverse=down)
    return [place[2] for place in keyed + bare]


def _forwards(mirror: Mirror, listing: Listing, height: int) -> Iterator[Window]:
    window = mirror.window_now(listing, height)
    yield window
    while window.after:
        window = mirror.window_now(listing, height, window.anchor(-1, "after"))
        yield window


def _backwards(mirror: Mirror, listing: Listing, height: int) -> Iterator[Window]:
    window = mirror.window_now(listing, height, END)
    yield window
    while window.before:
        window = mirror.window_now(listing, height, window.anchor(0, "before"))
        yield window


@settings(max_examples=120, deadline=None)
@given(
    runs=st.lists(_RUNS, max_size=25, unique_by=lambda run: run.id),
    order=st.sampled_from(_ORDERS),
    down=st.booleans(),
    height=st.integers(1, 9),
    filter=st.sampled_from(
        ["", "state:failed,clean", "!beta", "received>1", "bet", "50%_", "!state:clean"]
    ),
    within=st.sampled_from([None, ("flow_id", FLOWS[1].id)]),
)
def test_walking_any_listing_by_windows_of_any_height_gives_the_sorted_list(
    runs: list[Run],
    order: str,
    down: bool,
    height: int,
    filter: str,
    within: tuple[str, str] | None,
) -> None:
    with held(("flows", FLOWS), ("runs", runs)) as mirror:
        rows = [row for run in runs if isinstance(row := mirror.get_now("runs", run.id), RunRow)]
        kept = [row for row in rows if _passes(filter, row)]
        kept = [row for row in kept if within is None or row.flow_id == within[1]]
        expected = _in_order(order, down, kept)
        listing = Listing("runs", filter, order, down, within)
        walked: list[str] = []
        for window in _forwards(mirror, listing, height):
            assert window.position == len(walked)
            assert (window.total, window.estimated) == (len(expected), False)
            assert window.before == bool(walked)
            walked += [row.id for row in window.rows]
        assert walked == expected
        back: list[str] = []
        for window in _backwards(mirror, listing, height):
            assert window.after == bool(back)
            back = [row.id for row in window.rows] + back
        assert back == expected
        for index, id in enumerate(expected):
            window = mirror.window_now(listing, height, Anchor.at(id))
            assert [row.id for row in window.rows] == expected[index : index + height]
            again = mirror.window_now(listing, height, window.anchor(0, "from"))
            assert again == window


def _passes(filter: str, row: RunRow) -> bool:
    """The filters of the test above, by other means."""
    texts = " ".join(
        (row.state, row.word, row.flow_name, row.batch_id, row.id, row.flow_id)
    ).lower()
    return {
        "": True,
        "state:failed,clean": row.word in ("failed", "clean"),
        "!state:clean": row.word != "clean",
        "!beta": "beta" not in texts,
        "bet": "bet" in texts,
        "50%_": "50%_" in texts,
        "received>1": row.received is not None and row.received > 1,
    }[filter]


def test_a_place_holds_when_its_row_has_gone() -> None:
    runs = [Run(id=f"r{n}", created_at=NOW - timedelta(minutes=n)) for n in range(6)]
    with held(("runs", runs)) as mirror:
        listing = Listing("runs")
        top = mirror.window_now(listing, 2, mirror.window_now(listing, 2).anchor(1, "after"))
        assert [row.id for row in top.rows] == ["r2", "r3"]
        asyncio.run(mirror.forget("runs", ["r2"]))
        again = mirror.window_now(listing, 2, top.anchor(0, "from"))
        assert [row.id for row in again.rows] == ["r3", "r4"]


def test_a_window_on_nothing_is_empty_and_says_what_lies_beside_it() -> None:
    with held(("runs", [Run(id="r1", created_at=NOW)])) as mirror:
        assert mirror.window_now(Listing("datasets"), 5).rows == ()
        window = mirror.window_now(Listing("runs"), 5, Anchor(0, "r0", "after"))
        assert (window.rows, window.before, window.after) == ((), True, False)


def test_flows_stand_worst_first_and_by_name_within_a_word() -> None:
    flows = [Flow(id=name, name=name) for name in ("d", "B", "a", "c")]
    ranks = {"d": 0, "B": 5, "a": 5, "c": 1}
    verdicts = [FlowVerdict(flow_id=name, word="failed", rank=rank) for name, rank in ranks.items()]
    with held(("flows", flows)) as mirror:
        asyncio.run(mirror.judge(verdicts))
        rows = mirror.window_now(Listing("flows"), 9).rows
        assert [row.name for row in rows] == ["d", "c", "a", "B"]


def test_a_flow_that_somebody_knows_of_stands_behind_all_others_that_need_a_person() -> None:
    words = {"a": "failed", "b": "failed", "c": "odd", "d": "unknown", "e": "running", "f": "clean"}
    verdicts = [
        FlowVerdict(flow_id=name, word=word, rank=FLOW_WORDS.index(word))
        for name, word in words.items()
    ]

    def order() -> str:
        return "".join(row.id for row in mirror.window_now(Listing("flows"), 9).rows)

    with held(("flows", [Flow(id=name, name=name) for name in words])) as mirror:
        asyncio.run(mirror.judge(verdicts))
        assert order() == "abcdef"
        asyncio.run(mirror.calm(["c", "a"]))
        assert order() == "bdacef"
        asyncio.run(mirror.judge([verdicts[1]]))
        asyncio.run(mirror.upsert("flows", [Flow(id="a", name="a", state="on")], seen_at=NOW))
        assert order() == "bdacef"
        asyncio.run(mirror.calm(["a"]))
        assert order() == "bcdaef"


def test_names_of_other_resources_follow_them() -> None:
    flow = Flow(id="f", name="contacts", target_connection_id="t")
    with held(("flows", [flow]), ("runs", [Run(id="r", flow_id="f", created_at=NOW)])) as mirror:
        assert getattr(mirror.get_now("runs", "r"), "flow_name", "") == "contacts"
        from aeptui.api.models import TargetConnection

        target = TargetConnection(id="t", dataset_id="d")
        dataset = Dataset(id="d", name="CRM contacts", expires_at=NOW)
        asyncio.run(mirror.upsert("target-connections", [target], seen_at=NOW))
        asyncio.run(mirror.upsert("datasets", [dataset], seen_at=NOW))
        row = mirror.get_now("flows", "f")
        assert getattr(row, "dataset_name", "") == "CRM contacts"
        assert getattr(row, "dataset_expires_at", None) == NOW


def test_under_a_filter_a_long_list_has_an_estimated_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aeptui.mirror.query.COUNTED", 50)
    runs = [
        Run(id=f"r{n:03}", created_at=NOW - timedelta(minutes=n), state=state)
        for n, state in enumerate(["success", "failed"] * 100)
    ]
    with held(("runs", runs)) as mirror:
        whole = mirror.window_now(Listing("runs"), 10)
        assert (whole.total, whole.estimated) == (200, False)
        part = mirror.window_now(Listing("runs", "state:failed"), 10)
        assert (part.total, part.estimated) == (100, True)
        for few, ids in (("id:r007", ["r007"]), ("nothing", [])):
            found = mirror.window_now(Listing("runs", few), 10)
            assert [row.id for row in found.rows] == ids
            assert (found.total, found.estimated) == (len(ids), False)
        deep = mirror.window_now(Listing("runs"), 10, END)
        assert deep.position is None


def test_both_ways_of_reading_give_the_same_window() -> None:
    runs = [Run(id=f"r{n}", created_at=NOW - timedelta(minutes=n)) for n in range(9)]
    with held(("runs", runs)) as mirror:
        listing = Listing("runs")
        assert asyncio.run(mirror.window(listing, 4)) == mirror.window_now(listing, 4)


class _Explaining:
    """A connection that keeps how each question is going to be answered."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self.plans: list[str] = []

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        for *_, plan in self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", values):
            self.plans.append(plan)
        return self._connection.execute(sql, values)

    def close(self) -> None:
        self._connection.close()


@pytest.mark.parametrize("within", [None, ("flow_id", FLOWS[1].id)])
@pytest.mark.parametrize("place", [None, Anchor(int(NOW.timestamp() * 1000), "x", "after"), END])
def test_runs_by_time_are_found_along_an_index(
    tmp_path: Path, within: tuple[str, str] | None, place: Anchor | None
) -> None:
    path = tmp_path / "m.sqlite"
    mirror = Mirror.open(path, run_verdict=run_verdict, clock=lambda: NOW)
    runs = [Run(id=f"r{n}", flow_id=FLOWS[1].id, created_at=NOW) for n in range(9)]
    asyncio.run(mirror.upsert("runs", runs, seen_at=NOW))
    mirror.close()
    asked = _Explaining(path)
    Query(Listing("runs", within=within), NOW).window(cast(Any, asked), 4, place)
    asked.close()
    assert len(asked.plans) > 3
    assert [plan for plan in asked.plans if plan.startswith("SCAN t")] == []
