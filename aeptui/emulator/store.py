"""A SQLite file under one lock: everything that the world keeps goes through here."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aeptui.emulator import kept

_WAL_PAGES, _WAL_BYTES = 2000, 4 * 1024 * 1024
_TABLE = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
"""


def opened(path: Path | None, cache_kb: int) -> sqlite3.Connection:
    """A file of ours as all of them are kept, or one that goes with the process."""
    db = sqlite3.connect(
        "" if path is None else path, check_same_thread=False, isolation_level=None
    )
    kept.mark(db)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    db.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
    db.execute(f"PRAGMA cache_size = -{cache_kb}")
    return db


class Store:
    """A database, its lock, and small facts about the whole of it.

    `path` is the file, or None for one that goes with the process.
    """

    CACHE_KB = 8_000

    def __init__(self, path: Path | None) -> None:
        self.lock = threading.RLock()
        self.path = path
        self.db = opened(path, self.CACHE_KB)
        self.db.execute(_TABLE)
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, under the lock; the outermost one commits or rolls back."""
        with self.lock:
            if self._depth:
                yield
                return
            self.db.execute("BEGIN")
            before = self.db.total_changes
            self._depth = 1
            try:
                yield
                self.sign(self.db.total_changes != before)
                self.db.execute("COMMIT")
                self.signed()
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def sign(self, changed: bool) -> None:
        """What else a transaction writes at its end; `changed` when it has written anything."""

    def signed(self) -> None:
        """The transaction is on the disk."""

    def remember(self, name: str, value: str) -> None:
        """Keep a small fact about the world itself."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def recall(self, name: str) -> str | None:
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])
