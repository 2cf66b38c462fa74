"""Times, counts and durations in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.moment import Moment
from aeptui.resources import formats
from aeptui.zone import LocalZone

NOW = datetime(2026, 9, 16, 14, 10, tzinfo=UTC)
MOMENT = Moment(NOW, UTC)


def test_an_unknown_number_is_a_dash_and_a_known_one_has_separators() -> None:
    assert formats.count(None) == "–"
    assert formats.count(0) == "0"
    assert formats.count(12400) == "12,400"


@pytest.mark.parametrize(
    ("before_s", "text"),
    [
        (5, "just now"),
        (-5, "just now"),
        (720, "12m ago"),
        (5 * 3600, "5h ago"),
        (26 * 3600, "yesterday"),
        (40 * 86400, "7 Aug"),
        (400 * 86400, "12 Aug 2025"),
    ],
)
def test_a_time_is_relative_until_a_day_and_dated_after(before_s: int, text: str) -> None:
    assert formats.ago(NOW - timedelta(seconds=before_s), MOMENT) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(4, "4s"), (62, "1m02"), (7500, "2h05"), (270000, "3d 3h"), (-3, "0s")],
)
def test_a_length_of_time_has_two_units(seconds: int, text: str) -> None:
    assert formats.span(seconds) == text


def test_a_narrow_column_names_the_day_only_where_a_clock_time_could_be_another_days() -> None:
    assert formats.brief(NOW + timedelta(hours=11), MOMENT) == "01:10"
    assert formats.brief(NOW + timedelta(hours=13), MOMENT) == "Thu 03:10"
    assert formats.brief(NOW - timedelta(days=2), MOMENT) == "Mon 14:10"
    assert formats.brief(NOW + timedelta(days=8), MOMENT) == "24 Sep"
    assert formats.brief(None, MOMENT) == formats.DASH


def test_what_is_due_names_the_day_unless_it_is_today() -> None:
    assert formats.due(NOW + timedelta(hours=1), MOMENT) == "15:10"
    assert formats.due(NOW + timedelta(hours=12), MOMENT) == "tomorrow 02:10"


def test_times_are_told_in_the_operators_zone() -> None:
    assert formats.clock_time(NOW, Moment(NOW, ZoneInfo("Asia/Kolkata"))) == "19:40"


def test_a_share_never_rounds_a_loss_away() -> None:
    assert formats.share(412, 10212) == "4.0 %"
    assert formats.share(1, 1_000_000) == "under 0.1 %"
    assert formats.share(999_999, 1_000_000) == "over 99.9 %"
    assert formats.share(1, 0) == "–"


@pytest.mark.parametrize(
    ("frequency", "interval", "text"),
    [
        ("minute", 30, "every 30 min"),
        ("hour", 1, "every hour"),
        ("day", 2, "every 2 days"),
        ("once", None, "once"),
        ("", None, "–"),
    ],
)
def test_a_schedule_reads_as_a_beat(frequency: str, interval: int | None, text: str) -> None:
    assert formats.every(frequency, interval) == text


def test_words_that_need_a_person_are_in_capitals() -> None:
    assert formats.said("failed") == "FAILED"
    assert formats.said("clean") == "clean"
    assert formats.said("") == ""


@given(st.integers(min_value=0, max_value=10**16))
def test_any_size_keeps_to_nine_characters(number: int) -> None:
    assert len(formats.size(number)) <= 9


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2037, 1, 1)))
def test_the_local_zone_agrees_with_the_system_at_any_instant(naive: datetime) -> None:
    when = naive.replace(tzinfo=UTC)
    ours, systems = when.astimezone(LocalZone()), when.astimezone()
    assert ours.replace(tzinfo=None) == systems.replace(tzinfo=None)
    assert ours.utcoffset() == systems.utcoffset()
