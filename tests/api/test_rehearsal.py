"""The services on the emulator, over real HTTP: what they read is what is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from aeptui.api.errors import (
    ApiError,
    AuthError,
    BadAnswer,
    NotFound,
    RateLimited,
    WrongSandbox,
)
from aeptui.api.models import Model, Run
from aeptui.api.services import Secret, Services
from tests.api.rehearsal import Rehearsed

M = TypeVar("M", bound=Model)


async def whole(pages: AsyncIterator[list[M]]) -> list[M]:
    return [model async for page in pages for model in page]


async def a_partial_run(services: Services) -> Run:
    """A run that ended well although rows of it were refused."""
    async for page in services.flows.list_runs():
        for run in page:
            if run.state == "success" and run.failed:
                return run
    raise AssertionError("the rehearsal has no partial run")


async def test_every_list_is_whole_and_names_nothing_twice(
    rehearsal: Rehearsed, rehearsed: Services
) -> None:
    counts = rehearsal.counts()
    lists: dict[str, AsyncIterator[list[Any]]] = {
        "connections": rehearsed.flows.list_base_connections(),
        "sourceConnections": rehearsed.flows.list_source_connections(),
        "targetConnections": rehearsed.flows.list_target_connections(),
        "flows": rehearsed.flows.list_flows(),
        "runs": rehearsed.flows.list_runs(),
        "schemas": rehearsed.schemas.list_schemas(),
        "dataSets": rehearsed.catalog.list_datasets(),
        "batches": rehearsed.catalog.list_batches(),
        "mappingSets": rehearsed.data_prep.list_mapping_sets(),
    }
    for kind, pages in lists.items():
        found = await whole(pages)
        assert len(found) == counts[kind] > 0, kind
        assert len({model.id for model in found}) == len(found), kind
        assert all(model.created_at is not None for model in found), kind


async def test_specs_and_sandboxes_are_listed(rehearsed: Services) -> None:
    specs = {spec.id: spec for spec in await whole(rehearsed.flows.list_connection_specs())}
    assert specs["cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"].category == "crm"
    kinds = {spec.name: spec for spec in await whole(rehearsed.flows.list_flow_specs())}
    assert "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5" in kinds["CRMToAEP"].source_spec_ids
    sandboxes = {sandbox.id for sandbox in await whole(rehearsed.sandboxes.list_sandboxes())}
    assert {"dev", "prod", "empty"} <= sandboxes


async def test_runs_come_newest_first_and_only_those_asked_for(rehearsed: Services) -> None:
    runs = await whole(rehearsed.flows.list_runs())
    made = [run.created_at for run in runs if run.created_at is not None]
    assert made == sorted(made, reverse=True)
    assert len(runs) > 100  # more than a page
    since = made[len(made) // 2]
    newer = await whole(rehearsed.flows.list_runs(since))
    assert {run.id for run in newer} == {run.id for run in runs if run.created_at >= since}  # type: ignore[operator]
    flow = runs[0].flow_id
    of_flow = await whole(rehearsed.flows.list_runs(flow_id=flow))
    assert {run.id for run in of_flow} == {run.id for run in runs if run.flow_id == flow}


async def test_flows_that_changed_since_are_found(rehearsed: Services) -> None:
    flows = await whole(rehearsed.flows.list_flows())
    since = flows[3].updated_at
    assert since is not None
    moved = await whole(rehearsed.flows.list_flows(since))
    assert [flow.id for flow in moved] == [
        flow.id for flow in flows if flow.updated_at is not None and flow.updated_at >= since
    ]


async def test_runs_are_looked_at_again_together(rehearsal: Rehearsed, rehearsed: Services) -> None:
    runs = await whole(rehearsed.flows.list_runs())
    before = rehearsed.meter.calls
    wanted = [run.id for run in runs[:65]]
    found = await rehearsed.flows.get_runs([*wanted, "00000000-0000-4000-8000-000000000000"])
    assert {run.id for run in found} == set(wanted)
    assert rehearsed.meter.calls - before == 3
    assert await rehearsed.flows.get_runs([]) == []


async def test_each_thing_can_be_looked_at_alone(rehearsed: Services) -> None:
    flow = (await whole(rehearsed.flows.list_flows()))[0]
    assert (await rehearsed.flows.get_flow(flow.id)).id == flow.id
    source = await rehearsed.flows.get_source_connection(flow.source_connection_id)
    assert source.table
    target = await rehearsed.flows.get_target_connection(flow.target_connection_id)
    dataset = await rehearsed.catalog.get_dataset(target.dataset_id)
    schema = await rehearsed.schemas.get_schema(dataset.schema_id)
    assert schema.id == dataset.schema_id == target.schema_id
    assert schema.raw()["properties"]
    mapping = await rehearsed.data_prep.get_mapping_set(flow.mapping_set_id, flow.mapping_version)
    assert mapping.field_count == len(mapping.raw()["mappings"]) > 0
    base = await rehearsed.flows.get_base_connection(flow.base_connection_id)
    assert base.spec_id == flow.connection_spec_id
    assert (await rehearsed.flows.get_flow_spec(flow.flow_spec_id)).name == "CRMToAEP"
    assert (await rehearsed.flows.get_connection_spec(base.spec_id)).id == base.spec_id


async def test_a_partial_run_leads_to_its_batch_and_its_refused_rows(rehearsed: Services) -> None:
    run = await a_partial_run(rehearsed)
    assert run.received == (run.ingested or 0) + (run.skipped or 0) + (run.failed or 0)
    assert [step.name for step in run.activities] == ["copyActivity", "promotionActivity"]
    batch = await rehearsed.catalog.get_batch(run.batch_id)
    assert (batch.flow_id, batch.rows, batch.failed_rows) == (run.flow_id, run.ingested, run.failed)
    rows = await rehearsed.data_access.row_errors(run.batch_id, 1000)
    assert len(rows) == run.failed
    codes = {error.code for error in run.errors}
    assert {f"INGEST-{row.code}-400" for row in rows} <= codes
    assert all(row.row and row.message and row.column for row in rows)
    assert len(await rehearsed.data_access.row_errors(run.batch_id, 1)) == 1
    assert await rehearsed.data_access.failed_files(run.batch_id) == []


async def test_a_batch_without_diagnostics_says_so(rehearsed: Services) -> None:
    runs = await whole(rehearsed.flows.list_runs())
    clean = next(run for run in runs if run.batch_id and run.state == "success" and not run.failed)
    with pytest.raises(NotFound, match="error diagnostics were off"):
        await rehearsed.data_access.row_errors(clean.batch_id)


async def test_a_connection_is_tested_and_its_secrets_stay_away(rehearsed: Services) -> None:
    results = []
    for connection in await whole(rehearsed.flows.list_base_connections()):
        params = connection.raw()["auth"]["params"]
        secret = {key for key in params if "password" in key.lower() or key.endswith("Key")}
        assert secret
        assert {params[key] for key in secret} == {"***"}
        results.append(await rehearsed.flows.test_connection(connection.id))
    assert {result.ok for result in results} == {True, False}  # one CRM refuses in the demo
    assert all(result.sentence for result in results)


@pytest.mark.parametrize("quirk", ["eTag", "activites", "string-numbers"])
async def test_odd_spellings_make_no_difference(
    rehearsal: Rehearsed, rehearsed: Services, quirk: str
) -> None:
    run = await a_partial_run(rehearsed)
    rehearsal.quirk(quirk)
    again = await rehearsed.flows.get_run(run.id)
    for field in run.__struct_fields__:
        if field != "body":
            assert getattr(again, field) == getattr(run, field), field


@pytest.mark.parametrize("quirk", ["missing-metrics", "minus-one", "unknown-status"])
async def test_what_the_platform_does_not_know_is_unknown(
    rehearsal: Rehearsed, rehearsed: Services, quirk: str
) -> None:
    run = await a_partial_run(rehearsed)
    rehearsal.quirk(quirk)
    again = await rehearsed.flows.get_run(run.id)
    if quirk == "unknown-status":
        assert again.state == "awaitingReview"
    else:
        assert again.input_bytes is None or again.input_bytes >= 0
        assert all(step.input_bytes is None or step.input_bytes >= 0 for step in again.activities)
    assert again.id == run.id


async def test_a_look_up_without_items_is_not_found(
    rehearsal: Rehearsed, rehearsed: Services
) -> None:
    rehearsal.quirk("items-empty")
    with pytest.raises(NotFound, match="nope"):
        await rehearsed.flows.get_flow("nope")


async def test_the_refusals_of_a_look_up_are_told_with_their_request(rehearsed: Services) -> None:
    lookups = (
        rehearsed.flows.get_flow("00000000-0000-4000-8000-000000000000"),
        rehearsed.catalog.get_batch("01EF01X41KJD82Y9ZX6ET54PCZ"),
        rehearsed.data_prep.get_mapping_set("0" * 32),
        rehearsed.schemas.get_schema("https://ns.adobe.com/rehearsal/schemas/none"),
    )
    for lookup in lookups:
        with pytest.raises(NotFound) as told:
            await lookup
        assert told.value.request_id in str(told.value)
        assert told.value.request_id


async def test_an_unknown_sandbox_is_told_by_every_service(rehearsal: Rehearsed) -> None:
    async with Services(rehearsal.settings(sandbox="nosuch")) as services:
        lists: list[AsyncIterator[list[Any]]] = [
            services.flows.list_flows(),
            services.schemas.list_schemas(),
            services.catalog.list_datasets(),
            services.data_prep.list_mapping_sets(),
        ]
        for pages in lists:
            with pytest.raises(WrongSandbox, match="sandbox nosuch"):
                await whole(pages)
        with pytest.raises(WrongSandbox):
            await services.data_access.row_errors("01EF01X41KJD82Y9ZX6ET54PCZ")


@pytest.mark.parametrize(
    ("changes", "blames"),
    [
        ({"client_secret": Secret("not-the-secret")}, "client_secret"),
        ({"client_id": "not-the-client"}, "client_id"),
        ({"org_id": "OTHER@AdobeOrg"}, "org_id"),
    ],
)
async def test_a_wrong_credential_is_named(
    rehearsal: Rehearsed, changes: dict[str, Any], blames: str
) -> None:
    async with Services(rehearsal.settings(**changes)) as services:
        with pytest.raises(AuthError) as told:
            await whole(services.flows.list_flows())
    assert told.value.blames == blames
    assert blames in str(told.value)
    assert "not-the-secret" not in str(told.value)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503, "times": 2},
        {"kind": "rate-limit", "retry_after": "2", "times": 1},
        {"kind": "rate-limit", "times": 1},
        {"kind": "reset", "times": 1},
        {"kind": "truncate", "times": 1},
        {"kind": "html", "status": 502, "times": 1},
        {"kind": "expired-token", "times": 1},
    ],
)
async def test_a_passing_fault_in_the_middle_of_a_list_costs_no_row(
    rehearsal: Rehearsed, rehearsed: Services, fault: dict[str, Any]
) -> None:
    await whole(rehearsed.sandboxes.list_sandboxes())  # the token is there
    rehearsal.fault(path="/runs", after=1, **fault)
    runs = await whole(rehearsed.flows.list_runs())
    assert len({run.id for run in runs}) == rehearsal.counts()["runs"]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"kind": "status", "status": 503}, ApiError, "in trouble"),
        ({"kind": "rate-limit", "retry_after": "900"}, RateLimited, "fewer calls"),
        ({"kind": "html", "status": 200}, BadAnswer, "web page"),
        ({"kind": "expired-token"}, AuthError, "not accept these credentials"),
    ],
)
async def test_a_lasting_fault_is_told_in_a_sentence(
    rehearsal: Rehearsed, rehearsed: Services, fault: dict[str, Any], kind: type, words: str
) -> None:
    rehearsal.fault(service="flowservice", **fault)
    with pytest.raises(kind, match=words):
        await whole(rehearsed.flows.list_flows())


async def test_the_rehearsals_clock_is_followed(rehearsal: Rehearsed, rehearsed: Services) -> None:
    await whole(rehearsed.sandboxes.list_sandboxes())
    before = rehearsed.clock.now()
    assert rehearsed.clock.speed == 0
    rehearsal.advance(5)
    await whole(rehearsed.sandboxes.list_sandboxes())
    moved = rehearsed.clock.now() - before
    assert timedelta(seconds=4) <= moved <= timedelta(seconds=6)


async def test_background_work_asks_the_same_platform(rehearsed: Services) -> None:
    seen = await whole(rehearsed.background().flows.list_flows())
    assert seen == await whole(rehearsed.flows.list_flows())
