"""Schemas: the shape that rows must have, and every field of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from aeptui.api.errors import ApiTrouble
from aeptui.mirror.rows import Row, SchemaRow
from aeptui.resources import formats
from aeptui.resources.common import NAME, UPDATED, identity, links_grid, mapping_at
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

DEPTH = 12
"""Data types may hold themselves; no real schema is deeper."""


async def detail(session: Session, row: Row) -> Detail:
    """The class and the fields with type, format and bounds; the fields are asked for."""
    schema = cast(SchemaRow, row)
    moment = session.moment()
    facts = [
        Fact("Version", schema.version or formats.DASH),
        Fact("Class", class_name(schema)),
        Fact("Profile", "enabled" if schema.profile_enabled else "not enabled"),
    ]
    blocks: list[Block] = [Facts(facts)]
    try:
        services = await session.connected()
        full = (await services.schemas.get_schema(schema.id)).raw()
    except ApiTrouble as trouble:
        blocks.append(Prose(f"Its fields cannot be read now: {trouble}.", tone="warn"))
    else:
        blocks.append(fields_grid(full))
    blocks.append(links_grid(await session.mirror.links("schemas", schema.id)))
    blocks.append(identity(schema, moment, [Fact("Alt id", schema.alt_id, tone="dim")]))
    return Detail(schema.name or schema.id, blocks)


def class_name(schema: SchemaRow) -> str:
    """The last word of a class of Adobe's; a class of the organisation has a number only."""
    name = schema.class_id.rpartition("/")[2]
    return "of your own" if len(name) > 30 else name or formats.DASH


def fields_grid(full: dict[str, Any]) -> Grid:
    """The leaves of a resolved schema, a line each, in the order of their paths."""
    rows = sorted(_leaves(full, "", 0))
    return Grid(
        title=f"Fields ({len(rows)})",
        header=("FIELD", "TYPE", "RULES"),
        rows=rows,
        empty="This schema has no fields.",
    )


def _leaves(node: dict[str, Any], path: str, depth: int) -> list[tuple[str, str, str]]:
    properties = mapping_at(node, "properties")
    if not properties or depth > DEPTH:
        return [(path, _type(node), "")] if path else []
    required = set(node.get("required") or ())
    found: list[tuple[str, str, str]] = []
    for name, child in properties.items():
        if not isinstance(child, dict):
            continue
        here = f"{path}.{name}" if path else name
        inner, suffix = child, ""
        if child.get("type") == "array":
            inner, suffix = mapping_at(child, "items"), "[*]"
        if mapping_at(inner, "properties") and depth < DEPTH:
            found += _leaves(inner, here + suffix, depth + 1)
        else:
            found.append((here + suffix, _type(inner), _rules(inner, name in required)))
    return found


def _type(field: dict[str, Any]) -> str:
    kind = field.get("meta:xdmType") or field.get("type") or formats.DASH
    return str(kind)


def _rules(field: dict[str, Any], required: bool) -> str:
    rules = ["required"] if required else []
    if field.get("format"):
        rules.append(str(field["format"]))
    if "maxLength" in field:
        rules.append(f"at most {field['maxLength']} characters")
    if "minLength" in field:
        rules.append(f"at least {field['minLength']} characters")
    bounds = [f"from {field['minimum']}"] if "minimum" in field else []
    bounds += [f"to {field['maximum']}"] if "maximum" in field else []
    if bounds:
        rules.append(" ".join(bounds))
    if "enum" in field and isinstance(field["enum"], list):
        rules.append("one of " + ", ".join(str(word) for word in field["enum"]))
    if "pattern" in field:
        rules.append(f"like {field['pattern']}")
    return ", ".join(rules)


SCHEMAS = Resource(
    kind="schemas",
    aliases=("schema", "xdm"),
    columns=(
        NAME,
        Column("VERSION", lambda row, moment: row.version, width=7),
        Column("CLASS", lambda row, moment: class_name(row), width=20, order="class_id"),
        Column("PROFILE", lambda row, moment: "enabled" if row.profile_enabled else "no", width=8),
        UPDATED,
    ),
    detail=detail,
    order="name",
    empty="No schemas in this sandbox yet. A schema says which fields a row may have.",
)
