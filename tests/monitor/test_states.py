"""Each word with its table of examples: what a run is, what a flow is, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.models import Run, RunError
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.mirror.verdicts import FlowVerdict
from aeptui.monitor.state import ENOUGH, Thresholds, flow_verdict, run_verdict
from aeptui.monitor.tones import RANKED, letter, letter_tone, rank, tone

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
MIN, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("word", "lost", "fields"),
    [
        ("waiting", None, {"state": "scheduled"}),
        ("waiting", None, {"state": "QUEUED"}),
        ("waiting", None, {}),
        ("running", None, {"state": "inProgress"}),
        ("running", None, {"state": "IN_PROGRESS"}),
        ("running", None, {"started_at": NOW}),
        ("clean", 0, {"state": "success", "received": 9, "ingested": 7, "skipped": 2, "failed": 0}),
        ("clean", 0, {"state": "success", "received": 0, "ingested": 0, "skipped": 0}),
        ("clean", 0, {"state": "success"}),
        ("clean", 0, {"state": "success", "received": 9, "ingested": 7}),
        ("clean", 0, {"state": "completed", "received": 9, "failed": 0}),
        (
            "partial",
            3,
            {"state": "success", "received": 9, "ingested": 6, "skipped": 0, "failed": 3},
        ),
        ("partial", 3, {"state": "success", "failed": 3}),
        (
            "partial",
            2,
            {"state": "success", "received": 9, "ingested": 7, "skipped": 0, "failed": 0},
        ),
        ("partial", 2, {"state": "success", "received": 9, "ingested": 7, "skipped": 0}),
        ("partial", 0, {"state": "success", "received": 5, "ingested": 7, "skipped": 0}),
        ("partial", 0, {"state": "success", "failed": 0, "warnings": 4}),
        ("partial", None, {"state": "success", "errors": (RunError("INGEST-1212-400", "lost"),)}),
        ("partial", 5, {"state": "success", "errors": (RunError("X", "lost", rows=5),)}),
        ("partial", 4, {"state": "partialSuccess", "failed": 4}),
        ("partial", None, {"state": "partialSuccess"}),
        ("failed", 9, {"state": "failed", "received": 9, "ingested": 0}),
        ("failed", 4, {"state": "Failed", "failed": 4}),
        ("failed", None, {"state": "failed"}),
        ("unknown", None, {"state": "sideways", "failed": 3}),
        ("unknown", None, {"completed_at": NOW}),
    ],
)
def test_a_run_is_what_its_rows_say(word: str, lost: int | None, fields: dict[str, Any]) -> None:
    assert run_verdict(Run(id="r", **fields))[:2] == (word, lost)


_COUNT = st.none() | st.integers(0, 50)


@given(received=_COUNT, ingested=_COUNT, skipped=_COUNT, failed=_COUNT)
def test_no_run_that_lost_rows_is_ever_clean(
    received: int | None, ingested: int | None, skipped: int | None, failed: int | None
) -> None:
    run = Run(
        id="r",
        state="success",
        received=received,
        ingested=ingested,
        skipped=skipped,
        failed=failed,
    )
    closes = None in (received, ingested, skipped) or received == (ingested or 0) + (skipped or 0)
    assert (run_verdict(run).word == "clean") == (closes and not failed)


# Flows ---------------------------------------------------------------------------------


def flow(**fields: Any) -> FlowRow:
    """A flow every half hour since yesterday, on, last due at 12:00 sharp."""
    schedule: dict[str, Any] = {"frequency": "minute", "interval": 30, "start_at": NOW - DAY}
    made: dict[str, Any] = {"created_at": NOW - 2 * DAY, "updated_at": NOW - 2 * DAY}
    return FlowRow(id="f", name="contacts", **({"state": "enabled"} | schedule | made | fields))


def run(
    begun: timedelta,
    word: str = "clean",
    rows: int | None = 100,
    took: timedelta | None = MIN,
    **fields: Any,
) -> RunRow:
    """A run that began so long before now."""
    at = NOW - begun
    ended = at + took if took is not None and word not in ("running", "waiting") else None
    started = None if word == "waiting" else at
    return RunRow(
        id=f"r{begun}",
        flow_id="f",
        word=word,
        created_at=at,
        started_at=started,
        completed_at=ended,
        **({"received": rows, "ingested": rows} | fields),
    )


def past(count: int, begin: timedelta = 30 * MIN, **fields: Any) -> list[RunRow]:
    """Runs every half hour, newest first."""
    return [run(begin + n * 30 * MIN, **fields) for n in range(count)]


def judged(
    flow_row: FlowRow,
    runs: list[RunRow],
    now: datetime = NOW,
    expires_at: datetime | None = None,
    **thresholds: Any,
) -> FlowVerdict:
    return flow_verdict(flow_row, runs, now, Thresholds(**thresholds), expires_at)


def says(verdict: FlowVerdict) -> tuple[str, str]:
    return verdict.word, verdict.reason


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        (
            [run(MIN, "failed", message="CRM refused the credentials")],
            "CRM refused the credentials",
        ),
        ([run(MIN, "failed", code="CONNECTOR-1001-500")], "CONNECTOR-1001-500"),
        ([run(MIN, "failed")], "the platform gave no reason"),
        ([run(MIN, "failed", message="no"), *past(2, word="failed")], "3 times: no"),
        ([run(MIN, "running"), run(31 * MIN, "failed", message="no")], "no"),
    ],
)
def test_failed(runs: list[RunRow], reason: str) -> None:
    assert says(judged(flow(), runs)) == ("failed", reason)


def test_more_failures_than_are_looked_at_are_not_counted_as_all() -> None:
    runs = past(ENOUGH, word="failed")
    assert judged(flow(), runs).reason.startswith(f"{ENOUGH} times or more: ")
    assert judged(flow(), [*runs[:-1], run(10_000 * MIN)]).reason.startswith(
        f"{ENOUGH - 1} times: "
    )


def test_failed_since_the_first_of_the_row_of_failures() -> None:
    runs = [run(MIN, "failed"), run(31 * MIN, "failed"), run(61 * MIN), run(91 * MIN, "failed")]
    assert judged(flow(), runs).since == NOW - 31 * MIN


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ({"lost": 412, "rows": 10_212}, "412 of 10,212 rows lost"),
        ({"lost": 1, "rows": None}, "1 row lost"),
        ({"lost": 0, "warnings": 12}, "values lost in 12 rows"),
        ({"lost": 0, "received": 5, "ingested": 7}, "7 of 5 rows ingested"),
        ({"lost": None, "rows": None}, "rows lost; the platform does not say how many"),
    ],
)
def test_partial(last: dict[str, Any], reason: str) -> None:
    verdict = judged(flow(), [run(MIN, "partial", **last), *past(3)])
    assert says(verdict) == ("partial", reason)
    assert verdict.lost == last["lost"]


def test_a_flow_that_is_off_still_tells_of_the_rows_it_lost() -> None:
    runs = [run(MIN, "partial", lost=2, rows=9)]
    assert says(judged(flow(state="disabled"), runs)) == (
        "partial",
        "2 of 9 rows lost; the flow is off",
    )


@pytest.mark.parametrize(
    ("ran", "usually", "word"),
    [
        (9 * MIN, MIN, "running"),  # not yet ten minutes
        (11 * MIN, MIN, "stuck"),
        (11 * MIN, 5 * MIN, "running"),  # not yet three times the usual
        (16 * MIN, 5 * MIN, "stuck"),
    ],
)
def test_stuck(ran: timedelta, usually: timedelta, word: str) -> None:
    verdict = judged(flow(), [run(ran, "running"), *past(12, begin=ran + HOUR, took=usually)])
    assert verdict.word == word
    if word == "stuck":
        minutes = int(ran / MIN)
        assert verdict.reason == f"running for {minutes} min, usually {int(usually / MIN)} min"


def test_a_first_run_may_take_a_day() -> None:
    assert judged(flow(), [run(23 * HOUR, "running")]).word == "running"
    assert judged(flow(), [run(25 * HOUR, "running")]).word == "stuck"


@pytest.mark.parametrize(
    ("now", "runs", "reason"),
    [
        (NOW + 4 * MIN, past(3), None),
        (NOW + 6 * MIN, past(3), "6 min overdue"),
        (NOW + 6 * MIN, [run(-MIN), *past(3)], None),  # it came a minute late
        (NOW + 6 * MIN, [run(timedelta(seconds=20)), *past(3)], None),  # a little early
        (NOW + 3 * HOUR, past(3), "3 h overdue"),
        (NOW + 3 * DAY, past(3), "3 days overdue"),
        (NOW + 12 * MIN, past(9, begin=23 * MIN), None),  # it always comes seven minutes behind
        (NOW + 15 * MIN, past(9, begin=23 * MIN), "15 min overdue"),
        (NOW + 20 * MIN, [run(2 * MIN, "running"), *past(3)], None),  # one is at it
        (NOW + 6 * MIN, [], "6 min overdue"),
    ],
)
def test_late(now: datetime, runs: list[RunRow], reason: str | None) -> None:
    flow_row = flow(start_at=NOW - DAY if runs else NOW)
    verdict = judged(flow_row, runs, now)
    assert (verdict.reason if verdict.word == "late" else None) == reason


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "disabled"},
        {"frequency": "once", "start_at": NOW - DAY},
        {"frequency": "fortnight"},
        {"start_at": None},
        {"updated_at": NOW + MIN},  # somebody has just turned it on
    ],
)
def test_no_flow_is_late_that_owes_no_run(fields: dict[str, Any]) -> None:
    assert judged(flow(**fields), past(3), NOW + 9 * MIN).word != "late"


def test_a_run_longer_than_the_interval_owes_none_of_the_ticks_it_covered() -> None:
    long = run(100 * MIN, took=99 * MIN)
    assert judged(flow(), [long, *past(3, begin=130 * MIN)]).word == "clean"


def test_a_missed_tick_has_its_mark_in_the_strip() -> None:
    verdict = judged(flow(), past(25), NOW + 66 * MIN)
    assert verdict.word == "late"
    assert verdict.strip == "." * 17 + "---"


@pytest.mark.parametrize(
    ("quiet", "before", "reason"),
    [
        (1, [100] * 10, "no rows in the last run, usually about 100"),
        (3, [120] * 10, "no rows in 3 runs, usually about 120"),
        (1, [100] * 8 + [0] * 2, "no rows in the last run, usually about 100"),
        (1, [100] * 7 + [0] * 3, None),
        (1, [100] * 9, None),
        (0, [100] * 12, None),
    ],
)
def test_silent(quiet: int, before: list[int], reason: str | None) -> None:
    figures = [0] * quiet + before
    runs = [run((1 + 30 * n) * MIN, rows=figure) for n, figure in enumerate(figures)]
    verdict = judged(flow(), runs, odd_mads=1000)
    assert (verdict.reason if verdict.word == "silent" else None) == reason


@pytest.mark.parametrize(
    ("figure", "took", "reason"),
    [
        (412, MIN, "412 rows, usually 9,800"),
        (30_000, MIN, "30,000 rows, usually 9,800"),
        (9_900, MIN, None),
        (9_000, MIN, None),  # within a tenth: nothing to wake anybody for
        (9_800, 41 * MIN, "took 41 min, usually 1 min"),
        (9_800, 70 * timedelta(seconds=1), None),
        (9_800, 110 * timedelta(seconds=1), None),  # "took 2 min, usually 1 min" helps nobody
    ],
)
def test_odd(figure: int, took: timedelta, reason: str | None) -> None:
    runs = [run(took + MIN, rows=figure, took=took), *past(10, begin=2 * HOUR, rows=9_800)]
    verdict = judged(flow(frequency="day", interval=1), runs)
    assert (verdict.reason if verdict.word == "odd" else None) == reason


def window(span: timedelta, begin: timedelta = MIN, **fields: Any) -> RunRow:
    """A run that read so much of the source's time."""
    end = NOW - begin
    return msgspec.structs.replace(run(begin, **fields), window_start=end - span, window_end=end)


