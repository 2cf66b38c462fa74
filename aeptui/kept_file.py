"""SQLite files that are made once, kept for good and never rebuilt: the journal and the notes.

Unlike the mirror they cannot be asked for again: a file that cannot be used is
left as it is, and whoever wanted it is told so in a sentence.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from aeptui.sqlite_file import PATIENCE_S, make_private, use_wal


class KeptFileError(Exception):
    """The file cannot be used; `str()` says why and what to do."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One sort of such a file: its marks, its tables, and how it is spoken of."""

    name: str
    """Such as `journal`, for sentences."""
    application: int
    """Marks a SQLite file as one of ours."""
    version: int
    tables: tuple[str, ...]
    without: str
    """What does not happen while it cannot be opened."""
    error: type[KeptFileError]

    def connect(self, path: Path) -> sqlite3.Connection:
        """A connection to the file at `path`, which is made when it is not there."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private(path)
            connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=PATIENCE_S
            )
        except (OSError, sqlite3.OperationalError) as trouble:
            reason = trouble.strerror if isinstance(trouble, OSError) else trouble
            raise self.error(
                f"The {self.name} {path} cannot be opened ({reason}); {self.without}"
            ) from None
        try:
            self._bring_up(connection, path)
        except sqlite3.DatabaseError as reason:
            connection.close()
            raise self.error(
                f"The {self.name} {path} cannot be read ({reason}); it is kept as it is: "
                "move it away to begin a new one"
            ) from None
        except KeptFileError:
            connection.close()
            raise
        return connection

    def _bring_up(self, connection: sqlite3.Connection, path: Path) -> None:
        if self._is_ours(connection, path):
            connection.execute("PRAGMA synchronous = FULL")
            return
        use_wal(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not self._is_ours(connection, path):  # another process may just have made it
                for statement in self.tables:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {self.application}")
                connection.execute(f"PRAGMA user_version = {self.version}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _is_ours(self, connection: sqlite3.Connection, path: Path) -> bool:
        """Whether the file is one that we can use, or an empty file (False)."""
        # The tables first: when another process has just made them, it has made the marks too.
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if not tables and not application:
            return False
        if application != self.application:
            raise self.error(f"{path} is no {self.name} of aeptui; move it away to begin one")
        if version > self.version:
            raise self.error(f"A newer version of aeptui wrote {path}; use that one")
        return True
