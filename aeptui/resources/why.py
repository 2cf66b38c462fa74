"""Why a run is what it is: run, steps, codes, and rows that were refused.

`explain` gathers the answer once for the console and for `aeptui why`; what
cannot be known says so and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from aeptui.api.errors import NotFound
from aeptui.mirror.rows import FlowRow, MappingSetRow, RunRow
from aeptui.monitor import tones
from aeptui.resources import formats
from aeptui.resources.common import kind_name
from aeptui.resources.definition import Block, Detail, Fact, Facts, Grid, Moment, Prose, Target
from aeptui.resources.samples import samples_of
from aeptui.resources.troubles import (
    Sample,
    Trouble,
    error_grid,
    gathered,
    sample_grid,
    with_samples,
)

if TYPE_CHECKING:
    from aeptui.api.models import Activity, Run
    from aeptui.session import Session

SHOWN = 5
HISTORY = 50
SYNTHETIC = (
    "This run never ran: the rehearsal's world was filled with synthetic history, "
    "and its figures are made up."
)


class NoSuchRun(Exception):
    """Neither the mirror nor the platform knows the run; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something the flow is made of that was changed between the last clean run and this one."""

    kind: str
    id: str
    name: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of what went wrong in one run."""

    row: RunRow
    run: Run
    flow: FlowRow | None
    headline: str
    troubles: tuple[Trouble, ...]
    samples: tuple[Sample, ...]
    samples_note: str
    """Why there are no sample rows; empty when there are some or none were lost."""
    since: datetime | None
    """When the first of the unbroken row of runs with the same code began."""
    before: int
    """How many runs in that row, this one included."""
    last_clean: RunRow | None
    changes: tuple[Change, ...]

    @property
    def bad(self) -> bool:
        """Whether something was found that a person should look at."""
        return self.row.word in ("failed", "partial", "unknown")


async def explain(session: Session, run_id: str) -> Explanation:
    """Why the run is what it is; NoSuchRun when there is none.

    Reads the mirror, and asks the platform for the refused rows only; when it
    cannot be asked, the rest is still told.
    """
    row, run = await known_run(session, run_id)
    flow = cast("FlowRow | None", await session.mirror.get("flows", row.flow_id))
    samples, note = await samples_of(session, row, run, flow)
    history = await session.mirror.runs_of(row.flow_id, HISTORY)
    since, before = _unbroken(row, history)
    last_clean = _last_clean(row, history)
    changes = await _changes(session, flow, row, last_clean)
    return Explanation(
        row=row,
        run=run,
        flow=flow,
        headline=headline(row, flow),
        troubles=tuple(with_samples(gathered(run.errors, session.config.code_book), samples)),
        samples=tuple(samples),
        samples_note=note,
        since=since,
        before=before,
        last_clean=last_clean,
        changes=tuple(changes),
    )


async def known_run(session: Session, run_id: str) -> tuple[RunRow, Run]:
    """A run as the mirror has it; asked of the platform when the mirror has not."""
    import msgspec

    from aeptui.api import decode

    row = await session.mirror.get("runs", run_id)
    body = await session.mirror.body("runs", run_id) if row else None
    if row is None or body is None:
        services = await session.connected()
        try:
            run = await services.flows.get_run(run_id)
        except NotFound as trouble:
            raise NoSuchRun(
                f"There is no run {run_id} in {session.sandbox}{trouble.trace}."
            ) from None
        await session.mirror.upsert("runs", [run], seen_at=session.now())
        row = await session.mirror.get("runs", run_id)
        if row is None:
            raise NoSuchRun(f"The run {run_id} cannot be kept in the mirror.")
        return cast(RunRow, row), run
    return cast(RunRow, row), decode.run(msgspec.json.encode(body))


