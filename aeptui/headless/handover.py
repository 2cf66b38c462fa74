"""`aeptui handover`: a shift as Markdown, for whoever comes next."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import msgspec

from aeptui.headless.asking import bring
from aeptui.headless.listing import rows_of, since
from aeptui.headless.text import say
from aeptui.headless.watch import wrong_now
from aeptui.mirror.rows import FlowRow
from aeptui.mirror.values import Listing
from aeptui.monitor.alerts import Mark
from aeptui.monitor.causes import Cause
from aeptui.monitor.events import Event
from aeptui.monitor.said import sentence
from aeptui.monitor.tones import RANKED
from aeptui.resources import causes as told
from aeptui.resources import formats

if TYPE_CHECKING:
    from aeptui.moment import Moment
    from aeptui.pipelines.journal import Write
    from aeptui.session import Session

FINE = 0
DUE = 10
"""So many runs that are due next are named."""
WRITES = 500
"""As many of the journal's newest writes are looked through."""
_OF_A_FLOW = ("trouble", "worse")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")


async def run(session: Session, text: str) -> int:
    """Ask the platform, then tell the time since `text`."""
    since(text, session.now())  # what is wrong with it is said before anything is asked
    await bring(session, "flows")
    start = since(text, session.now())  # by the platform's clock, which has been heard now
    marks = await session.notes.marked(start)
    events = [kept.event for kept in reversed(await session.notes.events(since=start))]
    causes = [
        each
        for each in await told.known(session, session.now() - start)
        if each.open or each.last_seen >= start
    ]
    blocks = [
        await _title(session, start),
        _broke(events, session),
        _why(causes, session),
        _done(marks, await _writes(session, start), session),
        await _open(session),
        await _due(session),
    ]
    say([line for block in blocks for line in (*block, "")][:-1])
    sys.stdout.flush()
    return FINE


async def _title(session: Session, start: datetime) -> list[str]:
    moment = session.moment()
    words = (await session.mirror.summary()).flows
    counts = ", ".join(f"{words[word]:,} {word}" for word in RANKED if words.get(word))
    return [
        f"# Handover: {md(session.profile.name)} / {md(session.sandbox)}",
        "",
        f"{_full(start, moment)} to {_full(moment.now, moment)} {_zone(moment)}. Flows now: {counts or 'none'}.",
    ]


def _broke(events: Sequence[Event], session: Session) -> list[str]:
    def lines(quiet: bool) -> list[str]:
        return [
            f"- {_when(event.at, session)} {md(sentence(event, session.config.code_book))}"
            for event in folded([each for each in events if each.quiet is quiet])
        ]

    already = ["", "Already so when somebody first looked:", "", *lines(True)]
    return [
        "## What happened",
        "",
        *(lines(False) or ["Nothing."]),
        *(already if lines(True) else []),
    ]


def folded(events: Sequence[Event]) -> list[Event]:
    """One line for one thing: forty flows that one cause stopped, and that came back together.

    What befell a flow is left out where the cause that was noticed with it names it; what
    befell several in one look, each as the others, is told once.
    """
    named = {
        (each.at, each.cause, id) for each in events if each.kind == "cause" for id in each.flow_ids
    }
    alike: dict[tuple[object, ...], Event] = {}
    for event in events:
        if event.kind in _OF_A_FLOW and (event.at, event.cause, *event.flow_ids) in named:
            continue
        key = (event.at, event.kind, event.state, event.before, event.cause, event.key)
        if event.kind in (*_OF_A_FLOW, "recovered", "eased"):
            key = (*key[:5], "" if event.cause or event.kind == "recovered" else event.reason)
        first = alike.setdefault(key, event)
        if first is not event:
            alike[key] = _together(first, event)
    return list(alike.values())


def _together(one: Event, other: Event) -> Event:
    begun = [each for each in (one.first_seen, other.first_seen) if each is not None]
    return msgspec.structs.replace(
        one,
        flow_ids=(*one.flow_ids, *other.flow_ids),
        flows=(*one.flows, *other.flows),
        reason=one.reason if one.reason == other.reason else "",
        first_seen=min(begun, default=None),
    )


