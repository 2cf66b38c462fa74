"""Wire JSON into models: where AEP's spellings end and ours begin.

One function for each kind takes the bytes of one object, already scrubbed, and
keeps them as the model's `body`. Aliases are AEP's own (AEP.md 2.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from aeptui.api.models import (
    Activity,
    BaseConnection,
    Batch,
    ConnectionSpec,
    Dataset,
    Flow,
    FlowSpec,
    MappingSet,
    Model,
    Run,
    RunError,
    Sandbox,
    Schema,
    SourceConnection,
    TargetConnection,
)
from aeptui.api.wire import (
    Told,
    count,
    duration,
    first_count,
    first_when,
    fraction,
    number,
    part,
    parts,
    text,
    texts,
    told_by,
    truth,
    when,
)

M = TypeVar("M", bound=Model)

_NAME = 1_000
MASK = "***"
_SECRET = re.compile(
    r"pass(word|wd|phrase|code)|pwd|secret|token|key|connection_?string|jwt|credential"
    r"|sas_?ur[il]|signature|certificate|assertion",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"token_?(endpoint|ur[il])$|key_?(id|name)$", re.IGNORECASE)


def many(raws: Iterable[bytes], read: Callable[[bytes], M]) -> list[M]:
    """The models of a page; an object without an id cannot be anything's row and is left out."""
    return [model for raw in raws if (model := read(raw)).id]


# Flow Service ---------------------------------------------------------------


def base_connection(raw: bytes) -> BaseConnection:
    """Credentials are masked here, before anything else can see them (AEP.md 3.2)."""
    told = told_by(raw)
    if "auth" in told:
        told["auth"] = masked(told["auth"])
        raw = msgspec.json.encode(told)
    return BaseConnection(
        **_common(told, raw),
        spec_id=text(part(told, "connectionSpec"), "id"),
        auth_spec=text(part(told, "auth"), "specName"),
    )


def source_connection(raw: bytes) -> SourceConnection:
    told = told_by(raw)
    params = part(told, "params")
    return SourceConnection(
        **_common(told, raw),
        spec_id=text(part(told, "connectionSpec"), "id"),
        base_connection_id=text(told, "baseConnectionId")
        or text(part(told, "inheritedAttributes", "baseConnection"), "id"),
        table=text(params, "tableName", "path"),
        columns=tuple(text(column, "name") for column in parts(params, "columns")),
        format=text(part(told, "data"), "format"),
    )


def target_connection(raw: bytes) -> TargetConnection:
    told = told_by(raw)
    return TargetConnection(
        **_common(told, raw),
        spec_id=text(part(told, "connectionSpec"), "id"),
        dataset_id=text(part(told, "params"), "dataSetId", "datasetId"),
        schema_id=text(part(told, "data", "schema"), "id"),
    )


def connection_spec(raw: bytes) -> ConnectionSpec:
    told = told_by(raw)
    attributes = part(told, "attributes")
    for place in (part(attributes, "uiAttributes"), attributes):
        category = text(place, "category") or text(part(place, "category"), "key")
        if category:
            break
    return ConnectionSpec(
        **_common(told, raw),
        category=category,
        is_source=truth(attributes.get("isSource")) is not False,
    )


def flow_spec(raw: bytes) -> FlowSpec:
    told = told_by(raw)
    return FlowSpec(
        **_common(told, raw), source_spec_ids=texts(told.get("sourceConnectionSpecIds"))
    )


