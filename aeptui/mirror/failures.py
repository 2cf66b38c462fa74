"""What went wrong in runs, small enough to be asked for at any time.

A run that failed or lost something leaves a line here for each of its failures
when it is written, so that a cause is found over a million runs without
decoding one of them. What failures have in common (code, step, column, message)
is kept once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from aeptui.api.models import Run
from aeptui.mirror.ids import pack_id, unpack_id
from aeptui.mirror.tables import from_ms, to_ms
from aeptui.mirror.verdicts import Failure

CREATE = """
CREATE TABLE cause (
  n INTEGER PRIMARY KEY, key TEXT UNIQUE, code TEXT, step TEXT, "column" TEXT, message TEXT,
  told_at INTEGER
);
CREATE TABLE failure (
  run INTEGER, cause INTEGER, flow INTEGER, at INTEGER, lost INTEGER, emptied INTEGER, whole INTEGER,
  PRIMARY KEY (run, cause)
) WITHOUT ROWID;
CREATE INDEX failure_seen ON failure (cause, flow, at, lost, emptied, whole);
"""

_MOST = 20
"""So many failures of one run are kept; the first ones say most."""


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """One flow and one thing that goes wrong in it: what its runs since some time add up to.

    Only `first_seen` looks back further, as far as runs are known.
    """

    key: str
    code: str
    step: str
    column: str
    message: str
    """As the newest run of any flow put it."""
    flow_id: str
    flow_name: str = ""
    base_connection_id: str = ""
    base_connection_name: str = ""
    runs: int = 1
    lost: int | None = None
    emptied: int | None = None
    first_seen: datetime
    last_seen: datetime
    last_run_id: str = ""
    """The newest run that shows it."""
    whole: bool = False
    """Whether that run failed as a whole."""
    open: bool = False
    """Whether no later run of the flow ended without it."""


class Failures:
    """Writes the failures of runs beside them, on the writer's connection and in its transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep(self, row: int, run: Run, failures: Sequence[Failure]) -> None:
        """The failures of the run in `row`, in the place of those it may have had."""
        at = to_ms(run.completed_at or run.started_at or run.created_at) or 0
        for each in failures[:_MOST]:
            self._connection.execute(
                "INSERT INTO failure SELECT ?1, ?2, flow_id, ?3, ?4, ?5, ?6 FROM runs WHERE n = ?1 "
                "ON CONFLICT DO NOTHING",
                (row, self._cause(each, at), at, each.lost, each.emptied, int(each.whole)),
            )

    def _cause(self, failure: Failure, at: int) -> int:
        """The number of what `failure` has in common with others, told in its newest words."""
        found = self._connection.execute(
            "SELECT n, told_at FROM cause WHERE key = ?", (failure.key,)
        ).fetchone()
        if found is None:
            return (
                self._connection.execute(
                    'INSERT INTO cause (key, code, step, "column", message, told_at) '
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        *(failure.key, failure.code, failure.step),
                        *(failure.column, failure.message, at),
                    ),
                ).lastrowid
                or 0
            )
        number, told_at = found
        if at > told_at:
            self._connection.execute(
                "UPDATE cause SET message = ?, told_at = ? WHERE n = ?",
                (failure.message, at, number),
            )
        return int(number)

    def forget(self, rows: Iterable[int]) -> None:
        """The runs in `rows` are gone or told anew, and with them causes that had no others."""
        for row in rows:
            causes = self._connection.execute(
                "DELETE FROM failure WHERE run = ? RETURNING cause", (row,)
            ).fetchall()
            self._connection.executemany(
                "DELETE FROM cause WHERE n = ?1 "
                "AND NOT EXISTS (SELECT 1 FROM failure WHERE cause = ?1)",
                causes,
            )


_FAILING = """
WITH seen AS (
  SELECT cause, flow, count(*) AS runs, sum(lost) AS lost, sum(emptied) AS emptied,
    max(at) AS last_at
  FROM failure WHERE at >= ? GROUP BY cause, flow
), told AS MATERIALIZED (
  SELECT seen.*,
    (SELECT min(at) FROM failure WHERE cause = seen.cause AND flow IS seen.flow) AS first_at,
    (SELECT run FROM failure WHERE cause = seen.cause AND flow IS seen.flow
      ORDER BY at DESC LIMIT 1) AS newest,
    (SELECT n FROM runs WHERE flow_id IS seen.flow AND word IN ('clean', 'partial', 'failed')
      ORDER BY created_at DESC, id DESC LIMIT 1) AS ended
  FROM seen
)
SELECT c.key, c.code, c.step, c."column", c.message, s.value, f.name, b.id, b.name,
  told.runs, told.lost, told.emptied, told.first_at, told.last_at, r.id,
  (SELECT whole FROM failure WHERE run = told.newest AND cause = told.cause),
  f.id IS NOT NULL
    AND EXISTS (SELECT 1 FROM failure WHERE run = told.ended AND cause = told.cause)
FROM told
JOIN cause c ON c.n = told.cause
LEFT JOIN shared s ON s.n = told.flow
LEFT JOIN flows f ON f.id = s.value
LEFT JOIN base_connections b ON b.id = f.base_connection_id
LEFT JOIN runs r ON r.n = told.newest
"""


class Before(NamedTuple):
    """Since when, and in how many runs up to one, the same went wrong in a flow."""

    first_seen: datetime
    runs: int


_BEFORE = """
SELECT min(at), count(*) FROM failure WHERE cause = (SELECT n FROM cause WHERE key = ?)
  AND flow = (SELECT n FROM shared WHERE value = ?) AND at <= ?
"""


def before(
    connection: sqlite3.Connection, flow_id: str, keys: Sequence[str], until: datetime
) -> dict[str, Before]:
    """How long each of these has gone wrong in a flow, up to the run that ended at `until`."""
    found = {}
    for key in keys:
        at, runs = connection.execute(_BEFORE, (key, pack_id(flow_id), to_ms(until))).fetchone()
        if runs:
            found[key] = Before(from_ms(at) or until, runs)
    return found


def failing(connection: sqlite3.Connection, since: datetime) -> list[Failing]:
    """What went wrong in runs that ended since then: a line for each flow and failure."""
    found = []
    for each in connection.execute(_FAILING, (to_ms(since),)):
        key, code, step, column, message, flow_id, flow_name, base_id, base_name, *rest = each
        runs, lost, emptied, first_at, last_at, run_id, whole, still = rest
        found.append(
            Failing(
                key=key,
                code=code,
                step=step,
                column=column,
                message=message,
                flow_id=unpack_id(flow_id),
                flow_name=flow_name or "",
                base_connection_id=unpack_id(base_id),
                base_connection_name=base_name or "",
                runs=runs,
                lost=lost,
                emptied=emptied,
                first_seen=from_ms(first_at) or since,
                last_seen=from_ms(last_at) or since,
                last_run_id=unpack_id(run_id),
                whole=bool(whole),
                open=bool(still),
            )
        )
    return found
