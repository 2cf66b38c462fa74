"""What a run says of itself: counts of what happened, as run and activity metrics.

Everything here is a function of a run's `Work`; nothing is estimated.
"""

from dataclasses import dataclass, field
from typing import Any

COPY_FAILED = "CONNECTOR-1001-500"
PROMOTION_FAILED = "CONNECTOR-2001-500"
NO_BATCH = "CONNECTOR-3001-500"
NO_DIAGNOSTICS = "INGEST-1211-400"
ROWS_REFUSED = "INGEST-1212-400"
UNKNOWN_SIZE = -1  # how the platform says that it could not measure


@dataclass(slots=True)
class Work:
    """How far a run has come, and what it has counted so far; kept with the run."""

    window_from_ms: int | None
    window_to_ms: int | None
    due_ms: int
    phase: str = "waiting"  # waiting, copy, promote
    step: int = 0
    copy_steps: int = 0
    promote_steps: int = 0
    step_ms: int = 0
    started_ms: int = 0
    copied_ms: int = 0
    copy_id: str = ""
    transfer_id: str = ""
    promotion_id: str = ""
    batch_id: str = ""
    received: int = 0
    ingested: int = 0
    skipped: int = 0
    failed: int = 0
    warned: int = 0
    input_bytes: int = 0
    output_bytes: int = 0
    staged_files: int = 0
    part_files: int = 0
    part_rows: int = 0  # in the newest of them
    error_files: int = 0
    faults: dict[str, list[Any]] = field(default_factory=dict)  # code -> [first sentence, rows]
    samples: list[dict[str, Any]] = field(default_factory=list)

    def blame(self, code: str, sentence: str) -> None:
        """One more row with this code."""
        known = self.faults.setdefault(code, [sentence, 0])
        known[1] += 1

    def window(self) -> dict[str, Any]:
        """What is stored of it once the run has ended: a run that is tried again reads it."""
        return {"window_from_ms": self.window_from_ms, "window_to_ms": self.window_to_ms}

    def kept(self) -> dict[str, Any]:
        """What is stored of it; the values are shared, not copied."""
        return {name: getattr(self, name) for name in Work.__slots__}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: AEP's status word, its errors, and the activity that they came from."""

    status: str
    errors: tuple[dict[str, Any], ...] = ()
    details: tuple[dict[str, Any], ...] = ()  # the nested ones of the activity
    activity: str = "promotionActivity"


def waiting() -> dict[str, Any]:
    """The metrics of a run that has not started."""
    return {"statusSummary": {"status": "scheduled"}}


def run_metrics(work: Work, outcome: Outcome | None, at_ms: int) -> dict[str, Any]:
    """The run's own summary; `outcome` None while it is open."""
    duration: dict[str, Any] = {"startedAtUTC": work.started_ms}
    status: dict[str, Any] = {"status": "inProgress" if outcome is None else outcome.status}
    records = _records(work)
    size = {"inputBytes": work.input_bytes, "outputBytes": work.output_bytes}
    if outcome is not None:
        duration["completedAtUTC"] = at_ms
        if outcome.errors:
            status["errors"] = list(outcome.errors)
            status["activityRefs"] = [outcome.activity]
        if outcome.status == "failed" and outcome.activity == "copyActivity":
            records = {}
            size = {"inputBytes": UNKNOWN_SIZE, "outputBytes": UNKNOWN_SIZE}
    refs = ["copyActivity"] + (["promotionActivity"] if work.promotion_id else [])
    return {
        "durationSummary": duration,
        "sizeSummary": size,
        "recordSummary": records,
        "fileSummary": {
            "inputFileCount": work.staged_files,
            "outputFileCount": work.part_files,
            "activityRefs": refs,
        },
        "statusSummary": status,
    }


def activities(
    work: Work,
    outcome: Outcome | None,
    at_ms: int,
    *,
    source_connection_id: str,
    target_connection_id: str,
    diagnostics_base: str | None,
) -> list[dict[str, Any]]:
    """Copy and, once it has begun, promotion; `diagnostics_base` is where the batch's meta is."""
    copy_failed = (
        outcome is not None and outcome.status == "failed" and outcome.activity == "copyActivity"
    )
    copying = work.phase == "copy" and outcome is None
    duration: dict[str, Any] = {"startedAtUTC": work.started_ms}
    window = {"windowStart": work.window_from_ms, "windowEnd": work.window_to_ms}
    duration["extensions"] = {name: ms for name, ms in window.items() if ms is not None}
    if not copying:
        duration["completedAtUTC"] = at_ms if copy_failed else work.copied_ms
    status: dict[str, Any] = {"status": "inProgress" if copying else "success"}
    if copy_failed and outcome is not None:
        status = {"status": "failed", "errors": list(outcome.errors)}
        status["extensions"] = {"errors": list(outcome.details)}
    measured = UNKNOWN_SIZE if copy_failed else work.input_bytes
    copy = {
        "id": work.copy_id,
        "name": "Copy activity",
        "updatedAtUTC": at_ms if copying or copy_failed else work.copied_ms,
        "durationSummary": duration,
        "latencySummary": {},
        "sizeSummary": {"inputBytes": measured, "outputBytes": measured},
        "recordSummary": {},
        "fileSummary": {"outputFileCount": work.staged_files},
        "statusSummary": status,
        "sourceInfo": [
            {
                "id": source_connection_id,
                "type": "SourceConnection",
                "reference": {"type": "AdfRunId", "ids": [work.transfer_id]},
            }
        ],
    }
    if not work.promotion_id:
        return [copy]
    promotion = _promotion(work, outcome, at_ms, target_connection_id, diagnostics_base)
    return [copy, promotion]


def _promotion(
    work: Work,
    outcome: Outcome | None,
    at_ms: int,
    target_connection_id: str,
    diagnostics_base: str | None,
) -> dict[str, Any]:
    duration = {"startedAtUTC": work.copied_ms}
    status: dict[str, Any] = {"status": "inProgress"}
    files: dict[str, Any] = {
        "inputFileCount": work.staged_files,
        "outputFileCount": work.part_files,
    }
    if outcome is not None:
        duration["completedAtUTC"] = at_ms
        status["status"] = outcome.status
        if outcome.errors:
            status["errors"] = list(outcome.errors)
        extensions: dict[str, Any] = {}
        if outcome.details:
            extensions["errors"] = list(outcome.details)
        if diagnostics_base is not None:
            files["manifest"] = {"fileInfo": f"{diagnostics_base}?path=input_files"}
            if work.error_files:
                extensions["manifest"] = {
                    "failedRecords": f"{diagnostics_base}?path=row_errors",
                    "sampleErrors": f"{diagnostics_base}?path=row_error_samples.json",
                }
        if extensions:
            status["extensions"] = extensions
    reference = {"type": "Batch", "ids": [work.batch_id] if work.batch_id else []}
    return {
        "id": work.promotion_id,
        "name": "Promotion activity",
        "updatedAtUTC": at_ms,
        "durationSummary": duration,
        "latencySummary": {},
        "sizeSummary": {"inputBytes": work.input_bytes, "outputBytes": work.output_bytes},
        "recordSummary": _records(work),
        "fileSummary": files,
        "statusSummary": status,
        "targetInfo": [
            {"id": target_connection_id, "type": "TargetConnection", "reference": reference}
        ],
    }


def _records(work: Work) -> dict[str, Any]:
    records = {
        "inputRecordCount": work.received,
        "outputRecordCount": work.ingested,
        "skippedRecordCount": work.skipped,
        "failedRecordCount": work.failed,
    }
    if work.warned:
        records["warningRecordCount"] = work.warned
    return records
