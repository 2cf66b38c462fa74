"""`aeptui orphans`: what no flow uses, as lines or for another program."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from aeptui.headless.text import Paper, say, table
from aeptui.pipelines.orphans import NEEDED, Orphan, orphans
from aeptui.resources.definition import Column
from aeptui.resources.formats import date_time
from aeptui.resources.registry import BY_KIND

if TYPE_CHECKING:
    from aeptui.session import Session

_COLUMNS: tuple[Column, ...] = (
    Column("KIND", lambda row, _moment: BY_KIND[row.kind].name, width=18),
    Column("NAME", lambda row, _moment: row.name or "(no name)", width=24, grow=True),
    Column("CHANGED", lambda row, moment: date_time(row.changed_at, moment), width=15, shed=2),
    Column("NOTE", lambda row, _moment: row.note, width=12, shed=1),
    Column("ID", lambda row, _moment: row.id, width=36, shed=3),
)


async def run(session: Session, *, as_json: bool) -> int:
    """Ask for everything that may use something, then tell what nothing uses; always 0."""
    await session.connected()
    await session.sync.once(NEEDED, gone=True)
    found = await orphans(session.mirror)
    if as_json:
        print(json.dumps([_told(each) for each in found], ensure_ascii=False, indent=2))
    elif found:
        paper = Paper.of(sys.stdout, os.environ, plain=session.config.flags.plain)
        say(table(_COLUMNS, found, session.moment(), paper), paper=paper)
    else:
        say(["Everything is used."], sys.stderr)
    return 0


def _told(each: Orphan) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "id": each.id,
        "name": each.name,
        "changed_at": each.changed_at.isoformat() if each.changed_at else None,
        "note": each.note,
    }
