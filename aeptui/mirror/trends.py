"""How a flow has gone, hour by hour: one grouped question, along the index of its runs."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import NamedTuple

from aeptui.mirror.ids import pack_id
from aeptui.mirror.tables import to_ms

HOUR_MS = 3_600_000

_HOURS = """
SELECT (created_at - ?1) / ?2, count(*), sum(word IN ('failed', 'partial')), sum(ingested)
FROM runs WHERE flow_id = (SELECT n FROM shared WHERE value = ?3) AND created_at >= ?1
GROUP BY 1 ORDER BY 1
"""


class Hour(NamedTuple):
    """The runs of a flow in one hour, counted from the time that was asked from."""

    number: int
    runs: int
    bad: int
    """Of which so many failed or lost something."""
    ingested: int


def hours(connection: sqlite3.Connection, flow_id: str, since: datetime) -> list[Hour]:
    """The hours since then in which the flow had runs."""
    found = connection.execute(_HOURS, (to_ms(since), HOUR_MS, pack_id(flow_id)))
    return [Hour(number, runs, bad, ingested or 0) for number, runs, bad, ingested in found]
