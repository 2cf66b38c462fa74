"""When flows are due, whatever their schedule and however it is written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aeptui.emulator.scheduling import UNIT_MS, Schedule, schedule_of

moments = st.integers(0, 4_000_000_000_000)
frequencies = st.sampled_from(sorted(UNIT_MS))
intervals = st.integers(1, 1000)


@given(start=moments, every=st.integers(1, 10**10), at=moments)
def test_the_next_due_moment_is_the_first_on_the_grid_that_is_not_past(
    start: int, every: int, at: int
) -> None:
    due = Schedule(start, every).due_from(at)
    assert due >= max(start, at)
    assert (due - start) % every == 0
    assert due == start or due - every < at


@given(frequency=frequencies, interval=intervals, start=st.integers(0, 4_000_000_000))
def test_a_schedule_means_the_same_in_numbers_and_in_text(
    frequency: str, interval: int, start: int
) -> None:
    params = {"startTime": start, "frequency": frequency, "interval": interval, "backfill": True}
    texts = {name: str(value).lower() for name, value in params.items()}
    found = schedule_of({"scheduleParams": params})
    assert found == schedule_of({"scheduleParams": texts})
    assert found == Schedule(start * 1000, interval * UNIT_MS[frequency], backfill=True)


@given(start=st.integers(0, 4_000_000_000), at=moments)
def test_a_flow_that_runs_once_is_due_at_its_start_or_at_once(start: int, at: int) -> None:
    found = schedule_of({"scheduleParams": {"startTime": start, "frequency": "once"}})
    assert found is not None
    assert found.due_from(at) == max(start * 1000, at)


def test_a_draft_without_a_schedule_is_never_due() -> None:
    assert schedule_of({"name": "A draft"}) is None
    assert schedule_of({"scheduleParams": {}}) is None


def test_without_a_start_the_schedule_begins_when_the_flow_was_made() -> None:
    flow = {"createdAt": 5_000, "scheduleParams": {"frequency": "hour", "interval": 1}}
    assert schedule_of(flow) == Schedule(5_000, 3_600_000, backfill=True)


def test_backfill_is_taken_as_it_was_sent() -> None:
    for said in (False, "false", "False"):
        params = {"startTime": 1, "frequency": "minute", "interval": 15, "backfill": said}
        found = schedule_of({"scheduleParams": params})
        assert found is not None and not found.backfill
