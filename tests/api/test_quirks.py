"""What Adobe Experience Platform does that a naive client gets wrong, and the test of each.

`QUIRKS` is the table; the tests that stand nowhere else are below it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from aeptui.api import decode
from aeptui.api.errors import AuthError, BadAnswer, NotFound
from aeptui.api.services import Services
from aeptui.api.writing import MayHaveLanded, WriteRequest
from tests.api.canned import Canned, Reply

FOUNDATION = "/data/foundation"
FLOWS = f"{FOUNDATION}/flowservice"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECONDS = 1767268800
HERE = "test_quirks"

QUIRKS = {
    "a look-up in Flow Service is a list of one": (HERE, "test_a_look_up_is_a_list_of_one"),
    "a look-up may answer no items": (
        "test_rehearsal",
        "test_a_look_up_without_items_is_not_found",
    ),
    "Catalog's lists and look-ups are objects by id": (
        "test_paging",
        "test_catalog_keeps_the_order_sent_and_puts_the_ids_in",
    ),
    "Catalog answers writes with @/dataSets/ID": (
        HERE,
        "test_a_write_tells_its_id_in_whichever_form",
    ),
    "Data Prep creates with 200, and answers bare booleans and arrays": (
        HERE,
        "test_an_answer_need_not_be_an_object",
    ),
    "a missing token is 403": (HERE, "test_a_missing_token_is_no_missing_permission"),
    "error_code is a text": ("test_problems", "test_each_family_is_understood"),
    "six families of error body": ("test_problems", "test_each_family_is_understood"),
    "HTML error pages": ("test_problems", "test_an_html_page_is_told_as_one_and_not_shown"),
    "error numbers collide between services": (
        HERE,
        "test_the_same_number_of_another_service_means_something_else",
    ),
    "an etag has quotation marks of its own": (HERE, "test_an_etag_goes_back_as_it_came"),
    "versions are of five types": (HERE, "test_versions_of_different_things_are_different_types"),
    "seconds, milliseconds, digits in texts": (
        "test_wire",
        "test_seconds_milliseconds_digits_and_dates_are_the_same_moment",
    ),
    "schedules come back as they were sent": (
        "test_decode",
        "test_a_flow_is_read_with_its_texts_for_numbers",
    ),
    "success may have errors": (HERE, "test_a_success_keeps_its_errors"),
    "-1 is unknown": ("test_wire", "test_minus_one_and_missing_counts_are_unknown"),
    "any block of metrics may be missing": (
        "test_decode",
        "test_a_run_just_made_has_no_numbers_and_is_still_a_run",
    ),
    "the copy has no counts, and the run's come first": (
        "test_decode",
        "test_a_run_is_read_from_its_own_metrics_and_then_from_its_promotion",
    ),
    "activites, eTag": (
        "test_decode",
        "test_the_specifications_spelling_of_activities_and_etag_is_read_too",
    ),
    "modifiedBy, lastModifiedBy and other spellings": (HERE, "test_each_spelling_is_the_same"),
    "_links is {}, missing, or has a null next": (
        "test_paging",
        "test_a_list_ends_however_its_links_say_so",
    ),
    "next links are relative, rooted or absolute, with padded tokens": (
        "test_paging",
        "test_a_next_link_gives_its_token_and_nothing_else",
    ),
    "a token comes again": (
        "test_paging",
        "test_a_token_that_comes_again_is_told_and_not_followed",
    ),
    "limit and count refuse each other": (HERE, "test_no_list_asks_for_a_count"),
    "runs have no name and no state": (HERE, "test_the_state_of_a_run_is_in_its_metrics"),
    "a flow's state says nothing of its last run": (
        HERE,
        "test_a_flow_that_is_on_tells_of_its_last_run_apart",
    ),
    "a look-up of a connection gives its credentials": (
        "test_decode",
        "test_credentials_are_masked_before_anybody_sees_them",
    ),
    "a test is 200 with result false": (
        "test_services",
        "test_a_connection_works_only_when_the_platform_says_so",
    ),
    "explore answers arrays, objects and wrappers": (HERE, "test_explore_answers_in_three_forms"),
    "descriptors come in results or keyed by type": (
        HERE,
        "test_identities_are_found_whichever_way_descriptors_are_listed",
    ),
    "links to samples name an internal host": (
        "test_decode",
        "test_the_sample_of_a_run_has_lost_its_host",
    ),
    "refused rows are JSON lines": (
        "test_services",
        "test_refused_rows_are_json_lines_and_a_broken_one_is_passed_over",
    ),
    "Data Access writes numbers as texts": (
        "test_services",
        "test_files_that_failed_are_named_with_their_sizes",
    ),
    "the registry wants a version in Accept, or refuses one; ids are encoded whole": (
        "test_services",
        "test_ids_of_schemas_travel_encoded_and_accept_says_what_is_wanted",
    ),
    "only Flow Service wants If-Match, and 412 says nothing": (
        "test_conflicts",
        "test_somebody_was_faster_and_both_versions_are_told",
    ),
    "deletions answer nothing, an array, or 202": (HERE, "test_deletions_answer_in_three_forms"),
    "creates have no idempotency key": (
        "test_transport",
        "test_a_write_that_may_have_landed_is_not_repeated",
    ),
    "a mapping set without its version may be the first": (
        "test_services",
        "test_a_mapping_set_is_asked_for_in_its_version",
    ),
    "transformations are known by name and not by place": (
        HERE,
        "test_transformations_are_found_by_name",
    ),
    "a 200 may hold failures": (HERE, "test_a_yes_may_hold_failures"),
    "POST /runs answers in three forms": (HERE, "test_a_write_tells_its_id_in_whichever_form"),
    "filters hold signs that addresses reserve": (
        HERE,
        "test_filters_travel_encoded_and_arrive_as_meant",
    ),
    "x-sandbox-id with a user token is an error": (
        "test_transport",
        "test_headers_name_the_caller_the_organisation_and_the_sandbox",
    ),
    "bodies are empty where they should not be": (HERE, "test_an_empty_yes_is_no_empty_list"),
    "the tenant has no underscore where it is named": (
        HERE,
        "test_the_tenant_is_told_without_its_underscore",
    ),
    "Profile is enabled in two steps, and a schema's for good": (
        "../forms/test_changing",
        "test_profile_is_enabled_and_stays_so",
    ),
    "a connection goes after its flows, and a deleted flow leaves its connections": (
        "../pipelines/test_actions",
        "test_deleting_names_what_goes_with_it_and_keeps_the_order",
    ),
    "after a time-out it may have been made": (
        "../pipelines/test_apply",
        "test_a_write_whose_answer_is_cut_after_it_landed_is_found_and_the_plan_goes_on",
    ),
    "a schedule is frozen once it has started": (
        "../forms/test_changing",
        "test_what_has_started_keeps_its_start_and_backfill_and_never_becomes_once",
    ),
    "only flows scheduled once run on demand": (
        "../pipelines/test_actions",
        "test_a_flow_scheduled_once_runs_on_demand",
    ),
    "only failed and empty runs are retried": (
        "../pipelines/test_actions",
        "test_only_failed_runs_and_runs_without_rows_can_be_retried",
    ),
    "a flow stays with the version of its mapping set": (
        "../pipelines/test_mapping_versions",
        "test_taken_back_the_flow_uses_the_version_before_and_the_saved_one_is_named",
    ),
}
M = TypeVar("M")


@pytest.mark.parametrize("quirk", QUIRKS)
def test_each_quirk_has_its_test(quirk: str) -> None:
    module, test = QUIRKS[quirk]
    tree = ast.parse((Path(__file__).parent / f"{module}.py").read_text())
    assert test in {node.name for node in tree.body if hasattr(node, "name")}


async def whole(pages: AsyncIterator[list[M]]) -> list[M]:
    return [each async for page in pages for each in page]


def wire(**told: Any) -> bytes:
    return json.dumps(told).encode()


async def test_the_tenant_is_told_without_its_underscore(
    canned: Canned, services: Services
) -> None:
    stats = {"imsOrg": "TEST@AdobeOrg", "tenantId": "acme", "counts": {}}
    canned.says("GET", f"{FOUNDATION}/schemaregistry/stats", Reply(stats))
    assert await services.library.tenant() == "acme"


async def test_a_look_up_is_a_list_of_one(canned: Canned, services: Services) -> None:
    canned.says("GET", f"{FLOWS}/runs/r1", Reply({"items": [{"id": "r1"}]}))
    assert (await services.flows.get_run("r1")).id == "r1"


@pytest.mark.parametrize(
    ("path", "body", "id"),
    [
        ("catalog/dataSets", ["@/dataSets/5c8c3c55"], "5c8c3c55"),
        ("catalog/dataSets", ["@/datasets/5c8c3c55"], "5c8c3c55"),
        ("flowservice/flows", {"id": "f1", "etag": '"e"'}, "f1"),
        ("flowservice/runs", {"id": "r1", "etag": '"e"'}, "r1"),
        ("flowservice/runs", {"items": [{"id": "r1", "etag": '"e"'}]}, "r1"),
        ("flowservice/runs", {"id": "r1", "flowId": "f1", "metrics": {}}, "r1"),
        (
            "schemaregistry/tenant/schemas",
            {"$id": "https://ns.adobe.com/a"},
            "https://ns.adobe.com/a",
        ),
        ("schemaregistry/tenant/descriptors", {"@id": "d1"}, "d1"),
        ("conversion/mappingSets", {"id": "m1", "version": 0}, "m1"),
    ],
)
@pytest.mark.parametrize("status", [200, 201])
async def test_a_write_tells_its_id_in_whichever_form(
    canned: Canned, services: Services, path: str, body: Any, id: str, status: int
) -> None:
    canned.says("POST", f"{FOUNDATION}/{path}", Reply(body, status))
    answer = await services.writing.send(WriteRequest("POST", f"{FOUNDATION}/{path}", body=b"{}"))
    assert answer.id == id
    assert answer.etag == ('"e"' if "etag" in str(body) else "")


async def test_an_answer_need_not_be_an_object(canned: Canned, services: Services) -> None:
    base = f"{FOUNDATION}/conversion/languages/el"
    canned.says("POST", f"{base}/validate", Reply(b"true"), Reply(b"false"))
    canned.says("GET", f"{base}/functions", Reply([{"function": "concat"}]))
    assert await services.trials.accepts("a")
    assert not await services.trials.accepts("a(")
    assert [each.name for each in await services.trials.functions()] == ["concat"]


async def test_a_missing_token_is_no_missing_permission(canned: Canned, services: Services) -> None:
    body = {"error_code": "403010", "message": "Oauth token is missing."}
    canned.says("GET", f"{FLOWS}/flows", Reply(body, 403))
    with pytest.raises(AuthError, match="saw no token"):
        await whole(services.flows.list_flows())


async def test_the_same_number_of_another_service_means_something_else(
    canned: Canned, services: Services
) -> None:
    """FLOW-1449 is a filter that the platform does not take; other codes with 1449 are not."""
    other = {"type": "https://ns.adobe.com/aep/errors/INGEST-1449-400", "title": "Something else"}
    canned.says("GET", f"{FLOWS}/flows", Reply(other, 400))
    with pytest.raises(Exception, match="INGEST-1449-400"):
        await whole(services.flows.list_flows(NOON))
    assert len(canned.asked(f"{FLOWS}/flows")) == 1


async def test_an_etag_goes_back_as_it_came(canned: Canned, services: Services) -> None:
    etag = '"1a0037e4-0000-0200-0000-602e06f60000"'
    canned.says("GET", f"{FLOWS}/flows/f1", Reply({"items": [{"id": "f1", "etag": etag}]}))
    canned.says("PATCH", f"{FLOWS}/flows/f1", Reply({"id": "f1", "etag": etag}))
    read = (await services.flows.get_flow("f1")).etag
    await services.writing.send(
        WriteRequest("PATCH", f"{FLOWS}/flows/f1", {"If-Match": read}, b"[]")
    )
    assert canned.asked(f"{FLOWS}/flows/f1")[1].headers["if-match"] == etag == read


def test_versions_of_different_things_are_different_types() -> None:
    assert decode.dataset("d", wire(version="1.0.3")).etag == "1.0.3"
    assert decode.mapping_set(wire(id="m", version=3)).version == 3
    assert decode.schema(wire(**{"$id": "s", "version": "1.3"})).version == "1.3"
    assert decode.flow(wire(id="f", version='"e"', etag='"e"')).etag == '"e"'
    assert decode.flow_spec(wire(id="x", version="1.0")).id == "x"


def test_a_success_keeps_its_errors() -> None:
    error = {"code": "INGEST-1212-400", "message": "3 rows rejected"}
    run = decode.run(
        wire(id="r", metrics={"statusSummary": {"status": "success", "errors": [error]}})
    )
    assert (run.state, [each.code for each in run.errors]) == ("success", ["INGEST-1212-400"])


def test_each_spelling_is_the_same() -> None:
    by_user = {
        decode.mapping_set(wire(id="m", modifiedBy="ann")).updated_by,
        decode.mapping_set(wire(id="m", lastModifiedBy="ann")).updated_by,
        decode.sandbox(wire(name="dev", modifiedBy="ann")).updated_by,
        decode.sandbox(wire(name="dev", lastModifiedBy="ann")).updated_by,
    }
    assert by_user == {"ann"}
    assert (
        decode.flow(wire(id="f", eTag="e")).etag == decode.flow(wire(id="f", etag="e")).etag == "e"
    )
    old = decode.mapping_set(wire(id="m", xdmSchema="s"))
    new = decode.mapping_set(wire(id="m", outputSchema={"schemaRef": {"id": "s"}}))
    assert old.schema_id == new.schema_id == "s"


async def test_no_list_asks_for_a_count(canned: Canned, services: Services) -> None:
    for kind in ("flows", "runs", "connections", "sourceConnections", "targetConnections"):
        canned.says("GET", f"{FLOWS}/{kind}", Reply({"items": []}))
    lists: list[AsyncIterator[list[Any]]] = [
        services.flows.list_flows(NOON),
        services.flows.list_runs(NOON),
        services.flows.list_base_connections(),
        services.flows.list_source_connections(),
        services.flows.list_target_connections(),
    ]
    for pages in lists:
        await whole(pages)
    asked = [seen for seen in canned.seen if seen.method == "GET"]
    assert len(asked) == 5
    assert all(seen.param("count") is None and seen.param("limit") for seen in asked)


def test_the_state_of_a_run_is_in_its_metrics() -> None:
    run = decode.run(wire(id="r", state="odd", metrics={"statusSummary": {"status": "inProgress"}}))
    assert (run.state, run.name) == ("inProgress", "")


def test_a_flow_that_is_on_tells_of_its_last_run_apart() -> None:
    last = {"id": "r", "state": "failed", "startedAtUTC": SECONDS * 1000}
    flow = decode.flow(wire(id="f", state="enabled", lastRunDetails=last))
    assert (flow.state, flow.last_run_state, flow.last_run_at) == ("enabled", "failed", NOON)


@pytest.mark.parametrize("wrapped", [False, True])
async def test_explore_answers_in_three_forms(
    canned: Canned, services: Services, wrapped: bool
) -> None:
    path = f"{FLOWS}/connections/b1/explore"
    root: Any = [{"type": "table", "name": "Contact", "path": "Contact"}]
    table = {"format": "flat", "schema": {"columns": [{"name": "Id", "type": "string"}]}}
    canned.says("GET", path, Reply({"items": root} if wrapped else root), Reply(table))
    assert [each.path for each in await services.exploring.tables("b1")] == ["Contact"]
    assert [each.name for each in await services.exploring.columns("b1", "Contact")] == ["Id"]


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("flowservice/flows/f1", Reply(b"", 204)),
        ("catalog/dataSets/d1", Reply(["@/dataSets/d1"], 200)),
        ("sandbox-management/sandboxes/dev", Reply({"name": "dev", "state": "cleaning"}, 202)),
    ],
)
async def test_deletions_answer_in_three_forms(
    canned: Canned, services: Services, path: str, reply: Reply
) -> None:
    canned.says("DELETE", f"{FOUNDATION}/{path}", reply)
    answer = await services.writing.send(WriteRequest("DELETE", f"{FOUNDATION}/{path}"))
    assert answer.status == reply.status


def test_transformations_are_found_by_name() -> None:
    copy = {"name": "Copy", "params": {"deltaColumn": {"name": "At"}}}
    mapping = {"name": "Mapping", "params": {"mappingId": "m", "mappingVersion": "2"}}
    for steps in ([copy, mapping], [mapping, copy]):
        flow = decode.flow(wire(id="f", transformations=steps))
        assert (flow.delta_column, flow.mapping_set_id, flow.mapping_version) == ("At", "m", 2)


async def test_a_yes_may_hold_failures(canned: Canned, services: Services) -> None:
    told = [
        {"status": "SUCCESS", "errors": None},
        {"status": "FAILED", "errors": [{"message": "no"}]},
    ]
    path = f"{FOUNDATION}/conversion/mappingSets/validate"
    canned.says("POST", path, Reply({"validationResponse": told}))
    assert await services.trials.validate({}) == ("", "no")


async def test_filters_travel_encoded_and_arrive_as_meant(
    canned: Canned, services: Services
) -> None:
    canned.says("GET", f"{FLOWS}/runs", Reply({"items": []}))
    odd = 'a+b c&d==e,"f"'
    await whole(services.flows.list_runs(flow_id=odd))
    assert ("property", f"flowId=={odd}") in canned.asked(f"{FLOWS}/runs")[0].query


IDENTITY = {"@type": "xdm:descriptorIdentity", "@id": "d1", "xdm:sourceSchema": "s1"}
OTHER = {"@type": "xdm:alternateDisplayInfo", "@id": "d2", "xdm:sourceSchema": "s1"}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"results": [OTHER, IDENTITY, {**IDENTITY, "xdm:sourceSchema": "s2"}]}, ["d1"]),
        ({"xdm:alternateDisplayInfo": [OTHER], "xdm:descriptorIdentity": [IDENTITY]}, ["d1"]),
        ({"xdm:alternateDisplayInfo": [OTHER]}, []),
        ({"xdm:descriptorIdentity": ["d1"]}, []),  # ids alone, as another Accept header brings
        ({}, []),
    ],
)
async def test_identities_are_found_whichever_way_descriptors_are_listed(
    canned: Canned, services: Services, told: Any, found: list[str]
) -> None:
    path = f"{FOUNDATION}/schemaregistry/tenant/descriptors"
    canned.says("GET", path, Reply(told))
    assert [each["@id"] for each in await services.library.identities("s1")] == found


@pytest.mark.parametrize("body", [b"", b"   ", b"null"])
async def test_an_empty_yes_is_no_empty_list(
    canned: Canned, services: Services, body: bytes
) -> None:
    canned.says("GET", f"{FLOWS}/flows", Reply(body))
    canned.says("GET", f"{FLOWS}/flows/f1", Reply(body))
    canned.says("POST", f"{FLOWS}/flows", Reply(body))
    with pytest.raises(BadAnswer):
        await whole(services.flows.list_flows())
    with pytest.raises((BadAnswer, NotFound)):
        await services.flows.get_flow("f1")
    with pytest.raises(MayHaveLanded):
        await services.writing.send(WriteRequest("POST", f"{FLOWS}/flows", body=b"{}"))
