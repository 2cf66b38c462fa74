"""Looking for what a write may have done, when nobody said whether it did.

A creation is looked for by its name and by what it refers to, among what was
made since it was sent; a change, a deletion or an action by how its target is
now. Nothing is concluded from likeness alone: two that fit are an open question.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from aeptui.api.errors import NotFound
from aeptui.api.models import Flow, MappingSet, Model, Run, Schema
from aeptui.api.scrub import scrub_text
from aeptui.forms.questions import TheMappingSet
from aeptui.pipelines.plan import Made, Step

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView
    from aeptui.api.writing import WriteRequest
    from aeptui.api.xdmlibrary import Block

Body: TypeAlias = Mapping[str, Any]

_SLACK_S = 5.0
"""A `Date` header has whole seconds, and an answer takes its time on the way."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found: `landed` is None where it cannot be told, and then `reason` says why."""

    landed: bool | None
    made: Made | None = None
    reason: str = ""


Taken: TypeAlias = Callable[[Sequence[str]], Awaitable[Collection[str]]]
"""Those of some ids that another write is known to have made."""


async def look(
    services: ServiceView, step: Step, request: WriteRequest, sent_at: datetime, taken: Taken
) -> Findings:
    """Whether `request`, sent at `sent_at`, was carried out; raises ApiTrouble."""
    match step.purpose:
        case "create":
            return await _created(services, step, request, sent_at, taken)
        case "delete":
            return await _deleted(services, step)
        case "change":
            return await _changed(services, step, request)
        case "action":
            return await _acted(services, step, request, sent_at, taken)


# Creations --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the things of a kind are listed, and when one is what a body asked for."""

    list: Callable[[ServiceView, datetime], AsyncIterator[Sequence[Model]]]
    fits: Callable[[Body, Any], bool]


def _at(body: Body, *path: str | int) -> Any:
    value: Any = body
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _named(body: Body, model: Model, key: str = "name") -> bool:
    return scrub_text(str(body.get(key, ""))) == model.name


def _mapped(body: Body, model: MappingSet) -> bool:
    """A mapping set may have no name: it is the same when it maps the same to the same."""
    schema = _at(body, "outputSchema", "schemaRef", "id") or body.get("xdmSchema")
    wanted = _pairs(body)
    return model.schema_id == schema and sorted(wanted) == sorted(_pairs(model.raw()))


def _pairs(body: Body) -> list[tuple[str, str]]:
    """AEP.md 6.1: both styles of a mapping are in use, and answers mix them."""
    return [
        (
            str(each.get("source") or each.get("sourceAttribute") or ""),
            str(each.get("destination") or each.get("destinationXdmPath") or ""),
        )
        for each in body.get("mappings") or []
        if isinstance(each, Mapping)
    ]


_KINDS: Mapping[str, _Kind] = {
    "base-connections": _Kind(
        lambda services, since: services.flows.list_base_connections(),
        lambda body, model: (
            _named(body, model) and model.spec_id == _at(body, "connectionSpec", "id")
        ),
    ),
    "source-connections": _Kind(
        lambda services, since: services.flows.list_source_connections(),
        lambda body, model: (
            _named(body, model)
            and model.base_connection_id == body.get("baseConnectionId")
            and model.table == (_at(body, "params", "tableName") or _at(body, "params", "path"))
        ),
    ),
    "target-connections": _Kind(
        lambda services, since: services.flows.list_target_connections(),
        lambda body, model: (
            _named(body, model) and model.dataset_id == _at(body, "params", "dataSetId")
        ),
    ),
    "schemas": _Kind(
        lambda services, since: services.schemas.list_schemas(),
        lambda body, model: _named(body, model, "title"),
    ),
    "datasets": _Kind(
        lambda services, since: services.catalog.list_datasets(),
        lambda body, model: _named(body, model) and model.schema_id == _at(body, "schemaRef", "id"),
    ),
    "mapping-sets": _Kind(
        lambda services, since: services.data_prep.list_mapping_sets(),
        _mapped,
    ),
    "flows": _Kind(
        lambda services, since: services.flows.list_flows(since),
        lambda body, model: (
            _named(body, model)
            and model.source_connection_id == _at(body, "sourceConnectionIds", 0)
            and model.target_connection_id == _at(body, "targetConnectionIds", 0)
        ),
    ),
    "runs": _Kind(
        lambda services, since: services.flows.list_runs(since),
        lambda body, model: model.flow_id == body.get("flowId"),
    ),
}


