"""Data Prep over HTTP: mapping sets in both styles, their versions, and trials of them."""

from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NUMBERS = count(1)  # titles are unique in a sandbox, and a module's tests share theirs

BASE = "/data/foundation/conversion"
REGISTRY = "/data/foundation/schemaregistry"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
PERSON = "https://ns.adobe.com/xdm/context/profile-person-details"


@pytest.fixture
def schema_id(api: httpx.Client) -> str:
    body = {
        "type": "object",
        "title": f"CRM contact {next(NUMBERS)}",
        "description": "",
        "allOf": [{"$ref": PROFILE}, {"$ref": PERSON}],
    }
    answer = api.post(f"{REGISTRY}/tenant/schemas", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["$id"])


def old_style(schema_id: str) -> dict[str, Any]:
    mapping = {
        "destinationXdmPath": "person.name.firstName",
        "sourceAttribute": "FirstName",
        "identity": False,
        "identityGroup": None,
        "namespaceCode": None,
        "version": 0,
    }
    return {
        "version": 0,
        "xdmSchema": schema_id,
        "xdmVersion": "1.0",
        "id": None,
        "mappings": [mapping],
    }


def new_style(schema_id: str, *mappings: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "name": "CRM contacts",
        "outputSchema": {
            "schemaRef": {
                "id": schema_id,
                "contentType": "application/vnd.adobe.xed-full+json;version=1",
            }
        },
        "mappings": [
            {"sourceType": kind, "source": source, "destination": destination}
            for kind, source, destination in mappings
        ],
    }


FIRST = ("ATTRIBUTE", "FirstName", "person.name.firstName")
LAST = ("EXPRESSION", "upper(LastName)", "person.name.lastName")
BROKEN = ("EXPRESSION", "shout(LastName)", "person.name.lastName")
ASTRAY = ("ATTRIBUTE", "FirstName", "person.name.petName")


def made(api: httpx.Client, body: dict[str, Any], **params: Any) -> dict[str, Any]:
    answer = api.post(f"{BASE}/mappingSets", json=body, params=params)
    assert answer.status_code == 200, answer.text
    identity: dict[str, Any] = answer.json()
    assert len(identity["id"]) == 32
    return identity


def test_both_styles_make_a_set_and_read_alike(api: httpx.Client, schema_id: str) -> None:
    kept = []
    for body in (old_style(schema_id), new_style(schema_id, FIRST)):
        identity = made(api, body)
        assert identity["version"] == 0
        whole = api.get(f"{BASE}/mappingSets/{identity['id']}").json()
        assert identity.items() <= whole.items()
        assert whole["xdmSchema"] == whole["outputSchema"]["schemaRef"]["id"] == schema_id
        (one,) = whole["mappings"]
        assert one["source"] == one["sourceAttribute"] == "FirstName"
        assert one["destination"] == one["destinationXdmPath"] == "person.name.firstName"
        kept.append(one["sourceType"])
    assert kept == ["ATTRIBUTE", "ATTRIBUTE"]


def test_a_put_makes_the_next_version_and_keeps_the_first(
    api: httpx.Client, schema_id: str
) -> None:
    id = made(api, new_style(schema_id, FIRST))["id"]
    path = f"{BASE}/mappingSets/{id}"
    assert api.put(path, json=new_style(schema_id, FIRST, LAST)).json()["version"] == 1
    assert api.put(path, json=new_style(schema_id, LAST)).json()["version"] == 2
    sizes = [
        len(api.get(path, params={"version": version}).json()["mappings"]) for version in (0, 1, 2)
    ]
    assert sizes == [1, 2, 1]
    # Unversioned, the published default is the first version.
    assert api.get(path).json()["version"] == 0
    assert api.get(path, params={"version": 3}).status_code == 404


def test_the_mappings_of_a_set_are_resources_too(api: httpx.Client, schema_id: str) -> None:
    id = made(api, new_style(schema_id, FIRST))["id"]
    path = f"{BASE}/mappingSets/{id}/mappings"
    added = {"sourceType": "EXPRESSION", "source": "upper(LastName)", "destination": LAST[2]}
    assert api.post(path, json=added).json()["version"] == 1
    first, second = api.get(path).json()
    assert second["destination"] == "person.name.lastName"
    assert api.get(f"{path}/{first['id']}").json() == first
    assert (
        api.put(f"{path}/{second['id']}", json={**second, "source": "LastName"}).json()["version"]
        == 2
    )
    assert [one["source"] for one in api.get(path).json()] == ["FirstName", "LastName"]
    left = api.get(path).json()
    assert api.delete(f"{path}/{left[0]['id']}").json()["version"] == 3
    assert [one["destination"] for one in api.get(path).json()] == ["person.name.lastName"]


@pytest.mark.parametrize(
    "change",
    [
        {"mappings": None},
        {"mappings": ["FirstName"]},
        {"mappings": [{"source": "FirstName"}]},
        {"mappings": [{"destination": "person.name.firstName"}]},
        {"mappings": [{"source": "a" * 4097, "destination": "person.name.firstName"}]},
        {"mappings": [{"sourceType": "GUESS", "source": "a", "destination": "b"}]},
        {"outputSchema": None},
        {"outputSchema": {"schemaRef": {"id": "https://ns.adobe.com/rehearsal/schemas/none"}}},
        {"status": "OLD"},
    ],
)
def test_a_set_that_breaks_a_rule_is_refused_in_words(
    api: httpx.Client, schema_id: str, change: dict[str, Any]
) -> None:
    answer = api.post(f"{BASE}/mappingSets", json={**new_style(schema_id, FIRST), **change})
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")


