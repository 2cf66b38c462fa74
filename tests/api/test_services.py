"""What the services ask, word for word, and what they make of odd answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec
import pytest

from aeptui.api.errors import ApiError, AuthError, BadAnswer, NotFound
from aeptui.api.models import Model
from aeptui.api.services import Services
from tests.api.canned import Canned, Reply

M = TypeVar("M", bound=Model)

BASE = "/data/foundation"
RUNS = f"{BASE}/flowservice/runs"
META = f"{BASE}/export/batches/b1/meta"
SINCE = datetime(2026, 1, 1, 12, tzinfo=UTC)
SINCE_MS = 1767268800000
NO_FIELD = Reply(
    {"type": "https://ns.adobe.com/aep/errors/FLOW-1449-400", "errorMessage": "unknown field"}, 400
)


async def whole(pages: AsyncIterator[list[M]]) -> list[M]:
    return [model async for page in pages for model in page]


def runs(*made: int, following: str = "") -> Reply:
    items = [{"id": f"r{at}", "createdAt": SINCE_MS + at} for at in made]
    links = {"next": {"href": f"/runs?continuationToken={following}"}} if following else {}
    return Reply({"items": items, "_links": links})


async def test_runs_since_are_filtered_by_the_platform(canned: Canned, services: Services) -> None:
    canned.says("GET", RUNS, runs(5, 0))
    found = await whole(services.flows.list_runs(SINCE, flow_id="f1"))
    assert [run.id for run in found] == ["r5", "r0"]
    assert canned.asked(RUNS)[0].query == [
        ("property", "flowId==f1"),
        ("orderby", "-createdAt"),
        ("limit", "100"),
        ("property", f"createdAt>{SINCE_MS - 1}"),
    ]


async def test_where_the_platform_takes_no_such_filter_we_read_until_it_is_old(
    canned: Canned, services: Services
) -> None:
    canned.says("GET", RUNS, NO_FIELD, runs(9, 5, following="x"), runs(1, -7, following="y"))
    assert [run.id for run in await whole(services.flows.list_runs(SINCE))] == ["r9", "r5", "r1"]
    assert len(canned.asked(RUNS)) == 3  # the page after the old run was not asked for
    canned.says("GET", RUNS, runs(2, -7, following="y"))
    await whole(services.flows.list_runs(SINCE))
    assert len(canned.asked(RUNS)) == 4  # and the filter was not tried again
    assert all(name != "property" for name, _ in canned.asked(RUNS)[3].query)


async def test_a_reading_that_broke_off_goes_on_from_its_last_run(
    canned: Canned, services: Services
) -> None:
    last = SINCE + timedelta(milliseconds=5)
    canned.says("GET", RUNS, runs(5, 0))
    found = await whole(services.flows.list_runs(SINCE, created_before=last))
    assert [run.id for run in found] == ["r5", "r0"]
    filters = [value for name, value in canned.asked(RUNS)[0].query if name == "property"]
    assert filters == [f"createdAt>{SINCE_MS - 1}", f"createdAt<{SINCE_MS + 6}"]
    canned.says("GET", RUNS, NO_FIELD, runs(9, 6, 5, following="x"), runs(0, -1))
    found = await whole(services.flows.list_runs(SINCE, created_before=last))
    assert [run.id for run in found] == ["r5", "r0"]


async def test_a_list_that_comes_in_no_order_is_read_to_its_end(
    canned: Canned, services: Services
) -> None:
    canned.says("GET", RUNS, NO_FIELD, runs(9, -7, 5, -3, following="x"), runs(8))
    assert {run.id for run in await whole(services.flows.list_runs(SINCE))} == {"r9", "r5", "r8"}


async def test_another_refusal_of_a_list_is_told(canned: Canned, services: Services) -> None:
    canned.says("GET", RUNS, Reply({"errorMessage": "no"}, 400))
    with pytest.raises(ApiError, match="Flow Service refused with 400: no"):
        await whole(services.flows.list_runs(SINCE))


async def test_no_address_outgrows_what_services_take(canned: Canned, services: Services) -> None:
    canned.says("GET", RUNS, runs(1))
    await services.flows.get_runs([f"00000000-0000-4000-8000-{n:012}" for n in range(95)])
    asked = canned.asked(RUNS)
    assert len(asked) == 4
    assert all(len(seen.param("property") or "") * 1.1 < 1900 for seen in asked)


async def test_an_object_without_an_id_is_nobodys_row(canned: Canned, services: Services) -> None:
    canned.says("GET", RUNS, Reply({"items": [{"flowId": "f1"}, {"id": "r1"}, None]}))
    assert [run.id for run in await whole(services.flows.list_runs())] == ["r1"]


@pytest.mark.parametrize(
    ("reply", "ok", "words"),
    [
        (Reply({"result": True}), True, "can log in"),
        (Reply({"result": False}), False, "cannot log in"),
        (Reply({"result": "true"}), False, "cannot log in"),
        (Reply({}), False, "cannot log in"),
        (
            Reply({"errorMessage": "INVALID_LOGIN: user locked"}, 400),
            False,
            "INVALID_LOGIN: user locked",
        ),
        (Reply({"errorMessage": "the CRM timed out"}, 504), False, "the CRM timed out"),
    ],
)
async def test_a_connection_works_only_when_the_platform_says_so(
    canned: Canned, services: Services, reply: Reply, ok: bool, words: str
) -> None:
    canned.says("GET", f"{BASE}/flowservice/connections/c1/test", reply)
    result = await services.flows.test_connection("c1")
    assert (result.ok, words in result.outcome) == (ok, True)


async def test_our_own_trouble_says_nothing_about_a_connection(
    canned: Canned, services: Services
) -> None:
    path = f"{BASE}/flowservice/connections/c1/test"
    canned.says("GET", path, Reply({"error_code": "401013", "message": "No"}, 401))
    with pytest.raises(AuthError):
        await services.flows.test_connection("c1")


async def test_ids_of_schemas_travel_encoded_and_accept_says_what_is_wanted(
    canned: Canned, services: Services
) -> None:
    id = "https://ns.adobe.com/acme/schemas/abc"
    listed = f"{BASE}/schemaregistry/tenant/schemas"
    single = f"{listed}/https%3A%2F%2Fns.adobe.com%2Facme%2Fschemas%2Fabc"
    canned.says("GET", listed, Reply({"results": [{"$id": id, "title": "A"}], "_page": {}}))
    canned.says("GET", single, Reply({"$id": id, "title": "A", "properties": {}}))
    assert [schema.id for schema in await whole(services.schemas.list_schemas())] == [id]
    assert (await services.schemas.get_schema(id)).name == "A"
    assert "version" not in canned.asked(listed)[0].headers["accept"]
    assert canned.asked(listed)[0].param("orderby") == "title"
    assert canned.asked(single)[0].headers["accept"].endswith("xed-full+json; version=1")


async def test_batches_since_include_the_moment_itself(canned: Canned, services: Services) -> None:
    path = f"{BASE}/catalog/batches"
    canned.says("GET", path, Reply({"b2": {"created": SINCE_MS}, "b1": {}}))
    found = await whole(services.catalog.list_batches(SINCE, dataset_id="d1"))
    assert [batch.id for batch in found] == ["b2", "b1"]
    asked = canned.asked(path)[0]
    assert asked.param("createdAfter") == str(SINCE_MS - 1)
    assert asked.param("orderBy") == "desc:created"
    assert asked.param("dataSet") == "d1"


async def test_a_dataset_that_catalog_answers_with_nothing_is_not_found(
    canned: Canned, services: Services
) -> None:
    canned.says("GET", f"{BASE}/catalog/dataSets/d1", Reply({}))
    with pytest.raises(NotFound, match="d1"):
        await services.catalog.get_dataset("d1")


@pytest.mark.parametrize("body", [b"", b"[]", b"true"])
async def test_an_answer_of_the_wrong_shape_is_told(
    canned: Canned, services: Services, body: bytes
) -> None:
    canned.says("GET", f"{BASE}/catalog/dataSets", Reply(body))
    canned.says("GET", f"{BASE}/conversion/mappingSets/m1", Reply(body))
    with pytest.raises(BadAnswer, match="Catalog sent"):
        await whole(services.catalog.list_datasets())
    with pytest.raises(BadAnswer, match="Data Prep sent"):
        await services.data_prep.get_mapping_set("m1")


async def test_a_mapping_set_is_asked_for_in_its_version(
    canned: Canned, services: Services
) -> None:
    path = f"{BASE}/conversion/mappingSets/m1"
    canned.says("GET", path, Reply({"id": "m1", "version": 3, "mappings": [{}]}))
    assert (await services.data_prep.get_mapping_set("m1", 3)).version == 3
    assert canned.asked(path)[0].query == [("version", "3")]


def lines(*rows: Any) -> bytes:
    return b"\n".join(row if isinstance(row, bytes) else msgspec.json.encode(row) for row in rows)


def refused_row(code: str, message: str, **row: Any) -> dict[str, Any]:
    return {"_errors": [{"code": code, "message": message}], "_filename": "f.json", **row}


async def test_refused_rows_are_json_lines_and_a_broken_one_is_passed_over(
    canned: Canned, services: Services
) -> None:
    listing = {"data": [{"name": "conversion_errors_0.json", "length": "1337"}], "_links": {}}
    body = lines(
        refused_row("1401", "Bad value in column 'Email'", Email="\x1b[2Jx", Id=1),
        b'{"_errors": [{"co',
        b"",
        refused_row("1555", "_acme.crmId is required", Id=None),
        {"_corrupt_record": "a,b,c"},
    )
    canned.says("GET", META, Reply(listing), Reply(body))
    first, second, third = await services.data_access.row_errors("b1")
    assert (first.code, first.column, first.row) == ("1401", "Email", {"Email": "␛[2Jx", "Id": 1})
    assert (second.code, second.column) == ("1555", "_acme.crmId")
    assert third.row == {"_corrupt_record": "a,b,c"}
    assert [seen.param("path") for seen in canned.asked(META)] == [
        "row_errors",
        "row_errors/conversion_errors_0.json",
    ]


async def test_a_large_file_of_refused_rows_is_read_only_as_far_as_it_is_shown(
    canned: Canned, services: Services
) -> None:
    row = lines(refused_row("1401", "Bad", Id="x" * 1000)) + b"\n"
    canned.says("GET", META, Reply({"data": [{"name": "a.json"}], "_links": {}}), Reply(row * 4000))
    assert len(await services.data_access.row_errors("b1", 5000)) < 1100


@pytest.mark.parametrize(
    ("pointer", "asked"),
    [
        ("", ["row_error_samples.json", "row_errors_sample.json"]),
        ("/x/meta?path=elsewhere%2Fs.json", ["elsewhere/s.json", "row_error_samples.json"]),
    ],
)
async def test_a_sample_is_looked_for_where_the_run_says_and_under_both_spellings(
    canned: Canned, services: Services, pointer: str, asked: list[str]
) -> None:
    gone = Reply({"title": "Not found"}, 404)
    canned.says("GET", META, gone, gone, Reply(lines(refused_row("1401", "Bad", Id=1))))
    assert len(await services.data_access.row_errors("b1", 5, pointer)) == 1
    assert [seen.param("path") for seen in canned.asked(META)] == ["row_errors", *asked]


async def test_files_that_failed_are_named_with_their_sizes(
    canned: Canned, services: Services
) -> None:
    told = {"data": [{"name": "a.csv", "length": "1337"}, {"name": "b.csv"}], "_links": {}}
    canned.says("GET", f"{BASE}/export/batches/b1/failed", Reply(told))
    files = await services.data_access.failed_files("b1")
    assert [(file.name, file.size_bytes) for file in files] == [("a.csv", 1337), ("b.csv", None)]


async def test_a_name_that_would_steer_a_terminal_comes_out_harmless(
    canned: Canned, services: Services
) -> None:
    name = "[red]\x1b]52;c;x\x07\u202e" + "n" * 5000
    canned.says("GET", RUNS, Reply({"items": [{"id": "r1", "name": name}]}))
    (run,) = await whole(services.flows.list_runs())
    assert run.name.startswith("[red]␛]52;c;x␇\ufffdn")
    assert len(run.name) == 1000
    assert b"\x1b" not in run.body
    assert b"u001b" not in run.body
