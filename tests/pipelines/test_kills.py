"""Whatever stops a plan and wherever: it is gone on with or taken back, and nothing is made twice."""

from __future__ import annotations

from pathlib import Path

from tests.emulated import Rehearsal
from tests.pipelines.trials import KINDS, trials


async def test_thirty_plans_that_were_killed_or_cut_end_as_they_should(
    platform: Rehearsal, tmp_path: Path
) -> None:
    found = await trials(platform, 30, 20260302, tmp_path)
    assert found.wrong == []
    assert found.twice == 0
    assert set(found.ended) == {"resumed", "rolled back"}
    for kind in KINDS:
        assert found.struck[kind] >= 3, found  # most stops fall into the plan
