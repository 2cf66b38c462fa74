"""All that the emulated platform knows, in one SQLite file.

Resources are documents: the JSON that the wire shows, beside what it does not.
Everything happens under one lock; a request is one transaction.
"""

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aeptui.emulator import kept
from aeptui.emulator.clock import Clock
from aeptui.emulator.history import History, Plan, Row

FINAL_STATES = frozenset({"success", "failed", "partialSuccess"})
TENANT = "rehearsal"
CLIENT_ID = "aeptui-rehearsal"
CLIENT_SECRET = "rehearsal-secret"  # noqa: S105  (published: it opens nothing but a rehearsal)
TECHNICAL_ACCOUNT = "rehearsal@techacct.adobe.com"

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sandboxes (
  name TEXT PRIMARY KEY, place INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
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
CREATE TABLE IF NOT EXISTS files (
  sandbox TEXT NOT NULL, batch TEXT NOT NULL, path TEXT NOT NULL,
  size INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (sandbox, batch, path)
);
"""

_BY_FLOW = """
CREATE INDEX IF NOT EXISTS by_flow ON documents (sandbox, flow, seq) WHERE kind = 'runs'
"""
_CACHE_KB, _FILLING_KB = 8_000, 64_000

SYNTHETIC = ""  # stands for a body that follows from the row's number

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


class World:
    """The emulated organisation: sandboxes, documents, files of batches, ids and time.

    `path` is the SQLite file, or None for a world that goes with the process. The same seed
    and the same calls give the same ids; the world's own `id` is different each time
    a world is made, so that nobody takes one for another.
    """

    def __init__(self, path: Path | None, clock: Clock, seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.path = path
        self.db = sqlite3.connect(
            "" if path is None else path, check_same_thread=False, isolation_level=None
        )
        kept.mark(self.db)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute("PRAGMA wal_autocheckpoint = 4000")
        self.db.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        self.db.executescript(_TABLES)
        self.db.execute(_BY_FLOW)
        self._filling = False
        self._depth = 0
        self._holding = False
        self._held: dict[tuple[str, str, str], Document] = {}
        self._changed: dict[tuple[str, str, str], Document] = {}
        known = self.recall("seed")
        self.seed = seed if known is None else int(known)
        self._counter = int(self.recall("counter") or 0)
        self.id = self.recall("id") or ""
        plan = self.recall("history")
        self._history: History | None = None
        if plan is not None:
            self._history = History(Plan.known(plan), self.org)
        self._saved_counter = self._counter
        if known is None:
            self.begin(seed)
        else:
            self.clock.set(int(self.recall("now_ms") or 0))

    # -- the world as a whole

    @property
    def org(self) -> str:
        """The IMS organisation that this world is."""
        return f"REHEARSAL{self.id}@AdobeOrg"

    def begin(self, seed: int) -> None:
        """Forget everything and be a new world."""
        with self.transaction():
            tables = self.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():  # other modules keep tables of their own here
                self.db.execute(f"DELETE FROM {table}")  # noqa: S608
            self.seed = seed
            self._counter = 0
            self._history = None
            nonce = secrets.token_hex(16)
            self.id = hashlib.sha256(f"world:{seed}:{nonce}".encode()).hexdigest()[:12]
            self.remember("seed", str(seed))
            self.remember("nonce", nonce)
            self.remember("id", self.id)

    def remember(self, name: str, value: str) -> None:
        """Keep a small fact about the world itself."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def recall(self, name: str) -> str | None:
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        with self.lock:
            with self.transaction():
                self.remember("now_ms", str(self.clock.now_ms()))
            self.db.close()

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
                if self.db.total_changes != before:
                    self.remember("now_ms", str(self.clock.now_ms()))
                if self._counter != self._saved_counter:
                    self.remember("counter", str(self._counter))
                self.db.execute("COMMIT")
                self._saved_counter = self._counter
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    # -- sandboxes

    def add_sandbox(
        self, name: str, title: str, *, production: bool = False, default: bool = False
    ) -> dict[str, Any]:
        """Make a sandbox and answer its wire form; the first one made is listed first."""
        made = datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC)
        body = {
            "id": self.uuid(),
            "name": name,
            "title": title,
            "state": "active",
            "type": "production" if production else "development",
            "region": "VA7",
            "isDefault": default,
            "etag": 1,
            "createdDate": made.strftime("%Y-%m-%d %H:%M:%S"),
            "lastModifiedDate": made.strftime("%Y-%m-%d %H:%M:%S"),
            "createdBy": TECHNICAL_ACCOUNT,
            "lastModifiedBy": TECHNICAL_ACCOUNT,
        }
        with self.transaction():
            self.db.execute(
                "INSERT INTO sandboxes SELECT ?, count(*), ? FROM sandboxes",
                (name, json.dumps(body)),
            )
        return body

    def sandboxes(self) -> list[dict[str, Any]]:
        with self.lock:
            rows = self.db.execute("SELECT body FROM sandboxes ORDER BY place").fetchall()
        return [json.loads(text) for (text,) in rows]

    def sandbox(self, name: str) -> dict[str, Any] | None:
        with self.lock:
            row = self.db.execute("SELECT body FROM sandboxes WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    # -- documents

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
                    *(name, json.dumps(body, ensure_ascii=False), hidden, hidden),
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
            if kind == "batches":
                self.db.execute("DELETE FROM files WHERE sandbox = ? AND batch = ?", (sandbox, id))
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
        self.db.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
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
            Document(id, kind, sandbox, json.loads(body), json.loads(private), seq)
            if body != SYNTHETIC
            else self._synthetic(id, kind, sandbox, seq)
            for id, kind, sandbox, body, private, seq in rows
        ]

    # -- synthetic history

    @property
    def history(self) -> History | None:
        """The synthetic flows and runs in this world, if it was made with any."""
        return self._history

    def begin_history(self, plan: Plan) -> History:
        """From here on the world knows what its synthetic rows say."""
        self.remember("history", plan.kept())
        self._history = History(plan, self.org)
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

    # -- ids and etags

    def uuid(self) -> str:
        digits = self.hex(32)
        variant = "89ab"[int(digits[16], 16) % 4]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def hex(self, length: int) -> str:
        """Lower-case hexadecimal digits, at most 64."""
        return self._digest().hex()[:length]

    def ulid(self) -> str:
        """A batch id: its first ten characters are the time, the others the counter's."""
        digest = int.from_bytes(self._digest()[:10], "big")
        return _base32((self.clock.now_ms() << 80) | digest)

    def etag(self) -> str:
        """A fresh etag; its quotes belong to the value, as the platform's do."""
        return f'"{self.hex(8)}-0000-0200-0000-{self.clock.now_ms() // 1000:08x}0000"'

    def _digest(self) -> bytes:
        with self.lock:
            self._counter += 1
            return hashlib.sha256(f"{self.seed}:{self._counter}".encode()).digest()

    # -- files of batches

    def write_file(self, sandbox: str, batch_id: str, path: str, data: bytes) -> None:
        with self.transaction():
            self.db.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
                (sandbox, batch_id, path, len(data), data),
            )

    def read_file(self, sandbox: str, batch_id: str, path: str) -> bytes | None:
        with self.lock:
            row = self.db.execute(
                "SELECT data FROM files WHERE sandbox = ? AND batch = ? AND path = ?",
                (sandbox, batch_id, path),
            ).fetchone()
        return None if row is None else bytes(row[0])

    def drop_files(self, before_ms: int) -> int:
        """Drop the files of batches that were made before a moment; answers how many."""
        earliest = _base32(before_ms << 80)  # batch ids begin with the time
        with self.transaction():
            gone = [
                self.db.execute(
                    "DELETE FROM files WHERE sandbox = ? AND batch < ?", (each["name"], earliest)
                ).rowcount
                for each in self.sandboxes()
            ]
        return sum(gone)

    def list_files(self, sandbox: str, batch_id: str, prefix: str = "") -> list[tuple[str, int]]:
        """Paths and sizes, in the order of their paths."""
        with self.lock:
            rows = self.db.execute(
                "SELECT path, size FROM files WHERE sandbox = ? AND batch = ? ORDER BY path",
                (sandbox, batch_id),
            ).fetchall()
        return [(path, size) for path, size in rows if path.startswith(prefix)]


