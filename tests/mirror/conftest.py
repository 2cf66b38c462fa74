"""A mirror in a folder of its own, and models to fill it with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aeptui.mirror.store import Mirror
from aeptui.monitor.state import run_verdict

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mirror" / "acme~prod.sqlite"


@pytest.fixture
def mirror(path: Path) -> Iterator[Mirror]:
    mirror = Mirror.open(path, run_verdict=run_verdict, clock=lambda: NOW)
    yield mirror
    mirror.close()