@pytest.mark.parametrize(
    ("span", "figure", "word"),
    [
        (30 * MIN, 200, "clean"),
        (2 * HOUR, 800, "clean"),  # it catches up after a failure, a missed tick, a time off
        (2 * HOUR, 200, "odd"),
        (2 * HOUR, 0, "silent"),
        (7 * MIN, 50, "clean"),  # somebody started it between two ticks
        (7 * MIN, 0, "odd"),
        (3 * MIN, 0, "clean"),
        (30 * MIN, 0, "silent"),
    ],
)
def test_rows_are_compared_for_as_long_a_window(span: timedelta, figure: int, word: str) -> None:
    before = [window(30 * MIN, (31 + 30 * n) * MIN, rows=200) for n in range(12)]
    assert judged(flow(), [window(span, rows=figure), *before]).word == word


@pytest.mark.parametrize(
    ("figure", "word"), [(433, "clean"), (560, "clean"), (380, "odd"), (250, "odd"), (640, "odd")]
)
def test_a_count_may_vary_as_counts_do_by_chance(figure: int, word: str) -> None:
    runs = [run((31 + 30 * n) * MIN, rows=500 + n % 3) for n in range(12)]
    assert judged(flow(), [run(MIN, rows=figure), *runs]).word == word


def test_nothing_is_odd_before_there_are_ten_to_compare_with() -> None:
    assert judged(flow(), [run(MIN, rows=412), *past(9, rows=9_800)]).word == "clean"


