"""A mirror in a folder of its own, and models to fill it with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aeptui.mirror.store import Mirror
from aeptui.monitor.state import run_verdict

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


def spoil(path: Path, rubbish: bytes = b"rubbish ", half: bool = False) -> None:
    """Write over a mirror's file (or its second half) while it may be open."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        size = path.stat().st_size
        start = size // 2 if half else 0
        file.seek(start)
        file.write(rubbish * ((size - start) // len(rubbish)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mirror" / "acme~prod.sqlite"


@pytest.fixture
def mirror(path: Path) -> Iterator[Mirror]:
    mirror = Mirror.open(path, run_verdict=run_verdict, clock=lambda: NOW)
    yield mirror
    mirror.close()
