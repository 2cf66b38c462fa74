"""The published bodies as they are printed: each slip's own error, and leniency to all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.emulator.samples import MISPRINTED, without_last_commas
from tests.emulated import EMPTY, FLOWSERVICE, Rehearsal, emulated
from tests.emulator.tutorial import (
    CLOUD_STORAGE_TO_AEP,
    SALESFORCE,
    created,
    follow_the_tutorial,
    runs_of,
)

MISPRINT = "ccfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
PASSED = "1567411548"  # the start of the published flow
COLUMNS = [{"name": "Id", "type": "string", "xdm": {"type": "String"}}]


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with emulated(tmp_path_factory.mktemp("lenient"), *EMPTY, "--lenient") as rehearsal:
        yield rehearsal


def base_of(api: httpx.Client, spec_id: str = SALESFORCE) -> httpx.Response:
    names = ("username", "password", "securityToken")
    params = {"environmentUrl": "https://example.my.salesforce.com"} | dict.fromkeys(names, "x")
    body = {
        "name": "Salesforce",
        "auth": {"specName": "Basic Authentication", "params": params},
        "connectionSpec": {"id": spec_id, "version": "1.0"},
    }
    return api.post(f"{FLOWSERVICE}/connections", json=body)


def source_of(base_id: str, **change: Any) -> dict[str, Any]:
    return {
        "name": "Salesforce source connection",
        "baseConnectionId": base_id,
        "description": "Salesforce contacts",
        "data": {"format": "tabular"},
        "params": {"tableName": "Contact", "columns": COLUMNS},
        "connectionSpec": {"id": SALESFORCE, "version": "1.0"},
        **change,
    }


def with_a_last_comma(body: dict[str, Any]) -> str:
    """As the source connection is printed: a comma after the format, and nothing after it."""
    return json.dumps(body).replace('"tabular"}', '"tabular",}')


SOURCES = [
    ({"connectionSpec": {"id": MISPRINT, "version": "1.0"}}, "FLOW-1413-400"),
    ({"params": {"path": "Contact", "columns": COLUMNS}}, "CONNECTORS-1304-400"),
]


def slips_of(flow: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """What the published flow gets wrong, and what each slip is answered with."""
    copy, mapping = flow["transformations"]
    misspelt = {"name": "Copy", "params": {"deltaColum": copy["params"]["deltaColumn"]}}
    return [
        ({"flowSpec": {"id": CLOUD_STORAGE_TO_AEP, "version": "1.0"}}, "FLOW-1413-400"),
        ({"scheduleParams": flow["scheduleParams"] | {"startTime": PASSED}}, "CONNECTORS-1360-400"),
        ({"transformations": [misspelt, mapping]}, "CONNECTORS-1367-400"),
    ]


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rsplit("/", 1)[1]


def test_each_slip_of_the_published_bodies_has_its_own_error(fresh: Rehearsal) -> None:
    with fresh.client() as api:
        assert code_of(base_of(api, MISPRINT)) == "FLOW-1413-400"
        base_id = created(base_of(api))["id"]
        url = f"{FLOWSERVICE}/sourceConnections"
        form = {"Content-Type": "application/json"}
        broken = api.post(url, content=with_a_last_comma(source_of(base_id)), headers=form)
        assert code_of(broken) == "FLOW-1400-400"
        assert "not valid JSON" in broken.json()["errorMessage"]
        for change, code in SOURCES:
            assert code_of(api.post(url, json=source_of(base_id, **change))) == code, change
        flow = follow_the_tutorial(fresh, api, base_id).flow_body
        for change, code in slips_of(flow):
            assert code_of(api.post(f"{FLOWSERVICE}/flows", json=flow | change)) == code, change
        # The samples that list flow specs and make flows are printed without their token.
        del api.headers["Authorization"]
        assert api.post(f"{FLOWSERVICE}/flows", json=flow).json()["error_code"] == "403010"


def test_no_page_of_the_tutorial_says_which_sandbox(fresh: Rehearsal, lenient: Rehearsal) -> None:
    for rehearsal, status in ((fresh, 400), (lenient, 200)):
        with rehearsal.client() as api:
            del api.headers["x-sandbox-name"]
            assert api.get(f"{FLOWSERVICE}/flows").status_code == status


def test_a_lenient_emulator_takes_every_slip_and_runs_the_flow(lenient: Rehearsal) -> None:
    with lenient.client() as api:
        base_id = created(base_of(api, MISPRINT))["id"]
        held = api.get(f"{FLOWSERVICE}/connections/{base_id}").json()["items"][0]
        assert held["connectionSpec"]["id"] == SALESFORCE
        url = f"{FLOWSERVICE}/sourceConnections"
        form = {"Content-Type": "application/json"}
        for change, _ in SOURCES:
            text = with_a_last_comma(source_of(base_id, **change))
            source = created(api.post(url, content=text, headers=form))
            kept = api.get(f"{url}/{source['id']}").json()["items"][0]
            assert kept["params"]["tableName"] == "Contact"
        flow = follow_the_tutorial(lenient, api, base_id).flow_body
        sloppy = flow | {"name": "As it is printed"}
        for change, _ in slips_of(flow):
            sloppy = sloppy | change
        made = created(api.post(f"{FLOWSERVICE}/flows", json=sloppy))
        lenient.advance(hours=2)
        # A start years ago is no debt: it runs from now on, every half hour.
        runs = runs_of(api, made["id"])
        assert 3 <= len(runs) <= 5
        assert {run["metrics"]["statusSummary"]["status"] for run in runs} == {"success"}


def test_each_misprint_stands_for_a_connector_that_there_is(lenient: Rehearsal) -> None:
    with lenient.client() as api:
        known = {each["id"] for each in api.get(f"{FLOWSERVICE}/connectionSpecs").json()["items"]}
    assert set(MISPRINTED.values()) <= known
    assert not set(MISPRINTED) & known


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a,}]"\\ \n', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(value=VALUES, indent=st.sampled_from([None, 2]))
def test_json_without_a_comma_too_many_is_left_as_it_is(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent).encode()
    assert without_last_commas(text) == text


@given(values=st.lists(VALUES, min_size=1, max_size=3))
def test_a_comma_too_many_is_all_that_is_lost(values: list[Any]) -> None:
    text = b"[" + b"".join(json.dumps(each).encode() + b" , " for each in values) + b"\n]"
    assert json.loads(without_last_commas(text)) == values
    nested = json.dumps({"a": values}).encode()[:-1] + b",}"
    assert json.loads(without_last_commas(nested)) == {"a": values}
