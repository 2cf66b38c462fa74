"""Readable details: filters, codes, sample rows, mapping pairs, schema fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aeptui.api.models import RowError, RunError
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.moment import Moment
from aeptui.monitor.codes import CodeBook
from aeptui.resources import flows
from aeptui.resources.common import lost_by_run
from aeptui.resources.connections import condition, parameters
from aeptui.resources.explained import opening
from aeptui.resources.mappings import pairs_grid
from aeptui.resources.schemas import fields_grid
from aeptui.resources.troubles import (
    at_fault,
    gathered,
    same_code,
    sample_grid,
    sampled,
    sources_of,
    with_samples,
)
from aeptui.resources.why import headline

NOW = datetime(2026, 9, 16, 14, 10, tzinfo=UTC)
MOMENT = Moment(NOW, UTC)


def compare(name: str, field: str, value: Any) -> dict[str, Any]:
    return {
        "nodeType": "fnApply",
        "fnName": name,
        "params": [
            {"nodeType": "fieldLookup", "fieldName": field},
            {"nodeType": "literal", "value": value},
        ],
    }


def test_a_row_filter_reads_as_a_condition() -> None:
    both = {
        "nodeType": "fnApply",
        "fnName": "and",
        "params": [compare("like", "Id", "0%"), compare(">", "Amount", 5)],
    }
    assert condition({"type": "PQL", "format": "pql/json", "value": both}) == (
        "Id like '0%' and Amount > 5"
    )
    assert condition(None) == ""
    assert condition({"value": {"nodeType": "surprise"}}) == '{"nodeType": "surprise"}'


def test_parameters_are_flat_lines() -> None:
    shown = {
        fact.label: fact.text
        for fact in parameters({"a": {"b": True}, "c": ["x", {"d": 1}], "e": ""})
    }
    assert shown == {"a.b": "yes", "c": 'x, {"d": 1}', "e": "–"}


def test_codes_that_cost_rows_come_before_lost_values_and_summaries() -> None:
    told = [
        RunError("INGEST-1212-400", "4 of 276 rows", 4),
        RunError("MAPPER-3700-400", "value", 9),
        RunError("INGEST-1555-400", "required", 1),
        RunError("INGEST-1401-400", "format", 3),
    ]
    assert [trouble.code for trouble in gathered([*told, *told], CodeBook())] == [
        "INGEST-1401-400",
        "INGEST-1555-400",
        "MAPPER-3700-400",
        "INGEST-1212-400",
    ]


@pytest.mark.parametrize(
    ("full", "short", "same"),
    [
        ("INGEST-1401-400", "1401", True),
        ("INGEST-1401-400", "INGEST-1401-400", True),
        ("INGEST-1401-400", "1400", False),
        ("INGEST-1401-400", "", False),
    ],
)
def test_a_row_says_a_code_shorter_than_its_run(full: str, short: str, same: bool) -> None:
    assert same_code(full, short) is same


MAPPINGS = [
    {"source": "Email", "destination": "personalEmail.address"},
    {"source": 'concat(FirstName, "LastName")', "destination": "person.name.fullName"},
    {"source": "Tag", "destination": "tags[*].name"},
]


@pytest.mark.parametrize(
    ("message", "blamed"),
    [
        ("personalEmail.address is not an e-mail address: 'x'", {"Email"}),
        ("person.name.fullName is too long.", {"FirstName"}),
        ("tags[*].name is required and has no value.", {"Tag"}),
        ("CreatedDate: '31/02' is not a date", {"CreatedDate"}),
        ("'31/02' cannot be read", {"CreatedDate"}),
        ("something is wrong", set()),
    ],
)
def test_the_column_at_fault_is_found_by_field_column_or_value(
    message: str, blamed: set[str]
) -> None:
    row = {
        "Id": "1",
        "FirstName": "A",
        "LastName": "B",
        "Email": "x",
        "Tag": None,
        "CreatedDate": "31/02",
    }
    error = RowError("1401", message, "", row)
    assert at_fault(error, sources_of(MAPPINGS)) == blamed


def test_a_sample_shows_the_column_at_fault_however_far_right_it_is() -> None:
    row: dict[str, Any] = {f"c{number}": number for number in range(30)}
    samples = sampled([RowError("1401", "c29: bad", "", row)], {})
    shown = sample_grid(samples, "Sample rows", 5)
    assert "▸c29" in shown.header  # told without colour
    assert shown.header[0] == "c0"
    assert shown.marked == {list(shown.header).index("▸c29")}
    troubles = with_samples(gathered([RunError("INGEST-1401-400", "bad", 1)], CodeBook()), samples)
    assert troubles[0].samples == tuple(samples)


def test_mapping_pairs_tell_columns_from_expressions_and_identities() -> None:
    pairs = [
        {
            "source": "Email",
            "destination": "a.b",
            "sourceType": "ATTRIBUTE",
            "identity": True,
            "primaryIdentity": True,
        },
        {"sourceAttribute": "lower(x)", "destinationXdmPath": "c", "sourceType": "EXPRESSION"},
    ]
    assert pairs_grid({"mappings": pairs}).rows == [
        ("a.b", "Email", "primary identity"),
        ("c", "lower(x)", "calculated"),
    ]


def test_schema_fields_are_leaves_with_their_rules() -> None:
    schema = {
        "properties": {
            "person": {
                "required": ["age"],
                "properties": {"age": {"type": "integer", "minimum": 0, "maximum": 150}},
            },
            "tags": {
                "type": "array",
                "items": {"properties": {"name": {"type": "string", "maxLength": 5}}},
            },
            "mails": {"type": "array", "items": {"type": "string", "format": "email"}},
        }
    }
    assert fields_grid(schema).rows == [
        ("mails[*]", "string", "email"),
        ("person.age", "integer", "required, from 0 to 150"),
        ("tags[*].name", "string", "at most 5 characters"),
    ]


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (
            RunRow(id="1", word="partial", received=10212, lost=412),
            "412 of 10,212 rows lost (4.0 %, allowed 5 %).",
        ),
        (RunRow(id="1", word="failed"), "Nothing was brought: it failed before it counted a row."),
        (
            RunRow(id="1", word="partial", received=252, lost=0, warnings=5),
            "No row was lost, but values were, in 5 rows.",
        ),
        (RunRow(id="1", word="clean", received=0), "It ended well; there was nothing new to read."),
        (
            RunRow(id="1", word="unknown", state="odd"),
            "Its status is 'odd', a word that is not documented.",
        ),
    ],
)
def test_a_headline_says_what_became_of_the_rows(run: RunRow, text: str) -> None:
    assert headline(run, FlowRow(id="f", partial_ingestion_percent=5.0)) == text


def test_next_says_how_late_a_late_flow_is_and_when_the_others_run() -> None:
    due = NOW + timedelta(minutes=20)
    late = FlowRow(id="1", word="late", since=NOW - timedelta(minutes=11), next_due_at=due)
    assert flows.following(late, MOMENT) == "11m overdue"
    assert flows.following(FlowRow(id="1", word="clean", next_due_at=due), MOMENT) == "14:30"
    assert flows.following(FlowRow(id="1", word="off", next_due_at=due), MOMENT) == "–"


def test_a_failure_begins_with_what_the_platform_said_and_its_code() -> None:
    run = RunRow(id="1", word="failed", message="The CRM refused the credentials.", code="C-401")
    told = opening(run, None).text.splitlines()
    assert told[0] == "The CRM refused the credentials (C-401)."
    named = gathered(
        [RunError("INGEST-1212-400", "some", 2), RunError("C-9", "no such table")], CodeBook()
    )
    assert opening(run, None, named).text.splitlines()[0] == "no such table (C-9)."


def test_lost_values_are_not_told_as_no_lost_rows() -> None:
    assert lost_by_run(RunRow(id="1", word="partial", lost=0, warnings=5)) == "5 values"
    assert lost_by_run(RunRow(id="1", word="partial", lost=0, warnings=12_345)) == "values"
    assert lost_by_run(RunRow(id="1", word="partial", lost=3, warnings=5)) == "3"
    assert lost_by_run(RunRow(id="1", word="clean", lost=0)) == "0"
