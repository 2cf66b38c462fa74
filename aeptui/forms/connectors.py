"""Connectors: what a connection spec and a flow spec say that forms go by (AEP.md 3.8, 3.9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aeptui.api.models import ConnectionSpec, FlowSpec

SALESFORCE = "cfc0fee1-7dc0-40ef-b73e-d8b134c436f5"
DYNAMICS = "38ad80fe-8b06-4938-94f4-d4ee80266b07"
AZURE_TABLE_STORAGE = "ecde33f2-c56f-46cc-bdea-ad151c16cd69"
DATA_LAKE = "c604ff05-7f1a-43c0-8e18-33bf874cb11c"
TABLES = "CRMToAEP"
"""The flow spec for tables, CRMs among them."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to log in, with the JSON schema of its parameters."""

    name: str
    type: str
    schema: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Connector:
    """A source: how it lets one in, and what can be asked of it."""

    id: str
    name: str
    title: str
    category: str
    variants: tuple[Variant, ...] = ()
    filters_rows: bool = False
    formats: tuple[str, ...] = ("tabular",)

    @property
    def has_files(self) -> bool:
        """Whether it has files, asked for by a path, and not tables."""
        return self.formats[0] != "tabular"

    def variant(self, name: str) -> Variant | None:
        return next((each for each in self.variants if each.name == name), None)


@dataclass(frozen=True, slots=True)
class FlowKind:
    """A flow spec: its name, the connection specs that it takes, whether by a delta column.

    `drafts` says whether a flow of it may be made as a draft first (AEP.md 3.9).
    """

    id: str
    name: str
    takes: frozenset[str]
    copies: bool = True
    drafts: bool = False


def connector(spec: ConnectionSpec) -> Connector | None:
    """A source that can be logged in to; None for a target and for what takes no login."""
    told = spec.raw()
    variants = tuple(
        Variant(str(each.get("name") or ""), str(each.get("type") or ""), _object(each, "spec"))
        for each in _objects(told.get("authSpec"))
        if each.get("name")
    )
    if not spec.is_source or not variants:
        return None
    attributes = _object(told, "attributes")
    filtering = _object(attributes, "filterAtSource")
    return Connector(
        id=spec.id,
        name=spec.name,
        title=str(attributes.get("connectorName") or spec.name),
        category=spec.category,
        variants=variants,
        filters_rows=filtering.get("enabled") is True,
        formats=_formats(told),
    )


def flow_kind(spec: FlowSpec) -> FlowKind:
    told = spec.raw()
    # Spelt either way, and one object or several (AEP.md 3.9).
    transformations = told.get("transformationSpecs") or told.get("transformationSpec")
    names = [each.get("name") for each in _objects(transformations)]
    takes = frozenset(spec.source_spec_ids)
    drafts = _object(told, "attributes").get("isDraftModeSupported") is True
    return FlowKind(spec.id, spec.name, takes, "Copy" in names or not names, drafts)


def delta_format(connection_spec: str) -> str:
    """How the source writes the times of its delta column (AEP.md 3.9)."""
    if connection_spec in (DYNAMICS, AZURE_TABLE_STORAGE):
        return "yyyy-MM-ddTHH:mm:ssZ"
    return "yyyy-MM-dd HH:mm:ss"


def _formats(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Tables are tabular; what is asked for by a path is files, in three formats."""
    schema = _object(_object(told, "sourceSpec"), "spec")
    properties = _object(schema, "properties")
    if "path" in properties and "tableName" not in properties:
        return ("delimited", "json", "parquet")
    return ("tabular",)


def _object(told: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = told.get(key)
    if isinstance(value, str):  # some specs carry their JSON schema as text
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; one alone counts as a list of one."""
    if isinstance(value, dict):
        return [value]
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
