"""Searches by a body, configurations, and drafts of connections, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.emulated import FLOWSERVICE, Rehearsal
from tests.emulator.tutorial import SALESFORCE, follow_the_tutorial

Maker = Callable[..., str]
CONNECTIONS = f"{FLOWSERVICE}/connections"


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rsplit("/", 1)[1]


def test_a_search_answers_what_a_list_with_the_same_question_answers(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        for number in range(7):
            base_connection(f"Base {number}", client=api)
        search = f"{CONNECTIONS}/search"
        asked: dict[str, Any] = {"orderby": "-name", "limit": 3}
        seen, params = [], {}
        while True:
            page = api.post(search, json=asked, params=params).json()
            seen += page["items"]
            if "next" not in page["_links"]:
                break
            href = page["_links"]["next"]["href"]
            assert href.startswith("/connections/search?continuationToken=")
            params = {
                "continuationToken": httpx.QueryParams(href.split("?")[1])["continuationToken"]
            }
        listed = api.get(CONNECTIONS, params={"orderby": "-name", "limit": 100}).json()["items"]
        assert seen == listed
        for text in ("name==Base 3", "property=name==Base 3&property=state==enabled"):
            (one,) = api.post(search, json={"queryString": text}).json()["items"]
            assert one["name"] == "Base 3"
        assert api.post(search, json={"count": True}).json() == {"count": 7}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"limit": 1001}, "FLOW-1401-400"),
        ({"limit": "many"}, "FLOW-1401-400"),
        ({"limit": 5, "count": True}, "FLOW-1401-400"),
        ({"queryString": 5}, "FLOW-1440-400"),
        ({"queryString": "name"}, "FLOW-1440-400"),
        ({"queryString": "nothing==x"}, "FLOW-1449-400"),
        ({"orderby": "nothing"}, "FLOW-1433-400"),
    ],
)
def test_a_search_that_breaks_a_rule_is_refused_by_it(
    api: httpx.Client, body: dict[str, Any], code: str
) -> None:
    assert code_of(api.post(f"{CONNECTIONS}/search", json=body)) == code


def test_a_search_shows_no_more_of_an_item_than_was_asked_for(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        flow = follow_the_tutorial(fresh, api, base_connection(client=api))
        body = {"projectionFields": "name,state"}
        (found,) = api.post(f"{FLOWSERVICE}/flows/search", json=body).json()["items"]
        assert set(found) == {"id", "name", "state"}
        assert found["id"] == flow.flow_id
        question = {"queryString": "name==CRMToAEP", "projectionFields": "name"}
        (spec,) = api.post(f"{FLOWSERVICE}/flowSpecs/search", json=question).json()["items"]
        assert spec["name"] == "CRMToAEP"
        assert set(spec) == {"id", "name"}
        grouped = api.post(f"{FLOWSERVICE}/flowSpecs/search", json={"groupByProperty": "name"})
        assert grouped.status_code == 501


def test_the_configuration_of_a_connection_is_columns(
    api: httpx.Client, base_connection: Maker
) -> None:
    url = f"{CONNECTIONS}/{base_connection()}"
    for table in ("Account", "Lead"):
        items = api.get(f"{url}/configs", params={"object": table}).json()["items"]
        asked = {"objectType": "table", "object": table}
        columns = api.get(f"{url}/explore", params=asked).json()["schema"]["columns"]
        assert [each["columnName"] for each in items] == [each["name"] for each in columns]


def test_drafts_are_published_from_the_base_upwards(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        body = follow_the_tutorial(fresh, api, base_connection(client=api)).flow_body
        mode = {"mode": "draft"}
        publish = {"op": "publish"}
        spec = {"id": SALESFORCE, "version": "1.0"}
        draft = {"name": "Later", "connectionSpec": spec}
        base_id = api.post(CONNECTIONS, params=mode, json=draft).json()["id"]
        source = draft | {"baseConnectionId": base_id}
        sources = f"{FLOWSERVICE}/sourceConnections"
        source_id = api.post(sources, params=mode, json=source).json()["id"]
        assert code_of(api.get(f"{CONNECTIONS}/{base_id}/test")) == "FLOW-1416-400"
        unready = api.post(f"{CONNECTIONS}/{base_id}/action", params=publish)
        assert code_of(unready) == "CONNECTORS-1304-400"
        whole = body | {"sourceConnectionIds": [source_id]}
        assert code_of(api.post(f"{FLOWSERVICE}/flows", json=whole)) == "FLOW-1416-400"

        finished = api.get(f"{sources}/{body['sourceConnectionIds'][0]}").json()["items"][0]
        auth = {
            "specName": "Basic Authentication",
            "params": {
                "environmentUrl": "https://example.my.salesforce.com",
                "username": "x",
                "password": "x",
                "securityToken": "x",
            },
        }
        for url, values in (
            (f"{sources}/{source_id}", {"data": finished["data"], "params": finished["params"]}),
            (f"{CONNECTIONS}/{base_id}", {"auth": auth}),
        ):
            assert api.post(f"{url}/action", params=publish).status_code == 400
            etag = api.get(url).json()["items"][0]["etag"]
            added = [{"op": "add", "path": f"/{n}", "value": v} for n, v in values.items()]
            patched = api.patch(url, json=added, headers={"If-Match": etag})
            assert patched.status_code == 200, patched.text
        early = api.post(f"{sources}/{source_id}/action", params=publish)
        assert code_of(early) == "FLOW-1416-400"
        for url in (f"{CONNECTIONS}/{base_id}", f"{sources}/{source_id}"):
            assert api.post(f"{url}/action", params=publish).status_code == 200
            assert api.get(url).json()["items"][0]["state"] == "enabled"
            assert code_of(api.post(f"{url}/action", params=publish)) == "FLOW-1416-400"
        assert api.get(f"{CONNECTIONS}/{base_id}/test").json() == {"result": True}
        assert api.post(f"{FLOWSERVICE}/flows", json=whole).status_code == 201
