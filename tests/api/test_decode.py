"""What the services send becomes models, odd spellings and all."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.api import decode, quick, quick_runs, runs
from aeptui.api.models import Model, RunError

START = 1767268800000
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def wire(**told: Any) -> bytes:
    return msgspec.json.encode(told)


RUN: dict[str, Any] = {
    "id": "r1",
    "flowId": "f1",
    "createdAt": START,
    "metrics": {
        "durationSummary": {"startedAtUTC": START, "completedAtUTC": START + 60_000},
        "sizeSummary": {"inputBytes": -1, "outputBytes": 200},
        "recordSummary": {"inputRecordCount": 10, "outputRecordCount": 7, "failedRecordCount": -1},
        "statusSummary": {
            "status": "success",
            "errors": [{"code": "INGEST-1212-400", "message": "3 rows rejected"}],
            "extensions": {
                "manifest": {
                    "sampleErrors": "https://platform-int.adobe.io:443/data/foundation/export/"
                    "batches/b1/meta?path=row_error_samples.json"
                }
            },
        },
    },
    "activities": [
        {
            "id": "a1",
            "name": "copyActivity",
            "durationSummary": {
                "startedAtUTC": START,
                "extensions": {"windowStart": START - 3_600_000, "windowEnd": START},
            },
            "recordSummary": {},
            "statusSummary": {"status": "success"},
        },
        {
            "id": "a2",
            "name": "promotionActivity",
            "recordSummary": {
                "inputRecordCount": 99,
                "failedRecordCount": 3,
                "skippedRecordCount": 0,
            },
            "statusSummary": {
                "status": "success",
                "errors": [{"code": "INGEST-1212-400", "message": "3 rows rejected"}],
                "extensions": {
                    "errors": [
                        {"code": "INGEST-1555-400", "message": "crmId missing", "recordCount": "3"}
                    ]
                },
            },
            "targetInfo": [{"reference": {"type": "Batch", "ids": ["b1"]}}],
        },
    ],
}


def test_a_run_is_read_from_its_own_metrics_and_then_from_its_promotion() -> None:
    run = decode.run(wire(**RUN))
    assert (run.received, run.ingested, run.failed, run.skipped) == (10, 7, 3, 0)
    assert (run.input_bytes, run.output_bytes, run.warnings) == (None, 200, None)
    assert (run.state, run.flow_id, run.batch_id) == ("success", "f1", "b1")
    assert run.started_at == NOON
    assert run.completed_at == NOON + timedelta(minutes=1)
    assert (run.window_start, run.window_end) == (NOON - timedelta(hours=1), NOON)
    assert [step.name for step in run.activities] == ["copyActivity", "promotionActivity"]
    assert run.activities[0].received is None


def test_an_error_that_run_and_activity_repeat_is_told_once_with_where_and_how_many() -> None:
    assert decode.run(wire(**RUN)).errors == (
        RunError("INGEST-1212-400", "3 rows rejected", None, "promotionActivity"),
        RunError("INGEST-1555-400", "crmId missing", 3, "promotionActivity"),
    )


def test_the_sample_of_a_run_has_lost_its_host() -> None:
    path = decode.run(wire(**RUN)).sample_path
    assert path == "/data/foundation/export/batches/b1/meta?path=row_error_samples.json"


def test_the_specifications_spelling_of_activities_and_etag_is_read_too() -> None:
    told = {**RUN, "activites": RUN["activities"], "eTag": '"e1"'}
    del told["activities"]
    run = decode.run(wire(**told))
    assert run.batch_id == "b1"
    assert run.etag == '"e1"'


def test_activities_without_names_are_told_apart_by_what_they_write() -> None:
    steps = [{k: v for k, v in step.items() if k != "name"} for step in RUN["activities"]]
    run = decode.run(wire(**{**RUN, "activities": steps}))
    assert [step.name for step in run.activities] == ["copyActivity", "promotionActivity"]
    assert run.batch_id == "b1"


@pytest.mark.parametrize("metrics", [None, {}, [], "", {"recordSummary": None}])
def test_a_run_just_made_has_no_numbers_and_is_still_a_run(metrics: Any) -> None:
    run = decode.run(wire(id="r1", flowId="f1", metrics=metrics, activities=None))
    assert (run.id, run.received, run.errors, run.state) == ("r1", None, (), "")


def test_a_status_that_nobody_documented_survives() -> None:
    run = decode.run(wire(id="r1", metrics={"statusSummary": {"status": "awaitingReview"}}))
    assert run.state == "awaitingReview"


FLOW: dict[str, Any] = {
    "id": "f1",
    "name": "[red]Contacts",
    "state": "enabled",
    "etag": '"1a0037e4"',
    "flowSpec": {"id": "spec", "version": "1.0"},
    "sourceConnectionIds": ["s1"],
    "targetConnectionIds": ["t1"],
    "inheritedAttributes": {
        "sourceConnections": [
            {"id": "s1", "baseConnection": {"id": "b1", "connectionSpec": {"id": "sf"}}}
        ]
    },
    "transformations": [
        {"name": "Mapping", "params": {"mappingId": "m1", "mappingVersion": "2"}},
        {"name": "Copy", "params": {"deltaColumn": {"name": "LastModifiedDate"}}},
    ],
    "scheduleParams": {
        "startTime": "1767268800",
        "frequency": "minute",
        "interval": "30",
        "backfill": "true",
    },
    "options": {"errorDiagnosticsEnabled": True, "partialIngestionPercent": "5"},
    "lastRunDetails": {"id": "r1", "state": "success", "startedAtUTC": START},
    "lastOperation": {"operation": "create", "status": {"value": "completed", "errors": []}},
}


def test_a_flow_is_read_with_its_texts_for_numbers() -> None:
    flow = decode.flow(wire(**FLOW))
    assert (flow.mapping_set_id, flow.mapping_version, flow.delta_column) == (
        "m1",
        2,
        "LastModifiedDate",
    )
    assert (flow.frequency, flow.interval, flow.start_at, flow.backfill) == (
        "minute",
        30,
        NOON,
        True,
    )
    assert (flow.error_diagnostics, flow.partial_ingestion_percent) == (True, 5.0)
    assert (flow.base_connection_id, flow.connection_spec_id) == ("b1", "sf")
    assert (flow.last_run_id, flow.last_run_at) == ("r1", NOON)
    assert (flow.operation, flow.etag) == ("create completed", '"1a0037e4"')
    assert flow.name == "[red]Contacts"


def test_a_flow_as_documented_is_read_the_quick_way() -> None:
    raw = wire(**FLOW)
    assert quick.flow(raw) == decode.tolerant_flow(raw)


@pytest.mark.parametrize("seed", range(20))
def test_the_quick_way_and_the_tolerant_one_read_the_same(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        raw = msgspec.json.encode(spoilt_value(FLOW, chance))
        read = quick.flow(raw) if raw.startswith(b"{") else None
        assert read is None or read == decode.tolerant_flow(raw), raw


def test_a_run_as_documented_is_read_the_quick_way() -> None:
    raw = wire(**RUN)
    assert quick_runs.run(raw) == runs.tolerant_run(raw)


@pytest.mark.parametrize("seed", range(10))
def test_the_quick_way_and_the_tolerant_one_read_the_same_runs(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        raw = msgspec.json.encode(spoilt_value(RUN, chance))
        read = quick_runs.run(raw) if raw.startswith(b"{") else None
        assert read is None or read == runs.tolerant_run(raw), raw


def spoilt_value(value: Any, chance: random.Random) -> Any:
    """`value` with some parts of it replaced by something else."""
    if chance.random() < 0.06:
        return chance.choice(
            [None, "", "x" * 2_000, 7, "7", -1, 2**70, 1.5, 1e30, True, "true", [], {}, [{}], "é"]
        )
    if isinstance(value, dict):
        return {key: spoilt_value(part, chance) for key, part in value.items()}
    return [spoilt_value(each, chance) for each in value] if isinstance(value, list) else value


@given(st.integers(10**11, 10**13) | st.integers(0, 253_402_300_799_999))
def test_each_millisecond_is_kept(since_epoch: int) -> None:
    moment = decode.flow(wire(id="f", createdAt=since_epoch)).created_at
    if since_epoch >= 10**11:
        assert moment is not None
        assert moment == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=since_epoch)
        assert moment.microsecond % 1000 == 0


def test_a_draft_without_anything_is_a_flow() -> None:
    flow = decode.flow(wire(id="f1", state="draft"))
    assert (flow.interval, flow.start_at, flow.last_run_at, flow.operation) == (
        None,
        None,
        None,
        "",
    )


def test_credentials_are_masked_before_anybody_sees_them() -> None:
    params = {
        "username": "ann",
        "password": "SECRET",
        "securityToken": "SECRET",
        "clientSecret": "SECRET",
        "servicePrincipalKey": "SECRET",
        "connectionString": "Server=x;Password=SECRET",
        "jwtToken": "SECRET",
        "nested": {"refreshToken": "SECRET", "list": [{"apiKey": "SECRET"}]},
        "tokenEndpoint": "https://login.example",
        "clientId": "the-id",
    }
    connection = decode.base_connection(
        wire(id="b1", auth={"specName": "Basic Authentication", "params": params})
    )
    assert b"SECRET" not in connection.body
    assert connection.auth_spec == "Basic Authentication"
    shown = connection.raw()["auth"]["params"]
    assert (shown["username"], shown["tokenEndpoint"], shown["clientId"]) == (
        "ann",
        "https://login.example",
        "the-id",
    )


def test_tables_and_datasets_are_read_from_connections() -> None:
    source = decode.source_connection(
        wire(
            id="s1",
            baseConnectionId="b1",
            data={"format": "tabular"},
            params={"tableName": "Contact", "columns": [{"name": "Id"}, {"name": "Email"}]},
        )
    )
    assert (source.table, source.columns, source.format) == ("Contact", ("Id", "Email"), "tabular")
    target = decode.target_connection(
        wire(id="t1", params={"dataSetId": "d1"}, data={"schema": {"id": "https://s"}})
    )
    assert (target.dataset_id, target.schema_id) == ("d1", "https://s")


@pytest.mark.parametrize("category", ["crm", {"key": "crm"}])
def test_a_category_is_a_text_or_an_object(category: Any) -> None:
    told = {"uiAttributes": {"category": category}, "isSource": True}
    assert decode.connection_spec(wire(id="x", attributes=told)).category == "crm"


def test_a_dataset_knows_when_it_expires() -> None:
    dataset = decode.dataset(
        "d1",
        wire(
            created=START,
            name="CRM",
            lastBatchStatus="success",
            schemaRef={"id": "https://s"},
            tags={"unifiedProfile": ["enabled: true"]},
            extensions={
                "adobe_lakeHouse": {
                    "rowExpiration": {"ttlValue": "P30D"},
                    "metrics": {"rowCount": 5, "storageSize": "1337"},
                }
            },
        ),
    )
    assert dataset.expires_at == NOON + timedelta(days=30)
    assert (dataset.row_count, dataset.size_bytes, dataset.profile_enabled) == (5, 1337, True)


def test_a_batch_knows_its_flow_and_dataset() -> None:
    batch = decode.batch(
        "01EF",
        wire(
            status="failed",
            tags={"flowId": ["f1"], "acp_enableErrorDiagnostics": True},
            relatedObjects=[{"type": "dataSet", "id": "d1"}],
            metrics={"outputRecordCount": 4, "failedRecordCount": "2"},
            errors=[{"code": "106", "description": "empty file"}],
        ),
    )
    assert (batch.flow_id, batch.dataset_id, batch.rows, batch.failed_rows) == ("f1", "d1", 4, 2)
    assert batch.errors == (RunError("106", "empty file"),)


def test_both_styles_of_mapping_set_are_read() -> None:
    old = decode.mapping_set(wire(id="m1", version=0, xdmSchema="https://s", mappings=[{}, {}]))
    new = decode.mapping_set(
        wire(
            id="m1",
            version="3",
            outputSchema={"schemaRef": {"id": "https://s"}},
            modifiedDate=START,
            mappings=[],
        )
    )
    assert (old.schema_id, old.version, old.field_count) == ("https://s", 0, 2)
    assert (new.schema_id, new.version, new.updated_at) == ("https://s", 3, NOON)


def test_a_schema_and_a_sandbox_have_ids_of_their_own_kind() -> None:
    schema = decode.schema(
        msgspec.json.encode(
            {
                "$id": "https://s",
                "title": "Contact",
                "meta:immutableTags": ["union"],
                "meta:registryMetadata": {"repo:createdDate": START},
            }
        )
    )
    assert (schema.id, schema.name, schema.profile_enabled, schema.created_at) == (
        "https://s",
        "Contact",
        True,
        NOON,
    )
    sandbox = decode.sandbox(
        wire(name="dev", title="Dev", etag=3, createdDate="2026-01-01 12:00:00", modifiedBy="ann")
    )
    assert (sandbox.id, sandbox.name, sandbox.etag) == ("dev", "Dev", "3")
    assert (sandbox.created_at, sandbox.updated_by) == (NOON, "ann")


READERS: list[Callable[[bytes], Model]] = [
    decode.base_connection,
    decode.source_connection,
    decode.target_connection,
    decode.connection_spec,
    decode.flow_spec,
    decode.flow,
    decode.run,
    decode.schema,
    decode.mapping_set,
    decode.sandbox,
    lambda raw: decode.dataset("d1", raw),
    lambda raw: decode.batch("b1", raw),
]
_keys = st.sampled_from(
    [
        "id",
        "name",
        "auth",
        "params",
        "metrics",
        "activities",
        "recordSummary",
        "statusSummary",
        "errors",
        "extensions",
        "durationSummary",
        "transformations",
        "deltaColumn",
        "scheduleParams",
        "options",
        "lastRunDetails",
        "inheritedAttributes",
        "sourceConnections",
        "baseConnection",
        "targetInfo",
        "reference",
        "ids",
        "manifest",
        "sampleErrors",
        "tags",
        "attributes",
        "uiAttributes",
        "category",
        "mappings",
        "outputSchema",
        "$id",
        "created",
    ]
)
_shapes = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=6),
    max_leaves=25,
)


@given(st.dictionaries(_keys, _shapes, max_size=8))
def test_no_shape_makes_a_reader_raise(told: dict[str, Any]) -> None:
    for read in READERS:
        model = read(msgspec.json.encode(told))
        assert isinstance(model.id, str)
        model.raw()
