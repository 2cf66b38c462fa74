"""An export says the flow: planned where it stands there is nothing to do, elsewhere it is made again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from aeptui.api.services import Services
from aeptui.forms.lookups import Lookups
from aeptui.pipelines.chain import NotSayable
from aeptui.pipelines.exporting import export
from aeptui.pipelines.file import PipelineFile
from aeptui.pipelines.file_text import Remark, written
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.resolving import resolve
from tests.emulated import STILL, Rehearsal, demo_world, emulated
from tests.emulator.tutorial import SALESFORCE, created, follow_the_tutorial
from tests.forms.conftest import make_base
from tests.pipelines import crm
from tests.pipelines.conftest import no_nap
from tests.pipelines.crm import FLOWS
from tests.pipelines.files import CONTACTS, applied, held_against, lookups_on, read


async def exported(
    services: Services, flow_id: str, lookups: Lookups | None = None
) -> tuple[PipelineFile, tuple[Remark, ...]]:
    """The file of a flow, written and read again."""
    file, remarks = await export(services, lookups or lookups_on(services), flow_id)
    again = read(written(file, remarks))
    assert again == file
    return again, remarks


async def test_a_plan_on_the_export_of_a_flow_of_a_file_is_empty_and_says_the_same(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    events = await applied(services, journal, read(CONTACTS))
    file, remarks = await exported(services, events[-1].stands[-1][1].id)
    assert (await held_against(services, file)).done
    assert [remark.part for remark in remarks] == ["CRM record details"]  # it fits more classes
    assert file.flow.schedule.start is not None  # still to come, so it is said
    said = read(CONTACTS)
    assert file.mapping_set == said.mapping_set
    assert file.source_connection == replace(said.source_connection, format="tabular")
    assert file.base_connection.auth is not None and said.base_connection.auth is not None
    assert {k: str(v) for k, v in file.base_connection.auth.items()} == {
        k: str(v) for k, v in said.base_connection.auth.items()
    }


async def test_a_plan_on_the_export_of_the_tutorials_own_flow_is_empty(
    platform: Rehearsal, services: Services
) -> None:
    with platform.client() as api:
        pipeline = follow_the_tutorial(platform, api, make_base(api))
    file, _ = await exported(services, pipeline.flow_id)
    assert (await held_against(services, file)).done


def a_flow_by_aepp(platform: Rehearsal, api: httpx.Client) -> str:
    """The calls that Adobe's own client makes, with the little that it says; answers the id."""
    pipeline = follow_the_tutorial(platform, api, make_base(api))
    body = pipeline.flow_body
    columns = ("Id", "FirstName", "LastName", "LastModifiedDate")
    (old,) = api.get(f"{FLOWS}/sourceConnections").json()["items"]
    source = created(
        api.post(
            f"{FLOWS}/sourceConnections",
            json={
                "name": "Contacts",
                "baseConnectionId": old["baseConnectionId"],
                "data": {"format": "tabular"},
                "params": {
                    "tableName": "Contact",
                    "columns": [{"name": name, "type": "string"} for name in columns],
                },
                "connectionSpec": {"id": SALESFORCE, "version": "1.0"},
            },
        )
    )
    body |= {
        "name": "By aepp",
        "sourceConnectionIds": [source["id"]],
        "transformations": [
            {"name": "Copy", "params": {"deltaColumn": {"name": "LastModifiedDate"}}},
            body["transformations"][1],
        ],
        "scheduleParams": {
            "startTime": platform.now_ms // 1000 + 60,
            "frequency": "minute",
            "interval": 15,
            "backfill": False,
        },
        "options": {"errorDiagnosticsEnabled": True},
    }
    return str(created(api.post(f"{FLOWS}/flows", json=body))["id"])


async def test_numbers_that_are_texts_and_columns_without_types_make_no_difference(
    platform: Rehearsal, services: Services
) -> None:
    with platform.client() as api:
        flow_id = a_flow_by_aepp(platform, api)
    file, _ = await exported(services, flow_id)
    assert (await held_against(services, file)).done
    assert file.flow.partial_ingestion_percent == 0 and file.flow.schedule.backfill is False


