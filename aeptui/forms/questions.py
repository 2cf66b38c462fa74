"""What forms ask of the platform, one hashable value for each question."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aeptui.api.exploring import SourceColumn, SourceTable, TablePreview, column
from aeptui.api.identities import Namespace
from aeptui.api.mappingtrials import Function, MappedRow
from aeptui.api.models import BaseConnection, Dataset, MappingSet, TargetConnection
from aeptui.api.services import ServiceView
from aeptui.api.xdmlibrary import Block, Collection, Container
from aeptui.forms.connectors import Connector, FlowKind, connector, flow_kind
from aeptui.forms.xdm_fields import XdmField, leaves


@dataclass(frozen=True, slots=True)
class Connectors:
    """All sources that can be logged in to, by title, CRMs first."""

    says: str = "the connectors"

    async def ask(self, services: ServiceView) -> tuple[Connector, ...]:
        found: list[Connector] = []
        async for page in services.flows.list_connection_specs():
            found += [known for known in map(connector, page) if known is not None]
        return tuple(sorted(found, key=lambda each: (each.category != "crm", each.title.lower())))


@dataclass(frozen=True, slots=True)
class FlowKinds:
    """The flow specs."""

    says: str = "the flow specs"

    async def ask(self, services: ServiceView) -> tuple[FlowKind, ...]:
        return tuple(
            [flow_kind(spec) async for page in services.flows.list_flow_specs() for spec in page]
        )


@dataclass(frozen=True, slots=True)
class TheBaseConnection:
    id: str
    says: str = "the base connection"

    async def ask(self, services: ServiceView) -> BaseConnection:
        return await services.flows.get_base_connection(self.id)


@dataclass(frozen=True, slots=True)
class TheTargetConnection:
    id: str
    says: str = "the target connection"

    async def ask(self, services: ServiceView) -> TargetConnection:
        return await services.flows.get_target_connection(self.id)


@dataclass(frozen=True, slots=True)
class TheDataset:
    id: str
    says: str = "the dataset"

    async def ask(self, services: ServiceView) -> Dataset:
        return await services.catalog.get_dataset(self.id)


@dataclass(frozen=True, slots=True)
class TheMappingSet:
    id: str
    says: str = "the mapping set"

    async def ask(self, services: ServiceView) -> MappingSet:
        """Its newest version: a look-up without one may show the first (AEP.md 6.1)."""
        async for page in services.data_prep.list_mapping_sets():
            for each in page:
                if each.id == self.id:
                    return each
        return await services.data_prep.get_mapping_set(self.id)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a source connection that exists reads; `columns` is None where it names none."""

    connection_spec: str
    base_connection: str
    table: str
    columns: tuple[SourceColumn, ...] | None


@dataclass(frozen=True, slots=True)
class TheSourceConnection:
    id: str
    says: str = "the source connection"

    async def ask(self, services: ServiceView) -> SourceFacts:
        model = await services.flows.get_source_connection(self.id)
        params = model.raw().get("params")
        told = params.get("columns") if isinstance(params, dict) else None
        columns = [column(each) for each in told or () if isinstance(each, dict)]
        return SourceFacts(
            connection_spec=model.spec_id,
            base_connection=model.base_connection_id,
            table=model.table,
            columns=tuple(columns) if columns else None,
        )


@dataclass(frozen=True, slots=True)
class Tables:
    """What a base connection shows."""

    connection: str
    says: str = "the tables, from the source itself"

    async def ask(self, services: ServiceView) -> tuple[SourceTable, ...]:
        return await services.exploring.tables(self.connection)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table."""

    connection: str
    table: str
    says: str = "the columns, from the source itself"

    async def ask(self, services: ServiceView) -> tuple[SourceColumn, ...]:
        return await services.exploring.columns(self.connection, self.table)


@dataclass(frozen=True, slots=True)
class Rows:
    """The first rows of a table; `filters` is a row filter as JSON, or empty."""

    connection: str
    table: str
    filters: str = ""
    says: str = "sample rows, from the source itself"

    async def ask(self, services: ServiceView) -> TablePreview:
        filters = json.loads(self.filters) if self.filters else None
        return await services.exploring.preview(self.connection, self.table, filters)


@dataclass(frozen=True, slots=True)
class Blocks:
    """The classes or the field groups of both containers."""

    collection: Collection
    says: str = "the building blocks of schemas"

    async def ask(self, services: ServiceView) -> tuple[Block, ...]:
        return await services.library.blocks(self.collection)


@dataclass(frozen=True, slots=True)
class BlockFields:
    """The fields of a class or a field group."""

    collection: Collection
    container: Container
    id: str
    says: str = "the fields of a building block"

    async def ask(self, services: ServiceView) -> tuple[XdmField, ...]:
        return leaves(await services.library.full(self.collection, self.container, self.id))


@dataclass(frozen=True, slots=True)
class SchemaFacts:
    """A schema that exists: its version, and its fields."""

    id: str
    title: str
    version: str
    fields: tuple[XdmField, ...]


@dataclass(frozen=True, slots=True)
class TheSchema:
    id: str
    says: str = "the fields of the schema"

    async def ask(self, services: ServiceView) -> SchemaFacts:
        full = await services.library.full("schemas", "tenant", self.id)
        version = str(full.get("version") or "1.0")
        title = str(full.get("title") or self.id)
        return SchemaFacts(str(full.get("$id") or self.id), title, version, leaves(full))


@dataclass(frozen=True, slots=True)
class Identified:
    """The identities that a schema has already: (path with slashes, namespace, is primary)."""

    schema: str
    says: str = "the identities of the schema"

    async def ask(self, services: ServiceView) -> tuple[tuple[str, str, bool], ...]:
        return tuple(
            (
                str(told.get("xdm:sourceProperty") or ""),
                str(told.get("xdm:namespace") or ""),
                told.get("xdm:isPrimary") is True,
            )
            for told in await services.library.identities(self.schema)
        )


@dataclass(frozen=True, slots=True)
class Namespaces:
    """The namespaces of identities."""

    says: str = "the identity namespaces"

    async def ask(self, services: ServiceView) -> tuple[Namespace, ...]:
        return await services.identities.namespaces()


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions that an expression may call."""

    says: str = "the functions of Data Prep"

    async def ask(self, services: ServiceView) -> tuple[Function, ...]:
        return await services.trials.functions()


@dataclass(frozen=True, slots=True)
class Validated:
    """A sentence for each mapping of a set (as JSON), empty where it works."""

    mapping_set: str
    says: str = "whether the mappings work"

    async def ask(self, services: ServiceView) -> tuple[str, ...]:
        return await services.trials.validate(json.loads(self.mapping_set))


@dataclass(frozen=True, slots=True)
class Mapped:
    """The record that a mapping set (as JSON) makes of a row (as JSON)."""

    mapping_set: str
    row: str
    says: str = "what the mappings make of a sample row"

    async def ask(self, services: ServiceView) -> MappedRow:
        return await services.trials.preview(json.loads(self.mapping_set), json.loads(self.row))


@dataclass(frozen=True, slots=True)
class LetsIn:
    """Whether the platform can log in with a base connection, and what the CRM said."""

    connection: str
    says: str = "whether the connection works"

    async def ask(self, services: ServiceView) -> tuple[bool, str]:
        result = await services.flows.test_connection(self.connection)
        return result.ok, result.sentence


def as_json(value: Any) -> str:
    """A value as it is kept in a question."""
    return json.dumps(value, sort_keys=True)
