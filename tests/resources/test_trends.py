"""Trends: what a flow brought and lost, in bars that end now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.models import Run
from aeptui.mirror.trends import Hour
from aeptui.moment import Moment
from aeptui.resources.trends import LONGEST, SPANS, bars, plots
from tests.mirror.conftest import mirror, path

__all__ = ["mirror", "path"]

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
MOMENT = Moment(NOW, UTC)
LAST = SPANS[-1][1] - 1
"""The hour that is passing."""


@pytest.mark.parametrize(
    ("drawn", "values", "room"),
    [
        ("▂▄█", [2, 4, 8], 3),
        (" ·█", [None, 0, 5], 3),
        ("█▂▂▁▂", [9_000, 10, 10, 5, 10], 5),
        ("▄█", [1, 1, 2, 2], 2),
        ("", [], 5),
        (" · ", [None, 0, None], 9),
    ],
)
def test_bars_are_as_high_as_their_share(drawn: str, values: list[float | None], room: int) -> None:
    assert bars(values, room) == drawn


@given(st.lists(st.none() | st.floats(0, 1e9), max_size=60), st.integers(1, 80))
def test_any_values_fit_into_any_room(values: list[float | None], room: int) -> None:
    assert len(bars(values, room)) == min(len(values), room)


def test_each_span_counts_its_own_runs_and_tells_of_bad_ones_where_there_are_any() -> None:
    told = plots(
        [Hour(0, 4, 0, 50), Hour(LAST - 30, 2, 1, 7), Hour(LAST, 1, 0, 1_000)], MOMENT, None
    )
    assert [(each.label, each.total) for each in told.plots] == [
        ("24 h", "1,000 rows"),
        ("7 days", "1,007 rows"),
        ("", "1 of 3 runs bad"),
        ("30 days", "1,057 rows"),
        ("", "1 of 7 runs bad"),
    ]
    assert told.plots[0].values[-1] == 1_000
    assert not told.note


def test_what_was_not_read_yet_is_said() -> None:
    told = plots([], MOMENT, NOW - timedelta(days=2))
    assert [each.total for each in told.plots] == ["no runs"] * 3
    assert told.note == "Runs before Sun 12:00 are not known here."


async def test_the_mirror_adds_up_the_runs_of_one_flow_by_the_hour(mirror) -> None:  # type: ignore[no-untyped-def]
    def run(id: str, minutes: float, state: str, flow: str = "f") -> Run:
        at = NOW - timedelta(minutes=minutes)
        return Run(id=id, flow_id=flow, state=state, created_at=at, ingested=5)

    runs = [run("a", 10, "success"), run("b", 20, "failed"), run("c", 200, "success")]
    await mirror.upsert("runs", [*runs, run("d", 5, "failed", "other")], seen_at=NOW)
    found = await mirror.ask(lambda reader: reader.hours("f", NOW - LONGEST))
    assert found == [Hour(LAST - 3, 1, 0, 5), Hour(LAST, 2, 1, 10)]