async def _created(
    services: ServiceView, step: Step, request: WriteRequest, sent_at: datetime, taken: Taken
) -> Findings:
    body = json.loads(request.body or b"null")
    if isinstance(body, dict) and step.path.endswith("/tenant/descriptors"):
        return await _described(services, body, taken)
    if isinstance(body, dict) and step.path.endswith("/tenant/fieldgroups"):
        return await _grouped(services, body, _since(services, sent_at), taken)
    kind = _KINDS.get(step.kind)
    if kind is None or not isinstance(body, dict):
        return Findings(None, reason="what it makes cannot be looked for")
    since = _since(services, sent_at)
    found: list[Model] = []
    async for page in kind.list(services, since):
        found += [model for model in page if _is_new(model, since) and kind.fits(body, model)]
    return await _the_one(found, taken)


_SAME_IDENTITY = ("@type", "xdm:sourceProperty", "xdm:namespace", "xdm:isPrimary")


async def _described(services: ServiceView, body: Body, taken: Taken) -> Findings:
    """Whether a schema has the identity; nothing says when a descriptor was made."""
    wanted = [body.get(key) for key in _SAME_IDENTITY]
    found = [
        str(told.get("@id") or "")
        for told in await services.library.identities(str(body.get("xdm:sourceSchema")))
        if [told.get(key) for key in _SAME_IDENTITY] == wanted
    ]
    others = await taken(found) if found else ()
    left = [id for id in found if id not in others]
    return Findings(True, Made(left[0])) if left else Findings(False)


async def _grouped(services: ServiceView, body: Body, since: datetime, taken: Taken) -> Findings:
    """Whether there is a new field group of this title, of which there is never a second one."""
    title = scrub_text(str(body.get("title", "")))
    for block in await services.library.blocks("fieldgroups"):
        is_it = block.container == "tenant" and block.title == title
        if is_it and _is_new(block, since) and block.id not in await taken([block.id]):
            return Findings(True, Made(block.id))
    return Findings(False)


async def _the_one(found: Sequence[Model], taken: Taken) -> Findings:
    """The only one of `found` that no other write has made."""
    others = await taken([model.id for model in found]) if found else ()
    left = [model for model in found if model.id not in others]
    if len(left) > 1:
        ids = ", ".join(model.id for model in left)
        return Findings(None, reason=f"{len(left)} fit that were made since: {ids}")
    return Findings(True, _made(left[0])) if left else Findings(False)


def _since(services: ServiceView, sent_at: datetime) -> datetime:
    return sent_at - timedelta(seconds=_SLACK_S * max(1.0, services.clock.speed))


def _is_new(model: Model | Block, since: datetime) -> bool:
    """Where the platform does not say when it was made, likeness has to do."""
    return model.created_at is None or model.created_at >= since


def _made(model: Model) -> Made:
    match model:
        case MappingSet():
            return Made(model.id, version=model.version)
        case Schema():
            return Made(model.id, version=model.version)
        case _:
            return Made(model.id, model.etag)


# The rest ---------------------------------------------------------------------


