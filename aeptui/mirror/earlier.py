"""What definitions were before they were changed: a few whole answers of the platform each.

The platform tells what a flow, a connection or a schema is now, and (but for
mapping sets) not what it was. So the answer that a newer one replaces is kept
here, with the time at which it was made.
"""

from __future__ import annotations

import sqlite3
import zlib
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from aeptui.mirror.ids import pack_id
from aeptui.mirror.tables import from_ms

CREATE = """
CREATE TABLE earlier (
  kind TEXT, id BLOB, at INTEGER, body BLOB, PRIMARY KEY (kind, id, at)
) WITHOUT ROWID;
"""

KEPT = 12
"""So many earlier versions of one resource are kept, the newest."""

DEFINITIONS = frozenset(
    {
        "flows",
        "mapping-sets",
        "source-connections",
        "base-connections",
        "target-connections",
        "schemas",
    }
)
"""The kinds that a flow is made of."""

_MOVING = ("lastRunDetails", "lastOperation", "updatedAt", "version", "etag")
"""Parts of an answer that change though nobody changed the definition (AEP.md 3.4)."""


class Earlier(NamedTuple):
    """What a resource was from `at` on, until it was changed."""

    at: datetime
    body: dict[str, Any]


def keep(
    connection: sqlite3.Connection, kind: str, key: Any, at: int, old: bytes, new: bytes
) -> None:
    """Keep `old`, made at `at`, unless `new` says the same of the definition."""
    if kind != "mapping-sets" and _settled(old) == _settled(new):
        return
    connection.execute(
        "INSERT INTO earlier VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (kind, key, at, zlib.compress(old)),
    )
    connection.execute(
        "DELETE FROM earlier WHERE kind = ?1 AND id = ?2 AND at <= "
        "(SELECT at FROM earlier WHERE kind = ?1 AND id = ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3)",
        (kind, key, KEPT),
    )


def forget(connection: sqlite3.Connection, kind: str, key: Any) -> None:
    """The resource is gone, and so is what it was."""
    connection.execute("DELETE FROM earlier WHERE kind = ? AND id = ?", (kind, key))


def versions(connection: sqlite3.Connection, kind: str, id: str) -> list[Earlier]:
    """What is known of what a resource was, newest first; what it is now is not among them."""
    found = connection.execute(
        "SELECT at, body FROM earlier WHERE kind = ? AND id = ? ORDER BY at DESC",
        (kind, pack_id(id)),
    )
    return [
        Earlier(at, msgspec.json.decode(zlib.decompress(body)))
        for ms, body in found
        if (at := from_ms(ms)) is not None
    ]


def _settled(body: bytes) -> Any:
    told = msgspec.json.decode(body)
    if isinstance(told, dict):
        for name in _MOVING:
            told.pop(name, None)
    return told