def test_figures_that_vary_anyway_are_not_odd() -> None:
    figures = [100, 900, 300, 700, 500, 200, 800, 400, 600, 1000]
    runs = [run((31 + 30 * n) * MIN, rows=figure) for n, figure in enumerate(figures)]
    assert judged(flow(), [run(MIN, rows=1400), *runs]).word == "clean"


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (8 * DAY, None),
        (5 * DAY, "dataset expires in 5 days"),
        (4 * DAY + HOUR, "dataset expires in 5 days"),
        (3 * HOUR, "dataset expires in 3 h"),
        (-3 * DAY, "dataset expired 3 days ago"),
    ],
)
def test_expiring(left: timedelta, reason: str | None) -> None:
    verdict = judged(flow(), [run(MIN), *past(3)], expires_at=NOW + left)
    assert (verdict.reason if verdict.word == "expiring" else None) == reason


@pytest.mark.parametrize(
    ("word", "reason", "fields", "runs"),
    [
        ("unknown", "the platform calls the flow sideways", {"state": "sideways"}, [run(MIN)]),
        (
            "unknown",
            "the platform calls the last run odder",
            {},
            [run(MIN, "unknown", state="odder")],
        ),
        ("running", "", {}, [run(MIN, "running"), *past(3)]),
        ("running", "", {"state": "disabled"}, [run(MIN, "running"), *past(3)]),
        ("waiting", "a run waits to start", {}, [run(MIN, "waiting"), *past(3)]),
        ("waiting", "no run yet", {"start_at": NOW + HOUR}, []),
        ("waiting", "the platform is setting it up", {"state": "initializing"}, []),
        ("clean", "", {}, [run(MIN), *past(3)]),
        ("clean", "", {"state": "updating"}, [run(MIN), *past(3)]),
        ("draft", "", {"state": "draft"}, []),
        ("off", "", {"state": "disabled"}, past(3)),
        ("off", "", {"state": "disabled"}, []),
    ],
)
def test_the_quiet_words(
    word: str, reason: str, fields: dict[str, Any], runs: list[RunRow]
) -> None:
    assert says(judged(flow(**fields), runs)) == (word, reason)


