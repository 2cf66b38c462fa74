"""Trying other credentials without touching those in use: made beside them, tested, removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aeptui.api.errors import ApiTrouble
from aeptui.pipelines.apply import undo
from aeptui.pipelines.here import carry_out, journal_of, plan_for
from aeptui.pipelines.plan import Secrets, Step

if TYPE_CHECKING:
    from aeptui.session import Session


@dataclass(frozen=True, slots=True)
class Tried:
    """Whether the credentials let the platform in, what was said, and what could not be removed."""

    ok: bool
    sentence: str
    left: str = ""


async def try_out(session: Session, step: Step, secrets: Secrets) -> Tried:
    """Make what `step` makes, test it, take it back; raises ApiTrouble or JournalError.

    What was made is taken back whatever came of the test; the journal has it if even
    that cannot be done.
    """
    plan = plan_for(session, step.title, [step])
    made = (await carry_out(session, plan, secrets)).stands[-1][1]
    ok, sentence, left = False, "", ""
    services = await session.connected()
    try:
        result = await services.flows.test_connection(made.id)
        ok, sentence = result.ok, result.sentence
    except ApiTrouble as trouble:
        sentence = f"It was not tested: {trouble}"
    finally:  # whoever leaves the form meanwhile leaves no credentials behind either
        async with journal_of(session) as journal:
            async for event in undo(plan.id, services, journal):
                if event.what not in ("undone", "finished"):
                    left = event.sentence
    return Tried(ok, sentence, left)
