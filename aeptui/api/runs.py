"""Reads one run of a flow: its counts, its steps, its errors, its batch (AEP.md 3.5)."""

from __future__ import annotations

from datetime import datetime

from aeptui.api import quick_runs
from aeptui.api.models import Activity, Run, RunError
from aeptui.api.wire import (
    Told,
    count,
    first_count,
    part,
    parts,
    shared_fields,
    text,
    texts,
    told_by,
    when,
)


def run(raw: bytes) -> Run:
    return quick_runs.run(raw) or tolerant_run(raw)


def tolerant_run(raw: bytes) -> Run:
    """A run whose parts may be of any type.

    AEP.md 3.5: the run's own metrics count first, then those of its promotion.
    """
    told = told_by(raw)
    metrics = part(told, "metrics")
    steps = parts(told, "activities", "activites")
    promotion: Told = next((step for step in steps if _is_promotion(step)), {})
    copy: Told = next((step for step in steps if _step_name(step) == "copyActivity"), {})
    records = (part(metrics, "recordSummary"), part(promotion, "recordSummary"))
    sizes = (part(metrics, "sizeSummary"), part(promotion, "sizeSummary"))
    window_start, window_end = _window(part(copy, "durationSummary"))
    if window_start is None and window_end is None:
        window_start, window_end = _window(part(metrics, "durationSummary"))
    params = part(told, "params")
    common = shared_fields(told, raw)
    common["state"] = text(part(metrics, "statusSummary"), "status")
    return Run(
        **common,
        flow_id=text(told, "flowId"),
        started_at=when(part(metrics, "durationSummary").get("startedAtUTC")),
        completed_at=when(part(metrics, "durationSummary").get("completedAtUTC")),
        received=first_count("inputRecordCount", *records),
        ingested=first_count("outputRecordCount", *records),
        skipped=first_count("skippedRecordCount", *records),
        failed=first_count("failedRecordCount", *records),
        warnings=first_count("warningRecordCount", *records),
        input_bytes=first_count("inputBytes", *sizes),
        output_bytes=first_count("outputBytes", *sizes),
        window_start=window_start or when(params.get("windowStartTime")),
        window_end=window_end or when(params.get("windowEndTime")),
        batch_id=_batch_id(promotion, metrics),
        errors=_run_errors(metrics, steps),
        activities=tuple(_activity(step) for step in steps),
        sample_path=_sample_path(metrics, promotion),
        synthetic=part(metrics, "statusSummary", "extensions").get("synthetic") is True,
    )


def _is_promotion(step: Told) -> bool:
    return _step_name(step) == "promotionActivity"


def _step_name(step: Told) -> str:
    """AEP.md 3.5: named by `name` or `id`, with and without spaces, or only by what it writes."""
    if known := quick_runs.known_step(text(step, "name"), text(step, "id")):
        return known
    targets = parts(step, "targetInfo")
    if any(text(part(target, "reference"), "type").lower() == "batch" for target in targets):
        return "promotionActivity"
    return text(step, "name") or "copyActivity"


def _activity(step: Told) -> Activity:
    span, records, size = (
        part(step, block) for block in ("durationSummary", "recordSummary", "sizeSummary")
    )
    window_start, window_end = _window(span)
    return Activity(
        name=_step_name(step),
        status=text(part(step, "statusSummary"), "status"),
        started_at=when(span.get("startedAtUTC")),
        completed_at=when(span.get("completedAtUTC")),
        received=count(records.get("inputRecordCount")),
        ingested=count(records.get("outputRecordCount")),
        failed=count(records.get("failedRecordCount")),
        input_bytes=count(size.get("inputBytes")),
        output_bytes=count(size.get("outputBytes")),
        window_start=window_start,
        window_end=window_end,
    )


def _window(span: Told) -> tuple[datetime | None, datetime | None]:
    extensions = part(span, "extensions")
    return when(extensions.get("windowStart")), when(extensions.get("windowEnd"))


def _batch_id(promotion: Told, metrics: Told) -> str:
    for target in parts(promotion, "targetInfo"):
        ids = texts(part(target, "reference").get("ids"))
        if ids:
            return ids[0]
    for block in (promotion, metrics):
        id = text(part(block, "statusSummary", "extensions"), "batchId")
        if id:
            return id
    return ""


def _run_errors(metrics: Told, steps: list[Told]) -> tuple[RunError, ...]:
    """Every code once; the run repeats what its activities say, and they know more."""
    found: dict[tuple[str, str], RunError] = {}
    for activity, block in [("", metrics), *((_step_name(step), step) for step in steps)]:
        summary = part(block, "statusSummary")
        for told in (*parts(summary, "errors"), *parts(part(summary, "extensions"), "errors")):
            code, message = text(told, "code", "errorCode"), text(told, "message", "description")
            known = found.get((code, message))
            rows = count(told.get("recordCount"))
            if known is not None:
                rows = known.rows if rows is None else rows
                found[code, message] = RunError(code, message, rows, activity or known.activity)
            elif code or message:
                found[code, message] = RunError(code, message, rows, activity)
    return tuple(found.values())


def _sample_path(metrics: Told, promotion: Told) -> str:
    """Where the run says its sample is, without the host that it names (AEP.md 2.3)."""
    for block in (metrics, promotion):
        url = text(part(block, "statusSummary", "extensions", "manifest"), "sampleErrors")
        if url:
            return quick_runs.without_host(url)
    return ""
