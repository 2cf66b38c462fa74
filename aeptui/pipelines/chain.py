"""A flow of the platform and all that it stands on, read as it is now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aeptui.api import models
from aeptui.forms.questions import Identified
from aeptui.pipelines import reading_back
from aeptui.pipelines.file import Part
from aeptui.pipelines.known import Known, at

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView


class NotSayable(Exception):
    """A flow that no pipeline file can say, and why."""


@dataclass(frozen=True, slots=True)
class Chain:
    """From the credentials to the flow, each with the body that the platform answered."""

    flow: models.Flow
    source: models.SourceConnection
    base: models.BaseConnection
    target: models.TargetConnection
    dataset: models.Dataset
    schema: models.Schema
    mapping_set: models.MappingSet
    """In the version that the flow pins."""
    identities: tuple[tuple[str, str, bool], ...]
    """Of the schema: path with slashes, namespace, whether primary."""

    def parts(self, known: Known) -> dict[str, tuple[models.Model, Part]]:
        """Each part of a pipeline file: the thing itself, and as a file would say it."""
        held = self.identities
        return {
            "base_connection": (self.base, reading_back.base_connection(self.base, known)),
            "source_connection": (self.source, reading_back.source_connection(self.source)),
            "schema": (self.schema, reading_back.schema(self.schema, held, known)),
            "dataset": (self.dataset, reading_back.dataset(self.dataset)),
            "target_connection": (self.target, reading_back.target_connection(self.target)),
            "mapping_set": (
                self.mapping_set,
                reading_back.mapping_set(self.mapping_set, held),
            ),
            "flow": (self.flow, reading_back.flow(self.flow, known)),
        }


async def chain_of(services: ServiceView, flow: models.Flow) -> Chain:
    """What a flow stands on; raises ApiTrouble, and NotSayable for a flow of another shape."""
    for ids, what in (("sourceConnectionIds", "source"), ("targetConnectionIds", "target")):
        if len(at(flow.raw(), ids) or ()) != 1:
            raise NotSayable(f"The flow {flow.name} does not have one {what} connection")
    if not flow.mapping_set_id:
        raise NotSayable(f"The flow {flow.name} has no mapping set")
    source, target, mapping_set = await asyncio.gather(
        services.flows.get_source_connection(flow.source_connection_id),
        services.flows.get_target_connection(flow.target_connection_id),
        services.data_prep.get_mapping_set(flow.mapping_set_id, flow.mapping_version),
    )
    if not source.base_connection_id:
        raise NotSayable(f"The source connection {source.name} has no base connection")
    if not target.dataset_id:
        raise NotSayable(f"The target connection {target.name} leads to no dataset")
    base, dataset = await asyncio.gather(
        services.flows.get_base_connection(source.base_connection_id),
        services.catalog.get_dataset(target.dataset_id),
    )
    if not dataset.schema_id:
        raise NotSayable(f"The dataset {dataset.name} has no schema")
    schema, identities = await asyncio.gather(
        services.schemas.get_schema(dataset.schema_id, as_made=True),
        Identified(dataset.schema_id).ask(services),
    )
    return Chain(flow, source, base, target, dataset, schema, mapping_set, identities)
