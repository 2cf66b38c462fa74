"""A plan that was not sent yet as a pipeline file: what it makes whole, what it uses by name.

The bodies of its steps are read as if the platform had answered them, so that
what reads an existing flow back reads a plan as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aeptui.api import decode
from aeptui.api.decode import MASK
from aeptui.forms.lookups import Lookups
from aeptui.forms.questions import Identified, TheMappingSet
from aeptui.pipelines import reading_back
from aeptui.pipelines.chain import NotSayable
from aeptui.pipelines.file import (
    BaseConnection,
    Dataset,
    MappingSet,
    PipelineError,
    PipelineFile,
    Schema,
    SourceConnection,
    TargetConnection,
    parse,
)
from aeptui.pipelines.file_text import Remark, written
from aeptui.pipelines.known import Known, known_in
from aeptui.pipelines.looking import current
from aeptui.pipelines.plan import Plan, Ref, SecretRef
from aeptui.pipelines.unmaking import KINDS

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView

_UNMADE = "still-to-be-made"


async def text_of(
    plan: Plan, reused: Mapping[str, str], services: ServiceView, lookups: Lookups
) -> str:
    """The file of a wizard's plan; `reused` are the ids of the parts that it does not make.

    Raises ApiTrouble, and NotSayable where a file has no word for something.
    """
    known = await known_in(services, lookups)
    bodies = {step.name: _told(step.body) for step in plan.steps}
    names = {part: await _name(services, part, id) for part, id in reused.items()}
    held = await _held(plan, reused, services)
    schema = Schema(names.get("schema", ""))
    if "schema" in bodies:
        made = _with_class(bodies["schema"], known)
        schema = reading_back.schema(decode.schema(_raw(made, "$id")), held, known)
    if "mapping_set" in reused:
        mapping_set = await TheMappingSet(reused["mapping_set"]).ask(services)
    else:
        mapping_set = decode.mapping_set(_raw(bodies["mapping_set"]))
    pairs = reading_back.mapping_set(mapping_set, held)
    destinations = [pair.destination for pair in pairs.fields]
    file = PipelineFile(
        base_connection=reading_back.base_connection(
            decode.base_connection(_raw(bodies["base_connection"])), known
        )
        if "base_connection" in bodies
        else BaseConnection(names.get("base_connection", "")),
        source_connection=reading_back.source_connection(
            decode.source_connection(_raw(bodies["source_connection"]))
        )
        if "source_connection" in bodies
        else SourceConnection(names.get("source_connection", "")),
        schema=_without_pairs(schema, pairs) if "schema" in bodies else schema,
        dataset=reading_back.dataset(decode.dataset(_UNMADE, _raw(bodies["dataset"])))
        if "dataset" in bodies
        else Dataset(names.get("dataset", "")),
        target_connection=reading_back.target_connection(
            decode.target_connection(_raw(bodies["target_connection"]))
        )
        if "target_connection" in bodies
        else TargetConnection(names.get("target_connection", "")),
        mapping_set=pairs,
        flow=reading_back.flow(decode.flow(_raw(bodies["flow"])), known),
        tenant=known.tenant if any(e.startswith(f"_{known.tenant}.") for e in destinations) else "",
    )
    text = written(file, _remarks(plan))
    try:
        again = parse(Path("the plan"), text, {})
    except PipelineError as reason:
        raise NotSayable(f"This plan cannot be written as a file: {reason}") from None
    if again != file:
        raise NotSayable("This plan would be read otherwise than it is")
    return text


def _remarks(plan: Plan) -> list[Remark]:
    if plan.step("flow").path.endswith("mode=draft"):
        return [Remark("flow", "It was planned as a draft; made from this file, it runs.")]
    return []


async def _name(services: ServiceView, part: str, id: str) -> str:
    model = await current(services, KINDS[part], id)
    if model is None:
        raise NotSayable(f"The {part.replace('_', ' ')} {id} is gone")
    return model.name


async def _held(
    plan: Plan, reused: Mapping[str, str], services: ServiceView
) -> tuple[tuple[str, str, bool], ...]:
    """The identities that the schema has and gets."""
    found: tuple[tuple[str, str, bool], ...] = ()
    if "schema" in reused:
        found = await Identified(reused["schema"]).ask(services)
    return found + tuple(
        (
            step.body["xdm:sourceProperty"],
            step.body["xdm:namespace"],
            step.body["xdm:isPrimary"],
        )
        for step in plan.steps
        if isinstance(step.body, Mapping) and step.body.get("@type") == "xdm:descriptorIdentity"
    )


def _without_pairs(schema: Schema, pairs: MappingSet) -> Schema:
    """The schema with the identities that no pair names."""
    return replace(schema, identities=reading_back.unmarked(schema, pairs))


def _with_class(body: dict[str, Any], known: Known) -> dict[str, Any]:
    """The class of a schema is told by its `allOf` while it is not made."""
    refs = [str(each.get("$ref")) for each in body.get("allOf") or () if isinstance(each, dict)]
    return body | {"meta:class": next((ref for ref in refs if known.class_(ref)), "")}


def _raw(body: Mapping[str, Any], id_key: str = "id") -> bytes:
    """A body as the platform would answer it."""
    return json.dumps({**body, id_key: _UNMADE}).encode()


def _told(value: Any) -> Any:
    """A body with words in the place of answers and secrets."""
    match value:
        case Ref():
            return _UNMADE
        case SecretRef():
            return MASK
        case Mapping():
            return {key: _told(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_told(inner) for inner in value]
        case _:
            return value