def flow(raw: bytes) -> Flow:
    told = told_by(raw)
    source = next(iter(parts(part(told, "inheritedAttributes"), "sourceConnections")), {})
    base = part(source, "baseConnection")
    steps = {text(step, "name"): part(step, "params") for step in parts(told, "transformations")}
    mapping = steps.get("Mapping", {})
    delta = steps.get("Copy", {}).get("deltaColumn")
    schedule = part(told, "scheduleParams")
    options = part(told, "options")
    last = part(told, "lastRunDetails")
    return Flow(
        **_common(told, raw),
        flow_spec_id=text(part(told, "flowSpec"), "id"),
        source_connection_id=next(iter(texts(told.get("sourceConnectionIds"))), ""),
        target_connection_id=next(iter(texts(told.get("targetConnectionIds"))), ""),
        base_connection_id=text(base, "id"),
        connection_spec_id=text(part(source, "connectionSpec"), "id")
        or text(part(base, "connectionSpec"), "id"),
        mapping_set_id=text(mapping, "mappingId"),
        mapping_version=number(mapping.get("mappingVersion")),
        delta_column=delta if isinstance(delta, str) else text(_object(delta), "name"),
        frequency=text(schedule, "frequency"),
        interval=number(schedule.get("interval")),
        start_at=when(schedule.get("startTime")),
        backfill=truth(schedule.get("backfill")),
        error_diagnostics=truth(options.get("errorDiagnosticsEnabled")),
        partial_ingestion_percent=fraction(options.get("partialIngestionPercent")),
        last_run_id=text(last, "id"),
        last_run_state=text(last, "state"),
        last_run_at=first_when((last.get("startedAtUTC"), last.get("completedAtUTC"))),
        operation=_operation(part(told, "lastOperation")),
    )


def _operation(told: Told) -> str:
    words = (text(told, "operation"), text(part(told, "status"), "value"))
    return " ".join(word for word in words if word)


# Runs -----------------------------------------------------------------------


def run(raw: bytes) -> Run:
    """AEP.md 3.5: the run's own metrics count first, then those of its promotion."""
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
    common = _common(told, raw)
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
    )


def _is_promotion(step: Told) -> bool:
    return _step_name(step) == "promotionActivity"


def _step_name(step: Told) -> str:
    """AEP.md 3.5: named by `name` or `id`, with and without spaces, or only by what it writes."""
    for name in (text(step, "name"), text(step, "id")):
        for known in ("copy", "promotion"):
            if known in name.lower():
                return f"{known}Activity"
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
            return re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*", "", url)
    return ""


# Schema Registry, Catalog, Data Prep, Sandboxes -----------------------------


def schema(raw: bytes) -> Schema:
    told = told_by(raw)
    registry = part(told, "meta:registryMetadata")
    return Schema(
        id=text(told, "$id", "id"),
        name=text(told, "title", limit=_NAME),
        description=text(told, "description"),
        created_at=when(registry.get("repo:createdDate")),
        updated_at=when(registry.get("repo:lastModifiedDate")),
        created_by=text(registry, "xdm:createdUserId"),
        updated_by=text(registry, "xdm:lastModifiedUserId"),
        etag=text(registry, "eTag"),
        body=raw,
        alt_id=text(told, "meta:altId"),
        version=text(told, "version"),
        class_id=text(told, "meta:class"),
        extends=texts(told.get("meta:extends")),
        profile_enabled="union" in texts(told.get("meta:immutableTags")),
    )


def dataset(id: str, raw: bytes) -> Dataset:
    told = told_by(raw)
    lake = part(told, "extensions", "adobe_lakeHouse")
    created = when(told.get("created"))
    ttl = duration(part(lake, "rowExpiration").get("ttlValue"))
    profile = texts(part(told, "tags").get("unifiedProfile"))
    return Dataset(
        id=id,
        name=text(told, "name", limit=_NAME),
        state=text(told, "lastBatchStatus"),
        description=text(told, "description"),
        created_at=created,
        updated_at=when(told.get("updated")),
        created_by=text(told, "createdUser"),
        updated_by=text(told, "updatedUser"),
        etag=text(told, "version"),
        body=raw,
        schema_id=text(part(told, "schemaRef"), "id"),
        last_batch_id=text(told, "lastBatchId"),
        row_count=count(part(lake, "metrics").get("rowCount")),
        size_bytes=count(part(lake, "metrics").get("storageSize")),
        expires_at=_later(created, ttl),
        # AEP.md 5.1: one sample of the documentation has a space after the colon.
        profile_enabled=any(tag.replace(" ", "") == "enabled:true" for tag in profile),
    )


