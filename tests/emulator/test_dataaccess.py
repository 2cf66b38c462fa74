"""Data Access over HTTP: the files of a batch as runs leave them, and as Catalog lists them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aeptui.emulator import batches
from aeptui.emulator.clock import Clock
from aeptui.emulator.pipeline import Options
from aeptui.emulator.seed import make_empty
from aeptui.emulator.services.datasets import create_dataset
from aeptui.emulator.services.resources import create
from aeptui.emulator.world import World
from tests.emulated import START_MS, emulated

BASE = "/data/foundation/export"
CATALOG = "/data/foundation/catalog"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
ROWS = [{"_id": str(n), "person": {"name": {"firstName": f"Zoë {n}"}}} for n in range(150)]
BAD: list[dict[str, Any]] = [
    {"Id": "7", "Email": "no at sign \u202e"},
    {"Id": None, "Email": "[red]"},
]
PARTS = (ROWS[:80], ROWS[80:])


def fill(world: World) -> dict[str, str]:
    """A dataset into which one batch went well, one failed, and one is still going."""
    schema = {"type": "object", "title": "Files", "allOf": [{"$ref": PROFILE}]}
    ref = {
        "id": create(world, "dev", "schemas", schema)["$id"],
        "contentType": "application/vnd.adobe.xed+json;version=1",
    }
    dataset_id = create_dataset(world, "dev", {"name": "Files", "schemaRef": ref})
    ids = {"dataset": dataset_id}
    for name in ("good", "bad", "going"):
        dataset = world.get("dev", "dataSets", dataset_id)
        assert dataset is not None
        id = batches.open_batch(
            world,
            "dev",
            dataset=dataset,
            flow_id="flow",
            run_id=name,
            options=Options(diagnostics=True, tolerated_percent=5),
            at_ms=world.clock.now_ms(),
        )
        ids[name] = id
        batches.write_input_list(world, "dev", id, ["F1.json"])
        world.clock.advance(60)
    lines = [batches.error_line(row, [("INGEST-1401-400", "Not so.")], 0) for row in BAD]
    batches.write_errors(world, "dev", ids["good"], 0, lines)
    batches.write_samples(world, "dev", ids["good"], lines)
    for place, part in enumerate(PARTS):
        path = batches.PART_FILE.format(place)
        world.files.write("dev", ids["good"], path, batches.json_lines(part))
    world.files.write("dev", ids["bad"], "failed/F1.json", b"{broken")
    for name, status in (("good", "success"), ("bad", "failed")):
        batches.close_batch(
            world,
            "dev",
            ids[name],
            status=status,
            metrics={
                "outputRecordCount": 150 if name == "good" else 0,
                "failedRecordCount": 2,
                "outputByteSize": 1000,
            },
            errors=[],
            at_ms=world.clock.now_ms(),
        )
    return ids


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Any]]:
    folder: Path = tmp_path_factory.mktemp("files")
    world = World(folder / "world.sqlite", Clock(START_MS, 0), 1)
    make_empty(world)
    ids = fill(world)
    with world.transaction():
        world.remember("made", "empty")
    world.close()
    with emulated(folder, "--empty", "--speed", "0") as rehearsal, rehearsal.client() as client:
        yield client, ids


@pytest.fixture
def api(served: tuple[httpx.Client, dict[str, str]]) -> httpx.Client:
    return served[0]


@pytest.fixture
def ids(served: tuple[httpx.Client, dict[str, str]]) -> dict[str, str]:
    return served[1]


def followed(api: httpx.Client, entry: dict[str, Any]) -> httpx.Response:
    """What the link of an entry leads to."""
    link = urlsplit(entry["_links"]["self"]["href"])
    return api.get(link.path, params=parse_qsl(link.query))


def lines_of(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.content.splitlines()]


def test_the_files_of_a_batch_hold_its_rows_and_their_numbers_are_text(
    api: httpx.Client, ids: dict[str, str]
) -> None:
    answer = api.get(f"{BASE}/batches/{ids['good']}/files").json()
    assert [file["records"] for file in answer["data"]] == ["80", "70"]
    assert answer["_page"] == {"limit": 100, "count": 2}
    assert "next" not in answer["_links"]
    rows = []
    for file in answer["data"]:
        (entry,) = followed(api, file).json()["data"]
        assert entry["length"] == file["size"]
        rows += lines_of(followed(api, entry))
    assert rows == ROWS


def test_pages_go_through_all_files(api: httpx.Client, ids: dict[str, str]) -> None:
    path = f"{BASE}/batches/{ids['good']}/files"
    whole = api.get(path).json()["data"]
    first = api.get(path, params={"limit": 1}).json()
    link = urlsplit(first["_links"]["next"]["href"])
    second = api.get(link.path, params=parse_qsl(link.query)).json()
    assert first["data"] + second["data"] == whole
    assert "next" not in second["_links"]


def test_the_meta_directory_leads_to_the_refused_rows(
    api: httpx.Client, ids: dict[str, str]
) -> None:
    path = f"{BASE}/batches/{ids['good']}/meta"
    top = {entry["name"]: entry for entry in api.get(path).json()["data"]}
    assert set(top) == {"row_errors", "input_files", "row_error_samples.json"}
    (errors,) = followed(api, top["row_errors"]).json()["data"]
    assert errors["name"] == "conversion_errors_0.json"
    found = lines_of(followed(api, errors))
    assert [{k: row[k] for k in ("Id", "Email")} for row in found] == BAD
    assert found[0]["_errors"] == [{"code": "1401", "message": "Not so."}]
    assert int(errors["length"]) == len(followed(api, errors).content)
    assert lines_of(followed(api, top["row_error_samples.json"])) == found
    direct = api.get(path, params={"path": "input_files/fileMetaData1.json"})
    assert lines_of(direct) == [{"path": "F1.json"}]


def test_what_is_not_there_is_not_found(api: httpx.Client, ids: dict[str, str]) -> None:
    for path in (
        "batches/none/files",
        f"batches/{ids['bad']}/meta?path=row_errors",
        f"batches/{ids['good']}/failed?path=part-0000.json",
        f"batches/{ids['good']}/meta?path=part-0000.json",
        f"files/{ids['good']}-9",
        "files/none",
        "datasets/none/preview",
    ):
        answer = api.get(f"{BASE}/{path}")
        assert answer.status_code == 404, path
        assert answer.json()["detail"].endswith(".")


def test_a_file_that_could_not_be_read_is_kept_as_it_was(
    api: httpx.Client, ids: dict[str, str]
) -> None:
    (entry,) = api.get(f"{BASE}/batches/{ids['bad']}/failed").json()["data"]
    assert (entry["name"], entry["length"]) == ("F1.json", "7")
    assert followed(api, entry).content == b"{broken"


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.integers(0, 9000), last=st.none() | st.integers(0, 9000))
def test_any_range_is_that_part_of_the_file(
    api: httpx.Client, ids: dict[str, str], first: int, last: int | None
) -> None:
    path = f"{BASE}/files/{ids['good']}-1?path=part-0000.json"
    whole = api.get(path).content
    wanted = whole[first:] if last is None else whole[first : last + 1]
    text = f"bytes={first}-{'' if last is None else last}"
    answer = api.get(path, headers={"Range": text})
    if not wanted:
        assert answer.status_code == 416
        return
    assert answer.status_code == 206
    assert answer.content == wanted
    end = first + len(wanted) - 1
    assert answer.headers["content-range"] == f"bytes {first}-{end}/{len(whole)}"


def test_the_end_of_a_file_can_be_asked_for(api: httpx.Client, ids: dict[str, str]) -> None:
    path = f"{BASE}/files/{ids['good']}-1?path=part-0000.json"
    whole = api.get(path).content
    assert api.get(path, headers={"Range": "bytes=-9"}).content == whole[-9:]
    head = api.head(path)
    assert head.headers["content-length"] == str(len(whole))
    assert head.headers["accept-ranges"] == "bytes"


def test_a_preview_shows_the_first_hundred_rows(api: httpx.Client, ids: dict[str, str]) -> None:
    answer = api.get(f"{BASE}/datasets/{ids['dataset']}/preview").json()
    assert answer == {"data": ROWS[:100]}


# -- the same batches in Catalog


def test_catalog_finds_batches_by_dataset_status_and_time(
    api: httpx.Client, ids: dict[str, str]
) -> None:
    def found(**params: Any) -> list[str]:
        return list(api.get(f"{CATALOG}/batches", params=params).json())

    by_time = [ids["good"], ids["bad"], ids["going"]]
    assert found(dataSet=ids["dataset"]) == by_time
    assert found(dataSet="other") == []
    assert found(orderBy="desc:created", limit=2) == [ids["going"], ids["bad"]]
    assert found(status="failed,success") == [ids["good"], ids["bad"]]
    assert found(status="!failed,success") == [ids["going"]]
    assert found(createdAfter=START_MS) == [ids["bad"], ids["going"]]
    assert found(createdBefore=START_MS + 60_000) == [ids["good"]]
    assert found(endAfter=1) == [ids["good"], ids["bad"]]
    assert found(tags="flowId:flow,flowRunId:bad") == [ids["bad"]]
    assert found(batch=ids["bad"]) == [ids["bad"]]
    batch = api.get(f"{CATALOG}/batches/{ids['good']}").json()[ids["good"]]
    assert (batch["status"], batch["recordCount"]) == ("success", 150)


def test_catalog_says_what_came_last_into_a_dataset(api: httpx.Client, ids: dict[str, str]) -> None:
    answer = api.get(f"{CATALOG}/lastBatches", params={"dataSetId": f"{ids['dataset']},none"})
    last = answer.json()[ids["dataset"]]
    assert last["lastBatchId"] == last["lastFailedBatchId"] == ids["bad"]
    assert last["lastSuccessfulBatchId"] == ids["good"]
    assert last["lastBatchStatus"] == "failed"


def test_catalog_lists_the_files_of_a_dataset(api: httpx.Client, ids: dict[str, str]) -> None:
    params = {"dataSetId": ids["dataset"]}
    files = api.get(f"{CATALOG}/dataSetFiles", params=params).json()
    assert [file["name"] for file in files.values()] == ["part-0000.json", "part-0001.json"]
    first = next(iter(files))
    assert (
        first == api.get(f"{BASE}/batches/{ids['good']}/files").json()["data"][0]["dataSetFileId"]
    )
    assert api.get(f"{CATALOG}/dataSetFiles/{first}").json() == {first: files[first]}
