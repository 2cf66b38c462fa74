"""What differs between a pipeline file and the platform, and may be changed: the steps for it.

A flow's schedule, delta column and options, descriptions, and the pairs of a
mapping set. The forms that change things make the steps, each under the etag that
was read, so that what somebody else changed meanwhile is never written over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aeptui.forms import pairs, remapping
from aeptui.forms.changing import STEP, Subject, form_of
from aeptui.forms.form import NOTHING, settled
from aeptui.forms.lookups import Lookups
from aeptui.pipelines.answering import flow_answers, placed
from aeptui.pipelines.chain import Chain
from aeptui.pipelines.comparing import Difference
from aeptui.pipelines.file import PipelineError, PipelineFile
from aeptui.pipelines.finding import PartState
from aeptui.pipelines.known import Known
from aeptui.pipelines.plan import Ref, Step
from aeptui.pipelines.unmaking import KINDS

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView

_OF_FLOW = (
    *("description", "delta_column", "error_diagnostics", "partial_ingestion_percent"),
    *("frequency", "interval", "start", "backfill"),
)
_DESCRIBED = ("source_connection", "target_connection", "dataset", "base_connection", "schema")


def can_change(each: Difference) -> bool:
    """Whether a difference is one that `amend` can make steps for."""
    part, last = each.key[0], each.key[-1]
    if part == "flow":
        return last in _OF_FLOW
    if part == "mapping_set":
        return last != "identity"
    return part in _DESCRIBED and last == "description"


async def amend(
    file: PipelineFile,
    parts: Sequence[PartState],
    chain: Chain,
    services: ServiceView,
    lookups: Lookups,
    known: Known,
) -> tuple[tuple[Step, ...], tuple[PipelineError, ...]]:
    """The steps that bring a flow and its parts into line with `file`, or what is wrong.

    Only for differences of which `can_change` is true; raises ApiTrouble.
    """
    steps: list[Step] = []
    faults: list[PipelineError] = []
    moved: Ref | None = None
    for part in sorted(parts, key=lambda each: each.part == "flow"):
        if not part.differences:
            continue
        if part.part == "mapping_set":
            found, wrong = await _remapped(file, chain, services)
            moved = next((Ref(step.name, "etag") for step in found if step.kind == "flows"), None)
        else:
            found, wrong = await _changed(file, part, chain, lookups, known)
        if part.part == "flow" and moved is not None:
            # The same flow was moved to another version just before.
            found = [replace(step, headers={**step.headers, "If-Match": moved}) for step in found]
        steps += found
        faults += wrong
    return tuple(steps), tuple(faults)


async def _changed(
    file: PipelineFile, part: PartState, chain: Chain, lookups: Lookups, known: Known
) -> tuple[list[Step], list[PipelineError]]:
    """One patch of a thing, by the form that changes its kind."""
    model, _ = chain.parts(known)[part.part]
    subject = Subject(
        KINDS[part.part], model.id, model.name, part.noun, model.raw(), etag=model.etag
    )
    said: dict[str, Any] = {"description": getattr(file.part(part.part), "description", None)}
    if part.part == "flow":
        said |= flow_answers(file, known)
    wanted = {str(each.key[-1]) for each in part.differences}
    answers = {name: said[name] for name in wanted if said.get(name) is not None}
    form = form_of(subject)
    await settled(form, answers, lookups)
    fixed = {
        field.name: field.fixed
        for field in form.fields(answers, lookups, NOTHING)
        if field.fixed and field.name in wanted
    }
    wrong = {**form.check(answers, lookups, NOTHING), **fixed}
    if wrong:
        return [], [placed(file, f"{part.part}.{name}", told) for name, told in wrong.items()]
    steps = form.steps(answers, lookups, NOTHING)
    return [replace(step, name=f"{STEP}_{part.part}") for step in steps], []


async def _remapped(
    file: PipelineFile, chain: Chain, services: ServiceView
) -> tuple[list[Step], list[PipelineError]]:
    """Another version of the mapping set, and this flow moved to it; others stay where they are."""
    flow = chain.flow.id
    remap = await remapping.read(services, chain.mapping_set.id, [flow], of_flow=flow)
    wanted = file.mapping_set.fields
    if wrong := pairs.fault(wanted, remap.bench.fields, remap.bench.columns):
        return [], [placed(file, "mapping_set.pairs", wrong)]
    return remapping.steps(remap, wanted, [flow]), []