def headline(row: RunRow, flow: FlowRow | None) -> str:
    """What became of the rows, in one sentence."""
    received, lost = row.received, row.lost
    if row.word == "waiting":
        return "It waits to start."
    if row.word == "running":
        phase = f", {row.phase}" if row.phase else ""
        return f"It is still running{phase}: {formats.count(received)} rows received so far."
    if row.word == "clean":
        if not received:
            return "It ended well; there was nothing new to read."
        kept = formats.count(row.ingested)
        return f"It ended well: {formats.plural(received, 'row')} received, {kept} ingested."
    if row.word == "partial" and not lost and row.warnings:
        return f"No row was lost, but values were, in {formats.plural(row.warnings, 'row')}."
    if row.word == "partial" and lost and received:
        allowed = flow.partial_ingestion_percent if flow else None
        limit = f", allowed {allowed:g} %" if allowed else ""
        return (
            f"{lost:,} of {formats.plural(received, 'row')} lost "
            f"({formats.share(lost, received)}{limit})."
        )
    if row.word == "partial":
        return "It ended well by its own word, but rows or values were lost."
    if row.word == "failed":
        if received:
            return f"It failed; none of the {formats.plural(received, 'row')} it read was kept."
        return "Nothing was brought: it failed before it counted a row."
    return f"Its status is {row.state!r}, a word that is not documented."


