"""Which events deserve an alarm, and what is known, put off or expected.

Acknowledged means that somebody knows of it: it stays in sight but calm, until the
flow recovers, gets a worse word or meets a cause that it did not have. Snoozed is
calm until a time. An expected failure is a rule with a reason and an end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

import msgspec

from aeptui.monitor.events import BY_CAUSE, Event, Standing
from aeptui.monitor.tones import rank

MarkKind: TypeAlias = Literal["acknowledged", "snoozed", "expected"]

FLOW, CAUSE = "flow", "cause"


def about_flow(flow_id: str) -> str:
    """How a mark names a flow."""
    return f"{FLOW} {flow_id}"


def about_cause(key: str) -> str:
    """How a mark names a cause."""
    return f"{CAUSE} {key}"


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One acknowledgement, snooze or rule, by whom and when."""

    n: int = 0
    kind: MarkKind
    about: str
    """A flow, a cause (see `about_flow`), or for a rule the glob of the flows."""
    name: str = ""
    """What it is about, in words."""
    who: str
    at: datetime
    until: datetime | None = None
    """The end of a snooze or a rule."""
    note: str = ""
    """Why: a rule has a reason, an acknowledgement may have one."""
    words: tuple[str, ...] = ()
    """The words that a rule expects, all when there are none; the word that was acknowledged."""
    causes: tuple[str, ...] = ()
    """The causes that the flow had when it was acknowledged."""
    ended_at: datetime | None = None
    ended: str = ""
    """Why it does not count any more: recovered, worse, taken back, over."""

    def runs(self, now: datetime) -> bool:
        """Whether it has neither been ended nor run out."""
        return self.ended_at is None and (self.until is None or now < self.until)


class Marks:
    """The marks of one sandbox that count, and what stands for its bad flows."""

    def __init__(self, marks: Sequence[Mark], standings: Mapping[str, Standing]) -> None:
        self.all = tuple(marks)
        self.acknowledged = {mark.about: mark for mark in marks if mark.kind == "acknowledged"}
        self.snoozed = {mark.about: mark for mark in marks if mark.kind == "snoozed"}
        self.rules = tuple(mark for mark in marks if mark.kind == "expected")
        self.standings = standings

    def standing_of(self, about: str) -> Standing | None:
        """What stands for the flow that a mark is about; None for a cause or a flow that is well."""
        what, _, id = about.partition(" ")
        return self.standings.get(id) if what == FLOW else None

    def of_flow(self, flow_id: str, now: datetime) -> Mark | None:
        """Why a flow that needs a person is calm; None when it is not."""
        standing = self.standings.get(flow_id)
        if standing is None or not standing.bad:
            return None
        found = self.of_mark(about_flow(flow_id), now)
        if found is not None:
            return found
        for rule in self.rules:
            if rule.runs(now) and expects(rule, standing.name, standing.word):
                return rule
        if standing.word in BY_CAUSE and standing.causes:
            calm = [self.of_mark(about_cause(key), now) for key in standing.causes]
            if all(calm):
                return calm[0]
        return None

    def of_cause(self, key: str, now: datetime) -> Mark | None:
        """Why a cause is calm: by itself, or because each of its flows is."""
        found = self.of_mark(about_cause(key), now)
        if found is not None:
            return found
        flows = [id for id, each in self.standings.items() if each.bad and key in each.causes]
        calm = [self.of_flow(id, now) for id in flows]
        return calm[0] if calm and all(calm) else None

    def calm(self, now: datetime) -> dict[str, Mark]:
        """The flows that need a person and are calm."""
        found = {id: self.of_flow(id, now) for id, each in self.standings.items() if each.bad}
        return {id: mark for id, mark in found.items() if mark is not None}

    def of_mark(self, about: str, now: datetime) -> Mark | None:
        """The acknowledgement or snooze of exactly that."""
        for marks in (self.acknowledged, self.snoozed):
            mark = marks.get(about)
            if mark is not None and mark.runs(now):
                return mark
        return None


def expects(rule: Mark, name: str, word: str) -> bool:
    """Whether a rule is about a flow of that name with that word."""
    return (not rule.words or word in rule.words) and glob(rule.about, name)


def glob(pattern: str, name: str) -> bool:
    """Whether a name matches a glob; letter case does not matter."""
    return fnmatchcase(name.lower(), pattern.lower())


def alarming(event: Event, marks: Marks) -> bool:
    """Whether `event` may be told to those who asked for its word.

    A failed or partial flow speaks by its cause: the first flow that meets one
    alarms, the fortieth does not. What is quiet, known, put off or expected does not.
    """
    if event.quiet or event.kind == "eased":
        return False
    if event.kind == "cause":
        calm = [marks.of_flow(id, event.at) for id in event.flow_ids]
        return marks.of_mark(about_cause(event.cause), event.at) is None and not all(calm)
    if event.kind == "still":
        return not all(marks.of_flow(id, event.at) for id in event.flow_ids)
    if event.kind in ("trouble", "worse"):
        told_by_cause = event.state in BY_CAUSE and event.cause
        return not told_by_cause and marks.of_flow(event.flow_ids[0], event.at) is None
    return True


def outlived(
    marks: Collection[Mark],
    before: Mapping[str, Standing],
    after: Mapping[str, Standing],
    events: Collection[Event] = (),
) -> dict[int, str]:
    """Acknowledgements and snoozes that what has happened ends, by their number, and why."""
    over: dict[int, str] = {}
    spread = {about_cause(event.cause) for event in events if event.kind == "cause"}
    kept = {key for each in after.values() for key in each.causes}
    for mark in marks:
        if mark.kind == "expected":
            continue
        what, _, id = mark.about.partition(" ")
        if what == CAUSE:
            had = any(id in each.causes for each in before.values())
            if had and id not in kept:
                over[mark.n] = "recovered"
            elif mark.kind == "acknowledged" and mark.about in spread:
                over[mark.n] = "worse"
            continue
        now = after.get(id, Standing())
        if not now.bad:
            over[mark.n] = "recovered"
        elif mark.kind == "acknowledged" and _worse(mark, now):
            over[mark.n] = "worse"
    return over


def awake(mark: Mark, standings: Mapping[str, Standing], now: datetime) -> Event | None:
    """What to tell when a snooze or a rule has run out; None where nothing is wrong any more."""
    what, _, id = mark.about.partition(" ")
    if mark.kind == "expected":
        what = ""  # it is about a glob, which may begin with any word
        flows = {
            each: now_
            for each, now_ in standings.items()
            if now_.bad and expects(mark, now_.name, now_.word)
        }
    elif what == CAUSE:
        flows = {each: now_ for each, now_ in standings.items() if id in now_.causes}
    else:
        flows = {each: now_ for each, now_ in standings.items() if each == id and now_.bad}
    if not flows:
        return None
    begun = [each.since for each in flows.values() if each.since is not None]
    return Event(
        kind="still",
        at=now,
        state=min((each.word for each in flows.values()), key=rank),
        before=mark.kind,
        reason=mark.note if mark.kind == "expected" else mark.name,
        cause=id if what == CAUSE else "",
        flow_ids=tuple(flows),
        flows=tuple(each.name or key for key, each in flows.items()),
        first_seen=min(begun, default=None),
    )


def _worse(mark: Mark, now: Standing) -> bool:
    worse = bool(mark.words) and rank(now.word) < rank(mark.words[0])
    return worse or (bool(mark.causes) and not set(now.causes) <= set(mark.causes))
