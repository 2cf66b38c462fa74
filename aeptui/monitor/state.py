"""What a run and a flow amount to: pure functions of rows and a clock.

The platform's status alone lies: a run that ended with `success` may have lost
rows (`aeptui/api/AEP.md`, runs and metrics). A flow has one word, the first
that fits, in the order of `tones.RANKED`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import takewhile

import msgspec

from aeptui.api.models import Run
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.mirror.verdicts import ENDED_WORDS, FlowVerdict, RunVerdict, Streak
from aeptui.monitor import words
from aeptui.monitor.causes import failures_of
from aeptui.monitor.figures import by_chance, duration, rows, stretch, usual_window
from aeptui.monitor.schedule import Schedule, begun
from aeptui.monitor.tones import letter, rank
from aeptui.monitor.usual import median, outside, percentile

STRIP = 20
"""Runs in a flow's strip."""

ENOUGH = 50
"""As many of a flow's newest runs as a verdict ever reads."""

_RUN_WORDS = {
    "scheduled": "waiting",
    "queued": "waiting",
    "pending": "waiting",
    "inprogress": "running",
    "success": "clean",
    "completed": "clean",
    "partialsuccess": "partial",
    "partialfailure": "partial",
    "failed": "failed",
}

_ALIKE = 1.5
"""Runs are compared by how long they took up to so much longer a window."""

_HARDLY = 0.5
"""A run that read less than this of the usual window proves no silence."""

_ON = frozenset({"enabled", "updating", "enabledfinalizing", "disabling"})
_COMING = frozenset({"initializing", "inprogress", "pending", "enabling"})
_OFF = frozenset({"disabled", "deletefinalizing"})
ENDED = frozenset(ENDED_WORDS)
"""Words of runs that have ended."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a flow is late, stuck, silent, odd or expiring; each can be set."""

    late_minutes: float = 5.0
    """Late after due + the larger of this and `late_lags` times the usual lag."""
    late_lags: float = 2.0
    stuck_minutes: float = 10.0
    """Stuck after the larger of this and `stuck_times` times the 95th percentile of durations."""
    stuck_times: float = 3.0
    stuck_first_hours: float = 24.0
    """A flow's first run has nothing to compare with, and may read years of rows."""
    odd_mads: float = 4.0
    odd_runs: int = 10
    silent_of: int = 10
    silent_with_rows: int = 8
    expiring_days: float = 7.0


@lru_cache(maxsize=64)
def normal(status: str) -> str:
    """A status in one spelling: the platform writes `inProgress`, `IN_PROGRESS`, `in progress`."""
    return "".join(each for each in status.lower() if each not in "_- ")


def run_verdict(run: Run) -> RunVerdict:
    """The word for a run, how many rows it lost, and what went wrong in it.

    A count that the platform did not give breaks no sum: it proves nothing.
    """
    word, lost = _word_and_lost(run)
    if word not in ("failed", "partial"):
        return RunVerdict(word, lost)
    return RunVerdict(word, lost, failures_of(run, word, lost))


def _word_and_lost(run: Run) -> tuple[str, int | None]:
    if not run.state:  # just made: its metrics are still empty
        if run.completed_at:
            return "unknown", None
        return ("running" if run.started_at else "waiting"), None
    word = _RUN_WORDS.get(normal(run.state), "unknown")
    if word in ("waiting", "running", "unknown"):
        return word, None
    if word == "failed":
        return "failed", _lost_by_failure(run)
    lost = _lost(run)
    closes = lost == 0 or lost is None
    whole = closes and not run.warnings and not run.errors and not _overfull(run)
    if word == "clean" and whole:
        return "clean", 0
    return "partial", lost


def _gap(run: Run) -> int | None:
    """Rows received that were neither ingested nor skipped; None where a count is missing."""
    if run.received is None or run.ingested is None or run.skipped is None:
        return None
    return run.received - run.ingested - run.skipped


def _overfull(run: Run) -> bool:
    gap = _gap(run)
    return gap is not None and gap < 0


def _lost(run: Run) -> int | None:
    known = [each for each in (run.failed, _gap(run)) if each is not None]
    named = [error.rows for error in run.errors if error.rows is not None]
    if not known and named:
        return sum(named)
    return max(0, *known) if known else None


