"""The wizard's pages, driven without a screen: from empty answers to a finished first run."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from aeptui.api.services import Services
from aeptui.api.settings import Secret
from aeptui.forms import crm_flow
from aeptui.forms.lookups import Lookups
from aeptui.pipelines.apply import apply
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.plan import Plan, Ref, Secrets, dumps
from aeptui.pipelines.request import preview
from tests.emulated import Rehearsal
from tests.emulator.tutorial import counted, follow_the_tutorial, runs_of, summary
from tests.forms.conftest import make_base, tenant_group

PERSON = "https://ns.adobe.com/xdm/context/profile-person-details"
PERSONAL = "https://ns.adobe.com/xdm/context/profile-personal-details"
SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
PAIRS = {
    "Id": "_rehearsal.crmId",
    "FirstName": "person.name.firstName",
    "LastName": "person.name.lastName",
    "Description": "_rehearsal.note",
}


def answers_for(base_id: str, group: str) -> dict[str, Any]:
    """What a person answers who follows the tutorial; all else is left as proposed."""
    return {
        "base_connection.existing": base_id,
        "source_connection.table": "Contact",
        "source_connection.columns": [*PAIRS, "LastModifiedDate"],
        "schema.name": "Salesforce contact",
        "schema.field_groups": [PERSON, group],
        "mapping_set.pairs": [
            {"source": source, "destination": destination} for source, destination in PAIRS.items()
        ],
    }


def plan_of(steps: tuple[Any, ...], services: Services, platform: Rehearsal) -> Plan:
    return Plan(
        title="Salesforce contacts",
        steps=steps,
        profile="rehearsal",
        host=platform.url,
        org=platform.org,
        sandbox="dev",
        made_at=services.clock.now(),
    )


def the_flow(api: httpx.Client) -> dict[str, Any]:
    (flow,) = api.get("/data/foundation/flowservice/flows").json()["items"]
    return dict(flow)


def identities(api: httpx.Client) -> list[dict[str, Any]]:
    held = api.get(
        "/data/foundation/schemaregistry/tenant/descriptors",
        headers={"Accept": "application/vnd.adobe.xdm+json"},
    ).json()
    return list(held["xdm:descriptorIdentity"])


async def test_the_plan_ends_in_a_run_whose_numbers_are_counts_of_the_crm(
    fresh: Rehearsal, api: httpx.Client, services: Services, lookups: Lookups, journal: Journal
) -> None:
    answers = answers_for(make_base(api), tenant_group(api))
    await crm_flow.settled(answers, lookups)
    assert crm_flow.check_all(answers, lookups) == {}
    steps = crm_flow.steps(answers, lookups)
    assert [step.name for step in steps] == [
        "source_connection",
        "schema",
        "dataset",
        "target_connection",
        "mapping_set",
        "flow",
    ]
    plan = plan_of(steps, services, fresh)
    events = [
        event async for event in apply(plan, crm_flow.secrets(answers, lookups), services, journal)
    ]
    assert events[-1].what == "finished", events[-1]
    flow = the_flow(api)
    due_ms = int(flow["scheduleParams"]["startTime"]) * 1000
    assert due_ms > fresh.now_ms
    fresh.advance(minutes=22)
    (run,) = runs_of(api, flow["id"])
    assert run["metrics"]["statusSummary"]["status"] == "success"
    assert summary(run) == counted(fresh, None, due_ms)


async def test_the_bodies_are_those_of_the_tutorial(
    fresh: Rehearsal, api: httpx.Client, services: Services, lookups: Lookups
) -> None:
    base_id, group = make_base(api), tenant_group(api)
    answers = answers_for(base_id, group)
    await crm_flow.settled(answers, lookups)
    bodies = {step.name: step.body for step in crm_flow.steps(answers, lookups)}
    columns: list[dict[str, Any]] = [
        {"name": name, "type": "string", "meta:xdmType": "string", "xdm": {"type": "string"}}
        for name in PAIRS
    ]
    columns.append(
        {
            "name": "LastModifiedDate",
            "type": "string",
            "meta:xdmType": "date-time",
            "xdm": {"type": "string", "format": "date-time"},
        }
    )
    in_order = {column["name"]: column for column in columns}
    source = bodies["source_connection"]
    assert {each["name"]: each for each in source["params"].pop("columns")} == in_order
    assert source == {
        "name": "Salesforce prod Contact",
        "baseConnectionId": base_id,
        "data": {"format": "tabular"},
        "params": {"tableName": "Contact"},
        "connectionSpec": {"id": SALESFORCE, "version": "1.0"},
    }
    assert bodies["schema"] == {
        "type": "object",
        "title": "Salesforce contact",
        "description": "",
        "allOf": [
            {"$ref": "https://ns.adobe.com/xdm/context/profile"},
            {"$ref": PERSON},
            {"$ref": group},
        ],
    }
    assert bodies["dataset"]["schemaRef"] == {
        "id": Ref("schema"),
        "contentType": "application/vnd.adobe.xed-full-notext+json; version=1",
    }
    target = bodies["target_connection"]
    assert target["data"] == {
        "schema": {
            "id": Ref("schema"),
            "version": "application/vnd.adobe.xed-full+json;version=1",
        }
    }
    assert target["params"] == {"dataSetId": Ref("dataset")}
    assert target["connectionSpec"]["id"] == "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
    assert bodies["mapping_set"] == {
        "version": 0,
        "xdmSchema": Ref("schema"),
        "xdmVersion": "1.0",
        "id": None,
        "mappings": [
            {
                "destinationXdmPath": destination,
                "sourceAttribute": source,
                "identity": False,
                "identityGroup": None,
                "namespaceCode": None,
                "version": 0,
            }
            for source, destination in PAIRS.items()
        ],
    }
    flow = bodies["flow"]
    assert flow["flowSpec"] == {"id": "14518937-270c-4525-bdec-c2ba7cce3860", "version": "1.0"}
    assert flow["sourceConnectionIds"] == [Ref("source_connection")]
    assert flow["targetConnectionIds"] == [Ref("target_connection")]
    delta = {"name": "LastModifiedDate", "dateFormat": "yyyy-MM-dd HH:mm:ss", "timezone": "UTC"}
    assert flow["transformations"] == [
        {"name": "Copy", "params": {"deltaColumn": delta}},
        {
            "name": "Mapping",
            "params": {
                "mappingId": Ref("mapping_set"),
                "mappingVersion": Ref("mapping_set", "version"),
            },
        },
    ]
    assert flow["options"] == {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5}
    assert set(flow["scheduleParams"]) == {"startTime", "frequency", "interval", "backfill"}
    assert flow["scheduleParams"]["interval"] == "30"


async def test_with_a_new_base_connection_there_are_seven_writes_and_no_secret_in_the_plan(
    fresh: Rehearsal, api: httpx.Client, services: Services, lookups: Lookups, journal: Journal
) -> None:
    planted = "planted-4711"
    answers = answers_for("", tenant_group(api)) | {
        "base_connection.make": "new",
        "base_connection.connector": SALESFORCE,
        "base_connection.auth.environmentUrl": "https://acme.my.salesforce.com",
        "base_connection.auth.username": "aep@example.com",
        "base_connection.auth.password": Secret(planted),
        "base_connection.auth.securityToken": Secret(f"{planted}-token"),
        "source_connection.columns": "",
        "flow.delta_column": "LastModifiedDate",
    }
    await crm_flow.settled(answers, lookups)
    assert crm_flow.check_all(answers, lookups) == {}
    steps = crm_flow.steps(answers, lookups)
    assert len(steps) == 7
    plan = plan_of(steps, services, fresh)
    shown = dumps(plan) + repr(plan) + "".join(str(preview(step).body) for step in steps)
    assert planted not in shown
    secrets = crm_flow.secrets(answers, lookups)
    assert sorted(secrets) == ["CRM_PASSWORD", "CRM_SECURITY_TOKEN"]
    assert planted not in repr(secrets)
    events = [event async for event in apply(plan, secrets, services, journal)]
    assert events[-1].what == "finished", events[-1]
    fresh.advance(minutes=22)
    flow = the_flow(api)
    (run,) = runs_of(api, flow["id"])
    assert run["metrics"]["statusSummary"]["status"] == "success"


async def test_everything_that_exists_can_be_used_again(
    fresh: Rehearsal, api: httpx.Client, services: Services, lookups: Lookups, journal: Journal
) -> None:
    base_id = make_base(api)
    answers = answers_for(base_id, tenant_group(api))
    await crm_flow.settled(answers, lookups)
    plan = plan_of(crm_flow.steps(answers, lookups), services, fresh)
    made: dict[str, str] = {}
    async for event in apply(plan, crm_flow.secrets(answers, lookups), services, journal):
        assert event.what in ("sending", "done", "finished"), event
        made |= {step.name: known.id for step, known in event.stands}
    again: dict[str, Any] = {"base_connection.existing": base_id}
    for part in ("source_connection", "schema", "dataset", "target_connection", "mapping_set"):
        again |= {f"{part}.make": "existing", f"{part}.existing": made[part]}
    await crm_flow.settled(again, lookups)
    assert crm_flow.check_all(again, lookups) == {}
    (step,) = crm_flow.steps(again, lookups)
    assert step.body["sourceConnectionIds"] == [made["source_connection"]]
    assert step.body["transformations"][1]["params"] == {
        "mappingId": made["mapping_set"],
        "mappingVersion": 0,
    }
    assert [what for what, _ in crm_flow.reused(again, lookups)] == [
        "base connection",
        "source connection",
        "schema",
        "dataset",
        "target connection",
        "mapping set",
    ]
    # A dataset of this schema does not go with another one.
    other = {**again, "schema.make": "new", "schema.field_groups": [PERSON], "schema.name": "Other"}
    await crm_flow.settled(other, lookups)
    faults = crm_flow.check_all(other, lookups)
    assert faults["dataset.existing"] == "This dataset has another schema than the one chosen"
    assert faults["mapping_set.existing"].startswith("This mapping set fills another schema")


async def test_a_page_says_which_page_comes_first(lookups: Lookups) -> None:
    await crm_flow.settled({}, lookups)
    pages = {page.name: page for page in crm_flow.PAGES}
    assert crm_flow.check(pages["table"], {}, lookups) == {
        "source_connection.make": "The page Source comes first"
    }
    assert crm_flow.check(pages["source"], {}, lookups) == {
        "base_connection.existing": "Choose an existing base connection"
    }


async def test_identities_marked_while_mapping_become_steps(
    fresh: Rehearsal, api: httpx.Client, services: Services, lookups: Lookups, journal: Journal
) -> None:
    answers = answers_for(make_base(api), tenant_group(api))
    answers["mapping_set.pairs"][0] |= {"namespace": "CRMID", "primary": True}
    await crm_flow.settled(answers, lookups)
    assert crm_flow.check_all(answers, lookups) == {}
    steps = crm_flow.steps(answers, lookups)
    (mark,) = [step for step in steps if step.path.endswith("/descriptors")]
    assert mark.body == {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": Ref("schema"),
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/_rehearsal/crmId",
        "xdm:namespace": "CRMID",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
    }
    plan = plan_of(steps, services, fresh)
    events = [e async for e in apply(plan, crm_flow.secrets(answers, lookups), services, journal)]
    assert events[-1].what == "finished", events[-1]
    assert [each["xdm:isPrimary"] for each in identities(api)] == [True]


def test_going_back_loses_no_answer_but_those_that_mean_nothing_any_more() -> None:
    answers = answers_for("a", "group") | {"flow.name": "Nightly"}
    again = crm_flow.change(answers, "source_connection.table", "Account")
    assert "mapping_set.pairs" not in again
    assert "source_connection.columns" not in again
    assert again["schema.name"] == "Salesforce contact"
    assert again["flow.name"] == "Nightly"
    assert crm_flow.change(answers, "source_connection.table", "Contact") == answers


@pytest.mark.parametrize("answers", [{}, {"base_connection.existing": "no-such-id"}])
async def test_answers_are_kept_as_json(answers: dict[str, Any], lookups: Lookups) -> None:
    await crm_flow.settled(answers, lookups)
    for page in crm_flow.PAGES:
        for field in crm_flow.fields(page, answers, lookups):
            json.dumps(field.default)
    if answers:
        assert "no-such-id" in crm_flow.check_all(answers, lookups)["base_connection.existing"]


KINDS = ("sourceConnections", "targetConnections", "flows")


def stored(api: httpx.Client) -> dict[str, list[dict[str, Any]]]:
    """Everything that was made, oldest first."""
    found = {
        kind: api.get(f"/data/foundation/flowservice/{kind}").json()["items"] for kind in KINDS
    }
    datasets = api.get("/data/foundation/catalog/dataSets").json()
    found["dataSets"] = [{"id": id, **each} for id, each in datasets.items()]
    found["mappingSets"] = api.get("/data/foundation/conversion/mappingSets").json()["data"]
    found["schemas"] = api.get(
        "/data/foundation/schemaregistry/tenant/schemas",
        headers={"Accept": "application/vnd.adobe.xed+json"},
    ).json()["results"]
    return found


def without_ids(value: Any, ids: dict[str, str]) -> Any:
    """A resource with what differs from one making to the next left out or made the same."""
    if isinstance(value, dict):
        return {
            key: without_ids(inner, ids)
            for key, inner in value.items()
            if key
            not in ("id", "$id", "etag", "eTag", "version", "meta:altId", "basePath", "viewId")
            and not key.lower().startswith(("created", "updated", "modified"))
            # The tutorial's columns do without it; the source tells it.
            and not (key == "meta:xdmType" and inner == "string")
        }
    if isinstance(value, list):
        return [without_ids(inner, ids) for inner in value]
    if isinstance(value, str):
        for id, kind in ids.items():
            value = value.replace(id, kind)
    return value


async def test_what_it_makes_is_what_the_tutorials_own_calls_make(
    fresh: Rehearsal, api: httpx.Client, services: Services, lookups: Lookups, journal: Journal
) -> None:
    base_id = make_base(api)
    follow_the_tutorial(fresh, api, base_id)
    tutorial = stored(api)
    named = {
        kind: str(items[0].get("name") or items[0].get("title")) for kind, items in tutorial.items()
    }
    due = tutorial["flows"][0]["scheduleParams"]["startTime"]
    about = {f"{part}.description": "Salesforce contacts" for part in ("flow", "target_connection")}
    answers = answers_for(base_id, tenant_group(api)) | about
    answers |= {
        "source_connection.name": named["sourceConnections"],
        "source_connection.description": "Salesforce contacts",
        "schema.name": f"{named['schemas']} again",  # no two schemas have the same title
        "schema.description": "Contacts as Salesforce has them",
        "dataset.name": named["dataSets"],
        "target_connection.name": named["targetConnections"],
        "flow.name": named["flows"],
        "flow.start": due,
    }
    await crm_flow.settled(answers, lookups)
    assert crm_flow.check_all(answers, lookups) == {}
    plan = plan_of(crm_flow.steps(answers, lookups), services, fresh)
    events = [
        event async for event in apply(plan, crm_flow.secrets(answers, lookups), services, journal)
    ]
    assert events[-1].what == "finished", events[-1]
    both = stored(api)
    ids = {f"{named['schemas']} again": named["schemas"]}
    for kind, items in both.items():
        assert len(items) == 2, kind
        ids |= {str(item.get("id") or item.get("$id")): kind for item in items}
    for kind, (first, second) in both.items():
        assert without_ids(first, ids) == without_ids(second, ids), kind


async def test_the_proposals_alone_make_a_flow_whose_first_run_ends_well(
    fresh: Rehearsal, api: httpx.Client, services: Services, lookups: Lookups, journal: Journal
) -> None:
    answers = {
        "base_connection.existing": make_base(api),
        "source_connection.table": "Contact",
        "schema.field_groups": [PERSON, PERSONAL, tenant_group(api)],
    }
    await crm_flow.settled(answers, lookups)
    assert crm_flow.check_all(answers, lookups) == {}
    plan = plan_of(crm_flow.steps(answers, lookups), services, fresh)
    seen = [event async for event in apply(plan, Secrets(), services, journal)]
    assert seen[-1].what == "finished", str(seen[-1])
    fresh.advance(minutes=22)
    (run,) = runs_of(api, the_flow(api)["id"])
    assert run["metrics"]["statusSummary"]["status"] == "success"
    counts = summary(run)
    assert counts["failedRecordCount"] < counts["inputRecordCount"] * 0.05