def batch(id: str, raw: bytes) -> Batch:
    told = told_by(raw)
    metrics = part(told, "metrics")
    related = (
        text(other, "id")
        for other in parts(told, "relatedObjects")
        if text(other, "type").lower() == "dataset"
    )
    return Batch(
        id=id,
        name=text(told, "externalId", limit=_NAME),
        state=text(told, "status"),
        created_at=when(told.get("created")),
        updated_at=when(told.get("updated")),
        created_by=text(told, "createdUser"),
        updated_by=text(told, "updatedUser"),
        etag=text(told, "version"),
        body=raw,
        dataset_id=next(related, ""),
        flow_id=next(iter(texts(part(told, "tags").get("flowId"))), ""),
        started_at=when(told.get("started")),
        completed_at=when(told.get("completed")),
        rows=first_count("outputRecordCount", metrics)
        if metrics
        else count(told.get("recordCount")),
        failed_rows=_known(count(metrics.get("failedRecordCount")), told.get("failedRecordCount")),
        size_bytes=_known(count(metrics.get("outputByteSize")), told.get("size")),
        errors=tuple(
            RunError(
                text(error, "code"),
                text(error, "description", "message"),
                count(error.get("recordCount")),
            )
            for error in parts(told, "errors")
        ),
    )


def mapping_set(raw: bytes) -> MappingSet:
    told = told_by(raw)
    common = _common(told, raw)
    common["state"] = text(told, "status")
    common["created_at"] = when(told.get("createdDate"))
    common["updated_at"] = first_when((told.get("modifiedDate"), told.get("updatedDate")))
    common["updated_by"] = text(told, "modifiedBy", "lastModifiedBy")
    return MappingSet(
        **common,
        version=number(told.get("version")) or 0,
        schema_id=text(part(told, "outputSchema", "schemaRef"), "id") or text(told, "xdmSchema"),
        field_count=len(parts(told, "mappings")),
    )


def sandbox(raw: bytes) -> Sandbox:
    told = told_by(raw)
    return Sandbox(
        id=text(told, "name"),
        name=text(told, "title", "name", limit=_NAME),
        state=text(told, "state"),
        created_at=when(told.get("createdDate")),
        updated_at=first_when((told.get("lastModifiedDate"), told.get("modifiedDate"))),
        created_by=text(told, "createdBy"),
        updated_by=text(told, "lastModifiedBy", "modifiedBy"),
        etag=text(told, "etag", "eTag"),
        body=raw,
        type=text(told, "type"),
        region=text(told, "region"),
        is_default=truth(told.get("isDefault")) is True,
    )


# Shared ---------------------------------------------------------------------


def masked(value: Any) -> Any:
    """`value` with every field whose name sounds like a secret masked, however deep."""
    if isinstance(value, list):
        return [masked(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: MASK if _sounds_secret(key) else masked(item) for key, item in value.items()}


def _sounds_secret(key: str) -> bool:
    return bool(_SECRET.search(key)) and not _NO_SECRET.search(key)


def _common(told: Told, raw: bytes) -> dict[str, Any]:
    return {
        "id": text(told, "id"),
        "name": text(told, "name", limit=_NAME),
        "state": text(told, "state"),
        "description": text(told, "description"),
        "created_at": when(told.get("createdAt")),
        "updated_at": when(told.get("updatedAt")),
        "created_by": text(told, "createdBy"),
        "updated_by": text(told, "updatedBy"),
        "etag": text(told, "etag", "eTag"),
        "body": raw,
    }


def _object(value: Any) -> Told:
    return value if isinstance(value, dict) else {}


def _known(first: int | None, otherwise: Any) -> int | None:
    return count(otherwise) if first is None else first


def _later(moment: datetime | None, by: Any) -> datetime | None:
    try:
        return None if moment is None or by is None else moment + by
    except OverflowError:
        return None
