"""Java's date patterns."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.emulator.dates import (
    AUTOMATIC,
    PatternRefused,
    compile_pattern,
    iso,
    parse_automatically,
)

MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30)).map(
    lambda moment: moment.replace(tzinfo=UTC, microsecond=moment.microsecond // 1000 * 1000)
)


@given(st.sampled_from(AUTOMATIC), MOMENTS)
def test_any_moment_comes_back_from_an_automatic_pattern_as_far_as_it_says(
    pattern: str, moment: datetime
) -> None:
    compiled = compile_pattern(pattern)
    text = compiled.format(moment)
    read = compiled.parse(text)
    assert read is not None
    assert compiled.format(read) == text
    assert read.date() == moment.date()
    if "SSS" in pattern:
        assert read == moment


@given(st.sampled_from(AUTOMATIC), MOMENTS)
def test_any_text_in_an_automatic_pattern_is_read_without_being_told(
    pattern: str, moment: datetime
) -> None:
    assert parse_automatically(compile_pattern(pattern).format(moment)) is not None


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_any_zone_survives_the_long_patterns(moment: datetime, minutes: int) -> None:
    there = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    compiled = compile_pattern("yyyy-MM-dd HH:mm:ss.SSSZ")
    assert compiled.parse(compiled.format(there)) == there


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_is_not(text: str) -> None:
    found = parse_automatically(text)
    assert found is None or len(iso(found)) == 24


@given(st.text(alphabet="yMdHhmsSaEzZX'-:. GuDwq", max_size=20), MOMENTS)
def test_any_pattern_writes_or_is_refused(pattern: str, moment: datetime) -> None:
    try:
        compiled = compile_pattern(pattern)
    except PatternRefused:
        return
    compiled.parse(compiled.format(moment))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02 03:04:05+0100", "2026-01-02T02:04:05.000Z"),
        ("2026-01-02 03:04:05.678", "2026-01-02T03:04:05.678Z"),
        ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
        ("2026.01.02", "2026-01-02T00:00:00.000Z"),
        ("2026-Jan-02", "2026-01-02T00:00:00.000Z"),
        ("20260102", "2026-01-02T00:00:00.000Z"),
        ("01022026", "2026-01-02T00:00:00.000Z"),
        ("1/02/2026 12:30:00 AM", "2026-01-02T00:30:00.000Z"),
        ("02.1.2026 12:30:00 pm", "2026-01-02T12:30:00.000Z"),
        ("02-JAN-2026", "2026-01-02T00:00:00.000Z"),
    ],
)
def test_a_date_without_a_pattern(text: str, expected: str) -> None:
    found = parse_automatically(text)
    assert found is not None
    assert iso(found) == expected


@pytest.mark.parametrize("text", ["2026-01-02 03:04:05", "2026-02-30", "13/45/2026", "", "today"])
def test_what_no_automatic_pattern_takes(text: str) -> None:
    assert parse_automatically(text) is None


def test_letters_that_only_write() -> None:
    moment = datetime(2026, 1, 1, 15, 4, 5, tzinfo=UTC)
    written = compile_pattern("EEEE d MMMM yy 'o''clock' h a, D, u, w, YYYY, XXX").format(moment)
    assert written == "Thursday 1 January 26 o'clock 3 PM, 1, 4, 1, 2026, Z"


@pytest.mark.parametrize("pattern", ["yyyy-bb", "'open", "y" * 300])
def test_a_pattern_that_java_would_not_take_is_refused(pattern: str) -> None:
    with pytest.raises(PatternRefused):
        compile_pattern(pattern)
