"""What goes wrong in the world behind the platform: a CRM that is down, rows that are bad.

Faults (`faults.py`) are about HTTP answers; incidents are about what runs meet.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal, cast, get_args

from aeptui.emulator.world import World

Kind = Literal[
    "crm_down", "crm_auth", "drop_column", "bad_rows", "volume", "no_tick", "slow", "odd_status"
]
KINDS: tuple[str, ...] = get_args(Kind)

_TABLE = """
CREATE TABLE IF NOT EXISTS incidents (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that is wrong with a base connection or a flow, for a time.

    `share` is of rows (0 to 1); `column` is what `drop_column` drops (None: the delta column);
    `factor` is how much longer runs take when they are `slow`; `status` is the word that a
    run of an `odd_status` ends in. Open ends of the time are None.
    """

    id: str
    kind: Kind
    sandbox: str
    base_connection: str | None = None
    flow: str | None = None
    share: float | None = None
    column: str | None = None
    factor: float | None = None
    status: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None

    def covers(self, at_ms: int) -> bool:
        return (self.from_ms is None or self.from_ms <= at_ms) and (
            self.to_ms is None or at_ms < self.to_ms
        )

    def began_before(self, at_ms: int | None) -> bool:
        return self.from_ms is not None and at_ms is not None and self.from_ms < at_ms


class Incidents:
    """The incidents of a world, kept with it."""

    def __init__(self, world: World) -> None:
        self._world = world
        with world.transaction():
            world.db.execute(_TABLE)

    def add(
        self,
        kind: Kind,
        sandbox: str,
        *,
        base_connection: str | None = None,
        flow: str | None = None,
        share: float | None = None,
        column: str | None = None,
        factor: float | None = None,
        status: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
    ) -> Incident:
        incident = Incident(
            self._world.ids.uuid(), kind, sandbox, base_connection, flow, share, column, factor,
            status, from_ms, to_ms,
        )  # fmt: skip
        with self._world.transaction():
            self._world.db.execute(
                "INSERT INTO incidents VALUES (?, ?)",
                (incident.id, json.dumps(asdict(incident))),
            )
        return incident

    def remove(self, id: str | None = None) -> int:
        """Remove one, or all; answers how many went."""
        with self._world.transaction():
            if id is None:
                return self._world.db.execute("DELETE FROM incidents").rowcount
            return self._world.db.execute("DELETE FROM incidents WHERE id = ?", (id,)).rowcount

    def __iter__(self) -> Iterator[Incident]:
        with self._world.lock:
            rows = self._world.db.execute("SELECT body FROM incidents ORDER BY id").fetchall()
        return iter([Incident(**json.loads(text)) for (text,) in rows])

    def active(
        self,
        kind: Kind,
        *,
        sandbox: str,
        at_ms: int,
        base_connection: str | None = None,
        flow: str | None = None,
        credentials_ms: int | None = None,
    ) -> Incident | None:
        """The incident of a kind that hits this flow, or this base connection, at a moment.

        One that names neither hits everything in its sandbox. Credentials given after a
        `crm_auth` began are taken, so that whoever rotates them has mended it; one without
        a beginning refuses any.
        """
        for one in self:
            if one.kind != kind or one.sandbox != sandbox or not one.covers(at_ms):
                continue
            if kind == "crm_auth" and one.began_before(credentials_ms):
                continue
            if one.flow is None and one.base_connection is None:
                return one
            if one.flow is not None and one.flow == flow:
                return one
            if one.base_connection is not None and one.base_connection == base_connection:
                return one
        return None


def as_kind(word: object) -> Kind | None:
    return cast("Kind", word) if word in KINDS else None
