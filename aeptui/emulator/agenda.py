"""What the world has to do next, and when: kept with it, so that nothing is forgotten."""

from typing import Literal, NamedTuple

from aeptui.emulator.world import World

What = Literal["tick", "change", "step"]

_TABLES = """
CREATE TABLE IF NOT EXISTS agenda (
  what TEXT NOT NULL, id TEXT NOT NULL, sandbox TEXT NOT NULL,
  flow TEXT NOT NULL, at_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL,
  PRIMARY KEY (what, id)
);
CREATE INDEX IF NOT EXISTS agenda_at ON agenda (at_ms);
CREATE INDEX IF NOT EXISTS agenda_flow ON agenda (flow, what);
"""


class Due(NamedTuple):
    """An entry: a flow's next tick, the end of a flow's change of state, a run's next step."""

    what: What
    id: str
    sandbox: str
    flow: str
    at_ms: int
    since_ms: int


class Agenda:
    """One entry per flow's tick, per flow in a change of state and per open run."""

    def __init__(self, world: World) -> None:
        self._db = world.db
        for statement in _TABLES.split(";"):
            self._db.execute(statement)

    def note(self, what: What, id: str, sandbox: str, flow: str, at_ms: int, since_ms: int) -> None:
        """Enter it, instead of what was there for it."""
        self._db.execute(
            "INSERT OR REPLACE INTO agenda VALUES (?, ?, ?, ?, ?, ?)",
            (what, id, sandbox, flow, at_ms, since_ms),
        )

    def drop(self, what: What, id: str) -> None:
        self._db.execute("DELETE FROM agenda WHERE what = ? AND id = ?", (what, id))

    def has(self, what: What, id: str) -> bool:
        found = self._db.execute("SELECT 1 FROM agenda WHERE what = ? AND id = ?", (what, id))
        return found.fetchone() is not None

    def first(self, until_ms: int) -> Due | None:
        """The earliest entry that is due by then."""
        row = self._db.execute(
            "SELECT * FROM agenda WHERE at_ms <= ? ORDER BY at_ms, rowid LIMIT 1", (until_ms,)
        ).fetchone()
        return None if row is None else Due(*row)

    def next_ms(self) -> int | None:
        """When the earliest entry is due."""
        row = self._db.execute("SELECT min(at_ms) FROM agenda").fetchone()
        return None if row[0] is None else int(row[0])

    def steps(self, flow_id: str | None = None) -> list[Due]:
        """The next steps of all open runs, or of a flow's."""
        where = "what = 'step'" + ("" if flow_id is None else " AND flow = ?")
        values = () if flow_id is None else (flow_id,)
        rows = self._db.execute(f"SELECT * FROM agenda WHERE {where}", values)  # noqa: S608
        return [Due(*row) for row in rows]

    def clear(self) -> None:
        self._db.execute("DELETE FROM agenda")


class Reached:
    """How far each flow has read its source: the end of its last window that ended well.

    Beside it, the version of the flow that was planned for last and how often it has run.
    """

    def __init__(self, world: World) -> None:
        self._db = world.db
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS reached (flow TEXT PRIMARY KEY, version TEXT NOT NULL,"
            " reached_ms INTEGER, runs INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
        )

    def version(self, flow_id: str) -> str | None:
        row = self._db.execute("SELECT version FROM reached WHERE flow = ?", (flow_id,)).fetchone()
        return None if row is None else str(row[0])

    def planned(self, flow_id: str, version: str) -> None:
        """Remember for which version of the flow the agenda was made."""
        self._db.execute(
            "INSERT INTO reached (flow, version) VALUES (?, ?)"
            " ON CONFLICT (flow) DO UPDATE SET version = excluded.version",
            (flow_id, version),
        )

    def runs(self, flow_id: str) -> int:
        row = self._db.execute("SELECT runs FROM reached WHERE flow = ?", (flow_id,)).fetchone()
        return 0 if row is None else int(row[0])

    def ran(self, flow_id: str) -> None:
        self._db.execute("UPDATE reached SET runs = runs + 1 WHERE flow = ?", (flow_id,))

    def inherit(self, flow_id: str, runs: int, reached_ms: int | None) -> None:
        """A flow comes with a history of its own."""
        self._db.execute(
            "UPDATE reached SET runs = ?, reached_ms = ? WHERE flow = ?",
            (runs, reached_ms, flow_id),
        )

    def until_ms(self, flow_id: str) -> int | None:
        row = self._db.execute(
            "SELECT reached_ms FROM reached WHERE flow = ?", (flow_id,)
        ).fetchone()
        return None if row is None else row[0]

    def extend(self, flow_id: str, from_ms: int | None, to_ms: int) -> None:
        """A window was read well; one that leaves a gap before it does not count."""
        held = self.until_ms(flow_id)
        if held is None or from_ms is None or from_ms <= held:
            self._db.execute(
                "UPDATE reached SET reached_ms = ? WHERE flow = ?",
                (max(to_ms, held or 0), flow_id),
            )

    def clear(self) -> None:
        self._db.execute("DELETE FROM reached")
