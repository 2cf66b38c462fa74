"""Plans under way: they belong to the console, so that leaving a page stops none of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from textual.message import Message

from aeptui.api.errors import ApiTrouble
from aeptui.pipelines.apply import apply, undo
from aeptui.pipelines.events import Event
from aeptui.pipelines.here import journal_of, why_not_write
from aeptui.pipelines.journal import JournalError
from aeptui.pipelines.plan import Made, Plan, Secrets, Step
from aeptui.resources.definition import Tone
from aeptui.session import Session

log = logging.getLogger(__name__)

Stands: TypeAlias = tuple[tuple[Step, Made], ...]
"""What a plan has made so far, in the order of its making."""


class PlanTold(Message):
    """One thing that happened to a plan."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class PlanEnded(Message):
    """Nothing more happens to a plan; `event` is the last of it."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


def said(event: Event, more: str = "") -> str:
    """What happened, as a sentence with one full stop, and `more` after it."""
    return f"{event.sentence.rstrip('.')}. {more}".rstrip()


def tone_of(event: Event) -> Tone:
    """How a page that follows a plan colours what happened."""
    if event.what == "sending":
        return "busy"
    return "good" if event.what in ("done", "undone", "finished") else "warn"


def way_on(event: Event) -> str:
    """What to press after a plan has stopped."""
    return "ctrl+g goes on from here." if event.what == "failed" else "ctrl+g looks again."


def standing(event: Event, before: Stands) -> Stands:
    """What stands after an event; one that came before the journal was read takes nothing away."""
    return event.stands if event.what in ("undone", "finished") else event.stands or before


Told = Callable[[Message], object]
"""Takes the messages; whoever is not there any more takes none."""
Checks = Callable[[Event], Awaitable[str]]
"""Looks at what a step has made; a sentence stops the plan there, as a refusal would."""


@dataclass(slots=True)
class Sending:
    """What is being sent just now: each plan once, whatever the keys do."""

    _tasks: dict[str, tuple[Session, str, asyncio.Task[None]]] = field(default_factory=dict)

    @property
    def busy(self) -> list[str]:
        """The titles of what is being sent."""
        return [title for _, title, _ in self._tasks.values()]

    def begin(
        self,
        session: Session,
        plan: Plan,
        secrets: Secrets,
        told: Told,
        *,
        back: bool = False,
        checks: Checks | None = None,
    ) -> bool:
        """Carry out a plan, or take it `back`; False when it is under way already."""
        if plan.id in self._tasks:
            return False
        events = _checked(_events(session, plan, secrets, back), checks)
        work = self._carry(plan, events, told)
        task = asyncio.create_task(work, name=f"plan {plan.id}")
        self._tasks[plan.id] = (session, plan.title, task)
        task.add_done_callback(lambda _: self._tasks.pop(plan.id, None))
        return True

    async def finished(self, session: Session) -> None:
        """Wait until nothing of a session is being sent any more."""
        tasks = [task for of, _, task in self._tasks.values() if of is session]
        if tasks:
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        """End what is under way where it stands; the journal has the rest."""
        tasks = [task for _, _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, plan: Plan, events: AsyncIterator[Event], told: Told) -> None:
        last = Event("refused", plan, f"{plan.title}: nothing was sent")
        began = False
        try:
            async for event in events:
                last, began = event, began or event.what == "sending"
                told(PlanTold(event))
        except (ApiTrouble, JournalError) as trouble:
            reason = str(trouble).rstrip(".")
            if began:
                words = f"{reason}; the journal has what was sent before"
                last = Event("unknown", plan, words, stands=last.stands)
            else:
                last = Event("refused", plan, f"{reason}; nothing was sent")
            told(PlanTold(last))
        except Exception as bug:
            # The boundary of a plan: what was sent is in the journal, and the console goes on.
            log.error("a plan ended by a bug: %s", type(bug).__name__, exc_info=True)
            words = "it ended by a bug of ours; the journal has what was sent, the log has the rest"
            last = Event("unknown", plan, f"{plan.title}: {words}", stands=last.stands)
        told(PlanEnded(last))


async def _checked(events: AsyncGenerator[Event], checks: Checks | None) -> AsyncGenerator[Event]:
    """The events, up to a step that does not stand its check."""
    async with aclosing(events):
        async for event in events:
            yield event
            if checks is not None and event.what == "done" and (wrong := await checks(event)):
                yield replace(event, what="failed", sentence=wrong)
                return


async def _events(
    session: Session, plan: Plan, secrets: Secrets, back: bool
) -> AsyncGenerator[Event]:
    """The events of a plan; `why_not_write` is asked again at the last moment."""
    if reason := why_not_write(session):
        yield Event("refused", plan, f"{reason}; nothing was sent")
        return
    services = await session.connected()
    async with journal_of(session) as journal:
        work = undo(plan.id, services, journal) if back else apply(plan, secrets, services, journal)
        async with aclosing(work):  # it holds the plan for as long as it is not closed
            async for event in work:
                if gone := _gone(event):
                    await session.mirror.forget(*gone)  # no sweep has to find it out
                yield event


def _gone(event: Event) -> tuple[str, list[str]] | None:
    """The kind and the id of what an event took off the platform."""
    step = event.step
    if step is None:
        return None
    if event.what == "done" and step.purpose == "delete":
        return step.kind, [step.target]
    if event.what == "undone" and event.made is not None and step.purpose == "create":
        return step.kind, [event.made.id]
    return None
