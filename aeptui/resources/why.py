"""Why a run is what it is: run, steps, codes, rows that were refused, what was changed before.

`explain` gathers the answer once for the console and for `aeptui why`, which
`explained` lays out; what cannot be known says so and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from aeptui.api.errors import NotFound
from aeptui.mirror.failures import Before
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.monitor import words
from aeptui.resources import formats
from aeptui.resources.changes import Changes, changes_of
from aeptui.resources.samples import samples_of
from aeptui.resources.troubles import Sample, Trouble, gathered, with_samples

if TYPE_CHECKING:
    from aeptui.api.models import Run
    from aeptui.session import Session


class NoSuchRun(Exception):
    """Neither the mirror nor the platform knows the run; the text is a sentence."""


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
    changes: Changes | None
    """What was changed since the last clean run; None for a run that lost nothing."""

    @property
    def bad(self) -> bool:
        """Whether something was found that a person should look at."""
        return self.row.word in ("failed", "partial", "unknown")


async def explain(session: Session, run_id: str) -> Explanation:
    """Why the run is what it is; NoSuchRun when there is none.

    Reads the mirror, and asks the platform for the refused rows, and for what a
    mapping set was where that was not seen here; when it cannot be asked, the
    rest is still told.
    """
    row, run = await known_run(session, run_id)
    flow = cast("FlowRow | None", await session.mirror.get("flows", row.flow_id))
    samples, note = await samples_of(session, row, run, flow)
    troubles = with_samples(gathered(run.errors, session.config.code_book), samples)
    bad = row.word in ("failed", "partial", "unknown")
    return Explanation(
        row=row,
        run=run,
        flow=flow,
        headline=headline(row, flow),
        troubles=tuple(await _with_since(session, row, troubles)),
        samples=tuple(samples),
        samples_note=note,
        changes=await changes_of(session, flow, row) if flow is not None and bad else None,
    )


async def _with_since(session: Session, row: RunRow, troubles: Sequence[Trouble]) -> list[Trouble]:
    """The troubles with how long each has gone on in this flow."""
    ended = row.completed_at or row.started_at or row.created_at
    if ended is None:
        return list(troubles)
    keys = [each.key for each in troubles]
    known = await session.mirror.ask(lambda reader: reader.before(row.flow_id, keys, ended))
    return [
        replace(each, since=_since(known[each.key], ended)) if each.key in known else each
        for each in troubles
    ]


def _since(before: Before, ended: datetime) -> str:
    if before.runs == 1:
        return "new"
    lasted = words.span((ended - before.first_seen).total_seconds())
    return f"{lasted}, {before.runs:,} runs"


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
