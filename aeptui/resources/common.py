"""What the details of several resource types have in common."""

from __future__ import annotations

from collections.abc import Sequence

from aeptui.mirror.rows import Row
from aeptui.resources import formats
from aeptui.resources.definition import Column, Fact, Facts, Moment


def identity(row: Row, moment: Moment, more: Sequence[Fact] = ()) -> Facts:
    """The id, and who made and changed it when: the last block of every detail."""
    facts = [Fact("Id", row.id, tone="dim"), *more]
    if row.created_at is not None:
        facts.append(Fact("Created", formats.full(row.created_at, moment), tone="dim"))
    if row.updated_at is not None:
        by = f" by {row.updated_by}" if row.updated_by else ""
        facts.append(Fact("Updated", formats.full(row.updated_at, moment) + by, tone="dim"))
    if row.seen_at is not None:
        facts.append(Fact("Confirmed", formats.full(row.seen_at, moment), tone="dim"))
    return Facts(facts)


def named(name: str, id: str) -> str:
    """A resource by its name, by its id while the name is not known, or a dash."""
    return name or id or formats.DASH


def reference(label: str, kind: str, id: str, name: str) -> Fact:
    """A fact that names another resource and can be followed to it."""
    return Fact(label, named(name, id), kind=kind if id else "", id=id)


NAME = Column("NAME", lambda row, moment: row.name or row.id, width=28, order="name", grow=True)
UPDATED = Column(
    "UPDATED",
    lambda row, moment: formats.ago(row.updated_at, moment),
    width=10,
    order="updated_at",
    shed=1,
)
STATE = Column("STATE", lambda row, moment: row.state, width=9, order="state")
