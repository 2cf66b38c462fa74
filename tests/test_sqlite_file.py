"""Files that several processes use: made by whoever is first, and not taken from under anybody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from aeptui.mirror.file import prepare
from aeptui.pipelines.journal_file import FILE

AT_ONCE = 6


def open_journal(path: Path) -> str:
    FILE.connect(path).close()
    return ""


@pytest.mark.parametrize("make", [open_journal, prepare])
def test_whoever_makes_it_at_the_same_time_gets_the_same_file(
    make: Callable[[Path], str], tmp_path: Path
) -> None:
    barrier = Barrier(AT_ONCE)

    def made(path: Path) -> str:
        barrier.wait()
        return make(path)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for n in range(25):
            path = tmp_path / f"{n}.sqlite"
            assert list(pool.map(made, [path] * AT_ONCE)) == [""] * AT_ONCE
    assert not list(tmp_path.glob("*.aside"))


def test_opening_it_again_lets_no_other_process_take_the_log_away(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    first = FILE.connect(path)
    first.execute("CREATE TABLE kept (x)")
    FILE.connect(path).close()
    other = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute('SELECT * FROM kept').fetchall(); c.close()"
    )
    subprocess.run([sys.executable, "-c", other, str(path)], check=True, timeout=60)
    assert path.with_name("journal.sqlite-wal").exists(), "the first connection still writes to it"
    first.close()
