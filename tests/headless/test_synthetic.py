"""Worlds that were filled with made-up history, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.headless.stage import serving


def test_why_says_of_a_synthetic_run_that_its_figures_are_made_up(tmp_path: Path) -> None:
    with serving(tmp_path, "--scale", "flows=2,runs=6", "--speed", "0") as platform:
        (run,) = json.loads(platform.run("list", "runs", "--limit", "1", "--json").stdout)
        told = platform.run("why", run["id"])
        assert "synthetic history, and its figures are made up" in " ".join(told.stdout.split())
        assert json.loads(platform.run("why", run["id"], "--json").stdout)["synthetic"] is True