def _lost_by_failure(run: Run) -> int | None:
    """A run that failed keeps nothing but what it says it ingested."""
    if run.received is not None:
        return max(0, run.received - (run.ingested or 0) - (run.skipped or 0))
    return run.failed


class _Case(msgspec.Struct, frozen=True):
    """Everything that a flow's word is decided on."""

    flow: FlowRow
    runs: Sequence[RunRow]
    now: datetime
    limits: Thresholds
    expires_at: datetime | None
    before: Streak | None
    state: str
    schedule: Schedule | None

    @property
    def last(self) -> RunRow | None:
        return self.runs[0] if self.runs else None

    @property
    def ended(self) -> list[RunRow]:
        return [run for run in self.runs if run.word in ENDED]

    @property
    def all_known(self) -> bool:
        """Whether there are no runs but these."""
        return len(self.runs) < ENOUGH

    @property
    def clean(self) -> list[RunRow]:
        return [run for run in self.runs if run.word == "clean"]

    @property
    def on(self) -> bool:
        return self.state in _ON

    @property
    def running(self) -> RunRow | None:
        """The open run that has gone on for longest."""
        going = [run for run in self.runs if run.word == "running"]
        return going[-1] if going else None

    @property
    def owed(self) -> datetime | None:
        """The tick that the next run will answer; None while one is open or the flow is off."""
        if not self.on or self.schedule is None:
            return None
        if any(run.word in ("waiting", "running") for run in self.runs):
            return None
        return self.schedule.owed(self.last, _changed_at(self.flow))

    @property
    def late_from(self) -> datetime | None:
        """When the tick that is owed counts as late."""
        if self.owed is None or self.schedule is None:
            return None
        lag = self.schedule.usual_lag(self.runs)
        grace = timedelta(minutes=self.limits.late_minutes)
        return self.owed + max(grace, self.limits.late_lags * lag)

    @property
    def stuck_from(self) -> datetime | None:
        run = self.running
        if run is None or begun(run) is None:
            return None
        took = [seconds for each in self.ended if (seconds := duration(each)) is not None]
        allowed = timedelta(hours=self.limits.stuck_first_hours)
        if took:
            usual = timedelta(seconds=self.limits.stuck_times * percentile(took, 0.95))
            allowed = max(timedelta(minutes=self.limits.stuck_minutes), usual)
        return (run.started_at or run.created_at or self.now) + allowed

    @property
    def expiring_from(self) -> datetime | None:
        if self.expires_at is None or not (self.on or self.state in _COMING):
            return None
        return self.expires_at - timedelta(days=self.limits.expiring_days)


class _Said(msgspec.Struct, frozen=True):
    """Why a word fits."""

    reason: str = ""
    since: datetime | None = None


def flow_verdict(
    flow: FlowRow,
    runs: Sequence[RunRow],
    now: datetime,
    thresholds: Thresholds,
    dataset_expires_at: datetime | None,
    before: Streak | None = None,
) -> FlowVerdict:
    """The word for a flow from its newest runs, newest first (at most `ENOUGH` are needed).

    `before` are the runs right before those, where all of them are `unbroken`.
    """
    case = _Case(
        *(flow, runs, now, thresholds, dataset_expires_at, before),
        normal(flow.state),
        Schedule.of(flow),
    )
    word, said = "unknown", _Said(f"the platform calls it {flow.state or 'nothing'}")
    for candidate, rule in RULES.items():
        fits = rule(case)
        if fits is not None:
            word, said = candidate, fits
            break
    last = case.last
    ended = case.ended
    return FlowVerdict(
        flow_id=flow.id,
        word=word,
        rank=rank(word),
        reason=said.reason,
        since=said.since,
        lost=ended[0].lost if ended and word in ("failed", "partial") else None,
        next_due_at=case.schedule.after(now) if case.schedule and case.on else None,
        strip=_strip(case),
        last_run_id=last.id if last else "",
        last_run_at=(last.started_at or last.created_at) if last else None,
        check_at=_check_at(case, word, said),
    )


