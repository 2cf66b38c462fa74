"""Causes: what went wrong in a run, and which failures of many runs are one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api.models import Run, RunError
from aeptui.mirror.failures import Failing
from aeptui.monitor.causes import WINDOW, column_of, failures_of, group, key_of, normalised
from aeptui.monitor.state import run_verdict

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
PROMOTION, COPY = "promotionActivity", "copyActivity"

# Messages ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Value '31/02/1988' is no date", "value 'n/a' is no  date"),
        ("row 17 of 2026-09-01 failed", "row 4 of 2025-01-31 failed"),
        (
            "batch 7d9f4e60-0f0f-4f5e-9c54-0123456789ab is gone",
            "batch 11111111-2222-4333-8444-555555555555 is gone",
        ),
        (
            "ana@example.org isn't known, don't retry",
            "j.okafor@example.org isn't known, don't retry",
        ),
    ],
)
def test_what_differs_from_row_to_row_makes_no_other_cause(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert key_of("X-1-400", PROMOTION, "", one) == key_of("X-1-400", PROMOTION, "", other)


@pytest.mark.parametrize(
    ("column", "code", "message"),
    [
        (
            "personalEmail.address",
            "INGEST-1401-400",
            "personalEmail.address is not an e-mail: 'x at y'",
        ),
        ("_rehearsal.crmId", "INGEST-1401-400", "_rehearsal.crmId is required and has no value."),
        ("Lead_Score__c", "INGEST-1401-400", "Lead_Score__c: 'many' is not a number"),
        ("items[*].sku", "INGEST-1401-400", "items[17].sku is longer than 20"),
        ("birthDate", "INGEST-1401-400", "The value of field 'birthDate' cannot be parsed"),
        ("Email", "CONNECTOR-1001-500", "The column Email does not exist any more"),
        ("", "CONNECTOR-1001-500", "invalid_client: client identifier or secret was refused"),
        ("", "INGEST-1401-400", "java.lang.IllegalArgumentException: no"),
        ("", "INGEST-1401-400", "Record is invalid"),
        ("", "INGEST-1401-400", "The column is empty"),
        ("", "INGEST-1401-400", ""),
    ],
)
def test_a_message_names_its_column_or_none(column: str, code: str, message: str) -> None:
    assert column_of(message, code) == column


# One run -------------------------------------------------------------------------------


def _told(run: Run) -> list[tuple[str, int | None, int | None]]:
    return [(each.code, each.lost, each.emptied) for each in run_verdict(run).failures]


@pytest.mark.parametrize(
    ("failures", "fields"),
    [
        ([], {"state": "success", "received": 5, "ingested": 5, "skipped": 0}),
        ([], {"state": "inProgress"}),
        # It failed before it counted a row.
        (
            [("CONNECTOR-1001-500", None, None)],
            {"state": "failed", "errors": (RunError("CONNECTOR-1001-500", "no", None, COPY),)},
        ),
        # A summary says nothing where the codes that it sums up are there.
        (
            [("INGEST-1401-400", 3, None), ("INGEST-1555-400", 2, None)],
            {
                "state": "success",
                "failed": 4,
                "errors": (
                    RunError("INGEST-1212-400", "4 of 9 rows were refused", 4, PROMOTION),
                    RunError("INGEST-1555-400", "crmId is required", 2, PROMOTION),
                    RunError("INGEST-1401-400", "no date", 3, PROMOTION),
                ),
            },
        ),
        # It is all there is where they are not: diagnostics are off.
        (
            [("INGEST-1211-400", 4, None)],
            {
                "state": "success",
                "failed": 4,
                "errors": (RunError("INGEST-1211-400", "refused", None, PROMOTION),),
            },
        ),
        # A run that failed wraps why in a code of its own.
        (
            [("INGEST-1212-400", 900, None)],
            {
                "state": "failed",
                "received": 900,
                "ingested": 0,
                "errors": (
                    RunError("CONNECTOR-2001-500", "could not be promoted", None, PROMOTION),
                    RunError("INGEST-1212-400", "900 rows were refused", 900, PROMOTION),
                ),
            },
        ),
        # More rows were refused than allowed: the run lost them all, and the first code is why.
        (
            [("INGEST-1401-400", 1_197, None), ("INGEST-1555-400", 3, None)],
            {
                "state": "failed",
                "received": 1_200,
                "ingested": 0,
                "skipped": 0,
                "errors": (
                    RunError("CONNECTOR-2001-500", "The rows could not be promoted.", None, ""),
                    RunError("INGEST-1401-400", "no date", 90, PROMOTION),
                    RunError("INGEST-1555-400", "required", 3, PROMOTION),
                ),
            },
        ),
        # Values were left empty, rows were kept; the run's own words for it count nothing.
        (
            [("MAPPER-3700-400", None, 6)],
            {
                "state": "success",
                "received": 9,
                "ingested": 9,
                "skipped": 0,
                "warnings": 6,
                "errors": (
                    RunError("MAPPER-3700-400", "Values of 6 rows could not be made", None, ""),
                    RunError("MAPPER-3700-400", "Score__c: 'many' is not a number", 6, PROMOTION),
                ),
            },
        ),
        # Rows were lost and nobody says why.
        ([("", 2, None)], {"state": "success", "received": 9, "ingested": 7, "skipped": 0}),
        ([("", None, None)], {"state": "failed"}),
    ],
)
def test_what_went_wrong_in_a_run(failures: list[Any], fields: dict[str, Any]) -> None:
    assert _told(Run(id="r", flow_id="f", **fields)) == failures


_ERRORS = st.builds(
    RunError,
    code=st.sampled_from(
        ["INGEST-1401-400", "INGEST-1555-400", "MAPPER-3700-400", "INGEST-1212-400", "", "X"]
    ),
    message=st.sampled_from(["a 1", "a 2", "b.c is required", ""]),
    rows=st.none() | st.integers(0, 50),
    activity=st.sampled_from(["", COPY, PROMOTION]),
)


@given(st.lists(_ERRORS, max_size=6), st.integers(51 * 6, 1_000))
def test_the_failures_of_any_failed_run_add_up_to_what_it_lost(
    errors: list[RunError], lost: int
) -> None:
    failures = failures_of(Run(id="r", errors=tuple(errors)), "failed", lost)
    assert sum(each.lost or 0 for each in failures) == lost
    assert len({each.key for each in failures}) == len(failures)


# Many runs -----------------------------------------------------------------------------


def _failing(flow: str, **fields: Any) -> Failing:
    known: dict[str, Any] = {
        "key": "k",
        "code": "INGEST-1401-400",
        "step": PROMOTION,
        "column": "birthDate",
        "message": "birthDate is not a date",
        "first_seen": NOW - timedelta(hours=9),
        "last_seen": NOW - timedelta(hours=1),
        "open": True,
    }
    return Failing(flow_id=flow, flow_name=flow, **{**known, **fields})


def test_flows_that_fail_alike_are_one_cause() -> None:
    (cause,) = group(
        [
            _failing("a", lost=3, runs=2, base_connection_id="b1", base_connection_name="SF"),
            _failing("b", lost=4, base_connection_id="b1", base_connection_name="SF"),
            _failing("c", base_connection_id="b2", first_seen=NOW - timedelta(hours=11)),
        ],
        NOW,
    )
    assert (cause.runs, cause.lost, cause.open_flows) == (4, 7, 3)
    assert cause.flow_ids == ("b", "a", "c")
    assert [(each.id, each.flows) for each in cause.connections] == [("b1", 2), ("b2", 1)]
    assert cause.first_seen == NOW - timedelta(hours=11)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (
            [_failing("a", open=True)],
            [_failing("a", open=False, lost=9), _failing("b", open=False)],
        ),
        ([_failing("a", whole=True)], [_failing("a", lost=900), _failing("b")]),
        ([_failing("a"), _failing("b")], [_failing("a", lost=9)]),
        ([_failing("a", lost=9)], [_failing("a", lost=8)]),
        ([_failing("a", last_seen=NOW)], [_failing("a")]),
    ],
)
def test_the_worse_cause_comes_first(worse: list[Failing], better: list[Failing]) -> None:
    rows = [_as("worse", each) for each in worse] + [_as("better", each) for each in better]
    for given_ in (rows, rows[::-1]):
        assert [cause.key for cause in group(given_, NOW)] == ["worse", "better"]


def _as(key: str, failing: Failing) -> Failing:
    import msgspec

    return msgspec.structs.replace(failing, key=key)


@pytest.mark.parametrize(
    ("open_", "whole", "rows"),
    [
        (True, False, [_failing("a", open=False, whole=True), _failing("b")]),
        (True, True, [_failing("a", whole=True), _failing("b", open=False)]),
        (False, True, [_failing("a", open=False, whole=True)]),
    ],
)
def test_a_cause_is_open_while_any_flow_shows_it_and_whole_where_that_flow_is(
    open_: bool, whole: bool, rows: list[Failing]
) -> None:
    (cause,) = group(rows, NOW)
    assert (cause.open, cause.whole) == (open_, whole)


def test_what_was_seen_before_the_window_is_no_cause_any_more() -> None:
    seen = _failing("a", last_seen=NOW - WINDOW - timedelta(seconds=1))
    assert group([seen], NOW) == []
    assert group([seen], NOW, timedelta(days=30))
