"""Datasets: where rows land."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aeptui.mirror.rows import BatchRow, DatasetRow, Row
from aeptui.mirror.values import Listing
from aeptui.moment import Moment
from aeptui.resources import formats
from aeptui.resources.batches import batches_grid
from aeptui.resources.common import NAME, UPDATED, identity, links_grid, reference
from aeptui.resources.definition import Block, Column, Detail, Fact, Facts, Resource, Tone

if TYPE_CHECKING:
    from aeptui.session import Session

NEWEST = 8


async def detail(session: Session, row: Row) -> Detail:
    """What is in it, how long it lives, and its newest batches."""
    dataset = cast(DatasetRow, row)
    moment = session.moment()
    listing = Listing("batches", within=("dataset_id", dataset.id))
    newest = (await session.mirror.window(listing, NEWEST)).rows
    facts = [
        reference("Schema", "schemas", dataset.schema_id, dataset.schema_name),
        Fact("Rows", formats.count(dataset.row_count)),
        Fact("Size", formats.size(dataset.size_bytes)),
        Fact("Profile", "enabled" if dataset.profile_enabled else "not enabled"),
        Fact("Expires", expiry(dataset, moment), tone=_expiry_tone(dataset, moment)),
        reference("Last batch", "batches", dataset.last_batch_id, ""),
    ]
    blocks: list[Block] = [
        Facts(facts),
        batches_grid([cast(BatchRow, batch) for batch in newest], moment),
        links_grid(await session.mirror.links("datasets", dataset.id)),
        identity(dataset, moment),
    ]
    return Detail(dataset.name or dataset.id, blocks, word=dataset.state)


def expiry(dataset: DatasetRow, moment: Moment) -> str:
    """When the platform deletes the dataset, or that it never does."""
    if dataset.expires_at is None:
        return "never"
    left = formats.left(dataset.expires_at, moment)
    return f"{formats.date_time(dataset.expires_at, moment)} ({left})"


def _expiry_tone(dataset: DatasetRow, moment: Moment) -> Tone:
    if dataset.expires_at is None:
        return ""
    return "warn" if (dataset.expires_at - moment.now).days < 7 else ""


DATASETS = Resource(
    kind="datasets",
    aliases=("dataset", "ds"),
    columns=(
        NAME,
        Column(
            "ROWS",
            lambda row, moment: formats.count(row.row_count),
            width=11,
            order="row_count",
            align="right",
        ),
        Column(
            "SIZE",
            lambda row, moment: formats.size(row.size_bytes),
            width=9,
            order="size_bytes",
            align="right",
        ),
        Column("LAST BATCH", lambda row, moment: row.state, width=10, order="state"),
        UPDATED,
        Column("SCHEMA", lambda row, moment: row.schema_name or row.schema_id, width=24, shed=2),
        Column(
            "EXPIRES",
            lambda row, moment: (
                formats.left(row.expires_at, moment) if row.expires_at else formats.DASH
            ),
            width=10,
            order="expires_at",
            shed=3,
        ),
    ),
    detail=detail,
    order="name",
    empty="No datasets in this sandbox yet. A dataset keeps the rows that flows bring.",
)
