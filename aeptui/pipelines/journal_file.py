"""The journal's file: made once, kept for good, and never rebuilt.

Unlike the mirror it cannot be asked for again: a file that cannot be used is
left as it is, and whoever wanted to write is told so before anything is sent.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

APPLICATION = 0x4145504A
"""Marks a SQLite file as a journal of ours."""
VERSION = 1

_TABLES = (
    """CREATE TABLE plan (
      id TEXT PRIMARY KEY, title TEXT NOT NULL, profile TEXT NOT NULL, host TEXT NOT NULL,
      org TEXT NOT NULL, sandbox TEXT NOT NULL, document TEXT NOT NULL,
      made_at INTEGER NOT NULL, ended TEXT NOT NULL DEFAULT ''
    ) WITHOUT ROWID""",
    "CREATE INDEX plan_open ON plan (made_at) WHERE ended = ''",
    """CREATE TABLE step (
      plan TEXT NOT NULL REFERENCES plan, name TEXT NOT NULL, position INTEGER NOT NULL,
      state TEXT NOT NULL, made_id TEXT NOT NULL DEFAULT '', etag TEXT NOT NULL DEFAULT '',
      version TEXT, sentence TEXT NOT NULL DEFAULT '', sent_at INTEGER, sent_ticks REAL,
      PRIMARY KEY (plan, name)
    ) WITHOUT ROWID""",
    "CREATE INDEX step_made ON step (made_id) WHERE made_id <> ''",
    """CREATE TABLE "write" (
      n INTEGER PRIMARY KEY, plan TEXT NOT NULL REFERENCES plan, step TEXT NOT NULL,
      title TEXT NOT NULL, undoes INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
      request TEXT NOT NULL, sent_at INTEGER NOT NULL, answered_at INTEGER,
      outcome TEXT NOT NULL, made_id TEXT NOT NULL DEFAULT '',
      request_id TEXT NOT NULL DEFAULT '', sentence TEXT NOT NULL DEFAULT ''
    )""",
)


class JournalError(Exception):
    """The journal cannot be used, so nothing is written; `str()` says why and what to do."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the journal at `path`, which is made when it is not there."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made by us before SQLite opens it, so that nobody else can ever read it;
        # SQLite gives its -wal and -shm files the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as reason:
        raise JournalError(
            f"The journal {path} cannot be opened ({reason.strerror}); nothing is sent without it"
        ) from None
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        _bring_up(connection, path)
    except sqlite3.DatabaseError as reason:
        connection.close()
        raise JournalError(
            f"The journal {path} cannot be read ({reason}); it is kept as it is: "
            "move it away to begin a new one"
        ) from None
    except JournalError:
        connection.close()
        raise
    return connection


def _bring_up(connection: sqlite3.Connection, path: Path) -> None:
    if _is_ours(connection, path):
        connection.execute("PRAGMA synchronous = FULL")
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _is_ours(connection, path):  # another process may just have made it
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _is_ours(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file is a journal that we can use, or an empty file (False)."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if not tables and not application:
        return False
    if application != APPLICATION:
        raise JournalError(f"{path} is not a journal of aeptui; move it away to begin one")
    if version > VERSION:
        raise JournalError(f"A newer version of aeptui wrote {path}; use that one")
    return True
