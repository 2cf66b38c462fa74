"""The file: for its owner only, and set aside with a sentence when it cannot be used."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from aeptui.api.models import Flow
from aeptui.mirror.store import Mirror
from aeptui.mirror.troubles import StoreTrouble
from aeptui.mirror.values import Listing
from aeptui.monitor.state import run_verdict
from tests.mirror.conftest import NOW


def opened(path: Path) -> Mirror:
    return Mirror.open(path, run_verdict=run_verdict, clock=lambda: NOW)


def test_only_the_owner_may_read_it(path: Path) -> None:
    mirror = opened(path)
    try:
        asyncio.run(mirror.upsert("flows", [Flow(id="f")], seen_at=NOW))
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
        assert len(modes) >= 2  # the file and its log
        assert set(modes.values()) == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        mirror.close()


def _rubbish(path: Path) -> None:
    path.write_bytes(b"no database at all " * 500)


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def _newer(path: Path) -> None:
    opened(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")


def _older(path: Path) -> None:
    opened(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")


def _cut(path: Path) -> None:
    opened(path).close()
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (_rubbish, "damaged"),
        (_cut, "damaged"),
        (_foreign, "another program"),
        (_newer, "newer version"),
        (_older, "older version"),
    ],
)
def test_a_file_that_cannot_be_used_is_set_aside_and_begun_again(
    path: Path, spoil: object, because: str
) -> None:
    path.parent.mkdir(parents=True)
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()
    mirror = opened(path)
    try:
        assert because in mirror.notice
        assert path.with_name(path.name + ".aside").read_bytes() == before
        assert mirror.window_now(Listing("flows"), 5).rows == ()
    finally:
        mirror.close()
    again = opened(path)
    assert again.notice == ""
    again.close()


def test_a_place_where_nothing_can_be_kept_is_said_in_a_sentence(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.mkdir()
    with pytest.raises(StoreTrouble, match="cannot be kept in"):
        opened(path)


def test_opening_needs_no_network_library_and_no_event_loop() -> None:
    script = "import sys, aeptui.mirror.store; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "sqlite3" in loaded
    assert not {"asyncio", "httpx", "ssl", "textual", "concurrent.futures"} & set(loaded)
