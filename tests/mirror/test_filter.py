"""Filters: what each term means, and what a wrong one is told."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aeptui.api.models import Flow, Run
from aeptui.mirror.filter import FilterError, parse
from aeptui.mirror.store import Mirror
from aeptui.mirror.tables import KINDS
from aeptui.mirror.values import Listing
from tests.mirror.conftest import NOW

FLOW = "0f2c1d3e-0000-4000-8000-00000000000a"
RUNS = [
    Run(id="r1", flow_id=FLOW, state="success", created_at=NOW, received=5, batch_id="B-100%"),
    Run(id="r2", flow_id=FLOW, state="failed", created_at=NOW - timedelta(hours=9), received=50),
    Run(id="r3", flow_id="g", state="inProgress", created_at=NOW - timedelta(days=3)),
]


@pytest.fixture
def filled(mirror: Mirror) -> Mirror:
    flows = [
        Flow(id=FLOW, name="Salesforce contacts", error_diagnostics=True, frequency="hour"),
        Flow(id="g", name="leads of (all) [red]", error_diagnostics=False),
    ]
    asyncio.run(mirror.upsert("flows", flows, seen_at=NOW))
    asyncio.run(mirror.upsert("runs", RUNS, seen_at=NOW))
    return mirror


@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        ("", "r1 r2 r3"),
        ("contacts", "r1 r2"),
        ("CONTACTS", "r1 r2"),
        ('"Salesforce contacts"', "r1 r2"),
        ('flow:"salesforce c"', "r1 r2"),
        ("!contacts", "r3"),
        ("contacts !failed", "r1"),
        ("state:failed,running", "r2 r3"),
        ("state:FAILED", "r2"),
        ("!state:failed", "r1 r3"),
        ("status:inprog", "r3"),
        ("received:5", "r1"),
        ("received>5", "r2"),
        ("received>=5", "r1 r2"),
        ("!received>5", "r1 r3"),
        ("created>8h", "r1"),
        ("created<8h", "r2 r3"),
        ("created:2026-09-01", "r1 r2"),
        ("created<2026-08-31", "r3"),
        ("created-at>2026-09-01T11:00:00Z", "r1"),
        (f"flow_id:{FLOW}", "r1 r2"),
        ("0f2c1d3e", "r1 r2"),
        ("id:r2", "r2"),
        ("100%", "r1"),
        ("1_0", ""),
        ("[red]", "r3"),
        ("(all)", "r3"),
        ("'; DROP TABLE runs; --", ""),
        ("https://nowhere", ""),
    ],
)
def test_a_filter_keeps(filled: Mirror, filter: str, ids: str) -> None:
    rows = filled.window_now(Listing("runs", filter), 9).rows
    assert " ".join(row.id for row in rows) == ids


@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        ("error_diagnostics:yes", [FLOW]),
        ("error_diagnostics:no", ["g"]),
        ("frequency:hour", [FLOW]),
    ],
)
def test_a_flow_filter_keeps(filled: Mirror, filter: str, ids: list[str]) -> None:
    assert [row.id for row in filled.window_now(Listing("flows", filter), 9).rows] == ids


@pytest.mark.parametrize(
    ("filter", "sentence"),
    [
        ("recieved>3", "runs have no field recieved; near it are received"),
        ("received>many", "received is a number, and many is not"),
        ("created>soon", "created_at is a time"),
        ("state:failed,nope", "nope is no state of runs; there are failed, partial, unknown,"),
        ("state:", "state: wants a value behind it"),
        ("created>99999999999999w", "created_at is a time"),
        ("x " * 41, "A filter takes 40 words; this has 41"),
        ("x" * 1001, "A filter takes 1,000 characters; this has 1,001"),
    ],
)
def test_a_filter_that_cannot_be_meant_says_what_can(
    filled: Mirror, filter: str, sentence: str
) -> None:
    with pytest.raises(FilterError, match=sentence):
        filled.window_now(Listing("runs", filter), 9)


def test_an_unknown_order_names_the_nearest(filled: Mirror) -> None:
    with pytest.raises(FilterError, match="created_at"):
        filled.window_now(Listing("runs", order="createdat"), 9)


@given(st.text(max_size=40), st.sampled_from(sorted(KINDS)))
def test_any_text_is_a_filter_or_a_sentence(text: str, kind: str) -> None:
    try:
        condition = parse(KINDS[kind], text, NOW)
    except FilterError as refusal:
        assert str(refusal).endswith(".")
    else:
        # Whatever was typed is bound; the SQL is made of our own words only.
        assert condition is None or condition.sql.count("?") == len(condition.values)


PARTS = st.sampled_from(
    ["a", "!", ":", ">", "<=", "created", "state", "id", "9" * 30, '"', ",", " "]
)


@given(st.lists(PARTS, max_size=400).map("".join), st.sampled_from(sorted(KINDS)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_filter_is_looked_for_or_refused(filled: Mirror, text: str, kind: str) -> None:
    with contextlib.suppress(FilterError):
        filled.window_now(Listing(kind, text), 9)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(part=st.text("0123456789abcdefF-", min_size=1, max_size=9), cut=st.slices(36))
def test_any_part_of_an_id_finds_what_has_it_and_nothing_else(
    filled: Mirror, part: str, cut: slice
) -> None:
    for word in {part, FLOW[cut.start : cut.stop]} - {""}:
        found = filled.window_now(Listing("runs", f"flow_id:{word}"), 9).rows
        flow_ids = {run.id: run.flow_id for run in RUNS}
        assert {row.id for row in found} == {
            id for id, flow_id in flow_ids.items() if word.lower() in flow_id.lower()
        }
