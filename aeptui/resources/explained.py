"""An explanation to be read from top to bottom: what was lost, why, since when, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.moment import Moment
from aeptui.monitor import tones
from aeptui.monitor.causes import column_of, telling
from aeptui.resources import changes, formats
from aeptui.resources.definition import Block, Detail, Fact, Facts, Grid, Prose
from aeptui.resources.flow_words import blocks_of
from aeptui.resources.troubles import Trouble, error_grid, sample_grid
from aeptui.resources.why import Explanation, headline

if TYPE_CHECKING:
    from aeptui.api.models import Activity, Run

SHOWN = 5
"""So many sample rows of one code are shown."""
SYNTHETIC = (
    "This run never ran: the rehearsal's world was filled with synthetic history, "
    "and its figures are made up."
)


def laid_out(explanation: Explanation, moment: Moment) -> Detail:
    """The explanation to be read from top to bottom."""
    row, run, tone = explanation.row, explanation.run, tones.tone(explanation.row.word)
    first = opening(row, explanation.flow, explanation.troubles)
    flow = explanation.flow
    blocks: list[Block] = []
    if flow is not None and flow.last_run_id == row.id:
        blocks += blocks_of(flow)
    blocks.append(replace(first, under=steps_words(run)))
    if run.synthetic:
        blocks.append(Prose(SYNTHETIC, tone="warn"))
    if explanation.troubles:
        blocks.append(error_grid(explanation.troubles))
        if told := _own_words(explanation.troubles):
            blocks.append(Facts(told))
    blocks += sample_blocks(explanation)
    if explanation.changes is not None:
        blocks += changes.short_blocks(explanation.changes, moment)
        if likely := _likely(explanation, moment):
            blocks.append(Prose(likely, title="Likely"))
    if advice := _advice(explanation.troubles):
        blocks.append(Prose(advice))
    when = formats.date_time(row.started_at or row.created_at, moment)
    facts = [
        Fact("Flow", row.flow_name or row.flow_id, kind="flows", id=row.flow_id),
        Fact("Run", row.id, tone="dim"),
    ]
    if row.batch_id:
        facts.append(Fact("Batch", row.batch_id, kind="batches", id=row.batch_id))
    blocks.append(Facts(facts))
    return Detail(
        title=f"{row.flow_name or row.flow_id}, run of {when}",
        blocks=blocks,
        word=formats.said(row.word) or row.state,
        tone=tone,
    )


def opening(row: RunRow, flow: FlowRow | None, troubles: Sequence[Trouble] = ()) -> Prose:
    """What there is to know first: why it failed in the platform's own sentence, else the figures.

    Until the troubles are read, the first message of the run stands for them;
    then those of lost rows are told below, with their samples.
    """
    figures, first = headline(row, flow), troubles[0] if troubles else None
    message = first.message or first.meaning.text if first else row.message
    code = first.code if first else row.code
    cause = f"{message.rstrip('.')} ({code})." if message and code else message or code
    if not cause or row.word not in ("failed", "partial", "unknown"):
        lines = [figures]
    elif row.word == "failed":
        lines = [cause, figures]
    else:
        lines = [figures] if first else [figures, cause]
    return Prose("\n".join(lines), tone=tones.tone(row.word))


def _own_words(troubles: Sequence[Trouble]) -> list[Fact]:
    """What the platform said, where the line above says something else; the first is told on top."""
    return [
        Fact(each.code or "The platform", each.message)
        for each in telling(troubles)
        if each is not troubles[0]
        and each.message
        and not column_of(each.message, each.code)
        and each.message.rstrip(".") != each.said
    ]


def _likely(explanation: Explanation, moment: Moment) -> str:
    """What the changes point at for the trouble that cost most; empty where they point nowhere."""
    if explanation.changes is None:
        return ""
    for trouble in telling(explanation.troubles):
        column = column_of(trouble.message, trouble.code)
        behind = {name for sample in trouble.samples for name in sample.at_fault}
        for name in dict.fromkeys((column, *sorted(behind))):
            if told := changes.likely(explanation.changes, trouble.code, name, moment):
                return told
    return ""


def _advice(troubles: Sequence[Trouble]) -> str:
    """The code book on the first trouble of which it says something."""
    for each in troubles:
        lines = [
            f"Usual cause: {each.meaning.cause}." if each.meaning.cause else "",
            f"What to do: {each.meaning.remedy}." if each.meaning.remedy else "",
        ]
        if any(lines):
            return "\n".join(line for line in lines if line)
    return ""


def steps_words(run: Run) -> str:
    """`copy 10,212 rows in 1m12  →  promotion 9,800 rows in 2m40`; empty before a step began."""
    return "  →  ".join(_step_words(step) for step in run.activities)


def _step_words(step: Activity) -> str:
    rows = step.ingested if step.ingested is not None else step.received
    brought = f" {formats.plural(rows, 'row')}" if rows is not None else ""
    if step.status.lower() not in ("success", "completed", ""):
        brought += f" {step.status}"
    took = formats.took(step.started_at, step.completed_at)
    return f"{_step(step)}{brought}" + ("" if took == formats.DASH else f" in {took}")


def steps_grid(run: Run, moment: Moment) -> Grid:
    """Copy and promotion with their counts and durations."""
    return Grid(
        title="Steps",
        header=("STEP", "STATUS", "RECEIVED", "INGESTED", "FAILED", "TOOK"),
        rows=[
            (
                _step(step),
                step.status or formats.DASH,
                formats.count(step.received),
                formats.count(step.ingested),
                formats.count(step.failed),
                formats.took(step.started_at, step.completed_at, moment if _open(step) else None),
            )
            for step in run.activities
        ],
        right=frozenset({2, 3, 4, 5}),
        empty="No step has begun.",
    )


def _step(step: Activity) -> str:
    """`copyActivity` and `Copy activity` are both the copy."""
    return step.name.lower().removesuffix("activity").strip() or step.name


def _open(step: Activity) -> bool:
    return step.completed_at is None and step.status.lower() in ("inprogress", "")


def sample_blocks(explanation: Explanation) -> list[Block]:
    """Sample rows under the code that refused them, or why there are none."""
    blocks: list[Block] = []
    shown: set[int] = set()
    for trouble in explanation.troubles:
        fresh = [row for row in trouble.samples if id(row) not in shown]
        if fresh:
            shown.update(id(row) for row in fresh)
            title = f"Sample rows: {trouble.said}"
            of = f" ({min(SHOWN, len(fresh))} of {formats.count(trouble.rows or len(fresh))})"
            blocks.append(sample_grid(fresh, title + of, SHOWN))
    rest = [row for row in explanation.samples if id(row) not in shown]
    if rest:
        blocks.append(sample_grid(rest, "Sample rows", SHOWN))
    if explanation.samples_note:
        title = "" if blocks else "Sample rows"
        blocks.append(Prose(explanation.samples_note, title=title, tone="warn"))
    return blocks
