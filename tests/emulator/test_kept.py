"""Kept worlds that cannot be used: refused in a sentence or set aside, never written over."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aeptui.emulator import kept
from aeptui.emulator.clock import Clock
from aeptui.emulator.crm import Crm
from aeptui.emulator.world import World
from tests.emulator.stage import START_MS


def a_world(folder: Path) -> None:
    World(folder / "world.sqlite", Clock(START_MS, 0.0)).close()


def foreign(path: Path) -> None:
    path.write_bytes(b"not a database, but somebody's file\n" * 40)


def another_program(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)")
        db.execute("INSERT INTO meta VALUES ('seed', '1')")


def another_version(path: Path) -> None:
    a_world(path.parent)
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {kept.FORMAT + 1}")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def damaged(path: Path) -> None:
    a_world(path.parent)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096  # the head of a page: what lies behind may be unused
    data[middle : middle + 2048] = b"\xff" * 2048
    path.write_bytes(bytes(data))


def cut_off(path: Path) -> None:
    a_world(path.parent)
    path.write_bytes(path.read_bytes()[:5000])


SPOILED = [
    pytest.param(foreign, "no world", id="foreign"),
    pytest.param(another_program, "another program", id="another program"),
    pytest.param(another_version, "another version", id="another version"),
    pytest.param(damaged, "damaged", id="damaged"),
    pytest.param(cut_off, "damaged", id="cut off"),
]


@pytest.mark.parametrize(("spoil", "word"), SPOILED)
def test_what_cannot_be_used_is_refused_with_what_to_do_and_left_as_it_is(
    tmp_path: Path, spoil: Callable[[Path], None], word: str
) -> None:
    path = tmp_path / "world.sqlite"
    spoil(path)
    before = path.read_bytes()
    answer = subprocess.run(
        [sys.executable, "-m", "aeptui.emulator", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert word in answer.stderr
    assert "move it away" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert path.read_bytes() == before


def test_a_crm_of_another_program_is_no_crm_of_ours(tmp_path: Path) -> None:
    a_world(tmp_path)
    foreign(tmp_path / "crm.sqlite")
    trouble = kept.trouble(tmp_path)
    assert trouble is not None
    assert "crm.sqlite" in trouble


def test_our_own_files_and_an_empty_folder_are_fine(tmp_path: Path) -> None:
    assert kept.trouble(tmp_path) is None
    a_world(tmp_path)
    Crm(tmp_path / "crm.sqlite", 1, START_MS).close()
    assert kept.trouble(tmp_path) is None


def test_what_is_set_aside_is_moved_whole_each_into_a_folder_of_its_own(tmp_path: Path) -> None:
    for _ in range(2):
        a_world(tmp_path)
        (tmp_path / "emulator.env").write_text("AEPTUI_ORG_ID=x\n")
        data = (tmp_path / "world.sqlite").read_bytes()
        aside = kept.set_aside(tmp_path, "emulator.env")
        assert (aside / "world.sqlite").read_bytes() == data
        assert (aside / "emulator.env").exists()
        assert [each for each in tmp_path.iterdir() if each.is_file()] == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["aside-1", "aside-2"]
