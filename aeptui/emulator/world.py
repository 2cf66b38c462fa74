"""All that the emulated platform knows, in one SQLite file.

Everything happens under one lock; a request is one transaction. Documents, files and ids
have modules of their own; here is what makes them one organisation.
"""

import hashlib
import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aeptui.emulator.clock import Clock
from aeptui.emulator.documents import Document, Documents
from aeptui.emulator.files import Files
from aeptui.emulator.history import History, Plan
from aeptui.emulator.ids import Ids

TENANT = "rehearsal"
CLIENT_ID = "aeptui-rehearsal"
CLIENT_SECRET = "rehearsal-secret"  # noqa: S105  (published: it opens nothing but a rehearsal)
TECHNICAL_ACCOUNT = "rehearsal@techacct.adobe.com"

_SANDBOXES = """
CREATE TABLE IF NOT EXISTS sandboxes (
  name TEXT PRIMARY KEY, place INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID
"""


class World(Documents):
    """The emulated organisation: sandboxes, documents, files of batches, ids and time.

    `path` is the SQLite file, or None for a world that goes with the process. The same seed
    and the same calls give the same ids; the world's own `id` is different each time
    a world is made, so that nobody takes one for another.
    """

    def __init__(self, path: Path | None, clock: Clock, seed: int = 1) -> None:
        super().__init__(path)
        self.clock = clock
        self.db.execute(_SANDBOXES)
        self.files = Files(self)
        known = self.recall("seed")
        self.seed = seed if known is None else int(known)
        self.id = self.recall("id") or ""
        self._saved_counter = int(self.recall("counter") or 0)
        self.ids = Ids(clock, self.seed, self._saved_counter)
        plan = self.recall("history")
        if plan is not None:
            self._history = History(Plan.known(plan), self.org)
        if known is None:
            self.begin(seed)
        else:
            self.clock.set(int(self.recall("now_ms") or 0))

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
            self.ids = Ids(self.clock, seed, 0)
            self._history = None
            nonce = secrets.token_hex(16)
            self.id = hashlib.sha256(f"world:{seed}:{nonce}".encode()).hexdigest()[:12]
            self.remember("seed", str(seed))
            self.remember("nonce", nonce)
            self.remember("id", self.id)

    def begin_history(self, plan: Plan) -> History:
        """From here on the world knows what its synthetic rows say."""
        self.remember("history", plan.kept())
        self._history = History(plan, self.org)
        return self._history

    def close(self) -> None:
        with self.lock:
            with self.transaction():
                self.remember("now_ms", str(self.clock.now_ms()))
            self.db.close()

    def sign(self, changed: bool) -> None:
        if changed:
            self.remember("now_ms", str(self.clock.now_ms()))
        if self.ids.counter != self._saved_counter:
            self.remember("counter", str(self.ids.counter))

    def signed(self) -> None:
        self._saved_counter = self.ids.counter

    def delete(self, sandbox: str, kind: str, id: str) -> bool:
        with self.transaction():
            if kind == "batches":
                self.files.drop(sandbox, id)
            return super().delete(sandbox, kind, id)

    def add_sandbox(
        self, name: str, title: str, *, production: bool = False, default: bool = False
    ) -> dict[str, Any]:
        """Make a sandbox and answer its wire form; the first one made is listed first."""
        made = datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC)
        body = {
            "id": self.ids.uuid(),
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


def audit(world: World, sandbox: str, client: str = CLIENT_ID) -> dict[str, Any]:
    """The fields that every new Flow Service entity carries; `version` is the etag."""
    now = world.clock.now_ms()
    etag = world.ids.etag()
    of = world.sandbox(sandbox)
    return {
        "id": world.ids.uuid(),
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
    etag = world.ids.etag()
    document.body |= {
        "updatedAt": world.clock.now_ms(),
        "updatedBy": TECHNICAL_ACCOUNT,
        "updatedClient": client,
        "version": etag,
        "etag": etag,
    }
    return world.put(document.sandbox, document.kind, document.id, document.body, document.private)
