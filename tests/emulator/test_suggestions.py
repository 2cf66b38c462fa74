"""Suggested mappings: from the columns that a batch came from to the fields of a dataset."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from aeptui.emulator.services.suggestions import suggested
from aeptui.emulator.xdm import Field
from tests.emulated import Rehearsal
from tests.emulator.tutorial import PLATFORM, follow_the_tutorial

SUGGESTION = f"{PLATFORM}/conversion/mappingSets/suggestion"
NAMES = st.text(st.sampled_from("abcNameFirstLast_.1 é"), min_size=1, max_size=20)


def test_a_suggested_set_names_the_columns_fields_and_can_be_kept(
    fresh: Rehearsal, base_connection: Callable[..., str]
) -> None:
    with fresh.client() as api:
        made = follow_the_tutorial(fresh, api, base_connection(client=api))
        fresh.advance(minutes=10)
        batch_id = next(iter(api.get(f"{PLATFORM}/catalog/batches").json()))
        query = {"datasetId": made.dataset_id, "batchId": batch_id}
        told = api.get(SUGGESTION, params=query)
        assert told.status_code == 200, told.text
        proposal = told.json()
        pairs = {one["source"]: one["destination"] for one in proposal["mappings"]}
        assert pairs["FirstName"] == "person.name.firstName"
        assert pairs["LastName"] == "person.name.lastName"
        assert all(0.75 <= one["matchScore"] <= 1 for one in proposal["mappings"])
        assert "id" not in proposal
        held = api.get(f"{PLATFORM}/conversion/mappingSets").json()["data"]
        assert len(held) == 1, "a proposal is not kept"
        kept = api.post(f"{PLATFORM}/conversion/mappingSets?validate=true", json=proposal)
        assert kept.status_code == 200, kept.text
        whole = api.get(SUGGESTION, params={**query, "excludeUnmapped": "false"}).json()
        assert {one["source"] for one in whole["mappings"]} == {
            *("Id", "FirstName", "LastName", "Description", "LastModifiedDate"),
        }
        for wrong, status in (({"batchId": "x"}, 404), ({"datasetId": "x"}, 404)):
            assert api.get(SUGGESTION, params={**query, **wrong}).status_code == status
        assert api.get(SUGGESTION, params={"batchId": batch_id}).status_code == 400


@given(st.lists(NAMES, unique=True, max_size=8), st.lists(NAMES, unique=True, max_size=8))
def test_any_columns_go_to_fields_that_there_are_and_to_each_but_once(
    columns: list[str], paths: list[str]
) -> None:
    found = suggested(columns, {path: Field("string") for path in paths})
    assert set(found) <= set(columns)
    fields = [path for path, _ in found.values()]
    assert set(fields) <= set(paths) and len(set(fields)) == len(fields)