async def current(services: ServiceView, kind: str, id: str) -> Model | None:
    """A thing as it is now; None when it is gone. KeyError for a kind that has no look-up."""
    get: Mapping[str, Callable[[str], Any]] = {
        "base-connections": services.flows.get_base_connection,
        "source-connections": services.flows.get_source_connection,
        "target-connections": services.flows.get_target_connection,
        "schemas": services.schemas.get_schema,
        "datasets": services.catalog.get_dataset,
        "mapping-sets": services.data_prep.get_mapping_set,
        "flows": services.flows.get_flow,
        "runs": services.flows.get_run,
    }
    try:
        found: Model = await get[kind](id)
    except NotFound:
        return None
    return found


async def _deleted(services: ServiceView, step: Step) -> Findings:
    if not step.target:
        return Findings(None, reason="it is not known what it deletes")
    return Findings(await current(services, step.kind, step.target) is None, Made(step.target))


async def _changed(services: ServiceView, step: Step, request: WriteRequest) -> Findings:
    """A JSON Patch has landed when every value that it sets is there."""
    operations = json.loads(request.body or b"null")
    if step.kind == "mapping-sets" and isinstance(operations, dict) and step.target:
        return await _saved(services, step.target, operations)
    if not isinstance(operations, list) or not step.target:
        return Findings(None, reason="how it should be now cannot be told from the request")
    model = await current(services, step.kind, step.target)
    if model is None:
        return Findings(False)
    body = model.raw()
    same = all(
        _pointed(body, str(each.get("path", ""))) == each.get("value") for each in operations
    )
    return Findings(same, _made(model) if same else None)


async def _saved(services: ServiceView, id: str, body: Body) -> Findings:
    """Another version of a mapping set has landed when the newest one maps what was sent."""
    try:
        newest = await TheMappingSet(id).ask(services)
        if not newest.raw().get("mappings"):
            newest = await services.data_prep.get_mapping_set(id, newest.version)
    except NotFound:
        return Findings(False)
    same = sorted(_pairs(body)) == sorted(_pairs(newest.raw()))
    same = same and _identities(body) == _identities(newest.raw())
    return Findings(same, _made(newest) if same else None)


def _identities(body: Body) -> set[str]:
    """The fields that a mapping set marks as identities."""
    return {
        str(each.get("destination") or each.get("destinationXdmPath") or "")
        for each in body.get("mappings") or []
        if isinstance(each, Mapping) and each.get("identity")
    }


def _pointed(body: Any, pointer: str) -> Any:
    """What a JSON Pointer leads to; None where it leads nowhere."""
    for key in pointer.removeprefix("/").split("/"):
        name = key.replace("~1", "/").replace("~0", "~")
        body = _at(
            {"": body}, "", int(name) if isinstance(body, list) and name.isdecimal() else name
        )
    return body


_STATE_AFTER = {
    "enable": ("enabled", "enabling"),
    "disable": ("disabled", "disabling"),
    "publish": ("enabled", "enabling", "initializing"),
}


async def _acted(
    services: ServiceView, step: Step, request: WriteRequest, sent_at: datetime, taken: Taken
) -> Findings:
    op = request.path.partition("op=")[2].partition("&")[0].lower().replace("_", "-")
    target = await current(services, step.kind, step.target)
    match target:
        case Flow() if op in _STATE_AFTER:
            landed = target.state.lower() in _STATE_AFTER[op]
            return Findings(landed, _made(target) if landed else None)
        case Run() if op == "re-trigger":
            return await _run_again(services, target, sent_at, taken)
        case None:
            return Findings(False)
        case _:
            return Findings(None, reason="what it does cannot be looked for")


async def _run_again(
    services: ServiceView, first: Run, sent_at: datetime, taken: Taken
) -> Findings:
    """A retry reads the window of the first run again (AEP.md 3.5), as a run of its own."""
    since, window = _since(services, sent_at), (first.window_start, first.window_end)
    found: list[Run] = []
    async for page in services.flows.list_runs(since, first.flow_id):
        found += [
            run
            for run in page
            if run.id != first.id
            and _is_new(run, since)
            and (run.window_start, run.window_end) in ((None, None), window)
        ]
    return await _the_one(found, taken)
