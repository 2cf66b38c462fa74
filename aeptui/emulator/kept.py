"""The files that a world is kept in: whether they are ours, of this format, and whole.

A world that other code made is neither read nor written over: what its rows mean may
have changed. The marks stand in SQLite's own header, so that they can be read from the
file's first bytes, without opening it.
"""

import sqlite3
from pathlib import Path

FORMAT = 6
"""Counts up with every change of what is kept: tables, private parts, the CRM's rows."""

FILES = ("world.sqlite", "crm.sqlite")
_BESIDE = ("", "-wal", "-shm", "-journal")
_OURS = 0x41455054  # "AEPT"
_MAGIC = b"SQLite format 3\0"
_HEADER = 100


def mark(db: sqlite3.Connection) -> None:
    """Put our marks on a database in which there is nothing yet; call it before any PRAGMA."""
    if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        db.execute(f"PRAGMA application_id = {_OURS}")
        db.execute(f"PRAGMA user_version = {FORMAT}")


def trouble(folder: Path, *, thoroughly: bool = True) -> str | None:
    """Why the world in this folder cannot be used, as a sentence; None when it can, or is none.

    Only reads. `thoroughly` looks at every page, which takes a moment for large worlds.
    """
    for name in FILES:
        path = folder / name
        found = _header_trouble(path)
        if found is None and thoroughly and _size(path):
            found = _page_trouble(path)
        if found is not None:
            return f"{path} {found}."
    return None


def set_aside(folder: Path, *more: str) -> Path:
    """Move a world's files, and `more` beside them, into a new folder inside `folder`."""
    number = 1
    while (aside := folder / f"aside-{number}").exists():
        number += 1
    aside.mkdir(mode=0o700)
    for name in (*(each + end for each in FILES for end in _BESIDE), *more):
        if (folder / name).exists():
            (folder / name).rename(aside / name)
    return aside


def _header_trouble(path: Path) -> str | None:
    if not _size(path):
        return None
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER)
    except OSError as reason:
        return f"cannot be read: {reason.strerror}"
    if len(head) < _HEADER or not head.startswith(_MAGIC):
        return "is no world: the file is another program's, or damaged"
    if int.from_bytes(head[68:72], "big") != _OURS:
        return "was made by another program, or by a version that did not mark its worlds"
    version = int.from_bytes(head[60:64], "big")
    if version != FORMAT:
        return f"was made by another version (its format is {version}, this one reads {FORMAT})"
    return None


def _page_trouble(path: Path) -> str | None:
    try:
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)
        try:
            word = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            db.close()
    except sqlite3.Error as reason:
        word = str(reason)
    return None if word == "ok" else f"is damaged ({' '.join(word.split())})"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError:
        return 1  # there, and not to be looked at: reading it says why
