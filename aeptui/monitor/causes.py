"""Causes: failures across flows, grouped by what went wrong.

`failures_of` reads what went wrong out of one run, when it comes in; `group`
puts together what the mirror kept of it. Two failures have one cause where
code, failing step, column and message agree, the message without what differs
from row to row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from aeptui.api.models import Run, RunError
from aeptui.mirror.failures import Failing
from aeptui.mirror.verdicts import Failure
from aeptui.monitor.codes import SUMMARIES, WRAPPER, of_rows, of_values, place

WINDOW = timedelta(days=7)
"""Causes are told of so much time, unless another is asked for."""

_LONGEST = 300
"""A message is kept and compared up to here."""

_ROW_BY_ROW = (
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "…"),
    (re.compile(r"\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{16,}\b"), "…"),
    (re.compile(r"(?<!\w)'[^']*'|\"[^\"]*\"|`[^`]*`|‘[^’]*’|“[^”]*”"), "…"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "…"),
    (re.compile(r"\d+(?:[.,:/-]\d+)*"), "#"),
)
"""Ids, values and numbers in a message, and what stands for them."""

_NAME = r"[A-Za-z_$][\w$]*(?:\[[\w*]*\])?(?:\.[\w$]+(?:\[[\w*]*\])?)*"
_LEADING = re.compile(rf"\s*({_NAME})(:|\s+(?:is|are|has|must|cannot|does|should)\b)")
_CALLED = re.compile(
    rf"\b(?:column|field|attribute|property|path)s?\s+(?:named\s+)?([\"'`‘“]?)({_NAME})(?=[\"'`’”]|\s|[.,;:)]|$)",
    re.IGNORECASE,
)
_LIKE_A_NAME = re.compile(r"[._$\[]|\d|[a-z][A-Z]")
"""A word with any of these is a name, and no word of a sentence."""


def normalised(message: str) -> str:
    """`message` without what differs from row to row: values, ids, numbers, letter case, spaces."""
    for pattern, sign in _ROW_BY_ROW:
        message = pattern.sub(sign, message)
    return " ".join(message.lower().split())


def column_of(message: str, code: str) -> str:
    """The column or field that `message` names, without its place in a list; empty for none.

    A message about a row begins with what it is about; any other one names a
    column by calling it one.
    """
    leading = _LEADING.match(message) if of_rows(code) else None
    if leading is not None:
        name = leading[1]
        if leading[2] == ":" or _LIKE_A_NAME.search(name):
            return "" if name.endswith(("Exception", "Error")) else _anywhere(name)
    if (called := _CALLED.search(message)) is not None:
        quote, name = called.groups()
        if quote or name[0].isupper() or _LIKE_A_NAME.search(name):
            return _anywhere(name)
    return ""


def _anywhere(name: str) -> str:
    return re.sub(r"\[[^\]]*\]", "[*]", name)


def key_of(code: str, step: str, column: str, message: str) -> str:
    """What names the cause of such a failure: the same text whenever and wherever it happens."""
    from hashlib import blake2b  # not before the first paint

    parts = (code, step, column.lower(), normalised(message[:_LONGEST]))
    digest = blake2b("\0".join(parts).encode(), digest_size=5).hexdigest()
    return f"{code or 'no-code'}.{digest}"


class Coded(Protocol):
    """A code with the rows that it counts, if it counts any."""

    @property
    def code(self) -> str: ...
    @property
    def rows(self) -> int | None: ...


T = TypeVar("T", bound=Coded)


def telling(errors: Sequence[T]) -> list[T]:
    """Those that say something of their own: no summaries, and each code where it counts rows.

    Of summaries alone, the one that only wraps another is left out.
    """
    named = [each for each in errors if each.code not in SUMMARIES]
    named = named or [each for each in errors if each.code != WRAPPER] or list(errors)
    counted = {each.code for each in named if each.rows is not None}
    return [each for each in named if each.rows is not None or each.code not in counted]


def key_of_error(error: RunError) -> str:
    """The key of the cause that an error of a run has."""
    column = column_of(error.message[:_LONGEST], error.code)
    return key_of(error.code, error.activity, column, error.message)


def failures_of(run: Run, word: str, lost: int | None) -> tuple[Failure, ...]:
    """What went wrong in a run that is `word` and lost `lost` rows, what says most first.

    Codes that only count what others say are left out where the others are
    there. A run that failed lost every row: what no other failure counted is
    charged to the first, so that no loss is told twice.
    """
    whole = word == "failed"
    found: dict[str, Failure] = {}
    errors = sorted(telling(run.errors), key=lambda each: (place(each.code), -(each.rows or 0)))
    for error in errors:
        made = _failure(error, whole)
        same = found.get(made.key)
        found[made.key] = made if same is None else _added(same, made)
    failures = list(found.values())
    refusing = [each for each in failures if not of_values(each.code)]
    if not failures or (whole and not refusing) or (lost and not refusing):
        failures.insert(0, _unnamed(whole))
        refusing = failures[:1]
    if refusing:
        first, others = refusing[0], refusing[1:]
        rest = None if lost is None else max(0, lost - sum(each.lost or 0 for each in others))
        if whole or first.lost is None:
            charged = first._replace(lost=rest)
            failures = [charged if each is first else each for each in failures]
    elif run.warnings and failures[0].emptied is None:
        failures[0] = failures[0]._replace(emptied=run.warnings)
    return tuple(failures)


def _failure(error: RunError, whole: bool) -> Failure:
    message = error.message[:_LONGEST]
    column = column_of(message, error.code)
    key = key_of_error(error)
    lost, emptied = (None, error.rows) if of_values(error.code) else (error.rows, None)
    return Failure(key, error.code, error.activity, column, message, lost, emptied, whole)


def _unnamed(whole: bool) -> Failure:
    """Rows were lost and no code says why."""
    return Failure(key_of("", "", "", ""), "", "", "", "", None, None, whole)


def _added(one: Failure, other: Failure) -> Failure:
    return one._replace(
        lost=_sum((one.lost, other.lost)), emptied=_sum((one.emptied, other.emptied))
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Shared:
    """A base connection behind flows that fail for one cause, and how many of them it feeds."""

    id: str
    name: str
    flows: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures with one code, step, column and message, over the flows that have them."""

    key: str
    """The same text for the same cause, today and next week, here and in another console."""
    code: str
    step: str
    column: str
    message: str
    """As the newest run put it."""
    failing: tuple[Failing, ...]
    """A line for each flow: those that still fail first, then those that lost most."""
    runs: int
    lost: int | None
    """Rows lost; None where nobody can tell."""
    emptied: int | None
    """Rows kept, but with values left empty."""
    first_seen: datetime
    last_seen: datetime
    connections: tuple[Shared, ...]
    """The base connections behind them, the one that feeds most of them first."""
    open: bool
    """Whether the newest run of any flow still shows it."""
    whole: bool
    """Whether runs failed as a whole for it, and not only rows or values."""

    @property
    def flow_ids(self) -> tuple[str, ...]:
        """The flows, those that still fail first."""
        return tuple(each.flow_id for each in self.failing)

    @property
    def open_flows(self) -> int:
        """In how many flows the newest run still shows it."""
        return sum(each.open for each in self.failing)


