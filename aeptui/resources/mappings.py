"""Mapping sets: how columns become fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from aeptui.api.errors import ApiTrouble
from aeptui.mirror.rows import MappingSetRow, Row
from aeptui.resources import formats
from aeptui.resources.common import UPDATED, identity, links_grid, records_at, reference
from aeptui.resources.definition import (
    Block,
    Column,
    Detail,
    Fact,
    Facts,
    Grid,
    Prose,
    Resource,
)

if TYPE_CHECKING:
    from aeptui.session import Session


async def detail(session: Session, row: Row) -> Detail:
    """Every pair of the newest version; asked for when the list did not bring them."""
    mapping = cast(MappingSetRow, row)
    moment = session.moment()
    blocks: list[Block] = [
        Facts(
            [
                Fact("Version", str(mapping.version)),
                Fact("Fields", formats.count(mapping.field_count)),
                reference("Schema", "schemas", mapping.schema_id, mapping.schema_name),
            ]
        ),
    ]
    body = await session.mirror.body("mapping-sets", mapping.id) or {}
    trouble = ""
    if not records_at(body, "mappings"):
        try:
            services = await session.connected()
            body = (await services.data_prep.get_mapping_set(mapping.id, mapping.version)).raw()
        except ApiTrouble as reason:
            trouble = f"Its pairs cannot be read now: {reason}."
    blocks.append(Prose(trouble, tone="warn") if trouble else pairs_grid(body))
    blocks.append(links_grid(await session.mirror.links("mapping-sets", mapping.id)))
    blocks.append(identity(mapping, moment))
    return Detail(mapping.name or f"Mapping set {mapping.id}", blocks, word=f"v{mapping.version}")


def pairs_grid(body: dict[str, Any]) -> Grid:
    """What each field is made of: a column, or an expression."""
    pairs = records_at(body, "mappings")
    rows = [
        (
            str(pair.get("destinationXdmPath") or pair.get("destination") or formats.DASH),
            str(pair.get("sourceAttribute") or pair.get("source") or formats.DASH),
            _kind(pair),
        )
        for pair in pairs
    ]
    return Grid(
        title=f"Pairs ({len(rows)})",
        header=("FIELD", "FROM", ""),
        rows=rows,
        empty="This mapping set is empty.",
    )


def _kind(pair: dict[str, Any]) -> str:
    calculated = str(pair.get("sourceType", "")).lower() in ("expression", "text/x.aep-xl")
    marks = ["calculated"] if calculated else []
    if pair.get("identity"):
        marks.append("primary identity" if pair.get("primaryIdentity") else "identity")
    return ", ".join(marks)


MAPPING_SETS = Resource(
    kind="mapping-sets",
    aliases=("ms", "mapping-set", "mappings", "mapping"),
    columns=(
        Column(
            "NAME",
            lambda row, moment: row.name or row.schema_name or row.id,
            width=28,
            order="name",
            grow=True,
        ),
        Column(
            "VERSION",
            lambda row, moment: f"v{row.version}",
            width=7,
            order="version",
            align="right",
        ),
        Column(
            "FIELDS",
            lambda row, moment: formats.count(row.field_count),
            width=6,
            order="field_count",
            align="right",
        ),
        Column("SCHEMA", lambda row, moment: row.schema_name or row.schema_id, width=24),
        UPDATED,
    ),
    detail=detail,
    order="name",
    empty="No mapping sets in this sandbox yet. One says how columns become fields of a schema.",
)
