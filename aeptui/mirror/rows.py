"""The rows that a window on the mirror holds: one flat, frozen struct for each kind.

A row has what lists show, sort and filter on; the whole answer of the platform
stays compressed beside it (`Mirror.body`). Names of other resources are joined
in, so that no list needs a second look. `seen_at` says when the platform last
confirmed the row.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec


class Row(msgspec.Struct, frozen=True):
    """What a row of every kind has."""

    id: str
    name: str = ""
    state: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    updated_by: str = ""
    seen_at: datetime | None = None


class BaseConnectionRow(Row, frozen=True):
    spec_id: str = ""
    spec_name: str = ""
    auth_spec: str = ""
    flow_count: int = 0


class SourceConnectionRow(Row, frozen=True):
    spec_id: str = ""
    spec_name: str = ""
    base_connection_id: str = ""
    base_connection_name: str = ""
    table: str = ""
    column_count: int = 0
    format: str = ""


class TargetConnectionRow(Row, frozen=True):
    dataset_id: str = ""
    dataset_name: str = ""
    schema_id: str = ""
    schema_name: str = ""


class SchemaRow(Row, frozen=True):
    alt_id: str = ""
    version: str = ""
    class_id: str = ""
    profile_enabled: bool = False


class DatasetRow(Row, frozen=True):
    schema_id: str = ""
    schema_name: str = ""
    last_batch_id: str = ""
    row_count: int | None = None
    size_bytes: int | None = None
    expires_at: datetime | None = None
    profile_enabled: bool = False


class MappingSetRow(Row, frozen=True):
    version: int = 0
    schema_id: str = ""
    schema_name: str = ""
    field_count: int = 0


class FlowRow(Row, frozen=True):
    """A flow with the monitor's judgement of it."""

    source_connection_id: str = ""
    target_connection_id: str = ""
    base_connection_id: str = ""
    base_connection_name: str = ""
    connection_spec_id: str = ""
    table: str = ""
    dataset_id: str = ""
    dataset_name: str = ""
    dataset_expires_at: datetime | None = None
    mapping_set_id: str = ""
    mapping_version: int | None = None
    delta_column: str = ""
    frequency: str = ""
    interval: int | None = None
    start_at: datetime | None = None
    backfill: bool | None = None
    error_diagnostics: bool | None = None
    partial_ingestion_percent: float | None = None
    etag: str = ""
    # The judgement (monitor): see monitor.state.Verdict.
    word: str = ""
    rank: int = 0
    reason: str = ""
    since: datetime | None = None
    lost: int | None = None
    next_due_at: datetime | None = None
    strip: str = ""
    """The last twenty runs, oldest first, a letter each: `.` clean, `p` partial, `F` failed,
    `>` running, `w` waiting, `?` unknown, `-` missing."""
    last_run_id: str = ""
    last_run_at: datetime | None = None


class RunRow(Row, frozen=True):
    """A run; `state` is the platform's status, `word` what it amounts to."""

    flow_id: str = ""
    flow_name: str = ""
    word: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    received: int | None = None
    ingested: int | None = None
    skipped: int | None = None
    failed: int | None = None
    warnings: int | None = None
    lost: int | None = None
    batch_id: str = ""
    code: str = ""
    message: str = ""
    phase: str = ""
    """`waiting`, `copying`, `promoting`, or empty once the run has ended."""
    window_start: datetime | None = None
    window_end: datetime | None = None


class BatchRow(Row, frozen=True):
    dataset_id: str = ""
    dataset_name: str = ""
    flow_id: str = ""
    flow_name: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    rows: int | None = None
    failed_rows: int | None = None
    size_bytes: int | None = None


class SandboxRow(Row, frozen=True):
    title: str = ""
    type: str = ""
    region: str = ""
    is_default: bool = False


class ConnectionSpecRow(Row, frozen=True):
    category: str = ""


class FlowSpecRow(Row, frozen=True):
    source_count: int = 0


AnyRow: TypeAlias = (
    BaseConnectionRow
    | SourceConnectionRow
    | TargetConnectionRow
    | SchemaRow
    | DatasetRow
    | MappingSetRow
    | FlowRow
    | RunRow
    | BatchRow
    | SandboxRow
    | ConnectionSpecRow
    | FlowSpecRow
)
