"""What the file system says of a SQLite file is enough to ask SQLite seldom, and never too seldom."""

from __future__ import annotations

from pathlib import Path

from aeptui.mirror.stirred import Stirred


def test_each_writing_is_seen_at_two_looks_and_then_no_more(tmp_path: Path) -> None:
    path = tmp_path / "mirror.sqlite"
    stirred = Stirred(path)
    for written in (path, tmp_path / "mirror.sqlite-wal", path):
        with written.open("ab") as file:
            file.write(b"more")
        assert [stirred.again() for _ in range(4)] == [True, True, False, False]


def test_another_file_in_its_place_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "mirror.sqlite"
    path.write_bytes(b"one")
    stirred = Stirred(path)
    assert [stirred.again() for _ in range(3)] == [True, True, False]
    path.unlink()
    assert stirred.again()


def test_sqlite_is_asked_now_and_then_whatever_is_said(tmp_path: Path) -> None:
    stirred = Stirred(tmp_path / "mirror.sqlite")
    assert sum(stirred.again() for _ in range(92)) == 2 + 3
