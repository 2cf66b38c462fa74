"""Run now: a run on demand, of a flow that is scheduled once (AEP.md 3.5).

Such a run reads a window of its own, told by a column that says when a row
changed. The first one has to name that column; the platform keeps it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aeptui.resources.formats import date_time, due

if TYPE_CHECKING:
    from aeptui.mirror.rows import FlowRow
    from aeptui.session import Session

_CHANGED = ("lastmodified", "modstamp", "modifiedon", "updated", "modified", "changed")
"""Parts of the names that CRMs give to the time of a row's last change; the likeliest first."""
_BEGINNING_S = 1
"""Where nothing was read yet: the first second of the epoch, since 0 may be taken for nothing."""


@dataclass(frozen=True, slots=True)
class Window:
    """What the run would read. `since` is None for everything so far."""

    since: datetime | None
    until: datetime
    column: str
    column_is_new: bool


def why_not(session: Session, flow: FlowRow) -> str | None:
    """Why the flow cannot be run just now, or None."""
    if flow.frequency and flow.frequency != "once":
        moment = session.moment()
        following = due(flow.next_due_at, moment) if flow.next_due_at is not None else "unknown"
        if flow.state != "enabled":
            return "This flow runs by schedule; turn it on and it runs when it is next due"
        return f"This flow runs by schedule, next {following}"
    if flow.state != "enabled":
        return f"This flow is {flow.state or 'not on'}; turn it on first"
    if not window(session, flow).column:
        return "No column of its table says when a row changed, so no window can be read"
    return None


def window(session: Session, flow: FlowRow) -> Window:
    """From where the last good run ended to now."""
    ended = [
        run.window_end or run.started_at
        for run in session.mirror.runs_of_now(flow.id, 20)
        if run.word in ("clean", "partial")
    ]
    body = session.mirror.body_now("source-connections", flow.source_connection_id) or {}
    column = flow.delta_column or _telling(body)
    since = next((moment for moment in ended if moment is not None), None)
    return Window(since, session.now(), column, not flow.delta_column)


def body(flow: FlowRow, window: Window) -> dict[str, Any]:
    """What is posted; times in whole epoch seconds."""
    until_s = int(window.until.timestamp())
    since_s = int(window.since.timestamp()) if window.since else _BEGINNING_S
    params: dict[str, Any] = {
        "startTime": until_s,
        "windowStartTime": min(since_s, until_s),
        "windowEndTime": until_s,
    }
    if window.column_is_new:
        params["deltaColumn"] = {"name": window.column}
    return {"flowId": flow.id, "params": params}


def confirm(session: Session, flow: FlowRow) -> str:
    asked = window(session, flow)
    rows = f"the rows of {flow.table or 'its table'}"
    if asked.since is None:
        read = f"all {rows.removeprefix('the ')} changed until now"
    else:
        read = f"{rows} changed since {date_time(asked.since, session.moment())}"
    kept = " and the flow keeps that column" if asked.column_is_new else ""
    return f"Run {flow.name} now? It reads {read}, by {asked.column}{kept}."


def _telling(body: dict[str, Any]) -> str:
    """The column that says when a row changed, by its type and its name."""
    params = body.get("params")
    columns = params.get("columns") if isinstance(params, dict) else None
    names = [
        str(column.get("name"))
        for column in columns or []
        if isinstance(column, dict) and _is_time(column)
    ]
    for part in _CHANGED:
        for name in names:
            if part in name.lower().replace("_", ""):
                return name
    return ""


def _is_time(column: dict[str, Any]) -> bool:
    xdm = column.get("xdm")
    told = [column.get("type"), column.get("meta:xdmType")]
    told += [xdm.get("format"), xdm.get("type")] if isinstance(xdm, dict) else []
    return any(str(each).lower() in ("date-time", "datetime", "timestamp") for each in told)
