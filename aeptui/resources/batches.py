"""Batches: what a run wrote into a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from aeptui.api.errors import ApiTrouble
from aeptui.mirror.rows import BatchRow, Row
from aeptui.moment import Moment
from aeptui.resources import formats
from aeptui.resources.common import identity, reference, state_fact, state_tone
from aeptui.resources.definition import (
    Block,
    Column,
    Detail,
    Fact,
    Facts,
    Grid,
    Resource,
    Target,
    Tone,
)
from aeptui.resources.troubles import error_grid, gathered

if TYPE_CHECKING:
    from aeptui.session import Session


async def detail(session: Session, row: Row) -> Detail:
    """Its dataset and flow, its counts, its errors, and the files that could not be read."""
    from aeptui.api import decode

    batch = cast(BatchRow, row)
    moment = session.moment()
    body = await session.mirror.body("batches", batch.id)
    model = decode.batch(batch.id, msgspec.json.encode(body)) if body else None
    took = formats.took(batch.started_at, batch.completed_at, moment)
    facts = [
        state_fact(batch),
        reference("Dataset", "datasets", batch.dataset_id, batch.dataset_name),
        reference("Flow", "flows", batch.flow_id, batch.flow_name),
        Fact("Rows", formats.count(batch.rows)),
        Fact("Failed rows", formats.count(batch.failed_rows), tone=_failed_tone(batch)),
        Fact("Size", formats.size(batch.size_bytes)),
        Fact("Started", formats.full(batch.started_at, moment)),
        Fact("Took", took),
    ]
    blocks: list[Block] = [Facts(facts)]
    if model is not None and model.errors:
        blocks.append(error_grid(gathered(model.errors, session.config.code_book)))
    if batch.failed_rows:
        blocks.append(await _failed_files(session, batch))
    blocks.append(identity(batch, moment))
    return Detail(f"Batch {batch.id}", blocks, word=batch.state, tone=state_tone(batch))


async def _failed_files(session: Session, batch: BatchRow) -> Grid:
    """The files that could not be read, asked for; or why they cannot be told."""
    try:
        services = await session.connected()
        files = await services.data_access.failed_files(batch.id)
    except ApiTrouble as trouble:
        return Grid("Failed files", ("FILE", "SIZE"), (), empty=f"Not known: {trouble}.")
    return Grid(
        "Failed files",
        ("FILE", "SIZE"),
        [(file.name, formats.size(file.size_bytes)) for file in files],
        right=frozenset({1}),
        empty="No file failed as a whole: only rows did. Its run's `why` shows some of them.",
    )


def _failed_tone(batch: BatchRow) -> Tone:
    return "warn" if batch.failed_rows else ""


def batches_grid(batches: Sequence[BatchRow], moment: Moment) -> Grid:
    """The newest batches of a dataset."""
    return Grid(
        title="Newest batches",
        header=("STARTED", "STATE", "ROWS", "FAILED", "SIZE"),
        rows=[
            (
                formats.date_time(batch.started_at or batch.created_at, moment),
                batch.state,
                formats.count(batch.rows),
                formats.count(batch.failed_rows),
                formats.size(batch.size_bytes),
            )
            for batch in batches
        ],
        right=frozenset({2, 3, 4}),
        tones=tuple(state_tone(batch) for batch in batches),
        empty="No batches yet.",
        leads=tuple(Target("batches", batch.id) for batch in batches),
        part="batches",
    )


BATCHES = Resource(
    kind="batches",
    aliases=("batch", "ba"),
    columns=(
        Column(
            "STARTED",
            lambda row, moment: formats.ago(row.started_at or row.created_at, moment),
            width=10,
            order="created_at",
        ),
        Column("STATE", lambda row, moment: row.state, width=10, order="state", tone=state_tone),
        Column(
            "DATASET",
            lambda row, moment: row.dataset_name or row.dataset_id,
            width=20,
            order="dataset_name",
            grow=True,
        ),
        Column(
            "ROWS",
            lambda row, moment: formats.count(row.rows),
            width=9,
            order="rows",
            align="right",
        ),
        Column(
            "FAILED",
            lambda row, moment: formats.count(row.failed_rows),
            width=7,
            order="failed_rows",
            align="right",
        ),
        Column(
            "SIZE",
            lambda row, moment: formats.size(row.size_bytes),
            width=9,
            order="size_bytes",
            align="right",
        ),
        Column("FLOW", lambda row, moment: row.flow_name or row.flow_id, width=22, shed=1),
        Column("ID", lambda row, moment: row.id, width=26, shed=2),
    ),
    detail=detail,
    order="created_at",
    reverse=True,
    empty="No batches in this sandbox yet. Every run that brings rows writes one.",
)
