"""Flow Service over HTTP: connections and their secrets, etags, lists and pages, schedules."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulated import FLOWSERVICE, Rehearsal

CONNECTIONS = f"{FLOWSERVICE}/connections"
SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"

Maker = Callable[..., str]


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rsplit("/", 1)[1]


def item(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    (only,) = answer.json()["items"]
    return dict(only)


# -- base connections


def test_a_created_connection_is_found_as_a_list_of_one(
    api: httpx.Client, base_connection: Maker
) -> None:
    id = base_connection("Sales [EMEA] 🌍")
    found = item(api.get(f"{CONNECTIONS}/{id}"))
    assert found["name"] == "Sales [EMEA] 🌍"
    assert found["version"] == found["etag"]
    assert found["etag"].startswith('"') and found["etag"].endswith('"')
    assert found["sandboxName"] == "dev"


def test_secrets_are_masked_on_the_wire_and_on_disk(
    emulator: Rehearsal, api: httpx.Client, base_connection: Maker
) -> None:
    secret = "a secret that nobody may keep 7f3a"
    id = base_connection(password=secret)
    shown = item(api.get(f"{CONNECTIONS}/{id}"))["auth"]["params"]
    assert shown["username"] == "integration@example.com"
    assert set(shown["password"]) == set(shown["securityToken"]) == {"*"}
    for name in ("world.sqlite", "world.sqlite-wal", "crm.sqlite", "crm.sqlite-wal"):
        file = emulator.folder / name
        if file.exists():
            assert secret.encode() not in file.read_bytes()


def test_a_test_tells_a_good_secret_from_a_wrong_one(
    api: httpx.Client, base_connection: Maker
) -> None:
    assert api.get(f"{CONNECTIONS}/{base_connection()}/test").json() == {"result": True}
    wrong = base_connection(password="wrong")
    assert api.get(f"{CONNECTIONS}/{wrong}/test").json() == {"result": False}
    answer = api.get(f"{CONNECTIONS}/{wrong}/explore", params={"objectType": "root"})
    assert answer.status_code == 400
    assert code_of(answer) == "CONNECTORS-1308-400"


def test_a_secret_that_expires_works_for_a_day(fresh: Rehearsal, base_connection: Maker) -> None:
    with fresh.client() as api:
        id = base_connection(client=api, password="expired")
        fresh.advance(hours=23)
        assert api.get(f"{CONNECTIONS}/{id}/test").json() == {"result": True}
    fresh.advance(hours=2)
    with fresh.client() as api:
        assert api.get(f"{CONNECTIONS}/{id}/test").json() == {"result": False}


def test_a_crm_that_is_down_is_an_error_and_not_a_no(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        id = base_connection(client=api)
        incident = fresh.ask("incidents", kind="crm_down", sandbox="dev", base_connection=id)
        down = api.get(f"{CONNECTIONS}/{id}/test")
        assert down.status_code == 503
        assert down.json()["errorMessage"]
        fresh.control.delete(f"/incidents/{incident['id']}")
        assert api.get(f"{CONNECTIONS}/{id}/test").json() == {"result": True}


def test_explore_answers_an_array_of_tables_and_an_object_for_one(
    api: httpx.Client, base_connection: Maker
) -> None:
    explore = f"{CONNECTIONS}/{base_connection()}/explore"
    root = api.get(explore, params={"objectType": "root"}).json()
    assert {"Contact", "Account", "Lead", "Opportunity"} <= {table["name"] for table in root}
    assert all(table["type"] == "table" and table["canPreview"] for table in root)
    contact = api.get(explore, params={"objectType": "TABLE", "object": "Contact"}).json()
    columns = {column["name"]: column for column in contact["schema"]["columns"]}
    assert columns["LastModifiedDate"]["xdm"]["format"] == "date-time"
    assert "data" not in contact


def test_a_preview_shows_rows_that_meet_the_filter(
    api: httpx.Client, base_connection: Maker
) -> None:
    explore = f"{CONNECTIONS}/{base_connection()}/explore"
    wanted = {"objectType": "table", "object": "Account", "preview": "true"}
    rows = api.get(explore, params=wanted).json()["data"]
    assert len(rows) == 10
    name = rows[3]["Name"]
    filters = {
        "type": "PQL",
        "format": "pql/json",
        "value": {
            "nodeType": "fnApply",
            "fnName": "=",
            "params": [
                {"nodeType": "fieldLookup", "fieldName": "Name"},
                {"nodeType": "literal", "value": name},
            ],
        },
    }
    encoded = base64.b64encode(json.dumps(filters).encode()).decode()
    found = api.get(explore, params=wanted | {"filters": encoded}).json()["data"]
    assert found
    assert {row["Name"] for row in found} == {name}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "CONNECTORS-1337-400"),
        ({"objectType": "table"}, "CONNECTORS-1337-400"),
        ({"objectType": "galaxy"}, "CONNECTORS-1358-400"),
        ({"objectType": "file"}, "CONNECTORS-1336-400"),
        ({"objectType": "table", "object": "Nothing"}, "CONNECTORS-1308-400"),
        (
            {"objectType": "table", "object": "Contact", "preview": "true", "filters": "%%"},
            "CONNECTORS-1389-400",
        ),
    ],
)
def test_a_wrong_question_to_explore_has_its_own_code(
    api: httpx.Client, base_connection: Maker, params: dict[str, str], code: str
) -> None:
    answer = api.get(f"{CONNECTIONS}/{base_connection()}/explore", params=params)
    assert code_of(answer) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"auth": {"specName": "Telepathy", "params": {}}}, "FLOW-1415-400"),
        ({"connectionSpec": {"id": "nothing"}}, "FLOW-1413-400"),
        ({"name": ""}, "CONNECTORS-1304-400"),
        (
            {"auth": {"specName": "OAuth2 Client Credential", "params": {"clientId": "x"}}},
            "CONNECTORS-1304-400",
        ),
    ],
)
def test_a_connection_that_cannot_be_is_refused(
    api: httpx.Client, change: dict[str, Any], code: str
) -> None:
    body = {
        "name": "x",
        "auth": {
            "specName": "OAuth2 Client Credential",
            "params": {
                "environmentUrl": "https://x.example",
                "clientId": "x",
                "clientSecret": "x",
                "apiVersion": "52.0",
            },
        },
        "connectionSpec": {"id": SALESFORCE},
    }
    assert code_of(api.post(CONNECTIONS, json=body | change)) == code
    assert api.post(CONNECTIONS, json=body).status_code == 201


def test_every_source_says_how_it_lets_one_in(api: httpx.Client) -> None:
    items = api.get(f"{FLOWSERVICE}/connectionSpecs").json()["items"]
    assert len(items) == 40
    for spec in items:
        for auth in spec["authSpec"]:
            assert auth["spec"]["$schema"] == "http://json-schema.org/draft-07/schema#"
            secrets = {
                name
                for name, schema in auth["spec"]["properties"].items()
                if schema.get("format") == "password"
            }
            assert secrets, f"{spec['name']}: {auth['name']}"
    found = api.get(f"{FLOWSERVICE}/connectionSpecs", params={"property": f"id=={SALESFORCE}"})
    assert [auth["name"] for auth in item(found)["authSpec"]] == [
        "Basic Authentication",
        "OAuth2 Client Credential",
        "OAuth2 JWT Token Credential",
    ]


# -- etags


def test_a_patch_needs_the_etag_that_was_read(api: httpx.Client, base_connection: Maker) -> None:
    url = f"{CONNECTIONS}/{base_connection()}"
    operations = [{"op": "replace", "path": "/description", "value": "changed"}]
    assert code_of(api.patch(url, json=operations)) == "FLOW-1403-400"
    etag = item(api.get(url))["etag"]
    done = api.patch(url, json=operations, headers={"If-Match": etag})
    assert done.status_code == 200
    assert done.json()["etag"] != etag
    stale = api.patch(url, json=operations, headers={"If-Match": etag})
    assert (stale.status_code, code_of(stale)) == (412, "FLOW-1404-412")
    assert item(api.get(url))["description"] == "changed"


@pytest.mark.parametrize("dress", ["{}", "W/{}", '"{}"'])
def test_an_etag_is_known_in_any_of_its_dresses(
    api: httpx.Client, base_connection: Maker, dress: str
) -> None:
    url = f"{CONNECTIONS}/{base_connection()}"
    etag = item(api.get(url))["etag"]
    sent = dress.format(etag.strip('"') if dress == '"{}"' else etag)
    operations = [{"op": "add", "path": "/description", "value": "x"}]
    assert api.patch(url, json=operations, headers={"If-Match": sent}).status_code == 200


def test_a_mask_that_is_sent_back_changes_no_secret(
    api: httpx.Client, base_connection: Maker
) -> None:
    url = f"{CONNECTIONS}/{base_connection(password='wrong')}"
    read = item(api.get(url))
    same = [{"op": "replace", "path": "/auth/params", "value": read["auth"]["params"]}]
    done = api.patch(url, json=same, headers={"If-Match": read["etag"]})
    assert api.get(f"{url}/test").json() == {"result": False}
    better = read["auth"]["params"] | {"password": "right"}
    new = [{"op": "replace", "path": "/auth/params", "value": better}]
    api.patch(url, json=new, headers={"If-Match": done.json()["etag"]})
    assert api.get(f"{url}/test").json() == {"result": True}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"op": "move", "from": "/name", "path": "/description"}, "FLOW-1434-400"),
        ({"op": "replace", "path": "/connectionSpec/id", "value": "x"}, "FLOW-1414-400"),
        ({"op": "replace", "path": "/state", "value": "disabled"}, "FLOW-1456-400"),
        ({"op": "replace", "path": "/id", "value": "x"}, "CONNECTORS-1365-400"),
        ({"op": "replace", "path": "/name"}, "FLOW-1455-400"),
        ({"op": "remove", "path": "/name"}, "CONNECTORS-1304-400"),
    ],
)
def test_a_patch_that_may_not_be_changes_nothing(
    api: httpx.Client, base_connection: Maker, operation: dict[str, Any], code: str
) -> None:
    url = f"{CONNECTIONS}/{base_connection()}"
    before = item(api.get(url))
    answer = api.patch(url, json=[operation], headers={"If-Match": before["etag"]})
    assert code_of(answer) == code
    assert item(api.get(url)) == before


# -- lists


def test_count_answers_a_number_and_no_items(fresh: Rehearsal, base_connection: Maker) -> None:
    with fresh.client() as api:
        for number in range(3):
            base_connection(f"c{number}", client=api)
        assert api.get(CONNECTIONS, params={"count": "true"}).json() == {"count": 3}
        both = api.get(CONNECTIONS, params={"count": "true", "limit": "2"})
        assert code_of(both) == "FLOW-1401-400"
        false = api.get(CONNECTIONS, params={"count": "False", "limit": "2"}).json()
        assert len(false["items"]) == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"property": "name"}, "FLOW-1440-400"),
        ({"property": "name=x"}, "FLOW-1450-400"),
        ({"property": "name=~x"}, "FLOW-1450-400"),
        ({"property": "createdAt>1,2"}, "FLOW-1452-400"),
        ({"property": "updatedAt>1,2"}, "FLOW-1443-400"),
        ({"property": "id>=x"}, "FLOW-1448-400"),
        ({"property": "colour==red"}, "FLOW-1449-400"),
        ({"property": "name=="}, "FLOW-1453-400"),
        ({"colour": "red"}, "FLOW-1451-400"),
        ({"orderby": "name,id"}, "FLOW-1432-400"),
        ({"orderby": "colour"}, "FLOW-1433-400"),
        ({"limit": "0"}, "FLOW-1401-400"),
        ({"limit": "many"}, "FLOW-1401-400"),
        ({"continuationToken": "bm90aGluZw=="}, "FLOW-1400-400"),
    ],
)
def test_each_fault_of_the_list_grammar_has_its_own_code(
    api: httpx.Client, query: dict[str, str], code: str
) -> None:
    answer = api.get(CONNECTIONS, params=query)
    assert (answer.status_code, code_of(answer)) == (400, code)


def test_filters_know_quotes_lists_arrays_and_numbers(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        for name in ("one", "two, or three", "four"):
            base_connection(name, client=api)
            fresh.advance(seconds=1)

        def names(*properties: str) -> list[str]:
            answer = api.get(CONNECTIONS, params=[("property", each) for each in properties])
            assert answer.status_code == 200, answer.text
            return [each["name"] for each in answer.json()["items"]]

        assert names("name==one") == ["one"]
        assert names('name=="two, or three",one') == ["one", "two, or three"]
        assert names("name!=one") == ["two, or three", "four"]
        assert names(f"connectionSpec.id=={SALESFORCE}", "name==four") == ["four"]
        assert names("state==ENABLED") == ["one", "two, or three", "four"]
        created = fresh.now_ms - 2000
        assert names(f"createdAt>{created}") == ["four"]
        assert names(f"createdAt<={created}", f"createdAt>{created - 1000}") == ["two, or three"]
        fresh_specs = api.get(
            f"{FLOWSERVICE}/flowSpecs",
            params={"property": f"sourceConnectionSpecIds[]=={SALESFORCE}"},
        )
        assert item(fresh_specs)["name"] == "CRMToAEP"


@pytest.fixture(scope="module")
def thirteen(emulator: Rehearsal) -> list[str]:
    """Thirteen connections of the sandbox `empty`, three names among them; ids in order."""
    emulator.ask("reset")
    ids = []
    with emulator.client("empty") as api:
        for number in range(13):
            body = {
                "name": f"name {number % 3}",
                "auth": {
                    "specName": "Basic Authentication for Dynamics-Online",
                    "params": {
                        "serviceUri": "https://x.crm.dynamics.com",
                        "username": "x",
                        "password": "x",
                    },
                },
                "connectionSpec": {"id": "38ad80fe-8b06-4938-94f4-d4ee80266b07"},
            }
            ids.append(str(api.post(CONNECTIONS, json=body).json()["id"]))
    return ids


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    size=st.integers(1, 15),
    order=st.sampled_from(["", "name", "+name", "-name", "-createdAt"]),
    again=st.booleans(),
)
def test_any_page_size_gives_the_same_list(
    emulator: Rehearsal, thirteen: list[str], size: int, order: str, again: bool
) -> None:
    with emulator.client("empty") as api:
        query = {"orderby": order} if order else {}
        whole = [each["id"] for each in api.get(CONNECTIONS, params=query).json()["items"]]
        assert sorted(whole) == sorted(thirteen)
        seen: list[str] = []
        page = api.get(CONNECTIONS, params=query | {"limit": str(size)}).json()
        while True:
            assert 0 < len(page["items"]) <= size
            seen += [each["id"] for each in page["items"]]
            if "next" not in page["_links"]:
                break
            href = urlsplit(page["_links"]["next"]["href"])
            token = dict(parse_qsl(href.query))["continuationToken"]
            more = query if again else {}  # a token may come alone or with its query
            page = api.get(CONNECTIONS, params=more | {"continuationToken": token}).json()
        assert seen == whole


def test_a_token_is_padded_and_belongs_to_its_query(
    emulator: Rehearsal, thirteen: list[str]
) -> None:
    with emulator.client("empty") as api:
        first = api.get(CONNECTIONS, params={"limit": "5", "orderby": "name"}).json()
        href = first["_links"]["next"]["href"]
        assert href.startswith("/connections?continuationToken=")
        assert href.endswith("=")
        token = href.split("=", 1)[1]
        other = api.get(CONNECTIONS, params={"continuationToken": token, "orderby": "-name"})
        assert code_of(other) == "FLOW-1400-400"
        forged = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
        assert api.get(CONNECTIONS, params={"continuationToken": forged}).status_code == 400
        elsewhere = api.get(f"{FLOWSERVICE}/flows", params={"continuationToken": token})
        assert code_of(elsewhere) == "FLOW-1400-400"


@pytest.mark.parametrize(
    ("quirk", "last", "first"),
    [
        ("links-null", {"next": None}, "/connections?"),
        ("links-missing", None, "/connections?"),
        ("next-root-relative", {}, f"{CONNECTIONS}?"),
        ("next-absolute", {}, f"https://platform-int.adobe.io:443{CONNECTIONS}?"),
    ],
)
def test_links_have_every_form_that_has_been_seen(
    emulator: Rehearsal, thirteen: list[str], quirk: str, last: Any, first: str
) -> None:
    with emulator.client("empty") as api:
        emulator.ask("quirks", **{quirk: "on"})
        try:
            assert api.get(CONNECTIONS).json().get("_links") == last
            page = api.get(CONNECTIONS, params={"limit": "5"}).json()
            assert page["_links"]["next"]["href"].startswith(first + "continuationToken=")
        finally:
            emulator.ask("quirks", **{quirk: "off"})


def test_what_is_deleted_is_not_found(api: httpx.Client, base_connection: Maker) -> None:
    url = f"{CONNECTIONS}/{base_connection()}"
    deleted = api.delete(f"{url}/")
    assert (deleted.status_code, deleted.content) == (204, b"")
    gone = api.get(url)
    assert (gone.status_code, code_of(gone)) == (404, "FLOW-1439-404")
    assert gone.json()["report"]["type"] == "connections"


def test_the_same_seed_and_calls_give_the_same_ids(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        first = base_connection(client=api)
    world = fresh.state()["world"]
    fresh.ask("reset")
    with fresh.client() as api:
        assert base_connection(client=api) == first
    assert fresh.state()["world"] != world


def test_kept_documents_are_plain_json(emulator: Rehearsal, base_connection: Maker) -> None:
    id = base_connection("kept")
    with sqlite3.connect(emulator.folder / "world.sqlite") as db:
        (body,) = db.execute("SELECT body FROM documents WHERE id = ?", (id,)).fetchone()
    assert json.loads(body)["name"] == "kept"
