"""A new name for a thing: one JSON Patch, under the etag that was read where there is one.

AEP.md 3.4: Flow Service refuses a patch whose `If-Match` is not the etag of now;
then both names are shown, and asking again is the operator's choice. Catalog and
the registry know no such thing, and the last to write wins there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aeptui.api.errors import Conflict
from aeptui.mirror.rows import Row
from aeptui.pipelines.actions import path_of
from aeptui.pipelines.here import carry_out, plan_for, read_again, why_not_write
from aeptui.pipelines.looking import current
from aeptui.pipelines.plan import Plan, Step

if TYPE_CHECKING:
    from aeptui.session import Session

KINDS = (
    "flows",
    "source-connections",
    "target-connections",
    "base-connections",
    "datasets",
    "schemas",
)
_WITH_ETAG = KINDS[:4]


class RenamedMeanwhile(Conflict):
    """Somebody changed it first: `theirs` is its name now, `mine` the one that was not taken."""

    theirs: str = ""
    mine: str = ""


def why_not_rename(session: Session, kind: str, row: Row) -> str | None:
    """Why it cannot be renamed just now, or None."""
    if kind not in KINDS:
        return "The platform has no name for it that can be changed"
    if kind in _WITH_ETAG and not _etag(session, kind, row):
        return "It has not been read whole yet; refresh and try again"
    return why_not_write(session)


def fault_of(row: Row, name: str) -> str | None:
    """What is wrong with a new name, or None."""
    if not name.strip():
        return "A name is needed"
    if name.strip() == row.name:
        return "This is its name already"
    return None


def plan_rename(session: Session, kind: str, row: Row, name: str) -> Plan:
    """The plan that gives `row` the name `name`."""
    title = f"Rename {row.name or row.id} to {name.strip()}"
    field = "/title" if kind == "schemas" else "/name"
    operation = {"op": "replace", "path": field, "value": name.strip()}
    headers: dict[str, Any] = {}
    if kind in _WITH_ETAG:
        headers["If-Match"] = _etag(session, kind, row)
    if kind == "datasets":
        headers["Content-Type"] = "application/json-patch+json"
    step = Step(
        "renamed",
        title,
        kind,
        "PATCH",
        path_of(kind, row.id),
        headers=headers,
        body=[operation],
        target=row.id,
    )
    return plan_for(session, title, [step])


async def rename(session: Session, kind: str, row: Row, name: str) -> str:
    """Rename it and say so; raises ApiTrouble, RenamedMeanwhile when somebody was faster."""
    try:
        await carry_out(session, plan_rename(session, kind, row, name))
    except Conflict as refused:
        services = await session.connected()
        now = await current(services, kind, row.id)
        if now is None:
            raise
        await session.mirror.upsert(kind, [now], seen_at=session.now())
        raise _meanwhile(refused, now.name, name.strip()) from None
    await read_again(session, kind, row.id)
    return f"Renamed to {name.strip()}"


def _meanwhile(refused: Conflict, theirs: str, mine: str) -> RenamedMeanwhile:
    error = RenamedMeanwhile(
        f"Somebody else changed it first: it is called “{theirs}” now, and “{mine}” was not taken",
        service=refused.service,
        status=refused.status,
        code=refused.code,
        request_id=refused.request_id,
        remedy="rename it again if it should be yours",
    )
    error.theirs, error.mine = theirs, mine
    return error


def _etag(session: Session, kind: str, row: Row) -> str:
    body = session.mirror.body_now(kind, row.id) or {}
    etag = body.get("etag")
    return etag if isinstance(etag, str) else ""
