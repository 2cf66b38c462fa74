"""The platform's time between its answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.clock import PlatformClock

START = datetime(2026, 1, 1, tzinfo=UTC)


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def test_before_the_first_answer_it_is_this_machines_time() -> None:
    clock = PlatformClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert not clock.heard


def test_it_goes_on_by_itself_at_the_platforms_speed() -> None:
    ticks = Ticks()
    clock = PlatformClock(START, ticks=ticks)
    clock.hear(date(START + timedelta(days=1)), "60", 0)
    ticks.now += 10
    assert clock.now() == START + timedelta(days=1, minutes=10)
    assert clock.heard


def test_at_speed_nought_it_stands_still() -> None:
    ticks = Ticks()
    clock = PlatformClock(START, ticks=ticks)
    clock.hear(date(START), "0", 0)
    ticks.now += 1000
    assert clock.now() == START


def test_a_change_of_speed_does_not_move_the_present() -> None:
    ticks = Ticks()
    clock = PlatformClock(START, 10, ticks=ticks)
    ticks.now += 6
    clock.hear(None, None, 0)
    assert (clock.now(), clock.speed) == (START + timedelta(minutes=1), 1)


@given(offset=st.floats(0, 0.999), took=st.floats(0, 5))
def test_whole_seconds_in_the_header_do_not_make_it_tremble(offset: float, took: float) -> None:
    ticks = Ticks()
    clock = PlatformClock(START + timedelta(seconds=offset), ticks=ticks)
    before = clock.now()
    clock.hear(date(START), None, took)
    assert clock.now() == before


@given(st.integers(-(10**7), 10**7), st.floats(0, 5))
def test_any_answer_puts_it_within_the_second_that_the_answer_names(
    apart: int, took: float
) -> None:
    ticks = Ticks()
    clock = PlatformClock(START, ticks=ticks)
    told = START + timedelta(seconds=apart)
    clock.hear(date(told), None, took)
    assert told <= clock.now() <= told + timedelta(seconds=1 + took)


@pytest.mark.parametrize("nonsense", ["", "yesterday", "-1", "nan", "1e9", None])
def test_nonsense_is_passed_over(nonsense: str | None) -> None:
    ticks = Ticks()
    clock = PlatformClock(START, ticks=ticks)
    clock.hear(nonsense, nonsense, 0)
    assert (clock.now(), clock.speed) == (START, 1)
