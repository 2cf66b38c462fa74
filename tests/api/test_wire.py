"""Values are read whatever their type, and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.wire import count, duration, fraction, number, text, truth, when

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "wire",
    [
        1767268800,
        "1767268800",
        1767268800000,
        "1767268800000",
        1767268800000.0,
        "2026-01-01T12:00:00Z",
        "2026-01-01T13:00:00+01:00",
        "2026-01-01 12:00:00",
        "2026-01-01T12:00:00.000+0000",
    ],
)
def test_seconds_milliseconds_digits_and_dates_are_the_same_moment(wire: Any) -> None:
    assert when(wire) == NOON


def test_milliseconds_survive() -> None:
    assert when(1767268800123) == NOON + timedelta(milliseconds=123)


@pytest.mark.parametrize("wire", [0, -1, "", "soon", None, True, [], {}, 10**30, "9" * 40])
def test_what_is_no_moment_is_none(wire: Any) -> None:
    assert when(wire) is None


@pytest.mark.parametrize(
    ("wire", "known"),
    [
        (0, 0),
        (7, 7),
        ("1337", 1337),
        (-1, None),
        ("-1", None),
        (None, None),
        ({}, None),
        (True, None),
    ],
)
def test_minus_one_and_missing_counts_are_unknown(wire: Any, known: int | None) -> None:
    assert count(wire) == known


def test_booleans_come_as_words_too() -> None:
    assert (truth("true"), truth("False"), truth(True)) == (True, False, True)
    assert (truth("perhaps"), truth(1), truth(None)) == (None, None, None)


def test_a_time_to_live_is_an_iso_duration() -> None:
    assert duration("P30D") == timedelta(days=30)
    assert duration("P1Y2M") == timedelta(days=425)
    assert duration("PT12H30M") == timedelta(hours=12, minutes=30)
    assert (duration("P"), duration("30 days"), duration(None)) == (None, None, None)


@given(anything)
def test_no_value_makes_a_reader_raise(value: Any) -> None:
    for read in (when, count, number, fraction, truth, duration):
        read(value)
    assert isinstance(text({"a": value}, "a"), str)