def test_the_worse_word_wins() -> None:
    expires = NOW + DAY
    silent = [run((1 + 30 * n) * MIN, rows=0 if n == 0 else 100) for n in range(12)]
    assert judged(flow(), silent, expires_at=expires).word == "silent"
    assert judged(flow(), past(12), NOW + 9 * MIN, expires_at=expires).word == "late"
    broken = [run(MIN, "partial", lost=1), *past(12)]
    assert judged(flow(), broken, NOW + HOUR, expires_at=expires).word == "partial"
    assert [rank(word) for word in RANKED] == list(range(13))


def test_next_due_is_the_next_tick_of_a_flow_that_is_on() -> None:
    assert judged(flow(), [run(MIN)]).next_due_at == NOW + 30 * MIN
    assert judged(flow(state="disabled"), [run(MIN)]).next_due_at is None
    once = flow(frequency="once", start_at=NOW + HOUR)
    assert judged(once, []).next_due_at == NOW + HOUR
    assert judged(once, [], NOW + 2 * HOUR).next_due_at is None


def test_the_strip_shows_the_last_twenty_oldest_first() -> None:
    runs = [
        run(MIN, "running"),
        run(31 * MIN, "failed"),
        run(61 * MIN, "partial"),
        *past(30, begin=91 * MIN),
    ]
    assert judged(flow(), runs).strip == "." * 17 + "pF>"
    assert judged(flow(), [run(MIN, "waiting"), run(31 * MIN, "unknown")]).strip == "?w"


_WORDS = st.sampled_from(["clean", "partial", "failed", "running", "waiting", "unknown"])


@given(
    words=st.lists(_WORDS, max_size=15),
    state=st.sampled_from(["enabled", "disabled", "draft", "initializing", "sideways"]),
    rows=st.lists(st.none() | st.integers(0, 500), min_size=15, max_size=15),
    step=st.integers(1, 200),
    ahead=st.none() | st.integers(-20, 20),
)
def test_between_two_checks_no_verdict_changes(
    words: list[str], state: str, rows: list[int | None], step: int, ahead: int | None
) -> None:
    """Time alone changes a verdict at `check_at` and not before: the watch may sleep until then."""
    runs = [
        run((1 + n * 30) * MIN, word, figure)
        for n, (word, figure) in enumerate(zip(words, rows, strict=False))
    ]
    expires = None if ahead is None else NOW + ahead * DAY
    first = judged(flow(state=state), runs, expires_at=expires)
    end = first.check_at or NOW + 30 * DAY
    for share in (1, 50, 99):
        later = judged(flow(state=state), runs, NOW + (end - NOW) * share / 100, expires)
        assert (later.word, later.strip, later.next_due_at) == (
            first.word,
            first.strip,
            first.next_due_at,
        )
        if first.word != "expiring":
            assert later.reason == first.reason
    assert first.check_at is None or first.check_at > NOW


def test_every_word_has_a_tone_and_every_run_a_letter_of_its_own() -> None:
    assert all(tone(word) for word in RANKED)
    words = ("clean", "partial", "failed", "running", "waiting", "unknown", "missing")
    assert len({letter(word) for word in words}) == len(words)
    assert letter_tone("F") == tone("failed") == "bad"
    assert tone("a word of the platform's") == ""
