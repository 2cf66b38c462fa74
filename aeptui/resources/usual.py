"""How long the runs of a flow usually take, to measure those that are open against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from aeptui.mirror.rows import RunRow
from aeptui.monitor.usual import median

if TYPE_CHECKING:
    from aeptui.mirror.store import Mirror

NEWEST = 20
"""So many runs of a flow are looked at."""
ENOUGH = 3
"""Fewer runs that ended show no habit."""


async def usual_s(mirror: Mirror, runs: Iterable[RunRow]) -> Mapping[str, float]:
    """The usual duration in seconds for the flow of each run; without enough past runs, none."""
    usual: dict[str, float] = {}
    for flow_id in {run.flow_id for run in runs}:
        took = [
            (run.completed_at - run.started_at).total_seconds()
            for run in await mirror.runs_of(flow_id, NEWEST)
            if run.word in ("clean", "partial") and run.started_at and run.completed_at
        ]
        if len(took) >= ENOUGH:
            usual[flow_id] = median(took)
    return usual