async def test_two_flows_of_one_name_are_told_apart_by_the_id_in_their_exports(
    platform: Rehearsal, services: Services
) -> None:
    with platform.client() as api:
        pipeline = follow_the_tutorial(platform, api, make_base(api))
        body = pipeline.flow_body | {"options": {"errorDiagnosticsEnabled": False}}
        second = created(api.post(f"{FLOWS}/flows", json=body))["id"]
    for flow_id in (pipeline.flow_id, second):
        file, _ = await exported(services, flow_id)
        assert file.flow.id == flow_id
        assert (await held_against(services, file)).done


async def test_what_a_file_cannot_say_is_a_remark_or_an_error(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    events = await applied(services, journal, read(CONTACTS))
    made = {step.name: made.id for step, made in events[-1].stands}
    platform.advance(minutes=12)
    with platform.client() as api:
        api.post(f"{FLOWS}/flows/{made['flow']}/action?op=disable").raise_for_status()
        platform.advance(minutes=12)
        url = f"{crm.PLATFORM}/catalog/dataSets/{made['dataset']}"
        change = {
            "tags": {"ours": ["x"]},
            "extensions": {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "P30D"}}},
        }
        api.patch(url, json=change).raise_for_status()
    _, remarks = await exported(services, made["flow"])
    told = " ".join(remark.sentence for remark in remarks)
    for word in ("Off on the platform", "rows expire", "tag ours", "first run was due"):
        assert word in told


async def test_a_copy_in_another_sandbox_is_exported_as_the_original_but_for_ids(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    events = await applied(services, journal, read(CONTACTS))
    platform.advance(hours=1)
    original, _ = await exported(services, events[-1].stands[-1][1].id)
    renamed = replace_group(original, "Details of our own")
    async with Services(platform.settings(sandbox="empty"), sleep=no_nap) as elsewhere:
        for file in (original, renamed):
            there = await held_against(elsewhere, file)
            assert there.faults == ()
        assert there.steps[0].title == "Create the field group Details of our own"
        events = await applied(elsewhere, journal, renamed)
        assert (await held_against(elsewhere, renamed)).done  # and so it can be run again
        platform.advance(hours=1)
        copy, _ = await exported(elsewhere, events[-1].stands[-1][1].id)
        assert (await held_against(elsewhere, copy)).done
    assert plainly(copy) == plainly(renamed)


async def test_another_organisations_paths_are_its_own(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    events = await applied(services, journal, read(CONTACTS))
    original, _ = await exported(services, events[-1].stands[-1][1].id)
    text = written(replace_group(original, "Brought along")).replace("rehearsal", "acme")
    assert '"_acme.crmId"' in text and 'tenant = "acme"' in text
    async with Services(platform.settings(sandbox="empty"), sleep=no_nap) as elsewhere:
        events = await applied(elsewhere, journal, read(text))
        copy, _ = await exported(elsewhere, events[-1].stands[-1][1].id)
    assert "acme" not in written(copy)
    assert plainly(copy) == plainly(replace_group(original, "Brought along"))


def replace_group(file: PipelineFile, name: str) -> PipelineFile:
    """The file with its own field group under a name that no sandbox has yet."""
    (group,) = file.field_groups
    assert file.schema.field_groups is not None
    names = tuple(name if each == group.name else each for each in file.schema.field_groups)
    return replace(
        file,
        field_groups=(replace(group, name=name),),
        schema=replace(file.schema, field_groups=names),
    )


def plainly(file: PipelineFile) -> dict[str, Any]:
    """What a file says, without the time at which a first run is still to come."""
    schedule = replace(file.flow.schedule, start=None)
    return {
        name: getattr(file, name)
        for name in file.__dataclass_fields__
        if name not in ("source", "flow")
    } | {"flow": replace(file.flow, schedule=schedule)}


async def test_every_flow_of_the_demos_sandbox_is_planned_to_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    planned = 0
    with emulated(demo_world(tmp_path_factory), *STILL) as rehearsal:
        async with Services(rehearsal.settings()) as services:
            lookups = lookups_on(services)  # what all flows have in common is asked once
            flows = [flow async for page in services.flows.list_flows() for flow in page]
            for flow in flows:
                if flow.state == "draft":
                    with pytest.raises(NotSayable, match="has no mapping set"):
                        await exported(services, flow.id, lookups)
                    continue
                file, _ = await exported(services, flow.id, lookups)
                assert (await resolve(file, services, lookups)).done, flow.name
                planned += 1
    assert planned == 11
