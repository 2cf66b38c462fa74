"""The rules of a schedule, each at its field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.emulator.clock import Clock
from aeptui.emulator.services import schedulerules
from aeptui.forms import schedule
from aeptui.forms.values import faults_in
from tests.forms.fixed import NOW

BASEL = ZoneInfo("Europe/Zurich")
LATER = "2026-03-02 15:00"


def faults(answers: dict[str, Any]) -> dict[str, str]:
    found = faults_in(schedule.fields(answers, NOW, BASEL), answers)
    return found | schedule.faults(answers, NOW, BASEL)


RULES: list[tuple[dict[str, Any], str, str]] = [
    ({"interval": "14"}, "interval", "Minutes between runs is at least 15"),
    ({"interval": "0"}, "interval", "Minutes between runs is at least 15"),
    ({"interval": "-30"}, "interval", "Minutes between runs is at least 15"),
    ({"interval": "half"}, "interval", "Minutes between runs is a whole number, such as 30"),
    ({"interval": "1.5"}, "interval", "Minutes between runs is a whole number, such as 30"),
    ({"frequency": "hour", "interval": "0"}, "interval", "Hours between runs is at least 1"),
    ({"frequency": "day", "interval": "0"}, "interval", "Days between runs is at least 1"),
    ({"frequency": "week", "interval": "0"}, "interval", "Weeks between runs is at least 1"),
    ({"frequency": "fortnight"}, "frequency", "Runs has no 'fortnight' to choose"),
    ({"start": "soon"}, "start", "A time is written like 2026-03-02 14:20"),
    ({"start": "25:00"}, "start", "A time is written like 2026-03-02 14:20"),
    ({"start": "2026-02-30 10:00"}, "start", "A time is written like 2026-03-02 14:20"),
    ({"start": "2026-03-02 14:00"}, "start", "This time has passed; a first run is still to come"),
    ({"start": "1593134665"}, "start", "This time has passed; a first run is still to come"),
    ({"start": "2999-01-01 00:00"}, "start", "This time is too far away"),
    ({"backfill": "yes"}, "backfill", "Backfill is yes or no"),
]


@pytest.mark.parametrize(("answers", "field", "says"), RULES)
def test_a_broken_rule_speaks_at_its_field(answers: dict[str, Any], field: str, says: str) -> None:
    assert faults(answers) == {field: says}


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"interval": "15"},
        {"frequency": "hour", "interval": "1", "start": LATER},
        {"frequency": "day", "interval": "7", "start": "14:08"},
        {"frequency": "week", "start": "2026-03-09T06:00:00Z"},
        {"frequency": "once", "start": LATER},
    ],
)
def test_what_the_form_lets_through_the_platform_takes(answers: dict[str, Any]) -> None:
    assert faults(answers) == {}
    clock = Clock(int(NOW.timestamp() * 1000), 0.0)
    params = schedule.params(answers, NOW, BASEL)
    assert schedulerules.check(params, clock, lenient=False) == params


@given(
    st.sampled_from(["minute", "hour", "day", "week", "once"]),
    st.integers(-5, 10_000),
    st.timedeltas(timedelta(days=-2), timedelta(days=400)),
    st.booleans(),
)
def test_the_form_and_the_platform_agree_on_any_schedule(
    frequency: str, interval: int, ahead: timedelta, backfill: bool
) -> None:
    start = (NOW + ahead).replace(microsecond=0)
    answers = {
        "frequency": frequency,
        "interval": str(interval),
        "start": start.isoformat(),
        "backfill": backfill,
    }
    clock = Clock(int(NOW.timestamp() * 1000), 0.0)
    if faults(answers):
        least = 15 if frequency == "minute" else 1
        assert start < NOW or (frequency != "once" and interval < least)
    else:
        schedulerules.check(schedule.params(answers, NOW, BASEL), clock, lenient=False)


def test_once_hides_what_it_does_not_take_and_says_that_it_is_a_dead_end() -> None:
    answers = {"frequency": "once", "interval": "30", "backfill": True, "start": LATER}
    shown = schedule.fields(answers, NOW, BASEL)
    assert [field.name for field in shown] == ["frequency", "start"]
    assert "dead end" in shown[0].help
    assert set(schedule.params(answers, NOW, BASEL)) == {"startTime", "frequency"}


def test_numbers_and_booleans_go_as_text() -> None:
    params = schedule.params({"start": LATER, "backfill": False}, NOW, BASEL)
    assert params == {
        "startTime": str(int(datetime(2026, 3, 2, 14, 0, tzinfo=UTC).timestamp())),
        "frequency": "minute",
        "interval": "30",
        "backfill": "false",
    }


def test_a_time_of_day_is_the_next_one_in_the_operators_zone() -> None:
    read = schedule.read_start
    assert read("14:20", NOW, BASEL) == datetime(2026, 3, 2, 13, 20, tzinfo=UTC)
    assert read("14:00", NOW, BASEL) == datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
    assert read("2026-07-01 09:00", NOW, BASEL) == datetime(2026, 7, 1, 7, 0, tzinfo=UTC)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))
def test_the_proposed_start_is_always_round_and_still_to_come(now: datetime) -> None:
    start = schedule.next_start(now)
    assert timedelta(minutes=5) <= start - now <= timedelta(minutes=10)
    assert start.timestamp() % 300 == 0
    typed = start.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    assert schedule.read_start(typed, now, UTC) == start


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({}, "every 30 minutes"),
        ({"frequency": "hour"}, "every hour"),
        ({"frequency": "day", "interval": "2"}, "every 2 days"),
        ({"frequency": "once"}, "once"),
    ],
)
def test_a_schedule_in_words(answers: dict[str, Any], says: str) -> None:
    assert schedule.in_words(answers) == says
