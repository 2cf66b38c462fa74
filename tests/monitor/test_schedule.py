"""Ticks and usual figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.mirror.rows import FlowRow
from aeptui.monitor.schedule import Schedule
from aeptui.monitor.usual import deviation, median, outside, percentile
from aeptui.monitor.words import next_change, span, until

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@given(step=st.integers(1, 10_000), away=st.integers(-10_000_000, 10_000_000))
def test_any_moment_lies_between_two_ticks(step: int, away: int) -> None:
    schedule = Schedule(NOW, timedelta(seconds=step))
    at = NOW + timedelta(seconds=away)
    after, upto = schedule.after(at), schedule.upto(at)
    assert after is not None and after > at
    assert (after - NOW) % timedelta(seconds=step) == timedelta()
    if at < NOW:
        assert (after, upto) == (NOW, None)
    else:
        assert upto is not None and upto <= at and after - upto == timedelta(seconds=step)


@pytest.mark.parametrize(
    ("frequency", "interval", "step"),
    [
        ("minute", 15, timedelta(minutes=15)),
        ("hour", 2, timedelta(hours=2)),
        ("day", 1, timedelta(days=1)),
        ("week", 1, timedelta(weeks=1)),
    ],
)
def test_each_frequency_has_its_step(frequency: str, interval: int, step: timedelta) -> None:
    flow = FlowRow(id="f", frequency=frequency, interval=interval, start_at=NOW)
    assert Schedule.of(flow) == Schedule(NOW, step)


@pytest.mark.parametrize("interval", [None, 0, -5])
def test_an_interval_that_leads_nowhere_is_no_schedule(interval: int | None) -> None:
    assert Schedule.of(FlowRow(id="f", frequency="minute", interval=interval, start_at=NOW)) is None


def test_figures() -> None:
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 2, 3]) == 2.5
    assert deviation([1, 1, 2, 2, 4, 6, 9]) == 1
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile([7], 0.95) == 7


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(0, 1000))
def test_the_median_itself_is_never_unusual(past: list[int], shift: int) -> None:
    moved = [value + shift for value in past]
    assert not outside(median(moved), moved, deviations=4, floor=1)


@given(st.integers(0, 10_000_000))
def test_a_span_reads_the_same_until_its_next_change(seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    change = next_change(NOW, now)
    assert change > now
    before = (change - NOW).total_seconds() - 1
    if seconds >= 60:  # seconds themselves are not worth waking up for
        assert span(before) == span(seconds)


def test_spans() -> None:
    assert [span(each) for each in (0, 59, 60, 3599, 3600, 172_799, 172_800)] == [
        "0 s", "59 s", "1 min", "59 min", "1 h", "47 h", "2 days",
    ]  # fmt: skip
    assert until(86_401) == "in 2 days"
    assert until(86_400) == "in 24 h"
    assert until(1) == "in 1 h"
