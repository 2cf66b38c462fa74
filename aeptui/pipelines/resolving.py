"""A pipeline file held against a sandbox: what is made, reused, differs or cannot be.

What is missing is answered to the wizard's forms, and the steps are theirs.
Everything that can be known to be wrong is found here, before the first write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from aeptui.forms import crm_flow
from aeptui.forms.lookups import Lookups
from aeptui.pipelines import answering
from aeptui.pipelines.amending import amend, can_change
from aeptui.pipelines.answering import Reveal, revealed
from aeptui.pipelines.comparing import Difference
from aeptui.pipelines.field_groups import retold
from aeptui.pipelines.file import PipelineError, PipelineFile
from aeptui.pipelines.finding import PartState, find
from aeptui.pipelines.known import known_in
from aeptui.pipelines.plan import Secrets, Step
from aeptui.pipelines.request import as_text, preview

if TYPE_CHECKING:
    from aeptui.api.services import ServiceView


@dataclass(frozen=True, slots=True)
class Resolved:
    """A file in a sandbox: its parts, what is wrong, and the writes that are left to do."""

    file: PipelineFile
    parts: tuple[PartState, ...]
    faults: tuple[PipelineError, ...] = ()
    steps: tuple[Step, ...] = ()
    secrets: Secrets = field(default_factory=Secrets)

    @property
    def done(self) -> bool:
        """Whether all that the file says is there."""
        return not self.faults and not self.steps

    def same_as(self, other: Resolved) -> bool:
        """Whether the other comes to the same parts, faults and requests: nothing has changed."""
        mine, theirs = (
            (each.parts, list(map(str, each.faults)), [as_text(preview(s)) for s in each.steps])
            for each in (self, other)
        )
        return mine == theirs


async def resolve(
    file: PipelineFile, services: ServiceView, lookups: Lookups, reveal: Reveal = revealed
) -> Resolved:
    """Hold `file` against the sandbox of `services`; raises ApiTrouble when it cannot be asked."""
    known = await known_in(services, lookups)
    file = retold(file, known.tenant)
    found = await find(file, services, known)
    parts = found.parts
    stuck = [each for part in parts for each in part.differences if not can_change(each)]
    faults = (*found.faults, *(differs(file, each) for each in stuck))
    if found.chain is None and not faults:
        faults = tuple(differs(file, each) for part in parts for each in part.differences)
    if faults:
        return Resolved(file, parts, faults)
    if found.chain is not None:
        steps, faults = await amend(file, parts, found.chain, services, lookups, known)
        if not faults:
            parts = tuple(
                replace(part, verdict="change") if part.differences else part for part in parts
            )
        return Resolved(file, parts, faults, () if faults else steps)
    known, made = await answering.missing_field_groups(file, services, lookups, known)
    groups = tuple(PartState("field_groups", "field group", each.name, "create") for each in made)
    parts = (*groups, *parts)
    ids: Mapping[str, str] = {part.part: part.id for part in parts}
    try:
        answers = answering.answers(file, ids, known, reveal)
    except PipelineError as fault:
        return Resolved(file, parts, (fault,))
    await crm_flow.settled(answers, lookups)
    wrong = crm_flow.check_all(answers, lookups)
    if wrong:
        faults = tuple(answering.placed(file, name, said) for name, said in wrong.items())
        return Resolved(file, parts, faults)
    steps = answering.with_field_groups(crm_flow.steps(answers, lookups), made)
    return Resolved(file, parts, (), steps, crm_flow.secrets(answers, lookups))


def differs(file: PipelineFile, each: Difference) -> PipelineError:
    """A difference as the reason why a file is not applied."""
    sentence = f"It is {each.platform} on the platform and {each.file} here"
    return file.fault(each.key, f"{sentence}; change one so that both say the same.")
