"""What the platform itself offers: sandboxes, connectors, and kinds of flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from aeptui.mirror.rows import ConnectionSpecRow, FlowSpecRow, Row, SandboxRow
from aeptui.resources import formats
from aeptui.resources.common import NAME, STATE, identity, mapping_at, records_at, state_fact
from aeptui.resources.definition import Column, Detail, Fact, Facts, Grid, Resource

if TYPE_CHECKING:
    from aeptui.session import Session


async def sandbox_detail(session: Session, row: Row) -> Detail:
    """What kind of sandbox it is, and whether this session is in it."""
    sandbox = cast(SandboxRow, row)
    here = "this one is open" if sandbox.id == session.sandbox else "another one is open"
    facts = [
        state_fact(sandbox),
        Fact("Type", sandbox.type or formats.DASH),
        Fact("Region", sandbox.region or formats.DASH),
        Fact("Default", "yes" if sandbox.is_default else "no"),
        Fact("Protected", "yes" if session.profile.protects(sandbox.id) else "no"),
        Fact("Here", here),
    ]
    return Detail(
        sandbox.title or sandbox.name or sandbox.id,
        [Facts(facts), identity(sandbox, session.moment())],
        word=sandbox.state,
    )


async def connection_spec_detail(session: Session, row: Row) -> Detail:
    """The ways in which a connector logs in, with what each asks for."""
    spec = cast(ConnectionSpecRow, row)
    body = await session.mirror.body("connection-specs", spec.id) or {}
    ways = []
    for way in records_at(body, "authSpec"):
        asked = mapping_at(way, "spec", "properties")
        ways.append((str(way.get("name", formats.DASH)), ", ".join(asked)))
    return Detail(
        spec.name or spec.id,
        [
            Facts([Fact("Category", spec.category or formats.DASH)]),
            Grid("Logins", ("LOGIN", "ASKS FOR"), ways, empty="This connector names no login."),
            identity(spec, session.moment()),
        ],
    )


async def flow_spec_detail(session: Session, row: Row) -> Detail:
    """Which connectors a kind of flow takes."""
    spec = cast(FlowSpecRow, row)
    body = await session.mirror.body("flow-specs", spec.id) or {}
    rows = []
    for side, key in (("from", "sourceConnectionSpecIds"), ("to", "targetConnectionSpecIds")):
        listed = body.get(key)
        for id in listed if isinstance(listed, list) else []:
            known = await session.mirror.get("connection-specs", str(id))
            rows.append((side, known.name if known else str(id)))
    return Detail(
        spec.name or spec.id,
        [
            Facts([Fact("Sources", formats.count(spec.source_count))]),
            Grid("Connectors", ("", "CONNECTOR"), rows, empty="It names no connectors."),
            identity(spec, session.moment()),
        ],
    )


SANDBOXES = Resource(
    kind="sandboxes",
    aliases=("sandbox", "sb"),
    columns=(
        Column("NAME", lambda row, moment: row.id, width=16, order="id"),
        Column("TITLE", lambda row, moment: row.title or row.name, width=22, grow=True),
        Column("TYPE", lambda row, moment: row.type, width=12, order="type"),
        STATE,
        Column("DEFAULT", lambda row, moment: "yes" if row.is_default else "", width=7),
        Column("REGION", lambda row, moment: row.region, width=6, shed=1),
    ),
    detail=sandbox_detail,
    order="id",
    empty="These credentials see no sandbox. An administrator can grant one.",
)

CONNECTION_SPECS = Resource(
    kind="connection-specs",
    aliases=("cs", "connection-spec", "connectors"),
    columns=(
        NAME,
        Column("CATEGORY", lambda row, moment: row.category, width=20, order="category"),
        Column("ID", lambda row, moment: row.id, width=36, shed=1),
    ),
    detail=connection_spec_detail,
    order="name",
    empty="The platform names no connectors.",
)

FLOW_SPECS = Resource(
    kind="flow-specs",
    aliases=("fs", "flow-spec"),
    columns=(
        NAME,
        Column(
            "SOURCES",
            lambda row, moment: formats.count(row.source_count),
            width=7,
            order="source_count",
            align="right",
        ),
        Column("ID", lambda row, moment: row.id, width=36, shed=1),
    ),
    detail=flow_spec_detail,
    order="name",
    empty="The platform names no kinds of flow.",
)