def _failed(case: _Case) -> _Said | None:
    if not case.ended or case.ended[0].word != "failed":
        return None
    streak = _streak(case)
    what = case.ended[0].message or case.ended[0].code or "the platform gave no reason"
    more = "" if streak.whole else " or more"
    times = f"{words.count(streak.runs)} times{more}: " if streak.runs > 1 else ""
    return _Said(_also_off(case, times + what), streak.since)


def unbroken(runs: Sequence[RunRow]) -> str:
    """The bad word in which all of them ended, where there may be more before; else nothing."""
    ended = {run.word for run in runs if run.word in ENDED}
    if len(runs) < ENOUGH or len(ended) != 1:
        return ""
    return next(iter(ended - {"clean"}), "")


def _streak(case: _Case) -> Streak:
    """The last runs that ended in the same word, however many."""
    word = case.ended[0].word
    alike = list(takewhile(lambda run: run.word == word, case.ended))
    inside = Streak(len(alike), begun(alike[-1]), len(alike) < len(case.ended) or case.all_known)
    if inside.whole or case.before is None:
        return inside
    before = case.before
    return Streak(inside.runs + before.runs, before.since or inside.since, before.whole)


def _partial(case: _Case) -> _Said | None:
    if not case.ended or case.ended[0].word != "partial":
        return None
    run = case.ended[0]
    if run.lost and run.received:
        what = f"{words.count(run.lost)} of {words.rows(run.received)} lost"
    elif run.lost:
        what = f"{words.rows(run.lost)} lost"
    elif run.warnings:
        what = f"values lost in {words.rows(run.warnings)}"
    elif run.received is not None and run.ingested is not None and run.ingested > run.received:
        what = f"{words.count(run.ingested)} of {words.rows(run.received)} ingested"
    else:
        what = "rows lost; the platform does not say how many"
    return _Said(_also_off(case, what), _streak(case).since)


def _also_off(case: _Case, reason: str) -> str:
    return f"{reason}; the flow is off" if case.state in _OFF else reason


def _stuck(case: _Case) -> _Said | None:
    run = case.running
    if run is None or case.stuck_from is None or case.now <= case.stuck_from:
        return None
    since = run.started_at or run.created_at or case.now
    took = [seconds for each in case.ended if (seconds := duration(each)) is not None]
    usual = f", usually {words.span(median(took))}" if took else ""
    return _Said(f"running for {words.span((case.now - since).total_seconds())}{usual}", since)


def _late(case: _Case) -> _Said | None:
    if case.owed is None or case.late_from is None or case.now <= case.late_from:
        return None
    return _Said(f"{words.span((case.now - case.owed).total_seconds())} overdue", case.owed)


def _silent(case: _Case) -> _Said | None:
    """No rows where there usually are some; compared with the runs before the silence."""
    if not case.on or not case.ended or case.ended[0].word != "clean":
        return None
    usually = usual_window(case.clean)
    runs = [run for run in case.clean if stretch(run, usually) >= _HARDLY]
    quiet = list(takewhile(lambda run: rows(run) == 0, runs))
    before = runs[len(quiet) :][: case.limits.silent_of]
    figures = [figure for run in before if (figure := rows(run)) is not None]
    spoke = sum(figure > 0 for figure in figures)
    if not quiet or len(before) < case.limits.silent_of or spoke < case.limits.silent_with_rows:
        return None
    told = "in the last run" if len(quiet) == 1 else f"in {len(quiet)} runs"
    usual = words.count(median(figures))
    return _Said(f"no rows {told}, usually about {usual}", begun(quiet[-1]))


def _odd(case: _Case) -> _Said | None:
    """More or fewer rows, or more or less time, than the runs before it; for as long a window."""
    if not case.on or not case.ended or case.ended[0].word != "clean":
        return None
    run, past = case.ended[0], case.clean[1:]
    limits, longer = case.limits, stretch(run, usual_window(past))
    figures = [figure * longer for each in past if (figure := rows(each)) is not None]
    figure = rows(run)
    if figure is not None and len(figures) >= limits.odd_runs:
        usual = median(figures)
        if outside(figure, figures, deviations=limits.odd_mads, floor=by_chance(usual)):
            return _Said(f"{words.rows(figure)}, usually {words.count(usual)}", begun(run))
    took = [seconds for each in past if (seconds := duration(each)) is not None]
    lasted = duration(run)
    alike = 1 / _ALIKE <= longer <= _ALIKE
    if alike and lasted is not None and len(took) >= limits.odd_runs:
        # A minute more or less, or half as long again, are the platform's own affair.
        floor = max(15.0, median(took) / 8)
        if outside(lasted, took, deviations=limits.odd_mads, floor=floor):
            return _Said(
                f"took {words.span(lasted)}, usually {words.span(median(took))}", begun(run)
            )
    return None


