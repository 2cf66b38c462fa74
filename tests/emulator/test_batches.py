"""What a run leaves behind: the batch, its files, and the dataset that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.stage import Stage, batch_of, records, stage_in, status

TOLERANT = {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 10}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with stage_in(tmp_path) as made:
        yield made


def test_the_files_of_a_batch_hold_the_rows_that_the_run_counts(stage: Stage) -> None:
    flow = stage.flow("salesforce.account")
    stage.at(16)
    (run,) = stage.runs(flow)
    batch = stage.world.get("dev", "batches", batch_of(run))
    assert batch is not None
    lines = stage.lines(batch.id, "part-")
    assert len(lines) == records(run)["outputRecordCount"]
    assert len({line["_rehearsal"]["crmId"] for line in lines}) == len(lines)
    size = sum(size for _, size in stage.world.files.listed("dev", batch.id, "part-"))
    assert size == run["metrics"]["sizeSummary"]["outputBytes"] == batch.body["size"]
    files = len(stage.world.files.listed("dev", batch.id, "part-"))
    assert files == run["metrics"]["fileSummary"]["outputFileCount"]


def test_a_batch_says_whose_it_is_and_what_it_counted(stage: Stage) -> None:
    flow = stage.flow(options=TOLERANT)
    stage.incidents.add("bad_rows", "dev", flow=flow.id, share=0.03)
    stage.at(16)
    (run,) = stage.runs(flow)
    batch = stage.world.get("dev", "batches", batch_of(run))
    assert batch is not None
    body = batch.body
    assert body["status"] == "success"
    assert body["tags"]["flowId"] == [flow.id]
    assert body["tags"]["acp_partialIngestionPercent"] == ["10"]
    assert body["metrics"]["inputRecordCount"] == records(run)["inputRecordCount"]
    assert body["metrics"]["outputRecordCount"] == records(run)["outputRecordCount"]
    assert body["metrics"]["failedRecordCount"] == records(run)["failedRecordCount"]
    assert body["created"] <= body["started"] <= body["completed"]


def test_a_refused_row_is_kept_with_its_columns_and_the_reasons(stage: Stage) -> None:
    flow = stage.flow(options=TOLERANT)
    stage.incidents.add("bad_rows", "dev", flow=flow.id, share=0.03)
    stage.at(16)
    (run,) = stage.runs(flow)
    lines = stage.lines(batch_of(run), "row_errors/")
    for line in lines:
        assert line["Name"]
        assert {error["code"] for error in line["_errors"]} <= {"1555", "1401", "3700"}
        assert all(error["message"] for error in line["_errors"])
    samples = stage.lines(batch_of(run), "row_error_samples.json")
    assert samples == lines[: len(samples)] and samples


def test_every_code_of_a_run_counts_the_rows_that_carry_it(stage: Stage) -> None:
    flow = stage.flow(options=TOLERANT)
    stage.incidents.add("bad_rows", "dev", flow=flow.id, share=0.03)
    stage.at(16)
    (run,) = stage.runs(flow)
    lines = stage.lines(batch_of(run), "row_errors/")
    details = run["activities"][1]["statusSummary"]["extensions"]["errors"]
    for detail in details:
        if detail["code"] in ("INGEST-1212-400", "MAPPER-3700-400"):
            continue
        bare = detail["code"].split("-")[1]
        carrying = [one for one in lines if bare in {error["code"] for error in one["_errors"]}]
        assert detail["recordCount"] == len(carrying) > 0
    assert details[0]["recordCount"] == len(lines)


def test_a_dataset_grows_by_what_was_ingested_and_knows_its_last_batch(stage: Stage) -> None:
    flow = stage.flow("dynamics.account")
    stage.at(16)
    stage.at(31)
    runs = stage.runs(flow)
    target = stage.world.get("dev", "targetConnections", flow.body["targetConnectionIds"][0])
    assert target is not None
    dataset = stage.world.get("dev", "dataSets", target.body["params"]["dataSetId"])
    assert dataset is not None
    held = dataset.body["extensions"]["adobe_lakeHouse"]["metrics"]
    assert held["rowCount"] == sum(records(run)["outputRecordCount"] for run in runs)
    assert dataset.body["lastSuccessfulBatch"] == batch_of(runs[-1])
    assert dataset.body["lastBatchStatus"] == "success"


def test_a_batch_walks_from_loading_to_its_end(stage: Stage) -> None:
    flow = stage.flow("salesforce.account")
    stage.at(9.2)
    seen: list[str] = []
    while not seen or seen[-1] != "success":
        stage.advance(0.05)
        for batch in stage.world.scan("dev", "batches"):
            if not seen or seen[-1] != batch.body["status"]:
                seen.append(batch.body["status"])
    assert seen == ["loading", "loaded", "staging", "success"]
    assert status(stage.runs(flow)[0]) == "success"


def test_the_manifest_names_the_staged_files(stage: Stage) -> None:
    flow = stage.flow("salesforce.account")
    stage.at(16)
    (run,) = stage.runs(flow)
    lines = stage.lines(batch_of(run), "input_files/")
    assert len(lines) == run["metrics"]["fileSummary"]["inputFileCount"]
    assert all(line["path"].startswith("Account/") for line in lines)