def opening(row: RunRow, flow: FlowRow | None, troubles: Sequence[Trouble] = ()) -> Prose:
    """What there is to know first: why it failed in the platform's own sentence, else the figures.

    Until the troubles are read, the first message of the run stands for them.
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
        lines = [figures, cause]
    return Prose("\n".join(lines), tone=tones.tone(row.word))


def _unbroken(row: RunRow, history: list[RunRow]) -> tuple[datetime | None, int]:
    """Since when, and in how many runs without a break, the same code came."""
    if not row.code:
        return None, 0
    since, count, reached = row.started_at or row.created_at, 1, False
    for other in history:  # newest first
        if other.id == row.id:
            reached = True
        elif reached:
            if other.code != row.code:
                break
            since, count = other.started_at or other.created_at or since, count + 1
    return since, count


def _last_clean(row: RunRow, history: list[RunRow]) -> RunRow | None:
    mine = row.started_at or row.created_at
    for other in history:
        theirs = other.started_at or other.created_at
        if other.word == "clean" and mine and theirs and theirs < mine:
            return other
    return None


async def _changes(
    session: Session, flow: FlowRow | None, row: RunRow, clean: RunRow | None
) -> list[Change]:
    """What the flow is made of and was changed after its last clean run began."""
    start = (clean.started_at or clean.created_at) if clean is not None else None
    if flow is None or start is None or row.word in ("clean", "running", "waiting"):
        return []
    until = row.completed_at or row.started_at
    target = await session.mirror.get("target-connections", flow.target_connection_id)
    parts = (
        ("flows", flow.id),
        ("mapping-sets", flow.mapping_set_id),
        ("source-connections", flow.source_connection_id),
        ("base-connections", flow.base_connection_id),
        ("target-connections", flow.target_connection_id),
        ("schemas", getattr(target, "schema_id", "")),
    )
    found = []
    for kind, id in parts:
        part = await session.mirror.get(kind, id) if id else None
        if part is None or part.updated_at is None or part.updated_at <= start:
            continue
        if until is None or part.updated_at <= until:
            version = f" v{part.version}" if isinstance(part, MappingSetRow) else ""
            name = (part.name or part.id) + version
            found.append(Change(kind, part.id, name, part.updated_at, part.updated_by))
    return found


def laid_out(explanation: Explanation, moment: Moment) -> Detail:
    """The explanation to be read from top to bottom."""
    row, tone = explanation.row, tones.tone(explanation.row.word)
    blocks: list[Block] = [opening(row, explanation.flow, explanation.troubles)]
    if explanation.run.synthetic:
        blocks.append(Prose(SYNTHETIC, tone="warn"))
    if explanation.run.activities:
        blocks.append(steps_grid(explanation.run, moment))
    if explanation.troubles:
        blocks.append(error_grid(explanation.troubles))
        if said := _said(explanation, moment):
            blocks.append(Facts(said))
    blocks += sample_blocks(explanation)
    if explanation.changes and explanation.last_clean is not None:
        blocks.append(_changes_grid(explanation, moment))
    likely = _likely(explanation, moment)
    if likely:
        blocks.append(Prose(likely, title="Likely"))
    when = formats.date_time(row.started_at or row.created_at, moment)
    blocks.append(
        Facts(
            [
                Fact("Flow", row.flow_name or row.flow_id, kind="flows", id=row.flow_id),
                Fact("Run", row.id, tone="dim"),
                *(
                    [Fact("Batch", row.batch_id, kind="batches", id=row.batch_id)]
                    if row.batch_id
                    else []
                ),
            ]
        )
    )
    return Detail(
        title=f"{row.flow_name or row.flow_id}, run of {when}",
        blocks=blocks,
        word=formats.said(row.word) or row.state,
        tone=tone,
    )


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


def _said(explanation: Explanation, moment: Moment) -> list[Fact]:
    """What the platform itself said, and since when."""
    facts = [
        Fact(trouble.code or "The platform", trouble.message)
        for trouble in explanation.troubles[1:]  # the first one is told above
        if trouble.message and trouble.message != trouble.meaning.text
    ]
    if explanation.before > 1 and explanation.since is not None:
        since = formats.date_time(explanation.since, moment)
        facts.append(Fact("Since", f"{since}, {explanation.before} runs without a break"))
    return facts


def sample_blocks(explanation: Explanation) -> list[Block]:
    """Sample rows under the code that refused them, or why there are none."""
    blocks: list[Block] = []
    shown: set[int] = set()
    for trouble in explanation.troubles:
        fresh = [row for row in trouble.samples if id(row) not in shown]
        if fresh:
            shown.update(id(row) for row in fresh)
            title = f"Sample rows: {trouble.meaning.text or trouble.code}"
            of = f" ({min(SHOWN, len(fresh))} of {formats.count(trouble.rows or len(fresh))})"
            blocks.append(sample_grid(fresh, title + of, SHOWN))
    rest = [row for row in explanation.samples if id(row) not in shown]
    if rest:
        blocks.append(sample_grid(rest, "Sample rows", SHOWN))
    if explanation.samples_note:
        blocks.append(Prose(explanation.samples_note, title="Sample rows", tone="warn"))
    return blocks


def _changes_grid(explanation: Explanation, moment: Moment) -> Grid:
    clean = explanation.last_clean
    when = formats.date_time(clean.started_at or clean.created_at, moment) if clean else ""
    return Grid(
        title=f"Changed since the last clean run ({when})",
        header=("TYPE", "NAME", "WHEN", "BY"),
        rows=[
            (kind_name(change.kind), change.name, formats.date_time(change.at, moment), change.by)
            for change in explanation.changes
        ],
        leads=[Target(change.kind, change.id) for change in explanation.changes],
    )


def _likely(explanation: Explanation, moment: Moment) -> str:
    """Where to look first: what changed, then the code book on the trouble that cost most."""
    lines = []
    own = [change for change in explanation.changes if change.kind != "flows"]
    if own:
        change = max(own, key=lambda change: change.at)
        when = formats.date_time(change.at, moment)
        lines.append(
            f"The {kind_name(change.kind)} {change.name} was changed {when}, after the last clean run."
        )
    for trouble in explanation.troubles:
        if trouble.meaning.cause:
            lines.append(f"Usual cause: {trouble.meaning.cause}.")
        if trouble.meaning.remedy:
            lines.append(f"What to do: {trouble.meaning.remedy}.")
        if trouble.meaning.cause or trouble.meaning.remedy:
            break
    return "\n".join(lines)
