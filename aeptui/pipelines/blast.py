"""What an action would reach: the flows that use a thing, and when they are next due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from aeptui.mirror.rows import FlowRow, Row
from aeptui.resources.formats import due

if TYPE_CHECKING:
    from aeptui.mirror.values import Linked
    from aeptui.session import Session

NAMED = 3
"""So many are named; the rest are counted."""


def users_of(session: Session, kind: str, id: str) -> list[Linked]:
    """What uses a thing directly."""
    return [link for link in session.mirror.links_now(kind, id) if link.relation == "used by"]


def flows_of(session: Session, kind: str, row: Row) -> list[FlowRow]:
    """The flows that use a thing, directly or through a connection; by name."""
    if kind == "flows":
        return [cast(FlowRow, row)]
    found: dict[str, FlowRow] = {}
    places, seen = [(kind, row.id)], set[tuple[str, str]]()
    while places:
        place = places.pop()
        for link in users_of(session, *place):
            if link.kind == "flows":
                flow = session.mirror.get_now("flows", link.id)
                if isinstance(flow, FlowRow):
                    found[flow.id] = flow
            elif (link.kind, link.id) not in seen:
                seen.add((link.kind, link.id))
                places.append((link.kind, link.id))
    return sorted(found.values(), key=lambda flow: (flow.name, flow.id))


def named(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B, C and 4 more`."""
    shown = list(names[:NAMED])
    if len(names) > NAMED:
        return f"{', '.join(shown)} and {len(names) - NAMED} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def with_next(session: Session, flows: Sequence[FlowRow]) -> str:
    """The flows by name, each with its next due time while it has one."""
    moment = session.moment()
    return named(
        [
            f"{flow.name or flow.id} (next {due(flow.next_due_at, moment)})"
            if flow.state == "enabled" and flow.next_due_at is not None
            else flow.name or flow.id
            for flow in flows
        ]
    )