def _expiring(case: _Case) -> _Said | None:
    if case.expires_at is None or case.expiring_from is None or case.now < case.expiring_from:
        return None
    left = (case.expires_at - case.now).total_seconds()
    if left <= 0:
        return _Said(f"dataset expired {words.span(-left)} ago", case.expires_at)
    return _Said(f"dataset expires {words.until(left)}", case.expiring_from)


def _unknown(case: _Case) -> _Said | None:
    if case.state not in _ON | _COMING | _OFF | {"draft"}:
        return _Said(f"the platform calls the flow {case.flow.state or 'nothing'}")
    if case.last is not None and case.last.word == "unknown":
        return _Said(f"the platform calls the last run {case.last.state or 'nothing'}")
    return None


def _running(case: _Case) -> _Said | None:
    run = case.running
    return None if run is None else _Said(since=run.started_at or run.created_at)


def _waiting(case: _Case) -> _Said | None:
    waits = [run for run in case.runs if run.word == "waiting"]
    if waits:
        return _Said("a run waits to start", begun(waits[-1]))
    if case.state in _COMING:
        return _Said("the platform is setting it up", case.flow.updated_at)
    if case.on and not case.runs:
        return _Said("no run yet", case.flow.created_at)
    return None


def _clean(case: _Case) -> _Said | None:
    if not case.on or not case.ended or case.ended[0].word != "clean":
        return None
    streak = _streak(case)
    # Since when a flow has been well for longer than is looked at is asked by nobody.
    return _Said(since=streak.since if streak.whole else None)


def _draft(case: _Case) -> _Said | None:
    return _Said(since=case.flow.created_at) if case.state == "draft" else None


def _off(case: _Case) -> _Said | None:
    return _Said(since=case.flow.updated_at) if case.state in _OFF else None


RULES: dict[str, Callable[[_Case], _Said | None]] = {
    "failed": _failed,
    "partial": _partial,
    "stuck": _stuck,
    "late": _late,
    "silent": _silent,
    "odd": _odd,
    "expiring": _expiring,
    "unknown": _unknown,
    "running": _running,
    "waiting": _waiting,
    "clean": _clean,
    "draft": _draft,
    "off": _off,
}
"""Each word with its rule, worst first; the first that fits wins."""


def _changed_at(flow: FlowRow) -> datetime | None:
    """When the flow was made or last changed: until then it may have been off."""
    return flow.updated_at or flow.created_at


def _strip(case: _Case) -> str:
    """The last twenty runs, oldest first, and a dash for each tick that has been missed."""
    marks = "".join(letter(run.word) for run in reversed(case.runs[:STRIP]))
    late = case.late_from is not None and case.now > case.late_from
    if late and case.schedule and case.owed:
        marks += letter("missing") * min(STRIP, case.schedule.missed(case.owed, case.now))
    return marks[-STRIP:]


def _check_at(case: _Case, word: str, said: _Said) -> datetime | None:
    """The next moment at which time alone may change the verdict."""
    moments = [
        case.schedule.after(case.now) if case.schedule and case.on else None,
        case.late_from,
        case.stuck_from,
        case.expiring_from,
    ]
    if word in ("stuck", "late") and said.since:
        moments.append(words.next_change(said.since, case.now))
    if word == "expiring" and case.expires_at:
        moments.append(case.expires_at)
        moments.append(case.now + timedelta(hours=1))
    # A moment's edge belongs to what was before it.
    edge = timedelta(milliseconds=1)
    return min((at + edge for at in moments if at and at + edge > case.now), default=None)
