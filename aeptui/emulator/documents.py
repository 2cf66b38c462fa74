"""Resources as documents: the JSON that the wire shows, beside what it does not.

Runs and batches, of which there are ever more, are kept packed.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aeptui.emulator.history import History, Row
from aeptui.emulator.packing import pack, unpack
from aeptui.emulator.store import Store

FINAL_STATES = frozenset({"success", "failed", "partialSuccess"})
SYNTHETIC = ""  # stands for a body that follows from the row's number
PACKED = frozenset({"runs", "batches"})

_TABLES = """
CREATE TABLE IF NOT EXISTS documents (
  seq INTEGER PRIMARY KEY,
  sandbox TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
  created INTEGER NOT NULL, updated INTEGER NOT NULL,
  flow TEXT, status TEXT COLLATE NOCASE, started INTEGER, name TEXT,
  body TEXT NOT NULL, private TEXT NOT NULL,
  UNIQUE (sandbox, kind, id)
);
CREATE INDEX IF NOT EXISTS by_kind ON documents (sandbox, kind, seq);
CREATE INDEX IF NOT EXISTS by_created ON documents (sandbox, kind, created, seq);
CREATE INDEX IF NOT EXISTS by_updated ON documents (sandbox, kind, updated, seq);
CREATE INDEX IF NOT EXISTS by_name ON documents (sandbox, kind, name, seq)
  WHERE name IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_started ON documents (sandbox, started, seq) WHERE kind = 'runs';
CREATE INDEX IF NOT EXISTS by_status ON documents (sandbox, status, seq) WHERE kind = 'runs';
CREATE INDEX IF NOT EXISTS by_open ON documents (sandbox, seq)
  WHERE kind = 'runs' AND status NOT IN ('success', 'failed', 'partialSuccess');