def group(failing: Iterable[Failing], now: datetime, window: timedelta = WINDOW) -> list[Cause]:
    """The causes of what was seen within `window` before `now`, worst first.

    Open ones come before those that are over, failed runs before lost rows,
    then what touches most flows, then what cost most rows.
    """
    groups: dict[str, list[Failing]] = {}
    for each in failing:
        if each.last_seen >= now - window:
            groups.setdefault(each.key, []).append(each)
    return sorted((_cause(each) for each in groups.values()), key=_worst_first)


def _worst_first(cause: Cause) -> tuple[object, ...]:
    heavy = (-len(cause.failing), -(cause.lost or 0), -cause.last_seen.timestamp())
    return (not cause.open, not cause.whole, *heavy, cause.key)


def _cause(failing: list[Failing]) -> Cause:
    ordered = sorted(
        failing, key=lambda each: (not each.open, -(each.lost or 0), each.flow_name, each.flow_id)
    )
    latest = max(failing, key=lambda each: each.last_seen)
    bases = Counter(
        (each.base_connection_id, each.base_connection_name)
        for each in failing
        if each.base_connection_id
    )
    return Cause(
        key=latest.key,
        code=latest.code,
        step=latest.step,
        column=latest.column,
        message=latest.message,
        failing=tuple(ordered),
        runs=sum(each.runs for each in failing),
        lost=_sum(each.lost for each in failing),
        emptied=_sum(each.emptied for each in failing),
        first_seen=min(each.first_seen for each in failing),
        last_seen=latest.last_seen,
        connections=tuple(Shared(*base, flows) for base, flows in bases.most_common()),
        open=any(each.open for each in failing),
        whole=any(each.whole for each in failing if each.open == ordered[0].open),
    )
