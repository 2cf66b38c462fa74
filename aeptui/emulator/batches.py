"""Batches: what a run wrote into a dataset, its files, and the rows that were refused."""

import json
from collections.abc import Sequence
from typing import Any

from aeptui.emulator.documents import Document
from aeptui.emulator.pipeline import Options
from aeptui.emulator.world import CLIENT_ID, TECHNICAL_ACCOUNT, World

ERROR_FILE = "row_errors/conversion_errors_{0}.json"
SAMPLE_FILE = "row_error_samples.json"
INPUT_FILE = "input_files/fileMetaData1.json"
PARTS = "part-"
PART_FILE = PARTS + "{0:04d}.json"
SAMPLES = 10

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def open_batch(
    world: World,
    sandbox: str,
    *,
    dataset: Document,
    flow_id: str,
    run_id: str,
    options: Options,
    at_ms: int,
) -> str:
    """A batch that is being loaded; answers its id."""
    batch_id = world.ids.ulid()
    of = world.sandbox(sandbox)
    tags: dict[str, Any] = {
        "flowId": [flow_id],
        "flowRunId": [run_id],
        "acp_enableErrorDiagnostics": [str(options.diagnostics).lower()],
    }
    if options.tolerated_percent is not None:
        tags["acp_partialIngestionPercent"] = [f"{options.tolerated_percent:g}"]
    body = {
        "id": batch_id,
        "imsOrg": world.org,
        "sandboxId": "" if of is None else of["id"],
        "status": "loading",
        "created": at_ms,
        "updated": at_ms,
        "started": at_ms,
        "createdClient": CLIENT_ID,
        "createdUser": TECHNICAL_ACCOUNT,
        "updatedUser": TECHNICAL_ACCOUNT,
        "externalId": batch_id,
        "version": "1.0.0",
        "errors": [],
        "relatedObjects": [{"type": "dataSet", "id": dataset.id}],
        "metrics": {},
        "tags": tags,
        "inputFormat": {"format": "json"},
        "replay": {},
    }
    world.put(sandbox, "batches", batch_id, body, {"dataset": dataset.id, "run": run_id})
    return batch_id


def move_batch(world: World, sandbox: str, batch_id: str, status: str, at_ms: int) -> None:
    """Take the batch to the next word of its life cycle, if it still is there."""
    batch = world.get(sandbox, "batches", batch_id)
    if batch is not None and batch.body["status"] != status:
        batch.body |= {"status": status, "updated": at_ms}
        world.put(sandbox, "batches", batch_id, batch.body)


def close_batch(
    world: World,
    sandbox: str,
    batch_id: str,
    *,
    status: str,
    metrics: dict[str, int],
    errors: Sequence[dict[str, Any]],
    at_ms: int,
) -> None:
    """End the batch, and tell its dataset."""
    batch = world.get(sandbox, "batches", batch_id)
    if batch is None:
        return
    version = batch.body["version"].split(".")
    batch.body |= {
        "status": status,
        "updated": at_ms,
        "completed": at_ms,
        "version": f"1.0.{int(version[-1]) + 1}",
        "recordCount": metrics["outputRecordCount"],
        "failedRecordCount": metrics["failedRecordCount"],
        "size": metrics["outputByteSize"],
        "metrics": metrics,
        "errors": list(errors),
    }
    if status == "success":
        batch.body["availableDates"] = {"available": at_ms // 1000}
    world.put(sandbox, "batches", batch_id, batch.body)
    dataset = world.get(sandbox, "dataSets", batch.private["dataset"])
    if dataset is not None:
        _tell_dataset(world, dataset, batch.body, at_ms)


def write_input_list(world: World, sandbox: str, batch_id: str, paths: Sequence[str]) -> None:
    """The manifest: the staged files that the batch was made from."""
    lines = "".join(json.dumps({"path": path}) + "\n" for path in paths)
    world.files.write(sandbox, batch_id, INPUT_FILE, lines.encode())


def error_line(row: dict[str, Any], errors: Sequence[tuple[str, str]], file: int) -> dict[str, Any]:
    """A refused row as diagnostics show it: its columns, and why.

    The codes are bare numbers there, without the prefix and status of a run's codes.
    """
    return {
        "_errors": [{"code": _bare(code), "message": sentence} for code, sentence in errors],
        "_filename": ERROR_FILE.format(file).removeprefix("row_errors/"),
        **row,
    }


def write_errors(
    world: World, sandbox: str, batch_id: str, file: int, lines: Sequence[dict[str, Any]]
) -> None:
    world.files.write(sandbox, batch_id, ERROR_FILE.format(file), json_lines(lines))


def write_samples(
    world: World, sandbox: str, batch_id: str, lines: Sequence[dict[str, Any]]
) -> None:
    world.files.write(sandbox, batch_id, SAMPLE_FILE, json_lines(lines))


def json_lines(records: Sequence[dict[str, Any]]) -> bytes:
    text = "".join(f"{_encode(one)}\n" for one in records)
    # A lone surrogate in a CRM's text has no UTF-8; it is written as JSON's own escape.
    return text.encode("utf-8", errors="backslashreplace")


def _tell_dataset(world: World, dataset: Document, batch: dict[str, Any], at_ms: int) -> None:
    body = dataset.body
    body |= {"lastBatchId": batch["id"], "lastBatchStatus": batch["status"], "updated": at_ms}
    if batch["status"] == "success":
        body["lastSuccessfulBatch"] = batch["id"]
        lake = body.setdefault("extensions", {}).setdefault("adobe_lakeHouse", {})
        held = lake.setdefault("metrics", {})
        held["rowCount"] = int(held.get("rowCount", 0)) + batch["recordCount"]
        held["storageSize"] = int(held.get("storageSize", 0)) + batch["size"]
    else:
        body["lastFailedBatch"] = batch["id"]
    world.put(dataset.sandbox, "dataSets", dataset.id, body)


def _bare(code: str) -> str:
    parts = code.split("-")
    return parts[1] if len(parts) == 3 else code
