"""What AEP's services answer, as plain values.

Frozen structs with the field's own terms and clean types: times are aware UTC
datetimes, a count that the platform did not give (missing or -1) is None, and a
status or key that we do not know survives. `body` is the whole answer as JSON,
already scrubbed and with the secrets of connections masked, for the raw view
and for whatever a later screen wants of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every resource has; a part that a service does not know is empty or None."""

    id: str
    name: str = ""
    state: str = ""
    """The platform's own word for it, as sent; empty where the service has none."""
    description: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str = ""
    updated_by: str = ""
    etag: str = ""
    body: bytes = b"{}"

    def raw(self) -> dict[str, Any]:
        """The whole answer, decoded."""
        decoded: dict[str, Any] = msgspec.json.decode(self.body)
        return decoded


class BaseConnection(Model, frozen=True, kw_only=True):
    """Credentials for one CRM or database; other objects refer to it."""

    spec_id: str = ""
    auth_spec: str = ""


class SourceConnection(Model, frozen=True, kw_only=True):
    """One table of a base connection, with the columns to read."""

    spec_id: str = ""
    base_connection_id: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()
    format: str = ""


class TargetConnection(Model, frozen=True, kw_only=True):
    """One dataset of the data lake as the end of a flow."""

    spec_id: str = ""
    dataset_id: str = ""
    schema_id: str = ""


class Schema(Model, frozen=True, kw_only=True):
    """An XDM schema of the organisation; `id` is its `$id`, `name` its title."""

    alt_id: str = ""
    version: str = ""
    class_id: str = ""
    extends: tuple[str, ...] = ()
    profile_enabled: bool = False


class Dataset(Model, frozen=True, kw_only=True):
    """Where rows land; `state` is the status of its last batch."""

    schema_id: str = ""
    last_batch_id: str = ""
    row_count: int | None = None
    size_bytes: int | None = None
    expires_at: datetime | None = None
    profile_enabled: bool = False


class MappingSet(Model, frozen=True, kw_only=True):
    """How columns become fields of a schema; each change makes a new version."""

    version: int = 0
    schema_id: str = ""
    field_count: int = 0


class Flow(Model, frozen=True, kw_only=True):
    """A source connection, a target connection, a mapping and a schedule, made to run."""

    flow_spec_id: str = ""
    source_connection_id: str = ""
    target_connection_id: str = ""
    base_connection_id: str = ""
    connection_spec_id: str = ""
    mapping_set_id: str = ""
    mapping_version: int | None = None
    delta_column: str = ""
    frequency: str = ""
    interval: int | None = None
    """In units of `frequency`; None where the schedule has none (`once`)."""
    start_at: datetime | None = None
    backfill: bool | None = None
    error_diagnostics: bool | None = None
    partial_ingestion_percent: float | None = None
    last_run_id: str = ""
    last_run_state: str = ""
    last_run_at: datetime | None = None
    operation: str = ""
    """`lastOperation` in words, such as `create completed`; empty where there is none."""


class RunError(msgspec.Struct, frozen=True):
    """One code that a run or one of its activities reported."""

    code: str
    message: str
    rows: int | None = None
    activity: str = ""
    """`copyActivity`, `promotionActivity`, or empty for the run as a whole."""


class Activity(msgspec.Struct, frozen=True):
    """One step of a run: the copy out of the source, or the promotion into the lake."""

    name: str
    status: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    received: int | None = None
    ingested: int | None = None
    failed: int | None = None
    input_bytes: int | None = None
    output_bytes: int | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None


class Run(Model, frozen=True, kw_only=True):
    """One execution of a flow. `state` is `metrics.statusSummary.status` as sent."""

    flow_id: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    received: int | None = None
    ingested: int | None = None
    skipped: int | None = None
    failed: int | None = None
    warnings: int | None = None
    input_bytes: int | None = None
    output_bytes: int | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    batch_id: str = ""
    errors: tuple[RunError, ...] = ()
    activities: tuple[Activity, ...] = ()
    sample_path: str = ""
    """Path and query of the manifest's sample of row errors; empty where there is none."""
    synthetic: bool = False
    """Whether it never ran: the emulator fills large worlds with such runs, and marks them."""


class Batch(Model, frozen=True, kw_only=True):
    """What a run wrote into a dataset; `state` is Catalog's status."""

    dataset_id: str = ""
    flow_id: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    rows: int | None = None
    failed_rows: int | None = None
    size_bytes: int | None = None
    errors: tuple[RunError, ...] = ()


class Sandbox(Model, frozen=True, kw_only=True):
    """A sandbox of the organisation; `id` is its name, `name` its title."""

    type: str = ""
    region: str = ""
    is_default: bool = False


class ConnectionSpec(Model, frozen=True, kw_only=True):
    """A connector: which authentication it takes and what it can be asked."""

    category: str = ""
    is_source: bool = True


class FlowSpec(Model, frozen=True, kw_only=True):
    """Which sources a kind of flow accepts, and which options and schedules."""

    source_spec_ids: tuple[str, ...] = ()


class RowError(msgspec.Struct, frozen=True):
    """One row that was refused: why, and the row as the platform kept it."""

    code: str
    message: str
    column: str
    """The column that the message names, where it names one."""
    row: dict[str, Any]
