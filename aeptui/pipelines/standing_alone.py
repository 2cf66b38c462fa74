"""A pipeline file with all that it names spelt out, so that it can be made where nothing is yet.

A rehearsal begins in an empty sandbox: what the file only names is read where it
stands, the credentials without their secrets.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aeptui.forms.questions import Identified
from aeptui.pipelines import field_groups, reading_back
from aeptui.pipelines.file import FieldGroup, PipelineFile
from aeptui.pipelines.known import Known

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView


def lacks(file: PipelineFile) -> bool:
    """Whether something of the file has to be read where it stands."""
    named = {group.name for group in file.field_groups}
    groups = file.schema.field_groups
    return (
        file.base_connection.connector is None
        or groups is None
        or any(not _is_address(each) and each not in named for each in groups)
    )


async def spelt_out(file: PipelineFile, services: ServiceView, known: Known) -> PipelineFile:
    """The file, with what it only names read from a sandbox; raises PipelineError, ApiTrouble."""
    if file.base_connection.connector is None:
        found = [
            model
            async for page in services.flows.list_base_connections()
            for model in page
            if model.name == file.base_connection.name
        ]
        if len(found) != 1:
            many = "no" if not found else f"{len(found)}"
            raise file.fault(
                ("base_connection", "name"), f"There are {many} base connections of this name."
            )
        file = replace(file, base_connection=reading_back.base_connection(found[0], known))
    if file.schema.field_groups is None:
        file = await _with_schema(file, services, known)
    groups: list[FieldGroup] = list(file.field_groups)
    named = {group.name for group in groups}
    for name in file.schema.field_groups or ():
        block = known.field_group(name)
        if block is not None and block.container == "tenant" and name not in named:
            groups.append(await field_groups.read(services, block.id))
    return replace(file, field_groups=tuple(groups), tenant=file.tenant or known.tenant)


async def _with_schema(file: PipelineFile, services: ServiceView, known: Known) -> PipelineFile:
    async for page in services.schemas.list_schemas():
        for model in page:
            if model.name == file.schema.name:
                held = await Identified(model.id).ask(services)
                return replace(file, schema=reading_back.schema(model, held, known))
    raise file.fault(("schema", "name"), "There is no schema of this name.")


def _is_address(name: str) -> bool:
    return name.startswith("https://")
