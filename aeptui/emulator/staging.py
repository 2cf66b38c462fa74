"""Where rows wait between the copy and the batch: on disk, so that a killed run goes on."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from aeptui.emulator.crm import DeletedRow
from aeptui.emulator.world import World

BLOCK = 200  # rows that are written and read as one

_TABLES = """
CREATE TABLE IF NOT EXISTS staged_rows (
  run TEXT NOT NULL, place INTEGER NOT NULL, until INTEGER NOT NULL,
  deleted TEXT NOT NULL, rows TEXT NOT NULL,
  PRIMARY KEY (run, place)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS staged_parts (
  run TEXT NOT NULL, file INTEGER NOT NULL, step INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (run, file, step)
)
"""


class Staged(NamedTuple):
    """How much one slice of the copy brought."""

    rows: int
    size_bytes: int


class Staging:
    """The rows of open runs as they were copied, and the parts of their batches so far."""

    def __init__(self, world: World) -> None:
        self._db = world.db
        for statement in _TABLES.split(";"):
            self._db.execute(statement)
        self._encode = json.JSONEncoder(separators=(",", ":"), default=str).encode

    def add_rows(self, run_id: str, place: int, rows: Iterable[dict[str, Any]]) -> Staged:
        """Keep rows from `place` on; their size is that of their JSON, without what joins them."""
        count = size = 0
        coming = iter(rows)
        while block := list(islice(coming, BLOCK)):
            text = self._encode(block)
            deleted = [at for at, row in enumerate(block) if isinstance(row, DeletedRow)]
            start = place + count
            self._db.execute(
                "INSERT INTO staged_rows VALUES (?, ?, ?, ?, ?)",
                (run_id, start, start + len(block), json.dumps(deleted), text),
            )
            count += len(block)
            size += len(text) - len(block) - 1
        return Staged(count, size)

    def rows(self, run_id: str, start: int, end: int) -> list[tuple[bool, dict[str, Any]]]:
        """(deleted, row) of the places from `start` to before `end`."""
        found = self._db.execute(
            "SELECT place, deleted, rows FROM staged_rows"
            " WHERE run = ? AND place < ? AND until > ? ORDER BY place",
            (run_id, end, start),
        )
        chosen: list[tuple[bool, dict[str, Any]]] = []
        for place, deleted, text in found:
            gone = set(json.loads(deleted))
            chosen += [
                (at in gone, row)
                for at, row in enumerate(json.loads(text))
                if start <= place + at < end
            ]
        return chosen

    def add_part(self, run_id: str, file: int, step: int, data: bytes) -> None:
        """What a step adds to one of the batch's files."""
        self._db.execute("INSERT INTO staged_parts VALUES (?, ?, ?, ?)", (run_id, file, step, data))

    def files(self, run_id: str) -> Iterator[bytes]:
        """The batch's files, in their order."""
        found = self._db.execute(
            "SELECT file, data FROM staged_parts WHERE run = ? ORDER BY file, step", (run_id,)
        ).fetchall()
        for _, parts in groupby(found, key=itemgetter(0)):
            yield b"".join(data for _, data in parts)

    def drop(self, run_id: str) -> None:
        """The run has ended; what it needed on the way can go."""
        self._db.execute("DELETE FROM staged_rows WHERE run = ?", (run_id,))
        self._db.execute("DELETE FROM staged_parts WHERE run = ?", (run_id,))

    def clear(self) -> None:
        self._db.execute("DELETE FROM staged_rows")
        self._db.execute("DELETE FROM staged_parts")
