"""A pipeline file against a sandbox: made, reused, refused before the first write, unmade."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest

from aeptui.api import decode
from aeptui.api.errors import Conflict
from aeptui.api.services import Services
from aeptui.pipelines.apply import apply
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.plan import Secrets
from aeptui.pipelines.unmaking import Everything, everything_there, unmake, used_by_now
from aeptui.tomlfile import dotted
from tests.emulated import Rehearsal
from tests.pipelines import crm
from tests.pipelines.crm import FLOWS, all_of
from tests.pipelines.files import CONTACTS, applied, changed, held_against, lookups_on, read

KINDS = ("connections", "sourceConnections", "targetConnections", "flows")


def counts(platform: Rehearsal) -> Counter[str]:
    """How many there are of each kind."""
    with platform.client() as api:
        found = Counter({kind: len(api.get(f"{FLOWS}/{kind}").json()["items"]) for kind in KINDS})
        found["dataSets"] = len(api.get(f"{crm.PLATFORM}/catalog/dataSets").json())
        accept = {"Accept": "application/vnd.adobe.xed-id+json"}
        schemas = api.get(f"{crm.PLATFORM}/schemaregistry/tenant/schemas", headers=accept)
        found["schemas"] = len(schemas.json()["results"])
    return found


def writes(platform: Rehearsal) -> list[dict[str, Any]]:
    asked = ("/ims/", "/validate", "/preview")
    return [
        each
        for each in platform.requests()
        if each["method"] != "GET" and not any(part in each["path"] for part in asked)
    ]


async def test_a_file_makes_a_flow_that_runs_and_a_second_time_there_is_nothing_to_do(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    file, before = read(CONTACTS), len(writes(platform))
    events = await applied(services, journal, file)
    assert sum(counts(platform).values()) == 6
    flow_id = events[-1].stands[-1][1].id
    sent = len(writes(platform))
    assert sent - before == 8  # the six, the mapping set, and the identity
    again = await held_against(services, file)
    assert again.done and {part.verdict for part in again.parts} == {"reuse"}
    assert len(writes(platform)) == sent
    platform.advance(minutes=20)
    (run,) = [run async for page in services.flows.list_runs(flow_id=flow_id) for run in page]
    assert run.state == "success" and run.received


async def test_what_is_half_there_is_completed(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    file = read(CONTACTS)
    events = await applied(services, journal, file)
    (_, flow) = events[-1].stands[-1]
    with platform.client() as api:
        api.delete(f"{FLOWS}/flows/{flow.id}").raise_for_status()
    rest = await held_against(services, file)
    assert [step.name for step in rest.steps] == ["flow"]
    await applied(services, journal, file)
    assert counts(platform) == Counter(
        connections=1, sourceConnections=1, targetConnections=1, flows=1, dataSets=1, schemas=1
    )


async def test_what_differs_is_told_field_by_field_with_its_line(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    await applied(services, journal, read(CONTACTS))
    other = changed(
        {
            "interval = 30": "interval = 45",
            '"LastName", "Email"': '"Email"',
            'concat(FirstName, \\" \\", LastName)': "FirstName",
            'environmentUrl = "https://example': 'environmentUrl = "https://other',
            "Email is not null": "Email is null",
        }
    )
    resolved = await held_against(services, read(other))
    assert {fault.key for fault in resolved.faults} == {
        "source_connection.columns",
        "source_connection.filter",
        "base_connection.auth.environmentUrl",
    }
    assert resolved.steps == ()
    lines = other.split("\n")
    told = {dotted(each.key) for part in resolved.parts for each in part.differences}
    assert {"flow.schedule.interval", "mapping_set.fields[1]"} < told
    at = {fault.key: lines[(fault.line or 0) - 1] for fault in resolved.faults}
    assert at["source_connection.filter"] == 'filter = "Email is null"'


async def test_what_may_be_changed_is_brought_into_line_by_one_plan(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    events = await applied(services, journal, read(CONTACTS))
    flow_id = events[-1].stands[-1][1].id
    platform.advance(minutes=12)  # it has settled and can be changed
    other = read(
        changed(
            {
                "interval = 30": "interval = 45",
                "partial_ingestion_percent = 5": "partial_ingestion_percent = 0",
                'concat(FirstName, \\" \\", LastName)': "FirstName",
            }
        )
    )
    resolved = await held_against(services, other)
    assert resolved.faults == ()
    assert [step.method for step in resolved.steps] == ["PUT", "PATCH", "PATCH"]
    assert {part.part for part in resolved.parts if part.verdict == "change"} == {
        "mapping_set",
        "flow",
    }
    await applied(services, journal, other)
    assert (await held_against(services, other)).done
    flow = await services.flows.get_flow(flow_id)
    assert (flow.interval, flow.mapping_version, flow.partial_ingestion_percent) == (45, 1, None)


async def test_of_two_who_change_a_flow_at_once_the_second_is_told_and_nothing_is_lost(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    events = await applied(services, journal, read(CONTACTS))
    flow_id = events[-1].stands[-1][1].id
    platform.advance(minutes=12)
    mine, theirs = [
        await held_against(services, read(changed({"interval = 30": f"interval = {minutes}"})))
        for minutes in (45, 60)
    ]
    for resolved, ends in ((theirs, "finished"), (mine, "failed")):
        plan = crm.plan(services, *resolved.steps, title="Change")
        last = (await all_of(apply(plan, Secrets(), services, journal)))[-1]
        assert last.what == ends
    assert isinstance(last.error, Conflict) and last.error.status == 412
    assert (await services.flows.get_flow(flow_id)).interval == 60


async def test_what_is_frozen_once_a_flow_has_started_is_refused_with_the_reason(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    await applied(
        services, journal, read(changed({"interval = 30": "interval = 30\nbackfill = true"}))
    )
    platform.advance(minutes=30)
    other = read(changed({"interval = 30": "interval = 30\nbackfill = false"}))
    (fault,) = (await held_against(services, other)).faults
    assert fault.key == "flow.schedule.backfill" and "started" in fault.sentence


REFUSED = [
    (
        {"frequency = ": "start = 2020-01-01T00:00:00Z\nfrequency = "},
        "flow.schedule.start",
        "passed",
    ),
    ({'"person.name.fullName"': '"person.name.nick"'}, "mapping_set.fields[1]", "no field"),
    ({'"salesforce"': '"salesfroce"'}, "base_connection.connector", "Did you mean salesforce"),
    (
        {'{ env = "CRM_PASSWORD" }': '{ env = "NOWHERE" }'},
        "base_connection.auth.password",
        "not set",
    ),
    ({'password = { env = "CRM_PASSWORD" }\n': ""}, "base_connection.auth.password", "is needed"),
    ({'"CRM record details"': '"CRM record detials"'}, "schema.field_groups", "Did you mean CRM"),
    ({"Email is not null": "Email is not"}, "source_connection.filter", "null"),
    ({"interval = 30": "interval = 5"}, "flow.schedule.interval", "at least 15"),
    ({'namespace = "Email"': 'namespace = "Emial"'}, "mapping_set.fields[2]", "namespace"),
]


@pytest.mark.parametrize(("changes", "key", "sentence"), REFUSED)
async def test_what_cannot_be_made_is_refused_before_the_first_write(
    emulator: Rehearsal, services: Services, changes: dict[str, str], key: str, sentence: str
) -> None:
    before = len(writes(emulator))
    resolved = await held_against(services, read(changed(changes)))
    (fault,) = resolved.faults
    assert (fault.key, fault.line is not None) == (key, True)
    assert sentence in fault.sentence
    assert resolved.steps == () and len(writes(emulator)) == before


async def test_a_name_alone_must_exist(emulator: Rehearsal, services: Services) -> None:
    start, end = CONTACTS.index("connector ="), CONTACTS.index("\n[source_connection]")
    resolved = await held_against(services, read(CONTACTS[:start] + CONTACTS[end:]))
    (fault,) = resolved.faults
    assert fault.key == "base_connection.name" and "to make it" in fault.sentence


async def test_a_name_that_fits_two_is_refused_until_an_id_settles_it(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    with platform.client() as api:
        ids = [
            api.post(
                f"{FLOWS}/connections",
                json={
                    "name": "Salesforce prod",
                    "auth": {
                        "specName": "Basic Authentication",
                        "params": {
                            "environmentUrl": "https://example.my.salesforce.com",
                            "username": "integration@example.com",
                            "password": "x",
                            "securityToken": "y",
                        },
                    },
                    "connectionSpec": crm.SALESFORCE,
                },
            ).json()["id"]
            for _ in range(2)
        ]
    (fault,) = (await held_against(services, read(CONTACTS))).faults
    assert fault.key == "base_connection.name" and all(id in fault.sentence for id in ids)
    settled = changed({'name = "Salesforce prod"': f'name = "Salesforce prod"\nid = "{ids[1]}"'})
    resolved = await held_against(services, read(settled))
    assert resolved.faults == () and resolved.parts[0].id == ids[1]


async def test_destroy_takes_back_what_a_plan_made_and_names_what_stays(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    file = read(CONTACTS)
    await applied(services, journal, file)
    unmaking = await unmake(file, services, lookups_on(services), journal.made)
    assert [step.name for step in unmaking.steps] == [
        "flow",
        "source_connection",
        "target_connection",
        "dataset",
        "schema",
        "base_connection",
    ]
    (stays,) = [part for part in unmaking.parts if part.stays]
    assert stays.part == "mapping_set" and "no documented way" in stays.stays
    plan = crm.plan(services, *unmaking.steps, title="Unmake")
    events = await all_of(apply(plan, Secrets(), services, journal))
    assert events[-1].what == "finished"
    assert sum(counts(platform).values()) == 0
    assert (await unmake(file, services, lookups_on(services), journal.made)).parts == ()


async def test_destroy_spares_what_others_use_and_what_no_plan_here_made(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    file = read(CONTACTS)
    await applied(services, journal, file)
    asked = await unmake(file, services, lookups_on(services), journal.made)
    going = [part for part in asked.parts if not part.stays]
    assert used_by_now(await everything_there(services), going) == ""
    second = read(
        changed({'[flow]\nname = "Salesforce contacts"': '[flow]\nname = "The same again"'})
    )
    await applied(services, journal, second)
    used = used_by_now(await everything_there(services), going)
    assert used == "The same again uses the source connection Salesforce contacts by now"

    async def nothing(_ids: object) -> set[str]:
        return set()

    unmaking = await unmake(file, services, lookups_on(services), nothing)
    assert [step.name for step in unmaking.steps] == ["flow"]
    told = {part.part: part.stays for part in unmaking.parts}
    assert told["source_connection"] == told["target_connection"] == "The same again uses it"
    with platform.client() as api:
        for flow in api.get(f"{FLOWS}/flows").json()["items"]:
            if flow["name"] == "The same again":
                api.delete(f"{FLOWS}/flows/{flow['id']}")
    unmaking = await unmake(file, services, lookups_on(services), nothing, ["dataset"])
    names = [step.name for step in unmaking.steps]
    assert names == ["flow", "source_connection", "target_connection", "dataset"]


def test_a_base_connection_that_a_destination_uses_is_used() -> None:
    target = decode.target_connection(b'{"id": "t", "name": "Out", "baseConnectionId": "b"}')
    there = Everything([], [], [target], [])
    assert there.users("b") == [target] and there.users("c") == []


async def test_a_sandbox_that_changed_since_a_plan_was_shown_gives_another_plan(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    """What `apply` holds against each other between showing and sending."""
    shown = await held_against(services, read(CONTACTS))
    assert shown.same_as(await held_against(services, read(CONTACTS)))
    with platform.client() as api:
        accept = {"Accept": "application/vnd.adobe.xed-id+json"}
        path = f"{crm.PLATFORM}/schemaregistry/tenant/fieldgroups"
        (group,) = [
            each
            for each in api.get(path, headers=accept).json()["results"]
            if each["title"] == "CRM record details"
        ]
        change = [
            {
                "op": "remove",
                "path": "/definitions/customFields/properties/_rehearsal/properties/crmId",
            },
            {"op": "remove", "path": "/definitions/customFields/properties/_rehearsal/required"},
        ]
        answer = api.patch(f"{path}/{quote(group['$id'], safe='')}", json=change)
        assert answer.status_code == 200, answer.text
    now = await held_against(services, read(CONTACTS))
    assert not shown.same_as(now)
    (fault,) = now.faults
    assert fault.key == "mapping_set.fields[0]" and "no field _rehearsal.crmId" in fault.sentence
