"""What a run and a flow amount to: pure functions of rows and a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aeptui.api.models import Run
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.mirror.verdicts import FlowVerdict, RunVerdict


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a flow is late, stuck, silent, odd or expiring; each can be set."""

    late_minutes: float = 5.0
    """Late after due + the larger of this and `late_lags` times the usual lag."""
    late_lags: float = 2.0
    stuck_minutes: float = 10.0
    """Stuck after the larger of this and `stuck_times` times the 95th percentile of durations."""
    stuck_times: float = 3.0
    odd_mads: float = 4.0
    odd_runs: int = 10
    silent_of: int = 10
    silent_with_rows: int = 8
    expiring_days: float = 7.0


def run_verdict(run: Run) -> RunVerdict: ...


def flow_verdict(
    flow: FlowRow,
    runs: Sequence[RunRow],
    now: datetime,
    thresholds: Thresholds,
    dataset_expires_at: datetime | None,
) -> FlowVerdict: ...
