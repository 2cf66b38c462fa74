"""Base, source and target connections: whose credentials, which table, which dataset."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from aeptui.mirror.rows import (
    BaseConnectionRow,
    Row,
    SourceConnectionRow,
    TargetConnectionRow,
)
from aeptui.resources import formats
from aeptui.resources.common import (
    NAME,
    STATE,
    UPDATED,
    identity,
    links_grid,
    mapping_at,
    reference,
    state_fact,
)
from aeptui.resources.definition import Block, Column, Detail, Fact, Facts, Grid, Resource

if TYPE_CHECKING:
    from aeptui.session import Session

SHOWN = 200
"""So many columns of a table are listed in a detail; the raw view has them all."""


async def base_detail(session: Session, row: Row) -> Detail:
    """The connector, how it logs in, and what uses it."""
    base = cast(BaseConnectionRow, row)
    moment = session.moment()
    body = await session.mirror.body("base-connections", base.id) or {}
    facts = [
        state_fact(base),
        Fact("Connector", base.spec_name or base.spec_id or formats.DASH),
        Fact("Login", base.auth_spec or formats.DASH),
        *parameters(mapping_at(body, "auth", "params")),
        Fact("Flows", formats.count(base.flow_count)),
    ]
    links = await session.mirror.links("base-connections", base.id)
    blocks: list[Block] = [Facts(facts), links_grid(links), identity(base, moment)]
    return Detail(base.name or base.id, blocks, word=base.state)


async def source_detail(session: Session, row: Row) -> Detail:
    """The table that is read, through which base connection, with which columns."""
    source = cast(SourceConnectionRow, row)
    moment = session.moment()
    body = await session.mirror.body("source-connections", source.id) or {}
    params = mapping_at(body, "params")
    columns = [column for column in params.get("columns") or [] if isinstance(column, dict)]
    apart = ("columns", "tableName", "filters")
    rest = {key: value for key, value in params.items() if key not in apart}
    facts = [
        state_fact(source),
        Fact("Connector", source.spec_name or source.spec_id or formats.DASH),
        reference(
            "Base connection",
            "base-connections",
            source.base_connection_id,
            source.base_connection_name,
        ),
        Fact("Table", source.table or formats.DASH),
        Fact("Format", source.format or formats.DASH),
        Fact("Rows", condition(params.get("filters")) or "all rows"),
        *parameters(rest),
    ]
    blocks: list[Block] = [
        Facts(facts),
        _columns_grid(columns),
        links_grid(await session.mirror.links("source-connections", source.id)),
        identity(source, moment),
    ]
    return Detail(source.name or source.id, blocks, word=source.state)


async def target_detail(session: Session, row: Row) -> Detail:
    """The dataset that rows arrive in, and its schema."""
    target = cast(TargetConnectionRow, row)
    moment = session.moment()
    body = await session.mirror.body("target-connections", target.id) or {}
    params = mapping_at(body, "params")
    rest = {key: value for key, value in params.items() if key.lower() != "datasetid"}
    facts = [
        state_fact(target),
        reference("Dataset", "datasets", target.dataset_id, target.dataset_name),
        reference("Schema", "schemas", target.schema_id, target.schema_name),
        *parameters(rest),
    ]
    blocks: list[Block] = [
        Facts(facts),
        links_grid(await session.mirror.links("target-connections", target.id)),
        identity(target, moment),
    ]
    return Detail(target.name or target.id, blocks, word=target.state)


def parameters(params: dict[str, Any]) -> list[Fact]:
    """Parameters as facts, a line each; the mirror holds secrets masked only."""
    facts: list[Fact] = []
    for key, value in params.items():
        if isinstance(value, dict):
            facts += [Fact(f"{key}.{part.label}", part.text) for part in parameters(value)]
        elif isinstance(value, list):
            items = (item if isinstance(item, str) else json.dumps(item) for item in value)
            facts.append(Fact(key, ", ".join(items) or formats.DASH))
        elif isinstance(value, bool):
            facts.append(Fact(key, "yes" if value else "no"))
        else:
            facts.append(Fact(key, formats.DASH if value in (None, "") else str(value)))
    return facts


def condition(filters: Any) -> str:
    """A row filter as people write it: `Id like '0%' and Name = 'x'` (AEP.md 3.8).

    A shape that we do not know is shown as it came.
    """
    if not filters:
        return ""
    tree = filters.get("value") if isinstance(filters, dict) else None
    return _term(tree) if isinstance(tree, dict) else json.dumps(filters)


def _term(node: Any) -> str:
    if not isinstance(node, dict):
        return json.dumps(node)
    parts = [_term(part) for part in node.get("params") or ()]
    match node.get("nodeType"), node.get("fnName"):
        case "fieldLookup", _:
            return str(node.get("fieldName", ""))
        case "literal", _:
            value = node.get("value")
            return f"'{value}'" if isinstance(value, str) else json.dumps(value)
        case "fnApply", ("and" | "or") as joint:
            return f" {joint} ".join(f"({part})" if " or " in part else part for part in parts)
        case "fnApply", str(name) if len(parts) == 2:
            return f"{parts[0]} {name} {parts[1]}"
        case "fnApply", str(name):
            return f"{name}({', '.join(parts)})"
    return json.dumps(node)


def _columns_grid(columns: list[dict[str, Any]]) -> Grid:
    rows = [
        (
            str(column.get("name", formats.DASH)),
            str(column.get("type") or mapping_at(column, "xdm").get("type") or formats.DASH),
            str(column.get("format") or mapping_at(column, "xdm").get("format") or ""),
        )
        for column in columns[:SHOWN]
    ]
    more = len(columns) - len(rows)
    if more > 0:
        rows.append((f"and {more:,} more", "", ""))
    return Grid(
        title=f"Columns ({len(columns)})",
        header=("COLUMN", "TYPE", "FORMAT"),
        rows=rows,
        empty="No columns are named: all of the table is read.",
    )


CONNECTOR = Column("CONNECTOR", lambda row, moment: row.spec_name or row.spec_id, width=20)

BASE_CONNECTIONS = Resource(
    kind="base-connections",
    aliases=("bc", "base-connection", "connections", "accounts"),
    columns=(
        NAME,
        CONNECTOR,
        Column(
            "FLOWS",
            lambda row, moment: formats.count(row.flow_count),
            width=6,
            order="flow_count",
            align="right",
        ),
        STATE,
        UPDATED,
        Column("LOGIN", lambda row, moment: row.auth_spec, width=28, shed=2),
    ),
    detail=base_detail,
    order="name",
    empty="No base connections in this sandbox yet. One holds the credentials for one CRM.",
)

SOURCE_CONNECTIONS = Resource(
    kind="source-connections",
    aliases=("sc", "source-connection", "sources"),
    columns=(
        NAME,
        Column("TABLE", lambda row, moment: row.table, width=14, order="table"),
        Column(
            "COLUMNS",
            lambda row, moment: formats.count(row.column_count),
            width=7,
            order="column_count",
            align="right",
        ),
        Column("BASE CONNECTION", lambda row, moment: row.base_connection_name, width=20),
        UPDATED,
        Column("STATE", STATE.text, width=9, order="state", shed=2),
        Column("CONNECTOR", CONNECTOR.text, width=20, shed=3),
    ),
    detail=source_detail,
    order="name",
    empty="No source connections in this sandbox yet. One names a table and the columns to read.",
)

TARGET_CONNECTIONS = Resource(
    kind="target-connections",
    aliases=("tc", "target-connection", "targets"),
    columns=(
        NAME,
        Column(
            "DATASET",
            lambda row, moment: row.dataset_name or row.dataset_id,
            width=26,
            order="dataset_name",
        ),
        STATE,
        UPDATED,
        Column("SCHEMA", lambda row, moment: row.schema_name or row.schema_id, width=24, shed=2),
    ),
    detail=target_detail,
    order="name",
    empty="No target connections in this sandbox yet. One is a dataset as the end of a flow.",
)