def audit(world: World, sandbox: str, client: str = CLIENT_ID) -> dict[str, Any]:
    """The fields that every new Flow Service entity carries; `version` is the etag."""
    now = world.clock.now_ms()
    etag = world.etag()
    of = world.sandbox(sandbox)
    return {
        "id": world.uuid(),
        "createdAt": now,
        "updatedAt": now,
        "createdBy": TECHNICAL_ACCOUNT,
        "updatedBy": TECHNICAL_ACCOUNT,
        "createdClient": client,
        "updatedClient": client,
        "sandboxId": "" if of is None else of["id"],
        "sandboxName": sandbox,
        "imsOrgId": world.org,
        "version": etag,
        "etag": etag,
    }


def touch(world: World, document: Document, client: str = CLIENT_ID) -> Document:
    """Renew `updatedAt` and the etag of a Flow Service entity, and store it."""
    etag = world.etag()
    document.body |= {
        "updatedAt": world.clock.now_ms(),
        "updatedBy": TECHNICAL_ACCOUNT,
        "updatedClient": client,
        "version": etag,
        "etag": etag,
    }
    return world.put(document.sandbox, document.kind, document.id, document.body, document.private)


def _base32(number: int) -> str:
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def _run_columns(body: dict[str, Any]) -> tuple[str | None, str | None, int | None]:
    metrics = body.get("metrics") or {}
    started = (metrics.get("durationSummary") or {}).get("startedAtUTC")
    status = (metrics.get("statusSummary") or {}).get("status")
    return body.get("flowId"), status or "scheduled", started


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0
