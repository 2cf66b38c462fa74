"""The mirror's file: made, migrated, or set aside when it cannot be read."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from aeptui.mirror.earlier import CREATE as EARLIER
from aeptui.mirror.failures import CREATE as FAILURES
from aeptui.mirror.ids import unpack_id
from aeptui.mirror.tables import KINDS
from aeptui.sqlite_file import PATIENCE_S, make_private, use_wal

APPLICATION = 0x41455054
"""Marks a SQLite file as a mirror of ours."""

VERSION = 8

MIGRATIONS: Mapping[int, str] = {}
"""SQL that leads from a version to the next; a version that is absent begins again."""

_SHARED = """
CREATE TABLE counter (kind TEXT, word TEXT, n INTEGER, PRIMARY KEY (kind, word)) WITHOUT ROWID;
CREATE TABLE link (
  kind TEXT, id BLOB, to_kind TEXT, to_id BLOB, PRIMARY KEY (kind, id, to_kind, to_id)
) WITHOUT ROWID;
CREATE INDEX link_back ON link (to_kind, to_id, kind, id);
CREATE TABLE shared (n INTEGER PRIMARY KEY, value UNIQUE);
CREATE TABLE dictionary (n INTEGER PRIMARY KEY, kind TEXT UNIQUE, body BLOB);
CREATE TABLE known (
  kind TEXT PRIMARY KEY, confirmed_at INTEGER, complete_at INTEGER, trouble TEXT,
  next_try_at INTEGER, watermark INTEGER, revision INTEGER NOT NULL DEFAULT 0,
  trouble_kind TEXT, reached INTEGER
) WITHOUT ROWID;
"""


class Unreadable(Exception):
    """The file is not a mirror that this version can read; `str()` says why."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection as every thread of ours uses it, in autocommit."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=PATIENCE_S
    )
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA journal_size_limit = 8388608")
    # Ids are random: pages of their index are written less often when they are carried over later.
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.create_function("plain_id", 1, unpack_id, deterministic=True)
    return connection


def prepare(path: Path) -> str:
    """Make sure that a mirror stands at `path`; a sentence where one had to be set aside."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _migrate(path)
    except Unreadable as reason:
        return begin_again(path, str(reason))
    except sqlite3.OperationalError:
        raise  # locked, no space, no permission: setting it aside would not help
    except sqlite3.DatabaseError:
        return begin_again(path, "it is damaged")
    return ""


def begin_again(path: Path, reason: str) -> str:
    """Set the file at `path` aside and make a new one; a sentence that says so."""
    aside = path.with_name(path.name + ".aside")
    path.replace(aside)
    for tail in ("-wal", "-shm"):
        path.with_name(path.name + tail).unlink(missing_ok=True)
    _migrate(path)
    return (
        f"What was known of this sandbox could not be used ({reason}); "
        f"it is kept as {aside.name} and everything is read again."
    )


def _migrate(path: Path) -> None:
    make_private(path)
    connection = connect(path)
    try:
        if _recognise(connection) == VERSION:  # before anything is changed in a file not ours
            return
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heard in an empty file only
        use_wal(connection)
        connection.execute("BEGIN IMMEDIATE")
        try:
            _bring_up(connection)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    finally:
        connection.close()


def _recognise(connection: sqlite3.Connection) -> int:
    """The version of a mirror, -1 for an empty file."""
    # The tables first: when another process has just made them, it has made the marks too.
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if not tables and not version:
        return -1
    if application != APPLICATION:
        raise Unreadable("it belongs to another program")
    if version > VERSION:
        raise Unreadable("a newer version of aeptui wrote it")
    if not set(range(version, VERSION)) <= set(MIGRATIONS):
        raise Unreadable("an older version of aeptui wrote it")
    return version


def _bring_up(connection: sqlite3.Connection) -> None:
    version = _recognise(connection)
    if version == VERSION:
        return
    scripts = [MIGRATIONS[step] for step in range(version, VERSION)] if version >= 0 else []
    if version < 0:
        scripts = [_SHARED, FAILURES, EARLIER, *(kind.create for kind in KINDS.values())]
    for statement in _statements(*scripts):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _statements(*scripts: str) -> list[str]:
    """Single statements, since `executescript` would commit the transaction it is in."""
    found, part = [], ""
    for line in "\n".join(scripts).splitlines():
        part += line + "\n"
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return found
