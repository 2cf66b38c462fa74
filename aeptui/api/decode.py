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

from aeptui.api import quick
from aeptui.api.models import (
    BaseConnection,
    Batch,
    ConnectionSpec,
    Dataset,
    Flow,
    FlowSpec,
    MappingSet,
    Model,
    RunError,
    Sandbox,
    Schema,
    SourceConnection,
    TargetConnection,
)
from aeptui.api.runs import run as run
from aeptui.api.wire import (
    LONGEST_NAME,
    Told,
    count,
    duration,
    first_count,
    first_when,
    fraction,
    number,
    part,
    parts,
    shared_fields,
    text,
    texts,
    told_by,
    truth,
    when,
)

M = TypeVar("M", bound=Model)

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
        **shared_fields(told, raw),
        spec_id=text(part(told, "connectionSpec"), "id"),
        auth_spec=text(part(told, "auth"), "specName"),
    )


def source_connection(raw: bytes) -> SourceConnection:
    told = told_by(raw)
    params = part(told, "params")
    return SourceConnection(
        **shared_fields(told, raw),
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
        **shared_fields(told, raw),
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
        **shared_fields(told, raw),
        category=category,
        is_source=truth(attributes.get("isSource")) is not False,
    )


def flow_spec(raw: bytes) -> FlowSpec:
    told = told_by(raw)
    return FlowSpec(
        **shared_fields(told, raw), source_spec_ids=texts(told.get("sourceConnectionSpecIds"))
    )


def flow(raw: bytes) -> Flow:
    return quick.flow(raw) or tolerant_flow(raw)


def tolerant_flow(raw: bytes) -> Flow:
    """A flow whose parts may be of any type."""
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
        **shared_fields(told, raw),
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


# Schema Registry, Catalog, Data Prep, Sandboxes -----------------------------


def schema(raw: bytes) -> Schema:
    told = told_by(raw)
    registry = part(told, "meta:registryMetadata")
    return Schema(
        id=text(told, "$id", "id"),
        name=text(told, "title", limit=LONGEST_NAME),
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
        name=text(told, "name", limit=LONGEST_NAME),
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
        name=text(told, "externalId", limit=LONGEST_NAME),
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
    common = shared_fields(told, raw)
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
        name=text(told, "title", "name", limit=LONGEST_NAME),
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


def _object(value: Any) -> Told:
    return value if isinstance(value, dict) else {}


def _known(first: int | None, otherwise: Any) -> int | None:
    return count(otherwise) if first is None else first


def _later(moment: datetime | None, by: Any) -> datetime | None:
    try:
        return None if moment is None or by is None else moment + by
    except OverflowError:
        return None
