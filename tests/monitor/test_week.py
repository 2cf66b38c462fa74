"""A day of the simulated week (`python -m tests.week`), with few flows and long intervals."""

from __future__ import annotations

from pathlib import Path

from tests import week


def test_a_day_of_incidents_makes_the_events_it_owes_and_no_others(tmp_path: Path) -> None:
    outcome = week.live(tmp_path, days=1, flows=6, seed=1, interval_s=900)
    assert len(outcome.script) == 8
    assert not outcome.missing and not outcome.surplus, "\n".join(week.table(outcome))
