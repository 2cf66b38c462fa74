"""What the lists and details of several resource types have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aeptui.mirror.rows import Row, RunRow
from aeptui.mirror.values import Linked
from aeptui.moment import Moment
from aeptui.resources import formats
from aeptui.resources.definition import Column, Fact, Facts, Grid, Target, Tone
from aeptui.resources.kinds import name_of

STATE_TONES: dict[str, Tone] = {
    "failed": "bad",
    "failure": "bad",
    "abandoned": "bad",
    "disabled": "off",
    "draft": "off",
    "inactive": "off",
    "active": "good",
    "enabled": "good",
    "success": "good",
    "processing": "busy",
    "loading": "busy",
    "staging": "busy",
    "initializing": "busy",
}


LOST_WIDTH = 8
"""Cells for what a run lost, in lists."""


def state_tone(row: Any) -> Tone:
    """How the platform's own word for a state is meant; most of them not at all."""
    return STATE_TONES.get(row.state.lower(), "")


def state_fact(row: Row) -> Fact:
    return Fact("State", row.state or formats.DASH, tone=state_tone(row))


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


def reference(label: str, kind: str, id: str, name: str) -> Fact:
    """A fact that names another resource and can be followed to it."""
    return Fact(label, name or id or formats.DASH, kind=kind if id else "", id=id)


def links_grid(links: Sequence[Linked]) -> Grid:
    """What a resource uses and what uses it; its place is after what the resource is."""
    return Grid(
        title="Used by and uses",
        header=("", "TYPE", "NAME", "STATE"),
        rows=tuple(
            (link.relation, name_of(link.kind), link.name or link.id, link.state) for link in links
        ),
        leads=tuple(Target(link.kind, link.id) for link in links),
        empty="Nothing uses it, and it uses nothing.",
    )


def lost_by_run(run: RunRow) -> str:
    """Rows that a run lost; where it lost only values inside of rows, in how many rows.

    A long figure gives way to the word: the run's own detail has it.
    """
    if run.word == "partial" and not run.lost and run.warnings:
        words = formats.plural(run.warnings, "value")
        return words if len(words) <= LOST_WIDTH else "values"
    return formats.count(run.lost)


def mapping_at(body: Any, *path: str) -> dict[str, Any]:
    """The object at `path` inside a body, or an empty one."""
    for part in path:
        body = body.get(part) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else {}


def records_at(body: Any, name: str) -> list[dict[str, Any]]:
    """The objects of the list `name` inside a body."""
    listed = body.get(name) if isinstance(body, dict) else None
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


NAME = Column("NAME", lambda row, moment: row.name or row.id, width=28, order="name", grow=True)
UPDATED = Column(
    "UPDATED",
    lambda row, moment: formats.ago(row.updated_at, moment),
    width=10,
    order="updated_at",
    shed=1,
)
STATE = Column("STATE", lambda row, moment: row.state, width=9, order="state", tone=state_tone)