"""
_BY_FLOW = """
CREATE INDEX IF NOT EXISTS by_flow ON documents (sandbox, flow, seq) WHERE kind = 'runs'
"""
_FILLING_KB = 64_000


_COLUMNS = "id, kind, sandbox, body, private, seq"


@dataclass(slots=True)
class Document:
    """A resource: `body` is exactly what the wire shows, `private` what it does not."""

    id: str
    kind: str
    sandbox: str
    body: dict[str, Any]
    private: dict[str, Any] = field(default_factory=dict)
    seq: int = 0


class Documents(Store):
    """The resources of all sandboxes, in the order of their creation."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path)
        self.db.executescript(_TABLES)
        self.db.execute(_BY_FLOW)
        self._filling = False
        self._holding = False
        self._held: dict[tuple[str, str, str], Document] = {}
        self._changed: dict[tuple[str, str, str], Document] = {}
        self._history: History | None = None

    def get(self, sandbox: str, kind: str, id: str) -> Document | None:
        key = (sandbox, kind, id)
        if key in self._held:
            return self._held[key]
        found = self._select("sandbox = ? AND kind = ? AND id = ?", key, written=False)
        if not found:
            return None
        if self._holding:
            self._held[key] = found[0]
        return found[0]

    @contextmanager
    def holding(self) -> Iterator[None]:
        """A transaction that keeps the documents it meets at hand, and writes each but once.

        For many small steps in a row. Whoever changes a document that was got has to put it,
        as always; until the end every `get` answers the same object.
        """
        with self.transaction():
            self._holding = True
            try:
                yield
                self._write_held()
            finally:
                self._holding = False
                self._held.clear()
                self._changed.clear()

    def _write_held(self) -> None:
        for key, document in self._changed.items():
            self._insert(*key, document.body, document.private)
        self._changed.clear()

    def put(
        self,
        sandbox: str,
        kind: str,
        id: str,
        body: dict[str, Any],
        private: dict[str, Any] | None = None,
    ) -> Document:
        """Insert or replace; `private` None keeps what was there, as its place in the order is."""
        held = self._held.get((sandbox, kind, id))
        if held is not None:
            held.body = body
            held.private = held.private if private is None else private
            self._changed[(sandbox, kind, id)] = held
            return held
        document = self._insert(sandbox, kind, id, body, private)
        if self._holding:
            self._held[(sandbox, kind, id)] = document
        return document

    def _insert(
        self,
        sandbox: str,
        kind: str,
        id: str,
        body: dict[str, Any],
        private: dict[str, Any] | None,
    ) -> Document:
        hidden = None if private is None else json.dumps(private)
        created = body.get("createdAt", body.get("created", 0))
        updated = body.get("updatedAt", body.get("updated", created))
        flow, status, started = _run_columns(body) if kind == "runs" else (None, None, None)
        name = body.get("name")
        name = name if isinstance(name, str) else None
        with self.transaction():
            row = self.db.execute(
                "INSERT INTO documents"
                " (sandbox, kind, id, created, updated, flow, status, started, name, body, private)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(?, '{}'))"
                " ON CONFLICT (sandbox, kind, id) DO UPDATE SET"
                " created = excluded.created, updated = excluded.updated, flow = excluded.flow,"
                " status = excluded.status, started = excluded.started, name = excluded.name,"
                " body = excluded.body,"
                " private = coalesce(?, private)"
                " RETURNING seq, private",
                (
                    *(sandbox, kind, id, _whole(created), _whole(updated), flow, status, started),
                    *(name, _kept(kind, body), hidden, hidden),
                ),
            ).fetchone()
        hidden_part = json.loads(row[1]) if private is None else private
        return Document(id, kind, sandbox, body, hidden_part, int(row[0]))

    def delete(self, sandbox: str, kind: str, id: str) -> bool:
        with self.transaction():
            self._held.pop((sandbox, kind, id), None)
            self._changed.pop((sandbox, kind, id), None)
            done = self.db.execute(
                "DELETE FROM documents WHERE sandbox = ? AND kind = ? AND id = ?",
                (sandbox, kind, id),
            )
        return done.rowcount > 0

    def scan(self, sandbox: str, kind: str) -> Iterator[Document]:
        """All documents of a kind in the order of their creation."""
        yield from self._select("sandbox = ? AND kind = ? ORDER BY seq", (sandbox, kind))

    def places(self, where: str, values: Sequence[Any], order: str, index: str) -> Iterator[int]:
        """The places in the world's order of what is found, walking an index of `documents`."""
        with self.lock:
            found = self.db.execute(
                f"SELECT seq FROM documents INDEXED BY {self._walked(index)}"  # noqa: S608
                f" WHERE {where} ORDER BY {order}",
                values,
            )
            for (seq,) in found:
                yield seq

    def at_places(self, places: Sequence[int]) -> list[Document]:
        """The documents at these places, in the order of `places`."""
        marks = ", ".join("?" * len(places))
        found = {each.seq: each for each in self._select(f"seq IN ({marks})", tuple(places))}
        return [found[place] for place in places]

    @contextmanager
    def filling(self) -> Iterator[None]:
        """For while very many runs of very many flows come in.

        Each would land on another page of the index of flows, which is therefore made at the end.
        """
        with self.transaction():
            self.db.execute("DROP INDEX by_flow")
            self._filling = True
        self.db.execute(f"PRAGMA cache_size = -{_FILLING_KB}")
        yield
        with self.transaction():
            self.db.execute(_BY_FLOW)
            self._filling = False
        self.db.execute(f"PRAGMA cache_size = -{self.CACHE_KB}")
        self.db.execute("PRAGMA shrink_memory")

    def _walked(self, index: str) -> str:
        return "by_kind" if self._filling and index == "by_flow" else index

    def tally(self, where: str, values: Sequence[Any], index: str) -> int:
        """How many documents are found, walking an index."""
        with self.lock:
            row = self.db.execute(
                f"SELECT count(*) FROM documents INDEXED BY {self._walked(index)} WHERE {where}",  # noqa: S608
                values,
            ).fetchone()
        return int(row[0])

    def at_most(self, number: int, where: str, values: Sequence[Any], index: str) -> bool:
        """Whether no more than so many are found; looks no further than it must."""
        with self.lock:
            row = self.db.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM documents INDEXED BY {self._walked(index)}"  # noqa: S608
                f" WHERE {where} LIMIT {number + 1})",
                values,
            ).fetchone()
        return int(row[0]) <= number

    def count(self, sandbox: str, kind: str) -> int:
        with self.lock:
            row = self.db.execute(
                "SELECT count(*) FROM documents WHERE sandbox = ? AND kind = ?", (sandbox, kind)
            ).fetchone()
        return int(row[0])

    def runs_of(self, sandbox: str, flow_id: str, newest: int | None = None) -> list[Document]:
        """The runs of a flow, newest first."""
        return self._select(
            "sandbox = ? AND kind = 'runs' AND flow = ? ORDER BY seq DESC LIMIT ?",
            (sandbox, flow_id, -1 if newest is None else newest),
        )

    def open_runs(self, sandbox: str) -> list[Document]:
        """Runs that have not ended, oldest first."""
        return self._select(
            "sandbox = ? AND kind = 'runs'"
            " AND status NOT IN ('success', 'failed', 'partialSuccess') ORDER BY seq",
            (sandbox,),
        )

    def _select(
        self, where: str, values: tuple[Any, ...], *, written: bool = True
    ) -> list[Document]:
        with self.lock:
            if written:
                self._write_held()
            rows = self.db.execute(
                f"SELECT {_COLUMNS} FROM documents WHERE {where}",  # noqa: S608
                values,
            ).fetchall()
        return [
            Document(id, kind, sandbox, _read(body), json.loads(private), seq)
            if body != SYNTHETIC
            else self._synthetic(id, kind, sandbox, seq)
            for id, kind, sandbox, body, private, seq in rows
        ]

    # -- synthetic history

    @property
    def history(self) -> History | None:
        """The synthetic flows and runs in this world, if it was made with any."""
        return self._history

    def next_place(self) -> int:
        """The place in the order that the next document takes."""
        row = self.db.execute("SELECT coalesce(max(seq), 0) + 1 FROM documents").fetchone()
        return int(row[0])

    def put_synthetic(self, kind: str, first: int, rows: Iterable[Row]) -> None:
        """Store rows whose bodies follow from their numbers, at places from `first` on."""
        assert self._history is not None  # noqa: S101  (`begin_history` comes before)
        sandbox = self._history.plan.sandbox
        with self.transaction():
            self.db.executemany(
                "INSERT INTO documents (seq, sandbox, kind, id, created, updated, flow, status,"
                " started, name, body, private)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '{}')",
                ((first + place, sandbox, kind, *row) for place, row in enumerate(rows)),
            )

    def _synthetic(self, id: str, kind: str, sandbox: str, seq: int) -> Document:
        assert self._history is not None  # noqa: S101  (there are no such rows without it)
        if kind == "flows":
            return Document(id, kind, sandbox, self._history.flow(seq), {}, seq)
        return Document(id, kind, sandbox, *self._history.run(seq), seq)


def _kept(kind: str, body: dict[str, Any]) -> str | bytes:
    text = json.dumps(body, ensure_ascii=False)
    return pack(text) if kind in PACKED else text


def _read(kept: str | bytes) -> Any:
    return json.loads(unpack(kept) if isinstance(kept, bytes) else kept)


def _run_columns(body: dict[str, Any]) -> tuple[str | None, str | None, int | None]:
    metrics = body.get("metrics") or {}
    started = (metrics.get("durationSummary") or {}).get("startedAtUTC")
    status = (metrics.get("statusSummary") or {}).get("status")
    return body.get("flowId"), status or "scheduled", started


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
