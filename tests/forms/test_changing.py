"""Changing what exists: only what differs is sent, and what is frozen says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from aeptui.api.services import ServiceView
from aeptui.forms import changing
from aeptui.forms.changing import Subject
from aeptui.forms.lookups import Lookups

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
BEFORE, AFTER = "1772400000", "1772500000"


async def nobody() -> ServiceView:
    raise AssertionError("nothing is asked here")


LOOKUPS = Lookups(nobody, lambda: NOW)


def flow(start: str, **schedule: Any) -> Subject:
    params = {"startTime": start, "frequency": "minute", "interval": "30", "backfill": "true"}
    body = {
        "name": "Contacts",
        "scheduleParams": params | schedule,
        "transformations": [
            {"name": "Mapping", "params": {"mappingId": "m", "mappingVersion": 0}},
            {"name": "Copy", "params": {"deltaColumn": {"name": "Modified", "timezone": "UTC"}}},
        ],
        "options": {"partialIngestionPercent": 5},
    }
    return Subject("flows", "f-1", "Contacts", "flow", body, '"e-1"')


def patch(subject: Subject, answers: dict[str, Any]) -> list[dict[str, Any]]:
    """The operations for answers in which nothing is wrong."""
    assert changing.check(subject, answers, LOOKUPS) == {}
    made = changing.steps(subject, answers, LOOKUPS)
    if not made:
        return []
    (step,) = made
    assert (step.method, step.target) == ("PATCH", subject.id)
    assert step.headers.get("If-Match", "") == subject.etag
    return list(step.body)


def fixed(subject: Subject) -> set[str]:
    return {each.name for each in changing.fields(subject, {}, LOOKUPS) if each.fixed}


def test_nothing_is_sent_when_nothing_differs() -> None:
    subject = flow(AFTER)
    now = {each.name: each.default for each in changing.fields(subject, {}, LOOKUPS)}
    assert patch(subject, {}) == []
    assert patch(subject, now) == []


@pytest.mark.parametrize(
    ("answers", "operations"),
    [
        ({"name": " Night "}, [("replace", "/name", "Night")]),
        ({"description": "x"}, [("add", "/description", "x")]),
        ({"interval": "45"}, [("replace", "/scheduleParams/interval", "45")]),
        (
            {"frequency": "hour", "interval": "2"},
            [("replace", "/scheduleParams/frequency", "hour"),
             ("replace", "/scheduleParams/interval", "2")],
        ),
        (
            {"frequency": "hour"},
            [("replace", "/scheduleParams/frequency", "hour"),
             ("replace", "/scheduleParams/interval", "1")],
        ),
        ({"partial_ingestion_percent": ""}, [("remove", "/options/partialIngestionPercent", None)]),
        ({"error_diagnostics": True}, [("add", "/options/errorDiagnosticsEnabled", True)]),
        (
            {"delta_column": "SystemModstamp"},
            [("replace", "/transformations/1",
              {"name": "Copy",
               "params": {"deltaColumn": {"name": "SystemModstamp", "timezone": "UTC"}}})],
        ),
    ],
)  # fmt: skip
def test_each_answer_becomes_the_operation_that_sets_it(
    answers: dict[str, Any], operations: list[tuple[str, str, Any]]
) -> None:
    told = patch(flow(BEFORE), answers)
    assert [(each["op"], each["path"], each.get("value")) for each in told] == operations


def test_what_has_started_keeps_its_start_and_backfill_and_never_becomes_once() -> None:
    assert fixed(flow(AFTER)) == set()
    assert fixed(flow(BEFORE)) == {"start", "backfill"}
    fields = {each.name: each for each in changing.fields(flow(BEFORE), {}, LOOKUPS)}
    assert "once" not in {each.value for each in fields["frequency"].choices}
    assert patch(flow(BEFORE), {"start": "2030-01-01 00:00", "backfill": False}) == []


def test_a_start_to_come_is_moved_and_one_in_the_past_is_refused() -> None:
    (told,) = patch(flow(AFTER), {"start": "2026-03-04 10:00"})
    assert told["path"] == "/scheduleParams/startTime" and told["value"] == "1772618400"
    assert changing.check(flow(AFTER), {"start": "2026-03-01 10:00"}, LOOKUPS) == {
        "start": "This time has passed; a first run is still to come"
    }
    assert changing.check(flow(AFTER), {"interval": "5"}, LOOKUPS).keys() == {"interval"}


def test_a_number_goes_back_in_the_spelling_it_came_in() -> None:
    (told,) = patch(flow(BEFORE, interval=30), {"interval": "60"})
    assert told["value"] == 60


@pytest.mark.parametrize(
    ("kind", "body", "paths"),
    [
        ("schemas", {"title": "CRM"}, ["/meta:immutableTags"]),
        ("datasets", {"name": "CRM"}, ["/tags"]),
        (
            "datasets",
            {"name": "CRM", "tags": {}},
            ["/tags/unifiedProfile", "/tags/unifiedIdentity"],
        ),
    ],
)
def test_profile_is_enabled_and_stays_so(kind: str, body: dict[str, Any], paths: list[str]) -> None:
    subject = Subject(kind, "x", "CRM", "thing", body)
    assert [each["path"] for each in patch(subject, {"profile": True})] == paths
    enabled = {
        "meta:immutableTags": ["union"],
        "tags": {"unifiedProfile": ["enabled: true"]},
    }
    assert fixed(Subject(kind, "x", "CRM", "thing", body | enabled)) == {"profile"}
