"""Events: what happened, each told once.

An event is made when what stands for a flow, or for the sandbox, changes:

- `trouble`: the flow's word became a bad one (`tones.NEEDS_A_PERSON`) from a good one.
- `worse`: it went from one bad word to a worse one, such as from partial to failed.
- `eased`: it went from one bad word to a lesser one; it still needs a person.
- `recovered`: it went from a bad word to clean, draft or off, or the flow is gone.
- `cause`: a failed or partial flow reported a cause that no flow of its base connection
  had just then; flows that meet it in the same look are named in it, later ones are not.
  A second connection that meets the same cause is news again.
- `still`: a snooze or a rule has run out, and what was put off or expected needs a person
  as before; `before` tells which of them it was.
- `out-of-touch`: flows or runs could not be read for longer than two intervals, or the
  credentials were refused; `in-touch`: both can be read again.

`running` and `waiting` change nothing: a flow that goes failed, running, failed has
not recovered in between, and late, running, clean recovers when the run has ended
well. A failed flow has recovered as soon as a later run ended well, though the next
one may be running already. A flow keeps its causes until it leaves failed and partial, so that a code which
is missing from one bad run is not new in the next.

What was so already when somebody first looked is no news: those events are `quiet`.
A flow is late, stuck, silent or odd by comparison with its past. Until its past is
known these words change nothing, and the first of them after that is quiet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from aeptui.mirror.values import Freshness
from aeptui.mirror.verdicts import Failure
from aeptui.monitor.tones import NEEDS_A_PERSON, rank

Kind: TypeAlias = Literal[
    "trouble", "worse", "eased", "recovered", "cause", "still", "out-of-touch", "in-touch"
]

BY_COMPARISON = frozenset({"stuck", "late", "silent", "odd"})
"""Words that rest on what is usual for a flow."""

BY_CAUSE = frozenset({"failed", "partial"})
"""Words of runs that may name a cause."""

IN_BETWEEN = frozenset({"", "running", "waiting"})
"""Words that say nothing yet."""

GONE = "gone"
"""Stands for the word of a flow that was deleted."""

AT_ONCE = frozenset({"refused", "settings", "broken"})
"""Troubles with the platform that waiting does not mend."""

READ = ("flows", "runs")
"""The kinds without which nothing is known."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One flow as it has just been judged."""

    id: str
    name: str
    word: str
    reason: str = ""
    since: datetime | None = None
    lost: int | None = None
    base: str = ""
    """The id of its base connection."""
    last: str = ""
    """The word of the newest run that has ended."""
    blames: tuple[Failure, ...] = ()
    """What its last ended run failed by, where it failed or lost rows; what says most first."""
    known: bool = True
    """Whether enough of its past is known to say what is usual."""


class Look(NamedTuple):
    """What the watch has judged at one time."""

    at: datetime
    """Up to when the platform's runs were known."""
    flows: Sequence[Seen]
    gone: Sequence[str] = ()
    """Ids of flows that are not there any more."""
    whole: bool = False
    """Whether `flows` are all there are."""
    current: bool = True
    """Whether the platform has told its flows and runs since the watch began."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, as it is kept, shown and delivered."""

    kind: Kind
    at: datetime
    state: str
    """The flow's word; of a cause the word of its flows; of a sync trouble its kind."""
    before: str = ""
    """The word that stood until then; of `still` the kind of mark that has run out."""
    reason: str = ""
    cause: str = ""
    """The key of a cause: of this one, or of the weightiest of a flow's."""
    code: str = ""
    column: str = ""
    flow_ids: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    rows_lost: int | None = None
    first_seen: datetime | None = None
    """When it began: before it was noticed, and for a recovery the beginning of the trouble."""
    quiet: bool = False

    @property
    def key(self) -> str:
        """Two processes that notice the same make the same key."""
        about = self.cause if self.kind == "cause" else ",".join(self.flow_ids)
        return f"{self.kind} {self.state} {self.at.isoformat()} {about}"


class Standing(msgspec.Struct, frozen=True):
    """What stands for a flow until the next event."""

    name: str = ""
    word: str = ""
    since: datetime | None = None
    """Since when it has been bad without a recovery; None while it is not."""
    causes: tuple[str, ...] = ()
    base: str = ""
    known: bool = False

    @property
    def bad(self) -> bool:
        return self.word in NEEDS_A_PERSON


class Touch(msgspec.Struct, frozen=True):
    """That the platform is out of touch: by which kind of trouble, and since when."""

    kind: str
    since: datetime


class Happened(NamedTuple):
    """The events of a look, and what stands after it for the flows where that changed."""

    events: list[Event]
    standings: dict[str, Standing | None]
    """None for a flow that is gone."""


