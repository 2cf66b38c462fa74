"""Runs: what came in, what was kept, what was lost, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aeptui.mirror.rows import Row, RunRow
from aeptui.monitor import tones
from aeptui.resources import formats
from aeptui.resources.common import identity, reference
from aeptui.resources.definition import (
    Block,
    Column,
    Detail,
    Fact,
    Facts,
    Grid,
    Moment,
    Prose,
    Resource,
    Tone,
)

if TYPE_CHECKING:
    from aeptui.session import Session


def word_tone(row: RunRow) -> Tone:
    return tones.tone(row.word)


async def detail(session: Session, row: Row) -> Detail:
    """A run's counts, its steps, its codes with their meaning, and rows that failed."""
    run = cast(RunRow, row)
    moment = session.moment()
    return Detail(
        title=f"{run.flow_name or 'run'}, {formats.date_time(run.started_at, moment)}",
        blocks=[identity(run, moment)],
        word=formats.said(run.word) or run.state,
        tone=word_tone(run),
    )


RUNS = Resource(
    kind="runs",
    name="flow run",
    plural="flow runs",
    aliases=("run", "flow-runs"),
    columns=(
        Column(
            "STARTED",
            lambda row, moment: formats.ago(row.started_at or row.created_at, moment),
            width=10,
            order="started_at",
        ),
        Column(
            "STATE",
            lambda row, moment: formats.said(row.word) or row.state,
            width=8,
            order="word",
            tone=word_tone,
        ),
        Column(
            "FLOW",
            lambda row, moment: row.flow_name or row.flow_id,
            width=22,
            order="flow_name",
            grow=True,
        ),
        Column(
            "RECEIVED",
            lambda row, moment: formats.count(row.received),
            width=9,
            order="received",
            align="right",
        ),
        Column(
            "LOST",
            lambda row, moment: formats.count(row.lost),
            width=7,
            order="lost",
            align="right",
        ),
        Column(
            "TOOK",
            lambda row, moment: formats.took(
                row.started_at, row.completed_at, moment if row.phase else None
            ),
            width=7,
            align="right",
        ),
        Column(
            "INGESTED",
            lambda row, moment: formats.count(row.ingested),
            width=9,
            order="ingested",
            align="right",
            shed=1,
        ),
        Column(
            "SKIPPED",
            lambda row, moment: formats.count(row.skipped),
            width=8,
            order="skipped",
            align="right",
            shed=2,
        ),
        Column("WHY", lambda row, moment: row.message, width=36, shed=3, tone=word_tone),
        Column("CODE", lambda row, moment: row.code, width=18, shed=4),
    ),
    detail=detail,
    order="started_at",
    reverse=True,
    empty="No runs in this sandbox yet. A flow that is on makes one at each tick of its schedule.",
)
