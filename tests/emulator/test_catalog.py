"""Catalog over HTTP: datasets made and changed, and the rules that every list obeys."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulated import Rehearsal

NUMBERS = count(1)  # titles are unique in a sandbox, and a module's tests share theirs

BASE = "/data/foundation/catalog"
REGISTRY = "/data/foundation/schemaregistry"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
PERSONAL = "https://ns.adobe.com/xdm/context/profile-personal-details"


@pytest.fixture
def schema(api: httpx.Client) -> dict[str, Any]:
    return new_schema(api)


def new_schema(api: httpx.Client) -> dict[str, Any]:
    body = {
        "type": "object",
        "title": f"CRM contact {next(NUMBERS)}",
        "description": "",
        "allOf": [{"$ref": PROFILE}, {"$ref": PERSONAL}],
    }
    answer = api.post(f"{REGISTRY}/tenant/schemas", json=body)
    assert answer.status_code == 201, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


def body_of(schema: dict[str, Any], name: str = "CRM contacts", **more: Any) -> dict[str, Any]:
    content_type = "application/vnd.adobe.xed-full-notext+json; version=1"
    return {"name": name, "schemaRef": {"id": schema["$id"], "contentType": content_type}, **more}


def made(api: httpx.Client, body: dict[str, Any]) -> str:
    answer = api.post(f"{BASE}/dataSets", json=body)
    assert answer.status_code == 201, answer.text
    (reference,) = answer.json()
    assert reference.startswith("@/dataSets/")
    id: str = reference.rsplit("/", 1)[1]
    assert answer.headers["location"].endswith(f"{BASE}/dataSets/{id}")
    return id


def held(api: httpx.Client, id: str) -> dict[str, Any]:
    answer = api.get(f"{BASE}/dataSets/{id}").json()
    assert list(answer) == [id]
    dataset: dict[str, Any] = answer[id]
    return dataset


def test_a_dataset_is_answered_under_its_id(api: httpx.Client, schema: dict[str, Any]) -> None:
    id = made(api, body_of(schema, enableErrorDiagnostics=True))
    dataset = held(api, id)
    assert dataset["name"] == "CRM contacts"
    assert dataset["version"] == "1.0.0"
    assert dataset["schemaRef"]["id"] == schema["$id"]
    assert dataset["files"] == f"@/dataSetFiles?dataSetId={id}"
    assert dataset["tags"]["adobe/pqs/table"] == ["crm_contacts"]
    assert dataset["classification"]["dataBehavior"] == "record"
    assert dataset["extensions"]["adobe_lakeHouse"]["metrics"]["rowCount"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"schemaRef": None},
        {"schemaRef": {"id": "https://ns.adobe.com/rehearsal/schemas/none", "contentType": "x"}},
        {"tags": {"unifiedProfile": "enabled:true"}},
        {"extensions": {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "90 days"}}}},
    ],
)
def test_a_dataset_that_breaks_a_rule_is_refused_in_words(
    api: httpx.Client, schema: dict[str, Any], change: dict[str, Any]
) -> None:
    answer = api.post(f"{BASE}/dataSets", json={**body_of(schema, "Unmade"), **change})
    assert answer.status_code == 400
    assert answer.json()["title"] == "BadRequestError"
    assert api.get(f"{BASE}/dataSets", params={"name": "Unmade"}).json() == {}


def test_a_patch_counts_the_version_up(api: httpx.Client, schema: dict[str, Any]) -> None:
    id = made(api, body_of(schema))
    answer = api.patch(
        f"{BASE}/dataSets/{id}",
        json=[{"op": "replace", "path": "/name", "value": "Renamed"}],
        headers={"Content-Type": "application/json-patch+json"},
    )
    assert answer.json() == [f"@/dataSets/{id}"]
    assert (held(api, id)["name"], held(api, id)["version"]) == ("Renamed", "1.0.1")


def test_the_second_form_of_a_patch_makes_the_parents_that_are_missing(
    api: httpx.Client, schema: dict[str, Any]
) -> None:
    id = made(api, body_of(schema))
    expiry = {"extensions": {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "P90D"}}}}
    assert api.patch(f"{BASE}/v2/dataSets/{id}", json=expiry).json() == [f"@/dataSets/{id}"]
    lake = held(api, id)["extensions"]["adobe_lakeHouse"]
    assert lake["rowExpiration"]["ttlValue"] == "P90D"
    assert lake["metrics"]["rowCount"] == 0


def test_a_stale_match_is_refused_and_none_is_asked_for(
    api: httpx.Client, schema: dict[str, Any]
) -> None:
    id = made(api, body_of(schema))
    for match, status in (("9.9.9", 412), ("1.0.0", 200), ("1.0.0", 412), ('"1.0.1"', 200)):
        answer = api.patch(
            f"{BASE}/v2/dataSets/{id}", json={"description": match}, headers={"If-Match": match}
        )
        assert answer.status_code == status, match


def test_what_catalog_keeps_itself_cannot_be_written(
    api: httpx.Client, schema: dict[str, Any]
) -> None:
    id = made(api, body_of(schema))
    before = held(api, id)
    change = {"created": 1, "viewId": "mine", "imsOrg": "other", "lastBatchId": "none"}
    assert api.patch(f"{BASE}/v2/dataSets/{id}", json=change).status_code == 200
    assert api.put(f"{BASE}/dataSets/{id}", json={**body_of(schema), **change}).status_code == 200
    after = held(api, id)
    assert {name: after.get(name) for name in change} == {name: before.get(name) for name in change}


def test_the_schema_of_a_dataset_stays(api: httpx.Client, schema: dict[str, Any]) -> None:
    other = new_schema(api)
    id = made(api, body_of(schema))
    answer = api.put(f"{BASE}/dataSets/{id}", json=body_of(other))
    assert answer.status_code == 400
    assert held(api, id)["schemaRef"]["id"] == schema["$id"]
    refused = api.delete(f"{REGISTRY}/tenant/schemas/{schema['meta:altId']}")
    assert "CRM contacts" in refused.json()["detail"]


def test_profile_takes_a_dataset_only_after_its_schema(
    api: httpx.Client, schema: dict[str, Any]
) -> None:
    id = made(api, body_of(schema))
    enable = [{"op": "add", "path": "/tags/unifiedProfile", "value": ["enabled:true"]}]
    assert api.patch(f"{BASE}/dataSets/{id}", json=enable).status_code == 400
    identity = {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema["$id"],
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/personalEmail/address",
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
    }
    assert api.post(f"{REGISTRY}/tenant/descriptors", json=identity).status_code == 201
    union = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    path = f"{REGISTRY}/tenant/schemas/{schema['meta:altId']}"
    assert api.patch(path, json=union).status_code == 200
    assert api.patch(f"{BASE}/dataSets/{id}", json=enable).status_code == 200
    assert held(api, id)["tags"]["unifiedProfile"] == ["enabled:true"]


def test_a_deleted_dataset_is_gone(api: httpx.Client, schema: dict[str, Any]) -> None:
    id = made(api, body_of(schema))
    assert api.delete(f"{BASE}/dataSets/{id}").json() == [f"@/dataSets/{id}"]
    gone = api.get(f"{BASE}/dataSets/{id}")
    assert (gone.status_code, gone.json()["title"]) == (404, "NotFoundError")
    assert api.delete(f"{BASE}/dataSets/{id}").status_code == 404


# -- lists

NAMES = ["amber", "birch", "cedar", "amber tree", "star*fish", "delta"]


@pytest.fixture(scope="module")
def six(emulator: Rehearsal) -> Iterator[dict[str, str]]:
    """Six datasets by name, told from all others by their tag."""
    with emulator.client() as api:
        schema = new_schema(api)
        yield {
            name: made(
                api,
                body_of(
                    schema, name, tags={"team": ["crm", name]}, enableErrorDiagnostics=i % 2 == 0
                ),
            )
            for i, name in enumerate(NAMES)
        }


def names(api: httpx.Client, **params: Any) -> list[str]:
    answer = api.get(f"{BASE}/dataSets", params={"tags": "team:crm", **params})
    assert answer.status_code == 200, answer.text
    return [dataset["name"] for dataset in answer.json().values()]


@pytest.mark.usefixtures("six")
@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, NAMES),
        ({"name": "amber,delta"}, ["amber", "delta"]),
        ({"name": "!amber,delta"}, ["birch", "cedar", "amber tree", "star*fish"]),
        ({"property": "name==amber*"}, ["amber", "amber tree"]),
        ({"property": "name==star**fish"}, ["star*fish"]),
        ({"property": "name!=*e*"}, ["birch", "star*fish"]),
        ({"property": "name~^.[me]"}, ["amber", "cedar", "amber tree", "delta"]),
        ({"property": "name>birch", "orderBy": "name"}, ["cedar", "delta", "star*fish"]),
        ({"property": "lastBatchId"}, []),
        ({"property": "!lastBatchId"}, NAMES),
        (
            {"enableErrorDiagnostics": "false", "orderBy": "desc:name"},
            ["delta", "birch", "amber tree"],
        ),
        ({"tags": "team:delta,adobe/pqs/table:*"}, ["delta"]),
        ({"createdBefore": 1}, []),
        ({"createdAfter": 1}, NAMES),
        ({"orderBy": "desc:enableErrorDiagnostics,desc:name", "limit": 2}, ["star*fish", "cedar"]),
    ],
)
def test_each_filter_finds_what_it_says(
    api: httpx.Client, params: dict[str, Any], found: list[str]
) -> None:
    assert names(api, **params) == found


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "all"},
        {"limit": 21, "properties": "name,observableSchema"},
        {"start": -1},
        {"orderBy": "up:name"},
        {"property": "=="},
        {"property": "name~["},
        {"tags": "team"},
    ],
)
def test_a_list_that_cannot_be_asked_for_is_refused(
    api: httpx.Client, params: dict[str, Any]
) -> None:
    answer = api.get(f"{BASE}/dataSets", params=params)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")


def test_properties_cut_the_objects_down(api: httpx.Client, six: dict[str, str]) -> None:
    params = {"properties": "name,lastBatchId", "name": "amber"}
    assert api.get(f"{BASE}/dataSets", params=params).json() == {six["amber"]: {"name": "amber"}}
    params = {"properties": "lastBatchId", "name": "amber"}
    assert api.get(f"{BASE}/dataSets", params=params).json() == {six["amber"]: {}}


@settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limit=st.integers(1, 8), order=st.sampled_from(["name", "desc:name", "asc:created", ""]))
def test_any_page_size_gives_the_same_list(
    api: httpx.Client, six: dict[str, str], limit: int, order: str
) -> None:
    found: list[str] = []
    while page := names(api, orderBy=order, limit=limit, start=len(found)):
        found += page
    assert found == names(api, orderBy=order)
    assert sorted(found) == sorted(six)


def test_what_is_not_emulated_says_so(api: httpx.Client) -> None:
    answer = api.post(f"{BASE}/batches", json={})
    assert answer.status_code == 501
    assert "not emulated" in answer.json()["detail"]
