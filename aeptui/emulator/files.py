"""The files of batches: packed, and dropped when they have been there long enough."""

import zlib

from aeptui.emulator.ids import first_ulid
from aeptui.emulator.store import Store

_TABLE = """
CREATE TABLE IF NOT EXISTS files (
  sandbox TEXT NOT NULL, batch TEXT NOT NULL, path TEXT NOT NULL,
  size INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (sandbox, batch, path)
) WITHOUT ROWID
"""
_QUICKLY = 1


class Files:
    """The files of all batches, by sandbox, batch and path; `size` is what a reader gets."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.db.execute(_TABLE)

    def write(self, sandbox: str, batch_id: str, path: str, data: bytes) -> None:
        with self._store.transaction():
            self._store.db.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
                (sandbox, batch_id, path, len(data), zlib.compress(data, _QUICKLY)),
            )

    def read(self, sandbox: str, batch_id: str, path: str) -> bytes | None:
        with self._store.lock:
            row = self._store.db.execute(
                "SELECT data FROM files WHERE sandbox = ? AND batch = ? AND path = ?",
                (sandbox, batch_id, path),
            ).fetchone()
        return None if row is None else zlib.decompress(row[0])

    def listed(self, sandbox: str, batch_id: str, prefix: str = "") -> list[tuple[str, int]]:
        """Paths and sizes, in the order of their paths."""
        with self._store.lock:
            rows = self._store.db.execute(
                "SELECT path, size FROM files WHERE sandbox = ? AND batch = ? ORDER BY path",
                (sandbox, batch_id),
            ).fetchall()
        return [(path, size) for path, size in rows if path.startswith(prefix)]

    def drop(self, sandbox: str, batch_id: str) -> None:
        """All files of one batch."""
        self._store.db.execute(
            "DELETE FROM files WHERE sandbox = ? AND batch = ?", (sandbox, batch_id)
        )

    def drop_old(self, sandbox: str, before_ms: int, prefix: str = "") -> int:
        """Files of batches that were made before a moment; answers how many went."""
        with self._store.transaction():
            gone = self._store.db.execute(
                "DELETE FROM files WHERE sandbox = ? AND batch < ? AND substr(path, 1, ?) = ?",
                (sandbox, first_ulid(before_ms), len(prefix), prefix),
            )
        return gone.rowcount
