"""Causes to be read: one line each, and one opened with its flows, its samples and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from aeptui.mirror.failures import Failing
from aeptui.mirror.rows import FlowRow, Row
from aeptui.moment import Moment
from aeptui.monitor.causes import WINDOW, Cause, group
from aeptui.monitor.codes import CodeBook
from aeptui.resources import formats
from aeptui.resources.common import LOST_WIDTH
from aeptui.resources.definition import (
    Block,
    Column,
    Detail,
    Fact,
    Facts,
    Grid,
    Prose,
    Target,
    Tone,
)
from aeptui.resources.samples import samples_of
from aeptui.resources.troubles import Sample, same_code, sample_grid

if TYPE_CHECKING:
    from aeptui.session import Session

SHOWN = 5
"""So many sample rows of a cause are shown."""
ASKED = 3
"""So many flows are asked for sample rows before it is left at that."""

STEPS = {
    "copyActivity": "the copy out of the source",
    "promotionActivity": "the promotion into the dataset",
}


class CauseRow(Row, frozen=True, kw_only=True):
    """A cause as a row of a list; `id` is its key and `name` what is wrong."""

    cause: Cause

    @property
    def tone(self) -> Tone:
        """Open ones call for a person, and failed runs more than lost rows."""
        return tone_of(self.cause.open, self.cause.whole)


class FailingRow(Row, frozen=True, kw_only=True):
    """A flow that a cause touches, as a row; `id` is the flow's and `name` its name."""

    failing: Failing


async def known(session: Session, window: timedelta = WINDOW) -> list[Cause]:
    """The causes of what the mirror saw fail within `window`, worst first."""
    now = session.now()
    failing = await session.mirror.ask(lambda reader: reader.failing(now - window))
    return group(failing, now, window)


def row_of(cause: Cause, book: CodeBook) -> CauseRow:
    """A cause as a row, with what is wrong in plain words."""
    return CauseRow(id=cause.key, name=sentence(cause, book), state=state(cause.open), cause=cause)


def sentence(cause: Cause, book: CodeBook) -> str:
    """What is wrong, in plain words on one line."""
    return book.said(cause.code, cause.column, cause.message)


def state(open_: bool) -> str:
    """`open` while the newest run of a flow shows it, else `over`."""
    return "open" if open_ else "over"


def tone_of(open_: bool, whole: bool) -> Tone:
    """How a cause is meant."""
    return "dim" if not open_ else "bad" if whole else "warn"


def cost(lost: int | None, emptied: int | None, whole: bool) -> str:
    """What it cost: rows lost, values lost, or everything where a run failed before it counted.

    A long figure of values gives way to the word: the detail has it.
    """
    if lost:
        return formats.count(lost)
    if emptied:
        words = formats.plural(emptied, "value")
        return words if len(words) <= LOST_WIDTH else "values"
    return "all" if whole else formats.count(lost)


def summary(causes: Sequence[Cause]) -> str:
    """How many are open and over: `3 open, 2 over`."""
    open_ = sum(cause.open for cause in causes)
    over = len(causes) - open_
    parts = [f"{open_} open" if open_ else "", f"{over} over" if over else ""]
    return ", ".join(part for part in parts if part)


