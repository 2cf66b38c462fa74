"""Plans for the session at hand: made for it, allowed in it, carried out in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aeptui.api.errors import ApiTrouble
from aeptui.pipelines.apply import apply
from aeptui.pipelines.events import Event
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.looking import current
from aeptui.pipelines.plan import Plan, Secrets, Step

if TYPE_CHECKING:
    from aeptui.api.models import Model
    from aeptui.session import Session

log = logging.getLogger(__name__)


class NotDone(ApiTrouble):
    """A plan of one write did not come to its end, and no answer of the platform says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = ""


def why_not_write(session: Session) -> str | None:
    """Why nothing may be written here just now, or None."""
    if session.writable:
        return None
    if session.protected:
        return f"The sandbox {session.sandbox} is protected, and writing is not unlocked"
    return f"The profile {session.profile.name} is read-only, and writing is not unlocked"


def plan_for(session: Session, title: str, steps: Sequence[Step]) -> Plan:
    """A plan of `steps` for the platform, organisation and sandbox of `session`."""
    return Plan(
        title=title,
        steps=tuple(steps),
        profile=session.profile.name,
        host=session.profile.platform_url,
        org=session.profile.org_id,
        sandbox=session.sandbox,
        made_at=session.now(),
    )


@asynccontextmanager
async def journal_of(session: Session) -> AsyncIterator[Journal]:
    """The journal of the session's state folder; raises JournalError when it cannot be used."""
    journal = await asyncio.to_thread(Journal.open, session.config.state_dir)
    try:
        yield journal
    finally:
        await asyncio.to_thread(journal.close)


async def carry_out(session: Session, plan: Plan, secrets: Secrets | None = None) -> Event:
    """Do all of `plan` and answer its last event, `finished`; raises ApiTrouble or JournalError.

    Whether it may be done is asked of `why_not_write` before: what is lost by a lock that
    closes in between is nothing, since a plan that is already sending finishes.
    """
    reason = why_not_write(session)
    if reason:
        raise NotDone(f"{reason}; nothing was sent")
    services = await session.connected()
    last: Event | None = None
    async with journal_of(session) as journal:
        async for event in apply(plan, secrets or Secrets(), services, journal):
            last = event
    if last is None:
        raise NotDone(f"{plan.title}: there is nothing to do")
    if last.what == "finished":
        return last
    # The platform's own trouble has its code and request id; what we concluded says more
    # only where the outcome is open.
    if last.error is not None and last.what == "failed":
        raise last.error
    raise NotDone(last.sentence)


async def read_again(session: Session, kind: str, id: str) -> Model | None:
    """Put a thing into the mirror as it is after a write, so that no row has to wait for a tick.

    None when it is gone or nobody could say; the sync finds out in its own time.
    """
    try:
        model = await current(await session.connected(), kind, id)
        if model is not None:
            await session.mirror.upsert(kind, [model], seen_at=session.now())
    except ApiTrouble as trouble:
        log.info("%s was written and not read again: %s", id, trouble)
        return None
    return model
