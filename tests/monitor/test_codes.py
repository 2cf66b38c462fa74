"""The code book and the grouping of failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aeptui.monitor.causes import Failure, group, normalised
from aeptui.monitor.codes import BOOK, meaning

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("code", sorted(BOOK))
def test_each_code_says_what_it_means_why_and_what_to_do(code: str) -> None:
    entry = meaning(code, "whatever the platform says")
    assert entry.known
    assert entry.code == code
    assert entry.text and entry.cause and entry.remedy
    assert code not in entry.text


def test_the_code_of_a_row_comes_without_its_family() -> None:
    assert meaning("1401").text == meaning("INGEST-1401-400").text


def test_a_number_alone_does_not_make_a_code_known() -> None:
    assert not meaning("FLOW-1401-400").known


def test_an_unknown_code_is_told_in_the_words_of_the_platform() -> None:
    entry = meaning("INGEST-9999-400", "a new kind of trouble")
    assert (entry.text, entry.known) == ("a new kind of trouble", False)
    assert entry.cause == "rows were refused on the way into the dataset"
    assert meaning("QUARK-1-500").text == "the platform gave no reason"


def test_a_data_prep_code_is_about_the_mapping() -> None:
    assert meaning("DPMAP-12-400").known
    assert "expression" in meaning("DPMAP-12-400").remedy


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Value '31/02/1988' is no date", "value 'n/a' is no  date"),
        ("row 17 of 2026-09-01 failed", "row 4 of 2025-01-31 failed"),
        (
            "batch 7d9f4e60-0f0f-4f5e-9c54-0123456789ab is gone",
            "batch 11111111-2222-4333-8444-555555555555 is gone",
        ),
    ],
)
def test_what_differs_from_row_to_row_makes_no_other_cause(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


def test_different_columns_are_different_causes() -> None:
    def failure(flow: str, column: str, minutes: int, rows: int = 1) -> Failure:
        at = NOW - timedelta(minutes=minutes)
        return Failure(flow, f"run {minutes}", "base", at, "1401", "promotion", column, "no", rows)

    causes = group(
        [failure("a", "birthDate", 5, 3), failure("b", "birthDate", 9, 4), failure("a", "email", 1)]
    )
    assert [(cause.column, cause.rows, set(cause.flow_ids)) for cause in causes] == [
        ("birthDate", 7, {"a", "b"}),
        ("email", 1, {"a"}),
    ]
    assert causes[0].first_seen == NOW - timedelta(minutes=9)
    assert causes[0].base_connection_ids == ("base",)
