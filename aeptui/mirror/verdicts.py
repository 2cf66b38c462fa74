"""What the monitor says about a run and about a flow, in the shape in which the mirror keeps it.

The words themselves are decided in `aeptui.monitor.state`; they stand here
because the mirror may not know the monitor.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

FLOW_WORDS = (
    *("failed", "partial", "stuck", "late", "silent", "odd", "expiring", "unknown"),
    *("running", "waiting", "clean", "draft", "off"),
)
"""The words of a flow, worst first; the first that fits is the flow's word."""

RUN_WORDS = ("failed", "partial", "unknown", "running", "waiting", "clean")
"""The words of a run."""

ENDED_WORDS = ("clean", "partial", "failed")
"""Those of a run that has ended."""


class Failure(NamedTuple):
    """One thing that went wrong in one run; `key` is the same whenever the same goes wrong."""

    key: str
    code: str
    step: str
    """The activity that reported it, or empty for the run as a whole."""
    column: str
    """The column or field that it is about; empty where none is named."""
    message: str
    lost: int | None
    """Rows that it cost; None where nobody can tell."""
    emptied: int | None
    """Rows that were kept, but in which it left values empty."""
    whole: bool
    """Whether the run failed as a whole."""


class RunVerdict(NamedTuple):
    """What a run amounts to, by one of `RUN_WORDS`.

    `lost` counts the rows that were refused or never arrived; None where nobody can tell.
    `failures` are what went wrong in it, what costs most first.
    """

    word: str
    lost: int | None
    failures: Sequence[Failure] = ()


class Streak(NamedTuple):
    """Runs that ended alike, one after another, right before some that are known."""

    runs: int
    since: datetime | None
    """When the first of them came about; None where there are none."""
    whole: bool
    """Whether a run that ended otherwise stands before them."""


class FlowVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The one word for a flow, why, and when to think again."""

    flow_id: str
    word: str
    rank: int
    """0 is worst; the default order of flows."""
    reason: str = ""
    """In words, such as `412 rows, usually 9,800`; empty where the word says it all."""
    since: datetime | None = None
    lost: int | None = None
    next_due_at: datetime | None = None
    strip: str = ""
    last_run_id: str = ""
    last_run_at: datetime | None = None
    check_at: datetime | None = None
    """When time alone may change the word; None where only news can. It is not compared."""
