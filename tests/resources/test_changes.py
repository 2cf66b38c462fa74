"""What changed: how two versions of a definition differ, and what that points at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.moment import Moment
from aeptui.resources.changes import Changes, PartChange, detail, likely, short_blocks
from aeptui.resources.definition import Facts, Grid, Prose
from aeptui.resources.differences import Difference, differences

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
MOMENT = Moment(NOW, UTC)


def _flow(**more: Any) -> dict[str, Any]:
    return {
        "id": "f",
        "etag": '"1"',
        "version": '"1"',
        "updatedAt": 1,
        "name": "Contacts",
        "scheduleParams": {"frequency": "minute", "interval": "15", "startTime": "1795440745"},
        "transformations": [{"name": "Mapping", "params": {"mappingVersion": 3}}],
        "options": {"errorDiagnosticsEnabled": True},
        **more,
    }


@pytest.mark.parametrize(
    ("kind", "before", "after", "expected"),
    [
        ("flows", _flow(), _flow(etag='"2"', updatedAt=9, lastRunDetails={"id": "r"}), []),
        (
            "flows",
            _flow(),
            _flow(
                scheduleParams={"frequency": "minute", "interval": "30", "startTime": "1795440745"},
                transformations=[{"name": "Mapping", "params": {"mappingVersion": 4}}],
                options={"errorDiagnosticsEnabled": False},
            ),
            [
                ("schedule interval", "15", "30"),
                ("mapping version", "3", "4"),
                ("error diagnostics", "yes", "no"),
            ],
        ),
        (
            "flows",
            {"scheduleParams": {"startTime": "0"}},
            {"scheduleParams": {"startTime": "60"}},
            [("schedule start", "1970-01-01 00:00:00 UTC", "1970-01-01 00:01:00 UTC")],
        ),
        (
            "mapping-sets",
            {"mappings": [{"source": "date(b)", "destination": "birthDate"}, {"source": "x"}]},
            {
                "mappings": [
                    {"sourceAttribute": "b", "destinationXdmPath": "birthDate"},
                    {"source": "Email", "destination": "email"},
                ]
            },
            [("birthDate", "date(b)", "b"), ("", "x", ""), ("email", "", "Email")],
        ),
        (
            "source-connections",
            {"params": {"tableName": "T", "columns": [{"name": "A", "type": "string"}]}},
            {"params": {"tableName": "U", "columns": [{"name": "B", "type": "date"}]}},
            [
                ("table", "T", "U"),
                ("params.columns.A", "string", ""),
                ("params.columns.B", "", "date"),
            ],
        ),
        ("schemas", {"version": "1.0"}, {"version": "1.1"}, [("version", "1.0", "1.1")]),
        ("base-connections", {"auth": {"a": "***"}}, {"auth": {"a": "***"}, "etag": "2"}, []),
    ],
)
def test_two_versions_differ_by_what_they_define(
    kind: str, before: dict[str, Any], after: dict[str, Any], expected: list[Any]
) -> None:
    assert [tuple(each) for each in differences(kind, before, after)] == expected


def _changes(*parts: PartChange, clean: bool = True) -> Changes:
    began = NOW - timedelta(hours=2)
    run = RunRow(id="bad", flow_id="f", word="partial", started_at=NOW, completed_at=NOW)
    last = RunRow(id="clean", flow_id="f", word="clean", started_at=began, completed_at=began)
    return Changes(FlowRow(id="f", name="Contacts"), last if clean else None, run, parts)


def _part(kind: str, *found: Difference, note: str = "") -> PartChange:
    at = NOW - timedelta(hours=1)
    return PartChange(kind, "id", "a name", at, "ana@example.org", "", found, note)


BIRTH = Difference("person.birthDate", "date(birthdate)", "birthdate")


@pytest.mark.parametrize(
    ("words", "code", "column", "part"),
    [
        ("was date(birthdate)", "1401", "person.birthDate", _part("mapping-sets", BIRTH)),
        ("is made of birthdate", "1401", "birthdate", _part("mapping-sets", BIRTH)),
        (
            "Nothing is mapped to",
            *("1555", "email", _part("mapping-sets", Difference("email", "Email", ""))),
        ),
        ("was changed", "CONNECTOR-1001-500", "", _part("base-connections")),
        ("", "1401", "email", _part("mapping-sets", BIRTH)),
        ("", "1401", "", _part("mapping-sets", BIRTH)),
        ("", "INGEST-1401-400", "", _part("base-connections")),
        ("", "1401", "email", _part("flows", Difference("schedule interval", "15", "30"))),
    ],
)
def test_a_change_is_likely_to_blame_only_where_the_trouble_is_about_it(
    words: str, code: str, column: str, part: PartChange
) -> None:
    told = likely(_changes(part), code, column, MOMENT)
    assert (words in told) if words else not told


def test_what_was_not_seen_is_said_to_be_so() -> None:
    told = detail(
        _changes(_part("schemas", note="What it was before was never seen here.")), MOMENT
    )
    assert any(isinstance(b, Facts) and "never seen here" in b.facts[0].text for b in told.blocks)
    (short,) = short_blocks(_changes(_part("schemas", note="never seen")), MOMENT)
    assert isinstance(short, Grid) and short.rows[0][2] == "never seen"


def test_a_flow_that_never_ran_clean_has_nothing_to_compare_with() -> None:
    told = detail(_changes(clean=False), MOMENT)
    assert isinstance(told.blocks[0], Prose) and "No clean run" in told.blocks[0].text


def test_when_nothing_was_changed_the_source_is_named() -> None:
    told = detail(_changes(), MOMENT)
    assert any(isinstance(b, Prose) and "the source" in b.text for b in told.blocks)