def happened(standings: Mapping[str, Standing], look: Look, *, quiet: bool = False) -> Happened:
    """What `look` shows to have happened since `standings`; `quiet` at the first look."""
    done = Happened([], {})
    fresh: dict[str, list[tuple[Seen, Failure]]] = {}
    met_already = {(each.base, key) for each in standings.values() for key in each.causes}
    for judged in look.flows:
        met_before, before = judged.id in standings, standings.get(judged.id, Standing())
        seen = _settled(before, judged)
        after = _after(before, seen)
        if after != before or not met_before:
            done.standings[seen.id] = after
        was_so = after.word in BY_COMPARISON and met_before and not before.known
        if event := _of_flow(before, after, seen, look.at, quiet=quiet or was_so):
            done.events.append(event)
        if after.word in BY_CAUSE and seen.word == after.word:
            for blame in seen.blames:
                if (seen.base, blame.key) not in met_already:
                    fresh.setdefault(blame.key, []).append((seen, blame))
    for id in _gone(standings, look):
        before = standings[id]
        done.standings[id] = None
        if before.bad:
            end = Seen(id=id, name=before.name, word=GONE)
            done.events.append(_event("recovered", end, look.at, before, quiet=quiet))
    causes = [_of_cause(key, met, look.at, quiet=quiet) for key, met in fresh.items()]
    done.events[:0] = sorted(causes, key=lambda each: -len(each.flow_ids))
    return done


def _gone(standings: Mapping[str, Standing], look: Look) -> list[str]:
    missing = set(look.gone)
    if look.whole:
        missing |= set(standings) - {seen.id for seen in look.flows}
    return sorted(missing & set(standings))


def _settled(before: Standing, seen: Seen) -> Seen:
    """What a flow amounts to while its next run is going on: a failure is over by then."""
    over = before.word in BY_CAUSE and seen.last == "clean"
    if seen.word in IN_BETWEEN and over:
        return msgspec.structs.replace(seen, word="clean", reason="")
    return seen


def _after(before: Standing, seen: Seen) -> Standing:
    """What stands for a flow now; its word stays where the look says nothing yet."""
    if seen.word in IN_BETWEEN or (not seen.known and _compared(before, seen)):
        return msgspec.structs.replace(before, name=seen.name, known=seen.known)
    bad = seen.word in NEEDS_A_PERSON
    since = (before.since if before.bad else seen.since) if bad else None
    causes: tuple[str, ...] = ()
    if seen.word in BY_CAUSE:
        kept = before.causes if before.word in BY_CAUSE else ()
        causes = tuple(dict.fromkeys((*kept, *(blame.key for blame in seen.blames))))
    return Standing(seen.name, seen.word, since, causes, seen.base, seen.known)


def _compared(before: Standing, seen: Seen) -> bool:
    """Whether the word, or that an earlier one does not hold any more, rests on what is usual."""
    return seen.word in BY_COMPARISON or (seen.word == "clean" and before.word in BY_COMPARISON)


def _of_flow(
    before: Standing, after: Standing, seen: Seen, at: datetime, *, quiet: bool
) -> Event | None:
    if after.word == before.word or not (after.bad or before.bad):
        return None
    if not after.bad:
        return _event("recovered", seen, at, before, quiet=quiet)
    kind: Kind = "trouble"
    if before.bad:
        kind = "worse" if rank(after.word) < rank(before.word) else "eased"
    return _event(kind, seen, at, before, quiet=quiet)


def _event(kind: Kind, seen: Seen, at: datetime, before: Standing, *, quiet: bool) -> Event:
    first = seen.blames[0] if seen.blames else None
    return Event(
        kind=kind,
        at=at,
        state=seen.word,
        before=before.word,
        reason=seen.reason,
        cause=first.key if first else "",
        code=first.code if first else "",
        flow_ids=(seen.id,),
        flows=(seen.name or seen.id,),
        rows_lost=seen.lost,
        first_seen=before.since if before.bad else seen.since,
        quiet=quiet,
    )


def _of_cause(key: str, met: Sequence[tuple[Seen, Failure]], at: datetime, *, quiet: bool) -> Event:
    blame = met[0][1]
    lost = [each.lost for _, each in met if each.lost is not None]
    begun = [seen.since for seen, _ in met if seen.since is not None]
    return Event(
        kind="cause",
        at=at,
        state=min((seen.word for seen, _ in met), key=rank),
        reason=blame.message,
        cause=key,
        code=blame.code,
        column=blame.column,
        flow_ids=tuple(seen.id for seen, _ in met),
        flows=tuple(seen.name or seen.id for seen, _ in met),
        rows_lost=sum(lost) if lost else None,
        first_seen=min(begun, default=None),
        quiet=quiet,
    )


def touched(
    before: Touch | None,
    freshness: Mapping[str, Freshness],
    now: datetime,
    *,
    patience: timedelta,
    quiet: bool = False,
) -> tuple[Event | None, Touch | None]:
    """Whether the platform went out of touch or came back, and how that stands now.

    `patience` is how long what is known may be old before a trouble that may pass counts.
    """
    ill = [fresh for kind in READ if (fresh := freshness.get(kind)) and fresh.trouble]
    if before is not None:
        if ill or any(kind not in freshness for kind in READ):
            return None, before
        back = Event(
            kind="in-touch",
            at=now,
            state="",
            before=before.kind,
            first_seen=before.since,
            quiet=quiet,
        )
        return back, None
    for fresh in ill:
        since = fresh.confirmed_at or now
        kind = fresh.trouble_kind or "failing"
        never = fresh.confirmed_at is None and kind != "disk"
        if kind in AT_ONCE or never or now - since > patience:
            event = Event(
                kind="out-of-touch",
                at=now,
                state=kind,
                reason=fresh.trouble or "",
                first_seen=since,
                quiet=quiet,
            )
            return event, Touch(kind, since)
    return None, None
