"""What all our SQLite files have in common: nobody else may read them, and several processes use them."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from pathlib import Path

PATIENCE_S = 10.0
"""So long a connection waits for another one that is writing."""


def make_private(path: Path) -> None:
    """Make sure of a file at `path`, and of its mode 0600, before SQLite opens it.

    SQLite gives its -wal and -shm files the same mode. A file that is there is never
    opened here: closing it would let go of every lock that this process has on it, and
    another process would then take the log away from under our connections.
    OSError when there is something else, or nothing can be made.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
        path.chmod(0o600)


def use_wal(connection: sqlite3.Connection) -> None:
    """Write ahead from now on; waits for those who do the same, which SQLite does not do here."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as reason:
            if reason.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.005)