def test_a_set_is_checked_when_that_is_asked_for(api: httpx.Client, schema_id: str) -> None:
    for bad in (BROKEN, ASTRAY):
        body = new_style(schema_id, FIRST, bad)
        assert made(api, body)["version"] == 0
        refused = api.post(f"{BASE}/mappingSets", json=body, params={"validate": "true"})
        assert refused.status_code == 400
        assert bad[2] in refused.json()["detail"]
    assert made(api, new_style(schema_id, FIRST, LAST), validate="true")["version"] == 0


def test_validation_answers_for_each_mapping_in_order(api: httpx.Client, schema_id: str) -> None:
    body = new_style(schema_id, FIRST, BROKEN, ASTRAY)
    answers = api.post(f"{BASE}/mappingSets/validate", json=body).json()["validationResponse"]
    assert [one["status"] for one in answers] == ["SUCCESS", "FAILED", "FAILED"]
    assert answers[0]["errors"] is None
    (error,) = answers[1]["errors"]
    assert (error["source"], error["destination"]) == BROKEN[1:]
    assert "shout" in error["exception"]


def test_a_preview_maps_one_record_and_names_what_it_could_not(
    api: httpx.Client, schema_id: str
) -> None:
    row = {"FirstName": "Ada", "LastName": "Lovelace"}
    for data in (row, [row]):
        body = {"data": data, "mappingSet": new_style(schema_id, FIRST, LAST)}
        answer = api.post(f"{BASE}/mappingSets/preview", json=body).json()
        assert answer == {
            "data": {"person": {"name": {"firstName": "Ada", "lastName": "LOVELACE"}}}
        }
    body = {"data": row, "mappingSet": new_style(schema_id, FIRST, BROKEN)}
    answer = api.post(f"{BASE}/mappingSets/preview", json=body).json()
    assert answer["data"] == {"person": {"name": {"firstName": "Ada"}}}
    assert [error["source"] for error in answer["errors"]] == ["shout(LastName)"]


def test_pages_go_through_all_sets(api: httpx.Client, schema_id: str) -> None:
    mine = {made(api, new_style(schema_id, FIRST))["id"] for _ in range(7)}
    params: dict[str, Any] = {
        "limit": 3,
        "start": 0,
        "orderBy": "-updatedDate",
        "property": f"xdmSchema=={schema_id}",
    }
    page = api.get(f"{BASE}/mappingSets", params=params).json()
    found = [one["id"] for one in page["data"]]
    assert page["_page"] == {"count": 3, "limit": 3}
    while "next" in page["_links"]:
        page = api.get(f"{BASE}{page['_links']['next']['href']}").json()
        found += [one["id"] for one in page["data"]]
    assert len(found) == 7
    assert set(found) == mine


def test_a_deleted_set_is_gone(api: httpx.Client, schema_id: str) -> None:
    path = f"{BASE}/mappingSets/{made(api, old_style(schema_id))['id']}"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ({"expression": 'concat(FirstName, " ", LastName)'}, True),
        ({"expression": "concat(FirstName"}, False),
        ({"expression": "shout(FirstName)"}, False),
        ({"expression": "upper(FirstName)", "sampleData": '{"FirstName": "Ada"}'}, True),
    ],
)
def test_an_expression_is_answered_with_a_bare_boolean(
    api: httpx.Client, body: dict[str, Any], valid: bool
) -> None:
    answer = api.post(f"{BASE}/languages/el/validate", json=body)
    assert answer.json() is valid


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    expression=st.text(max_size=40)
    | st.lists(st.sampled_from(["a", "(", ")", ",", '"', "+", "concat", "iif", "1", "?", ":"])).map(
        " ".join
    )
)
def test_any_text_is_answered_with_a_bare_boolean(api: httpx.Client, expression: str) -> None:
    body = {"expression": expression, "sampleData": {"a": "1"}}
    answer = api.post(f"{BASE}/languages/el/validate", json=body)
    assert answer.json() in (True, False)


def test_the_function_list_is_an_array_and_every_function_in_it_parses(
    api: httpx.Client,
) -> None:
    functions = api.get(f"{BASE}/languages/el/functions").json()
    assert {"concat", "iif", "date", "coalesce"} <= {one["function"] for one in functions}
    operators = api.get(f"{BASE}/languages/el/operators").json()
    assert "+" in {one["operatorSymbol"] for one in operators}
    examples = [one["example"] for one in functions if one["example"]]
    assert examples
    for example in examples:
        answer = api.post(f"{BASE}/languages/el/validate", json={"expression": example})
        assert answer.json() is True, example


def test_the_schema_is_written_out_when_asked_for(api: httpx.Client, schema_id: str) -> None:
    path = f"{BASE}/mappingSets/{made(api, old_style(schema_id))['id']}"
    whole = api.get(path, params={"expandSchema": "true"}).json()
    assert "person" in whole["outputSchema"]["jsonSchema"]["properties"]
    assert "jsonSchema" not in api.get(path).json()["outputSchema"]
