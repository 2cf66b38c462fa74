"""`aeptui watch`: the monitor without a screen, a line for each event; or what is wrong now."""

from __future__ import annotations

import asyncio
import csv
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from aeptui.csv_cells import cell
from aeptui.headless.asking import bring
from aeptui.headless.listing import rows_of, since
from aeptui.headless.text import Paper, say, table
from aeptui.mirror.rows import FlowRow
from aeptui.mirror.values import Listing
from aeptui.monitor import said, tones
from aeptui.monitor.events import Event
from aeptui.notify import Notifier
from aeptui.resources import formats
from aeptui.resources.definition import Column
from aeptui.session import api_settings

if TYPE_CHECKING:
    from aeptui.session import Session

FINE, TROUBLE = 0, 1
LOOK_S = 1.0
"""How often the notes are looked at; events come with the sync, which is slower."""

Output = Literal["table", "json", "jsonl", "csv"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line for another program: an event, or `now` for a flow that needs a person."""

    event: str
    at: datetime
    state: str
    before: str = ""
    flows: tuple[str, ...] = ()
    flow_ids: tuple[str, ...] = ()
    cause: str = ""
    code: str = ""
    rows_lost: int | None = None
    first_seen: datetime | None = None
    said: str = ""
    known: str = ""
    """Why it alarms nobody: acknowledged, snoozed or expected; `already` for what was so before."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for."""

    once: bool = False
    since: str = ""
    output: Output = "table"


NOW_COLUMNS = (
    Column("STATE", lambda line, _: formats.said(line.state), 8, tone=lambda line: tone_of(line)),
    Column("FLOW", lambda line, _: line.flows[0], 24),
    Column("SINCE", lambda line, moment: formats.date_time(line.first_seen, moment), 12),
    Column("KNOWN", lambda line, _: line.known, 12),
    Column("WHY", lambda line, _: line.said, 32, grow=True),
)


async def run(session: Session, wish: Wish, env: Mapping[str, str]) -> int:
    """Watch until told to end; with `once` tell what is wrong now, and 1 where a person is needed."""
    writer = Writer(session, wish.output, env)
    if wish.once:
        return await _once(session, wish, writer)
    return await _follow(session, wish, writer)


async def _once(session: Session, wish: Wish, writer: Writer) -> int:
    await bring(session, "flows")
    now = await wrong_now(session)
    events = []
    if wish.since:
        kept = await session.notes.events(since=since(wish.since, session.now()))
        events = [line_of(each.event, session) for each in reversed(kept)]
    writer.whole(events, now)
    return TROUBLE if any(not line.known for line in now) else FINE


async def wrong_now(session: Session) -> list[Line]:
    """The flows that need a person, worst first, as the mirror has them."""
    marks, now = await session.marks(), session.now()
    lines = []
    wanted = ",".join(word for word in tones.RANKED if word in tones.NEEDS_A_PERSON)
    async for row in rows_of(session, Listing("flows", f"state:{wanted}"), None):
        flow = cast(FlowRow, row)
        mark = marks.of_flow(flow.id, now)
        lines.append(
            Line(
                event="now",
                at=now,
                state=flow.word,
                flows=(flow.name or flow.id,),
                flow_ids=(flow.id,),
                rows_lost=flow.lost,
                first_seen=flow.since,
                said=flow.reason,
                known=mark.kind if mark else "",
            )
        )
    return lines


async def _follow(session: Session, wish: Wish, writer: Writer) -> int:
    config, profile = session.config, session.profile
    notifier = Notifier(
        config.settings.alerts,
        lambda: api_settings(config, profile),
        config.code_book,
        complain=lambda sentence: say([f"aeptui: {sentence}."], sys.stderr),
        hidden=config.secret_variables(),
    )
    session.recorder.told = notifier
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, over.set)
    seen = await session.notes.last()
    if wish.since:
        kept = await session.notes.events(since=since(wish.since, session.now()))
        writer.more([line_of(each.event, session) for each in reversed(kept)])
    say([f"aeptui: watching {profile.name} / {session.sandbox}; ctrl+c ends it."], sys.stderr)
    session.start()
    revision: tuple[int, int] | None = None
    told = ""
    while not over.is_set():
        if (now := await session.notes.revision()) != revision:
            revision = now
            kept = await session.notes.events(after=seen)
            seen = max([seen, *(each.n for each in kept)])
            writer.more([line_of(each.event, session) for each in reversed(kept)])
        if session.recorder.trouble not in ("", told):
            told = session.recorder.trouble
            say([f"aeptui: {told}."], sys.stderr)
        try:
            async with asyncio.timeout(LOOK_S):
                await over.wait()
        except TimeoutError:
            continue
    await notifier.close()
    return FINE


def line_of(event: Event, session: Session) -> Line:
    """An event as a line."""
    return Line(
        event=event.kind,
        at=event.at,
        state=event.state,
        before=event.before,
        flows=event.flows,
        flow_ids=event.flow_ids,
        cause=event.cause,
        code=event.code,
        rows_lost=event.rows_lost,
        first_seen=event.first_seen,
        said=said.sentence(event, session.config.code_book),
        known="already" if event.quiet else "",
    )


class Writer:
    """Writes lines to standard output in the form that was asked for."""

    def __init__(self, session: Session, output: Output, env: Mapping[str, str]) -> None:
        self._session = session
        self._output = output
        self._paper = Paper.of(sys.stdout, env, plain=session.config.flags.plain)
        self._headed = False

    def whole(self, events: list[Line], now: list[Line]) -> None:
        """All that there is to say, at once."""
        if self._output == "json":
            text = msgspec.json.format(msgspec.json.encode([*events, *now]), indent=2)
            sys.stdout.write(text.decode() + "\n")
        elif self._output != "table":
            self.more([*events, *now])
        else:
            self.more(events)
            if events and now:
                say([""])
            if now:
                say(table(NOW_COLUMNS, now, self._session.moment(), self._paper), paper=self._paper)
            else:
                say(["No flow needs a person."], sys.stderr)

    def more(self, lines: list[Line]) -> None:
        """Lines as they come; one object a line for `json` and `jsonl`."""
        if self._output == "csv":
            self._csv(lines)
        elif self._output == "table":
            say([self._text(line) for line in lines], paper=self._paper)
        else:
            sys.stdout.write("".join(f"{msgspec.json.encode(line).decode()}\n" for line in lines))
        sys.stdout.flush()

    def _text(self, line: Line) -> str:
        at = f"{line.at.astimezone(self._session.moment().zone):%Y-%m-%d %H:%M:%S}"
        word = line.event if line.event in ("cause", "in-touch", "out-of-touch") else line.state
        shown = self._paper.tinted(f"{word:<12}", tone_of(line))
        already = " (already so)" if line.known else ""
        return f"{at}  {shown}  {line.said}{already}"

    def _csv(self, lines: list[Line]) -> None:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        if not self._headed:
            writer.writerow(Line.__struct_fields__)
            self._headed = True
        for line in lines:
            values: dict[str, Any] = msgspec.to_builtins(line)
            writer.writerow(map(cell, values.values()))


def tone_of(line: Line) -> tones.Tone:
    """How a line is meant."""
    if line.known:
        return "dim"
    if line.event in ("cause", "out-of-touch"):
        return "bad"
    return "good" if line.event == "in-touch" else tones.tone(line.state)
