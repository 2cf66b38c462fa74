"""Runs: what came in, what was kept, what was lost, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aeptui.mirror.rows import Row, RunRow
from aeptui.monitor import tones
from aeptui.resources import formats
from aeptui.resources.common import LOST_WIDTH, identity, lost_by_run, reference
from aeptui.resources.definition import (
    Block,
    Column,
    Detail,
    Fact,
    Facts,
    Grid,
    Resource,
    Tone,
)
from aeptui.resources.troubles import error_grid

if TYPE_CHECKING:
    from aeptui.session import Session


def word_tone(row: RunRow) -> Tone:
    return tones.tone(row.word)


async def detail(session: Session, row: Row) -> Detail:
    """A run's counts, its steps, its codes with their meaning, and rows that failed."""
    from aeptui.resources import explained, why

    explanation = await why.explain(session, row.id)
    run, model, moment = explanation.row, explanation.run, session.moment()
    blocks: list[Block] = [
        explained.opening(run, explanation.flow, explanation.troubles),
        Grid(
            title="Rows",
            header=("RECEIVED", "INGESTED", "SKIPPED", "LOST", "WARNINGS"),
            rows=(
                tuple(
                    formats.count(number)
                    for number in (run.received, run.ingested, run.skipped, run.lost, run.warnings)
                ),
            ),
            right=frozenset(range(5)),
        ),
        explained.steps_grid(model, moment),
    ]
    if explanation.troubles:
        blocks.append(error_grid(explanation.troubles))
    blocks += explained.sample_blocks(explanation)
    window = formats.DASH
    if run.window_start or run.window_end:
        start, end = (formats.full(edge, moment) for edge in (run.window_start, run.window_end))
        window = f"{start} to {end}"
    facts = [
        reference("Flow", "flows", run.flow_id, run.flow_name),
        reference("Batch", "batches", run.batch_id, ""),
        Fact("Started", formats.full(run.started_at, moment)),
        Fact("Ended", formats.full(run.completed_at, moment)),
        Fact(
            "Took",
            formats.took(run.started_at, run.completed_at, moment if run.phase else None),
        ),
        Fact("Window", window),
        Fact("Read", formats.size(model.input_bytes)),
        Fact("Written", formats.size(model.output_bytes)),
    ]
    blocks += [Facts(facts), identity(run, moment)]
    when = formats.date_time(run.started_at or run.created_at, moment)
    return Detail(
        title=f"{run.flow_name or 'Run'}, run of {when}",
        blocks=blocks,
        word=formats.said(run.word) or run.state,
        tone=word_tone(run),
    )


RUNS = Resource(
    kind="runs",
    aliases=("run", "flow-runs"),
    columns=(
        Column(
            "STARTED",
            lambda row, moment: formats.ago(row.started_at or row.created_at, moment),
            width=10,
            order="created_at",
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
            lambda row, moment: lost_by_run(row),
            width=LOST_WIDTH,
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
        Column("WHY", lambda row, moment: row.message, width=36, grow=True, shed=3, tone=word_tone),
        Column("CODE", lambda row, moment: row.code, width=18, shed=4),
    ),
    detail=detail,
    order="created_at",
    reverse=True,
    empty="No runs in this sandbox yet. A flow that is on makes one at each tick of its schedule.",
)
