"""Field groups of an organisation's own, carried from one sandbox or organisation to another.

Their ids hold in one sandbox only, so a pipeline file names them by title and
has their definition. Paths begin with the organisation's tenant id (AEP.md 4.5),
which is another elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aeptui.api.errors import NotFound
from aeptui.api.paths import FIELD_GROUPS
from aeptui.forms.identities import Identity
from aeptui.forms.pairs import Pair
from aeptui.forms.xdm_fields import XdmField, leaves
from aeptui.pipelines.file import FieldGroup, MappingSet, PipelineFile
from aeptui.pipelines.plan import Step, Undo

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView

STEP = "field_group"
_CONTENT = ("type", "definitions", "allOf", "properties", "required")
_DEEPEST = 12


async def read(services: ServiceView, id: str) -> FieldGroup:
    """A field group as it was made, with every class that it fits, by `$id`."""
    told = await services.library.as_made("fieldgroups", "tenant", id)
    description = told.get("description")
    return FieldGroup(
        name=str(told.get("title") or id),
        definition={key: told[key] for key in _CONTENT if key in told},
        description=str(description) if description else None,
        fits=tuple(str(each) for each in told.get("meta:intendedToExtend") or ()),
    )


def step(group: FieldGroup, name: str) -> Step:
    """The write that makes it; `name` is the step's."""
    body: dict[str, Any] = {"title": group.name}
    if group.description:
        body["description"] = group.description
    if group.fits:
        body["meta:intendedToExtend"] = list(group.fits)
    return Step(
        name=name,
        title=f"Create the field group {group.name}",
        kind="field-groups",
        method="POST",
        path=FIELD_GROUPS,
        body={**body, **group.definition},
        undo=Undo("DELETE", f"{FIELD_GROUPS}/{{{name}}}"),
    )


def strange_to_others(group: FieldGroup, tenant: str) -> tuple[str, ...]:
    """What it refers to of the organisation's own, and that no file can bring along."""
    ours = f"https://ns.adobe.com/{tenant}/"
    return tuple(dict.fromkeys(ref for ref in _refs(group.definition) if ref.startswith(ours)))


async def fields(services: ServiceView, group: FieldGroup) -> tuple[XdmField, ...]:
    """The fields that it will have once it is made."""
    types: dict[str, Mapping[str, Any]] = {}
    for ref in dict.fromkeys(_refs(group.definition)):
        if ref.startswith("https://"):
            types[ref] = await _data_type(services, ref)
    definition = dict(group.definition)
    whole: dict[str, Any] = {"properties": {}}
    own = definition.get("definitions")
    for part in (definition, *(own.values() if isinstance(own, dict) else ())):
        if isinstance(part, Mapping):
            resolved = _resolved({k: part.get(k) for k in ("properties", "required")}, types, 0)
            whole = _together(whole, resolved)
    return leaves(whole)


async def _data_type(services: ServiceView, id: str) -> Mapping[str, Any]:
    try:
        return await services.library.full("datatypes", "global", id)
    except NotFound:
        return {}


def _resolved(node: Any, types: Mapping[str, Mapping[str, Any]], depth: int) -> Any:
    if depth > 4 * _DEEPEST:
        return {}
    if isinstance(node, Mapping):
        found = {key: _resolved(each, types, depth + 1) for key, each in node.items()}
        ref = node.get("$ref")
        return {**types.get(ref, {}), **found} if isinstance(ref, str) else found
    if isinstance(node, list):
        return [_resolved(each, types, depth + 1) for each in node]
    return node


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two objects as one, deep; lists are joined."""
    found = dict(one)
    for key, value in other.items():
        held = found.get(key)
        if isinstance(held, Mapping) and isinstance(value, Mapping):
            found[key] = _together(held, value)
        elif isinstance(held, list) and isinstance(value, list):
            found[key] = [*held, *(each for each in value if each not in held)]
        elif value is not None:
            found[key] = value
    return found


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, each in node.items():
            if key == "$ref" and isinstance(each, str):
                yield each
            yield from _refs(each)
    elif isinstance(node, list | tuple):
        for each in node:
            yield from _refs(each)


# Another organisation -------------------------------------------------------------


def retold(file: PipelineFile, tenant: str) -> PipelineFile:
    """The file in the paths of the organisation `tenant`."""
    if not file.tenant or file.tenant == tenant:
        return file
    old, new = f"_{file.tenant}", f"_{tenant}"

    def path(said: str) -> str:
        head, dot, rest = said.partition(".")
        return f"{new}{dot}{rest}" if head == old else said

    def group(each: FieldGroup) -> FieldGroup:
        text = json.dumps(each.definition).replace(f'"{old}"', f'"{new}"')
        return replace(each, definition=json.loads(text))

    def pair(each: Pair) -> Pair:
        return replace(each, destination=path(each.destination))

    def mark(each: Identity) -> Identity:
        return replace(each, field=path(each.field))

    return replace(
        file,
        tenant=tenant,
        field_groups=tuple(map(group, file.field_groups)),
        schema=replace(file.schema, identities=tuple(map(mark, file.schema.identities))),
        mapping_set=MappingSet(tuple(map(pair, file.mapping_set.fields))),
    )
