"""The seven calls of the published CRM tutorial end in a finished run, and its rules are held."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.emulated import Rehearsal
from tests.emulator.tutorial import (
    FLOWSERVICE,
    PLATFORM,
    SALESFORCE,
    XED,
    Pipeline,
    counted,
    created,
    follow_the_tutorial,
    runs_of,
    summary,
)

Maker = Callable[..., str]


def test_the_seven_calls_end_in_a_run_whose_numbers_are_counts_of_the_crm(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        pipeline = follow_the_tutorial(fresh, api, base_connection(client=api))
        flow = api.get(f"{FLOWSERVICE}/flows/{pipeline.flow_id}").json()["items"][0]
        assert flow["state"] == "initializing"
        assert flow["lastOperation"]["status"]["value"] == "inProgress"
        assert runs_of(api, pipeline.flow_id) == []

        fresh.advance(minutes=12)
        flow = api.get(f"{FLOWSERVICE}/flows/{pipeline.flow_id}").json()["items"][0]
        assert flow["state"] == "enabled"
        assert flow["lastOperation"]["status"]["value"] == "completed"
        (run,) = runs_of(api, pipeline.flow_id)
        assert run["metrics"]["statusSummary"]["status"] == "success"
        wanted = counted(fresh, None, pipeline.due_ms)
        assert wanted["inputRecordCount"] > 20_000
        assert wanted["failedRecordCount"] > 0
        assert wanted["skippedRecordCount"] > 0
        assert summary(run) == wanted
        assert flow["lastRunDetails"]["id"] == run["id"]

        # A second run reads only what changed since the first.
        fresh.advance(minutes=30)
        _, second = runs_of(api, pipeline.flow_id)
        changed = counted(fresh, pipeline.due_ms, pipeline.due_ms + 1_800_000)
        assert 0 < changed["inputRecordCount"] < wanted["inputRecordCount"] / 10
        assert summary(second) == changed

        # What was counted is there: the batch in Catalog, its refused rows in Data Access.
        batch_id = _batch_of(run)
        batch = api.get(f"{PLATFORM}/catalog/batches/{batch_id}").json()[batch_id]
        assert batch["status"] == "success"
        assert batch["relatedObjects"][0]["id"] == pipeline.dataset_id
        rows = _row_errors(api, batch_id)
        assert len(rows) == wanted["failedRecordCount"]
        assert {error["code"] for row in rows for error in row["_errors"]} <= {"1401", "1555"}


def _batch_of(run: dict[str, Any]) -> str:
    for activity in run["activities"]:
        for target in activity.get("targetInfo", []):
            if target["reference"]["type"] == "Batch":
                return str(target["reference"]["ids"][0])
    raise AssertionError("no activity names a batch")


def _row_errors(api: httpx.Client, batch_id: str) -> list[dict[str, Any]]:
    meta = f"{PLATFORM}/export/batches/{batch_id}/meta"
    names = [each["name"] for each in api.get(meta, params={"path": "row_errors"}).json()["data"]]
    rows: list[dict[str, Any]] = []
    for name in names:
        path = name if name.startswith("row_errors/") else f"row_errors/{name}"
        text = api.get(meta, params={"path": path}).text
        rows += [json.loads(line) for line in text.splitlines()]
    return rows


SCHEDULES = [
    ({}, "CONNECTORS-1317-400"),
    ({"interval": "14"}, "CONNECTORS-1362-400"),
    ({"frequency": "hour", "interval": 0}, "CONNECTORS-1363-400"),
    ({"frequency": "once"}, "CONNECTORS-1361-400"),
    ({"frequency": "once", "interval": None}, "CONNECTORS-1364-400"),
    ({"frequency": "once", "interval": None, "backfill": None}, "CONNECTORS-1369-400"),
    ({"frequency": "fortnight"}, "CONNECTORS-1397-400"),
    ({"startTime": "1593134665"}, "CONNECTORS-1360-400"),
    ({"startTime": "soon"}, "CONNECTORS-1340-400"),
]


def test_a_flow_that_breaks_a_rule_is_refused_by_that_rule(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        body = follow_the_tutorial(fresh, api, base_connection(client=api)).flow_body
        copy, mapping = body["transformations"]
        for change, code in SCHEDULES:
            schedule = body["scheduleParams"] | change if change else {}
            schedule = {name: value for name, value in schedule.items() if value is not None}
            assert _refused(api, body | {"scheduleParams": schedule}) == code, change
        cases: list[tuple[dict[str, Any], str]] = [
            ({"state": "enabled"}, "FLOW-1410-400"),
            ({"mode": "draft"}, "CONNECTORS-1368-400"),
            ({"sourceConnectionIds": []}, "CONNECTORS-1320-400"),
            ({"targetConnectionIds": ["a", "b"]}, "CONNECTORS-1321-400"),
            ({"sourceConnectionIds": ["nothing"]}, "FLOW-1439-404"),
            ({"transformations": [mapping]}, "CONNECTORS-1367-400"),
            ({"transformations": [copy]}, "CONNECTORS-1370-400"),
            ({"transformations": [copy, {"name": "Mapping"}]}, "CONNECTORS-1328-400"),
            (_mapped(copy, mapping, mappingId="nothing"), "FLOW-1419-400"),
            (_mapped(copy, mapping, mappingVersion=7), "FLOW-1412-400"),
            ({"options": {"partialIngestionPercent": 0}}, "FLOW-1400-400"),
        ]
        for change, code in cases:
            assert _refused(api, body | change) == code, change
        # A mapping set for another schema than the dataset's.
        other = api.post(
            f"{PLATFORM}/schemaregistry/tenant/schemas",
            json={
                "type": "object",
                "title": "Another",
                "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}],
            },
        ).json()
        elsewhere = created(
            api.post(
                f"{PLATFORM}/conversion/mappingSets",
                json={
                    "outputSchema": {"schemaRef": {"id": other["$id"], "contentType": XED}},
                    "mappings": [{"sourceType": "ATTRIBUTE", "source": "Id", "destination": "_id"}],
                },
            )
        )
        moved = _mapped(copy, mapping, mappingId=elsewhere["id"])
        assert _refused(api, body | moved) == "FLOW-1425-400"


def _mapped(copy: dict[str, Any], mapping: dict[str, Any], **params: Any) -> dict[str, Any]:
    return {"transformations": [copy, mapping | {"params": mapping["params"] | params}]}


def _refused(api: httpx.Client, body: dict[str, Any]) -> str:
    answer = api.post(f"{FLOWSERVICE}/flows", json=body)
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["type"]).rsplit("/", 1)[1]


def test_what_a_flow_stands_on_cannot_go_before_it(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        base_id = base_connection(client=api)
        pipeline = follow_the_tutorial(fresh, api, base_id)
        base = f"{FLOWSERVICE}/connections/{base_id}"
        answer = api.delete(base)
        assert answer.json()["type"].endswith("FLOW-1418-400")
        flow = f"{FLOWSERVICE}/flows/{pipeline.flow_id}"
        assert api.delete(flow).status_code == 204
        assert api.get(flow).status_code == 404
        assert api.delete(base).status_code == 204
        fresh.advance(hours=1)
        assert runs_of(api, pipeline.flow_id) == []


def test_a_flow_that_is_off_makes_no_runs_until_it_is_on(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        pipeline = follow_the_tutorial(fresh, api, base_connection(client=api))
        fresh.advance(minutes=12)
        action = f"{FLOWSERVICE}/flows/{pipeline.flow_id}/action"
        assert api.post(action, params={"op": "DISABLE"}).status_code == 200
        fresh.advance(hours=2)
        assert len(runs_of(api, pipeline.flow_id)) == 1
        assert _state(api, pipeline) == "disabled"
        assert api.post(action, params={"op": "enable"}).status_code == 200
        assert _state(api, pipeline) == "enabling"
        fresh.advance(minutes=45)
        assert _state(api, pipeline) == "enabled"
        assert len(runs_of(api, pipeline.flow_id)) == 2
        wrong = api.post(action, params={"op": "explode"})
        assert wrong.json()["type"].endswith("CONNECTORS-1398-400")


def _state(api: httpx.Client, pipeline: Pipeline) -> str:
    flow = api.get(f"{FLOWSERVICE}/flows/{pipeline.flow_id}").json()["items"][0]
    return str(flow["state"])


def test_a_started_flow_keeps_its_start_and_its_backfill(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        pipeline = follow_the_tutorial(fresh, api, base_connection(client=api))
        fresh.advance(minutes=12)
        url = f"{FLOWSERVICE}/flows/{pipeline.flow_id}"
        for path, value, code in (
            ("startTime", str(fresh.now_ms // 1000 + 600), "CONNECTORS-1366-400"),
            ("backfill", "false", "CONNECTORS-1404-400"),
            ("interval", "5", "CONNECTORS-1362-400"),
        ):
            answer = _patch(api, url, f"/scheduleParams/{path}", value)
            assert answer.json()["type"].endswith(code)
        assert _patch(api, url, "/scheduleParams/interval", "45").status_code == 200
        kept = api.get(url).json()["items"][0]
        assert kept["scheduleParams"]["interval"] == "45"
        assert kept["lastOperation"]["operation"] == "update"


def _patch(api: httpx.Client, url: str, path: str, value: Any) -> httpx.Response:
    etag = api.get(url).json()["items"][0]["etag"]
    operations = [{"op": "replace", "path": path, "value": value}]
    return api.patch(url, json=operations, headers={"If-Match": etag})


def test_a_failed_run_is_retried_over_its_own_window(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        pipeline = follow_the_tutorial(fresh, api, base_connection(client=api))
        incident = fresh.ask("incidents", kind="crm_down", sandbox="dev", flow=pipeline.flow_id)
        fresh.advance(minutes=12)
        (failed,) = runs_of(api, pipeline.flow_id)
        assert failed["metrics"]["statusSummary"]["status"] == "failed"
        codes = [error["code"] for error in failed["metrics"]["statusSummary"]["errors"]]
        assert "CONNECTOR-1001-500" in codes
        fresh.control.delete(f"/incidents/{incident['id']}")
        again = api.post(
            f"{FLOWSERVICE}/runs/{failed['id']}/action", params={"op": "re-trigger"}
        ).json()
        assert again["id"] != failed["id"]
        fresh.advance(minutes=10)
        retried = api.get(f"{FLOWSERVICE}/runs/{again['id']}").json()["items"][0]
        assert retried["metrics"]["statusSummary"]["status"] == "success"
        assert summary(retried) == counted(fresh, None, pipeline.due_ms)
        twice = api.post(f"{FLOWSERVICE}/runs/{again['id']}/action", params={"op": "re-trigger"})
        assert twice.json()["type"].endswith("CONNECTORS-1387-400")


def test_only_flows_that_run_once_run_on_demand(fresh: Rehearsal, base_connection: Maker) -> None:
    with fresh.client() as api:
        body = follow_the_tutorial(fresh, api, base_connection(client=api)).flow_body
        now_s = fresh.now_ms // 1000
        once = body | {
            "transformations": body["transformations"][1:],
            "scheduleParams": {"startTime": now_s + 60, "frequency": "once"},
        }
        flow_id = created(api.post(f"{FLOWSERVICE}/flows", json=once))["id"]
        fresh.advance(minutes=12)
        (first,) = runs_of(api, flow_id)
        assert summary(first)["inputRecordCount"] > 20_000
        window = {
            "startTime": now_s,
            "windowStartTime": now_s - 86_400,
            "windowEndTime": now_s,
            "deltaColumn": {"name": "LastModifiedDate"},
        }
        answer = api.post(f"{FLOWSERVICE}/runs", json={"flowId": flow_id, "params": window})
        (made,) = created(answer)["items"]
        fresh.advance(minutes=10)
        run = api.get(f"{FLOWSERVICE}/runs/{made['id']}").json()["items"][0]
        assert run["metrics"]["statusSummary"]["status"] == "success"
        wanted = counted(fresh, (now_s - 86_400) * 1000, now_s * 1000)
        assert summary(run) == wanted
        flow = api.get(f"{FLOWSERVICE}/flows/{flow_id}").json()["items"][0]
        assert flow["transformations"][0]["params"]["deltaColumn"]["name"] == "LastModifiedDate"
        for params, code in (
            ({}, "1384-400"),
            (window | {"windowEndTime": now_s - 90_000}, "1381-400"),
            (window | {"deltaColumn": {"name": "CreatedDate"}}, "1382-400"),
        ):
            refused = api.post(f"{FLOWSERVICE}/runs", json={"flowId": flow_id, "params": params})
            assert refused.json()["type"].endswith(code)


def test_a_draft_may_lack_its_schedule_until_it_is_published(
    fresh: Rehearsal, base_connection: Maker
) -> None:
    with fresh.client() as api:
        whole = follow_the_tutorial(fresh, api, base_connection(client=api)).flow_body
        late = ("transformations", "scheduleParams")
        draft = {name: value for name, value in whole.items() if name not in late}
        url = f"{FLOWSERVICE}/flows"
        flow_id = created(api.post(url, params={"mode": "draft"}, json=draft))["id"]
        assert api.get(f"{url}/{flow_id}").json()["items"][0]["state"] == "draft"
        action = f"{url}/{flow_id}/action"
        unready = api.post(action, params={"op": "publish"})
        assert unready.json()["type"].endswith("CONNECTORS-1317-400")
        for name in late:
            etag = api.get(f"{url}/{flow_id}").json()["items"][0]["etag"]
            operations = [{"op": "add", "path": f"/{name}", "value": whole[name]}]
            done = api.patch(f"{url}/{flow_id}", json=operations, headers={"If-Match": etag})
            assert done.status_code == 200, done.text
        assert api.post(action, params={"op": "publish"}).status_code == 200
        fresh.advance(minutes=12)
        assert api.get(f"{url}/{flow_id}").json()["items"][0]["state"] == "enabled"
        assert len(runs_of(api, flow_id)) == 1


def test_runs_are_found_by_their_times(finished: tuple[Rehearsal, str]) -> None:
    rehearsal, flow_id = finished
    with rehearsal.client() as api:
        (run,) = runs_of(api, flow_id)
        started = run["metrics"]["durationSummary"]["startedAtUTC"]

        def found(*properties: str) -> int:
            answer = api.get(
                f"{FLOWSERVICE}/runs", params=[("property", each) for each in properties]
            )
            return len(answer.json()["items"])

        assert found(f"createdAt>={run['createdAt']}") == 1
        assert found(f"createdAt>{run['createdAt']}") == 0
        path = "metrics.durationSummary.startedAtUTC"
        assert found(f"{path}<{started + 1}", f"{path}>{started - 1}") == 1
        assert found(f"{path}<{started}") == 0
        assert found("metrics.statusSummary.status==Success", f"flowId=={flow_id}") == 1
        assert found("state==success", f"flowId=={flow_id},nothing") == 1
        assert found("state==failed") == 0
        assert found("flowId==nothing") == 0


@pytest.mark.parametrize(
    ("quirk", "shown"),
    [
        ("missing-metrics", lambda run: "metrics" not in run),
        ("minus-one", lambda run: run["metrics"]["sizeSummary"]["inputBytes"] == -1),
        ("eTag", lambda run: "eTag" in run and "etag" not in run),
        ("activites", lambda run: "activites" in run and "activities" not in run),
        (
            "string-numbers",
            lambda run: isinstance(run["metrics"]["recordSummary"]["inputRecordCount"], str),
        ),
        (
            "unknown-status",
            lambda run: run["metrics"]["statusSummary"]["status"] == "awaitingReview",
        ),
    ],
)
def test_a_quirk_shows_while_it_is_on(
    finished: tuple[Rehearsal, str], quirk: str, shown: Callable[[dict[str, Any]], bool]
) -> None:
    rehearsal, flow_id = finished
    with rehearsal.client() as api:
        rehearsal.ask("quirks", **{quirk: "on"})
        try:
            assert shown(runs_of(api, flow_id)[0])
        finally:
            rehearsal.ask("quirks", **{quirk: "off"})
        assert not shown(runs_of(api, flow_id)[0])


@pytest.fixture(scope="module")
def finished(emulator: Rehearsal) -> tuple[Rehearsal, str]:
    """A world in which the tutorial's flow has run."""
    emulator.ask("reset")
    with emulator.client() as api:
        body = {
            "name": "Salesforce",
            "auth": {
                "specName": "Basic Authentication",
                "params": {
                    "environmentUrl": "https://example.my.salesforce.com",
                    "username": "x",
                    "password": "x",
                    "securityToken": "x",
                },
            },
            "connectionSpec": {"id": SALESFORCE},
        }
        base_id = created(api.post(f"{FLOWSERVICE}/connections", json=body))["id"]
        pipeline = follow_the_tutorial(emulator, api, base_id)
    emulator.advance(minutes=12)
    return emulator, pipeline.flow_id