def window_words(window: timedelta) -> str:
    """`last 24 h`, `last 7 days`."""
    hours = int(window.total_seconds() // 3600)
    return f"last {hours} h" if hours <= 48 else f"last {hours // 24} days"


COLUMNS = (
    Column("WHAT IS WRONG", lambda row, _: row.name, 44, grow=True, tone=lambda row: row.tone),
    Column("FLOWS", lambda row, _: formats.count(len(row.cause.failing)), 5, align="right"),
    Column(
        "LOST",
        lambda row, _: cost(row.cause.lost, row.cause.emptied, row.cause.whole),
        LOST_WIDTH,
        align="right",
    ),
    Column(
        "SINCE",
        lambda row, moment: _since(row.cause, moment),
        11,
        tone=lambda row: "" if row.cause.open else "dim",
    ),
    Column("CODE", lambda row, _: row.cause.code or "no code", 18, tone=lambda _row: "dim", shed=1),
)

FLOW_COLUMNS = (
    Column(
        "STATE",
        lambda row, _: row.state,
        5,
        tone=lambda row: tone_of(row.failing.open, row.failing.whole),
    ),
    Column("FLOW", lambda row, _: row.name or row.id, 24, grow=True),
    Column(
        "LOST",
        lambda row, _: cost(row.failing.lost, row.failing.emptied, row.failing.whole),
        LOST_WIDTH,
        align="right",
    ),
    Column("RUNS", lambda row, _: formats.count(row.failing.runs), 5, align="right"),
    Column("FIRST SEEN", lambda row, moment: formats.ago(row.failing.first_seen, moment), 10),
    Column("LAST SEEN", lambda row, moment: formats.ago(row.failing.last_seen, moment), 10),
    Column("BASE CONNECTION", lambda row, _: row.failing.base_connection_name, 20, shed=1),
)

EMPTY = (
    "Nothing went wrong in the time that is shown. What makes runs fail or lose rows would "
    "stand here: one line for each cause, with the flows that it touches."
)


def flow_rows(cause: Cause) -> list[FailingRow]:
    """The flows of a cause, those that still fail first."""
    return [
        FailingRow(id=each.flow_id, name=each.flow_name, state=state(each.open), failing=each)
        for each in cause.failing
    ]


def _since(cause: Cause, moment: Moment) -> str:
    if cause.open:
        return formats.ago(cause.first_seen, moment)
    ago = formats.ago(cause.last_seen, moment)
    return "just over" if ago == "just now" else f"was {ago}"


def detail(
    cause: Cause,
    book: CodeBook,
    moment: Moment,
    *,
    tested: Mapping[str, tuple[str, Tone]] | None = None,
    samples: Sequence[Block] = (),
) -> Detail:
    """One cause to be read: what it is, what it cost, what to do, whom it shares."""
    meaning = book.meaning(cause.code, cause.message)
    blocks: list[Block] = []
    title = sentence(cause, book)
    if cause.message and cause.message.rstrip(".") not in (title, meaning.text):
        blocks.append(Prose(cause.message, tone=tone_of(cause.open, cause.whole)))
    facts = [Fact("Cost", _cost_words(cause, moment)), Fact("Seen", _seen_words(cause, moment))]
    where = STEPS.get(cause.step, cause.step)
    if where:
        column = f", {cause.column}" if cause.column else ""
        facts.append(Fact("Where", where + column))
    blocks.append(Facts(facts))
    if cause.connections:
        blocks.append(_connections_grid(cause, tested or {}))
    advice = [
        f"Usual cause: {meaning.cause}." if meaning.cause else "",
        f"What to do: {meaning.remedy}." if meaning.remedy else "",
    ]
    if any(advice):
        blocks.append(Prose("\n".join(line for line in advice if line)))
    blocks += samples
    return Detail(
        title=title,
        blocks=blocks,
        word=state(cause.open).upper() if cause.open else state(cause.open),
        tone=tone_of(cause.open, cause.whole),
    )


def _cost_words(cause: Cause, moment: Moment) -> str:
    flows, runs = formats.plural(len(cause.failing), "flow"), formats.plural(cause.runs, "run")
    if cause.lost:
        lost = f"{formats.plural(cause.lost, 'row')} lost"
    elif cause.emptied:
        lost = f"values left empty in {formats.plural(cause.emptied, 'row')}"
    elif cause.whole:
        lost = "nothing was read"
    else:
        lost = "rows lost not told"
    still = (
        f", {cause.open_flows} of them still" if 0 < cause.open_flows < len(cause.failing) else ""
    )
    older = cause.first_seen < moment.now - WINDOW
    within = f", {window_words(WINDOW)}" if older else ""
    return f"{lost} in {runs} of {flows}{still}{within}"


def _seen_words(cause: Cause, moment: Moment) -> str:
    first = formats.date_time(cause.first_seen, moment)
    last = formats.date_time(cause.last_seen, moment)
    if cause.first_seen == cause.last_seen:
        return f"once, {last}"
    return f"first {first}, last {last}{'' if cause.open else ', over since'}"


def _connections_grid(cause: Cause, tested: Mapping[str, tuple[str, Tone]]) -> Grid:
    shared = len(cause.connections) == 1 and len(cause.failing) > 1
    untested: tuple[str, Tone] = ("t tests it", "")
    return Grid(
        title="Base connection they share" if shared else "Base connections behind it",
        header=("NAME", "FLOWS", "LOGIN"),
        rows=[
            (each.name or each.id, formats.count(each.flows), tested.get(each.id, untested)[0])
            for each in cause.connections
        ],
        right=frozenset({1}),
        tones=[tested.get(each.id, untested)[1] for each in cause.connections],
        leads=[Target("base-connections", each.id) for each in cause.connections],
    )


async def sample_blocks(session: Session, cause: Cause) -> list[Block]:
    """Rows that were lost to this cause, asked of the platform; or why there are none to show."""
    from aeptui.resources.why import NoSuchRun, known_run

    if not cause.lost:
        return []
    notes: list[str] = []
    newest = sorted(cause.failing, key=lambda each: each.last_seen, reverse=True)
    for each in [each for each in newest if each.lost][:ASKED]:
        try:
            row, run = await known_run(session, each.last_run_id)
        except NoSuchRun as gone:
            notes.append(str(gone))
            continue
        flow = cast("FlowRow | None", await session.mirror.get("flows", row.flow_id))
        samples, note = await samples_of(session, row, run, flow)
        fitting = [sample for sample in samples if _of(cause, sample)]
        if fitting:
            of = f"{min(SHOWN, len(fitting))} of {formats.plural(each.lost or len(fitting), 'row')}"
            name = each.flow_name or each.flow_id
            grid = sample_grid(fitting, f"Sample rows ({name}, {of})", SHOWN)
            return [grid, Prose(note, tone="warn")] if note else [grid]
        notes.append(note or "The rows that the platform kept as samples are about other codes.")
    return [Prose(notes[0], title="Sample rows", tone="warn")] if notes else []


def _of(cause: Cause, sample: Sample) -> bool:
    return same_code(cause.code, sample.code) and (
        not cause.column or cause.column in sample.message or cause.column in sample.row
    )