def _why(causes: Sequence[Cause], session: Session) -> list[str]:
    book, lines = session.config.code_book, list[str]()
    for cause in causes:
        meaning = book.meaning(cause.code, cause.message)
        cost = told.cost(cause.lost, cause.emptied, cause.whole)
        code = f" (`{cause.code}`)" if re.fullmatch(r"[\w.-]+", cause.code) else ""
        flows = formats.plural(len(cause.failing), "flow")
        lines.append(
            f"- **{md(told.sentence(cause, book))}**{code}, {told.state(cause.open)}: "
            f"{flows}, lost {cost}, since {_when(cause.first_seen, session)}"
        )
        names = [each.flow_name or each.flow_id for each in cause.failing]
        lines.append(f"  - flows: {', '.join(md(name) for name in names)}")
        lines += [f"  - usual cause: {md(meaning.cause)}"] if meaning.cause else []
        lines += [f"  - what to do: {md(meaning.remedy)}"] if meaning.remedy else []
    return ["## Why", "", *(lines or ["No run failed or lost rows."])]


def _done(marks: Sequence[Mark], writes: Sequence[Write], session: Session) -> list[str]:
    moment = session.moment()
    lines: list[tuple[datetime, str]] = []
    for mark in marks:
        until = f" until {_full(mark.until, moment)}" if mark.until else ""
        why = f": {mark.note}" if mark.note else ""
        words = f" ({', '.join(mark.words)})" if mark.kind == "expected" and mark.words else ""
        lines.append((mark.at, f"{mark.who}: {mark.kind} {mark.name}{words}{until}{why}"))
        if mark.ended_at is not None and mark.ended != "replaced":
            lines.append((mark.ended_at, f"{mark.kind} {mark.name} ended: {mark.ended}"))
    for write in writes:
        lines.append((write.sent_at, _written(write)))
    lines.sort(key=lambda line: line[0])
    shown = [f"- {_when(at, session)} {md(words)}" for at, words in lines]
    return ["## What was done", "", *(shown or ["Nothing."])]


def _written(write: Write) -> str:
    """What was written and what came of it: the sentence that was kept may say both."""
    if write.sentence.startswith(write.title):
        return write.sentence
    return f"{write.title}, {write.outcome}{f': {write.sentence}' if write.sentence else ''}"


async def _writes(session: Session, start: datetime) -> list[Write]:
    """The writes of this sandbox since then; none where nothing was ever written."""
    from aeptui.pipelines.here import journal_of

    if not (session.config.state_dir / "journal.sqlite").exists():
        return []
    async with journal_of(session) as journal:
        return [
            write
            for write in await journal.writes(WRITES)
            if write.sent_at >= start
            and write.sandbox == session.sandbox
            and write.profile == session.profile.name
        ]


async def _open(session: Session) -> list[str]:
    lines = []
    for line in await wrong_now(session):
        since = f" since {_when(line.first_seen, session)}" if line.first_seen else ""
        why = f": {md(line.said)}" if line.said else ""
        known = f" ({line.known})" if line.known else ""
        lines.append(f"- **{line.state}** {md(line.flows[0])}{since}{why}{known}")
    return ["## What is open", "", *(lines or ["No flow needs a person."])]


async def _due(session: Session) -> list[str]:
    moment, lines = session.moment(), list[str]()
    rows = rows_of(session, Listing("flows", "", "next_due_at", False), DUE * 3)
    async for row in rows:
        flow = cast(FlowRow, row)
        if flow.next_due_at is not None and len(lines) < DUE:
            lines.append(f"- {formats.due(flow.next_due_at, moment)} {md(flow.name or flow.id)}")
    for mark in (await session.marks()).all:
        if mark.until is not None and mark.until < moment.now + timedelta(days=1):
            lines.append(
                f"- {formats.due(mark.until, moment)} the end of: {md(mark.kind)} {md(mark.name)}"
            )
    return ["## What is due next", "", *(lines or ["No run is due."])]


def md(text: str) -> str:
    """A text from outside as Markdown shows it, and never as Markdown itself."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _when(at: datetime, session: Session) -> str:
    return _full(at, session.moment())


def _zone(moment: Moment) -> str:
    """The zone of all times here: who reads them may sit in another."""
    return moment.now.astimezone(moment.zone).tzname() or "local time"


def _full(at: datetime, moment: Moment) -> str:
    return f"{at.astimezone(moment.zone):%Y-%m-%d %H:%M}"
