"""Carrying out a plan: in order, journalled, never twice, and saying what stands.

`apply` works on a plan from wherever the journal says that it stands, so that
`resume` is the same thing later. `undo` takes back newest first what the plan
made, and nothing else. All three are told as events, and whoever draws those
needs to know nothing else. Leaving the events early stops before the next write.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from aeptui.api.errors import ApiError, ApiTrouble, ApiUnreachable, NotFound
from aeptui.api.settings import is_loopback
from aeptui.api.writing import MayHaveLanded, WriteAnswer, WriteRequest
from aeptui.pipelines.events import Event, What
from aeptui.pipelines.journal import AlreadyBegun, Entry, Journal, JournalError, StepEntry
from aeptui.pipelines.looking import Findings, current, look
from aeptui.pipelines.plan import Made, Plan, Secrets, Step
from aeptui.pipelines.request import MissingSecret, UnknownAnswer, preview, render

if TYPE_CHECKING:
    from aeptui.api.services import Services

Sleep: TypeAlias = Callable[[float], Awaitable[None]]

SETTLING_S = 60.0
"""So long after it was sent a write that was cut off may still arrive: until then it is looked
for and not sent again."""
_LOOKS_S = (0.0, 1.0, 3.0)
"""The waits before each look for what may have landed."""


async def apply(
    plan: Plan,
    secrets: Secrets,
    services: Services,
    journal: Journal,
    *,
    sleep: Sleep = asyncio.sleep,
    settling_s: float = SETTLING_S,
) -> AsyncGenerator[Event, None]:
    """Send the writes of `plan` that are not done yet; the last event says how it ended."""
    reason = _elsewhere(plan, services)
    claim = None if reason else journal.claim(plan.id)
    if claim is None:
        yield Event("refused", plan, reason or _BUSY)
        return
    work = _Work(plan, secrets, services, journal, sleep, settling_s)
    try:
        reason = _not_ready(plan, await journal.entry(plan.id), secrets)
        if reason:
            yield Event("refused", plan, f"{reason}; nothing was sent")
            return
        entry = await journal.begin(plan)
        await _hear_the_time(services)
        work.known.update(entry.known())
        for each in entry.steps:
            async for event in work.carry_out(each):
                yield event
            if each.step.name not in work.known:
                break
        else:
            await journal.end(plan.id, "done")
            yield Event("finished", plan, f"{plan.title}: done", stands=work.stands())
    except JournalError as error:
        yield Event("refused", plan, str(error), stands=work.stands())
    except ApiUnreachable as trouble:
        yield Event("failed", plan, f"{plan.title}: {trouble}; nothing was sent", error=trouble)
    finally:
        claim.release(ended=await _is_over(plan, journal))


async def resume(
    plan_id: str,
    secrets: Secrets,
    services: Services,
    journal: Journal,
    *,
    sleep: Sleep = asyncio.sleep,
    settling_s: float = SETTLING_S,
) -> AsyncGenerator[Event, None]:
    """Go on with a plan of the journal; KeyError when it is not there.

    A write that may have landed is looked for first, and sent only when it is not there
    and can no longer arrive.
    """
    entry = await journal.entry(plan_id)
    if entry is None:
        raise KeyError(plan_id)
    events = apply(entry.plan, secrets, services, journal, sleep=sleep, settling_s=settling_s)
    async for event in events:
        yield event


async def undo(
    plan_id: str,
    services: Services,
    journal: Journal,
    *,
    sleep: Sleep = asyncio.sleep,
    settling_s: float = SETTLING_S,
) -> AsyncGenerator[Event, None]:
    """Take back what a plan made, newest first; KeyError when the journal has no such plan.

    What cannot be taken back is `left behind`, with its id and the reason, and so is
    what is not there and may still arrive.
    """
    entry = await journal.entry(plan_id)
    if entry is None:
        raise KeyError(plan_id)
    plan = entry.plan
    reason = _elsewhere(plan, services)
    claim = None if reason else journal.claim(plan_id)
    if claim is None:
        yield Event("refused", plan, reason or _BUSY)
        return
    ended = False
    try:
        entry = await journal.entry(plan_id) or entry
        await _hear_the_time(services)
        work = _Work(plan, Secrets(), services, journal, sleep, settling_s)
        work.known.update(entry.known())
        whole = True
        for each in reversed(entry.steps):
            event = await work.take_back(each)
            if event is not None:
                for_good = event.made is not None and _stays(each.step)
                whole = whole and (event.what == "undone" or for_good)
                yield event
        if whole:
            await journal.end(plan_id, "undone")
            ended = True
            yield Event("finished", plan, _rolled_back(plan, work), stands=work.stands())
    except JournalError as error:
        yield Event("refused", plan, str(error))
    except ApiUnreachable as trouble:
        yield Event("failed", plan, f"{plan.title}: {trouble}; nothing was sent", error=trouble)
    finally:
        claim.release(ended=ended)


class _Work:
    """One plan under way: what is known so far, and how one step is done or taken back."""

    def __init__(
        self,
        plan: Plan,
        secrets: Secrets,
        services: Services,
        journal: Journal,
        sleep: Sleep,
        settling_s: float,
    ) -> None:
        self.plan = plan
        self.known: dict[str, Made] = {}
        self._secrets = secrets
        self._services = services
        self._journal = journal
        self._sleep = sleep
        self._settling_s = settling_s

    def stands(self) -> tuple[tuple[Step, Made], ...]:
        steps = self.plan.steps
        return tuple((step, self.known[step.name]) for step in steps if step.name in self.known)

    # Forth --------------------------------------------------------------------

    async def carry_out(self, entry: StepEntry) -> AsyncGenerator[Event, None]:
        """The events of one step; it is done when its answer is known afterwards."""
        step = entry.step
        if entry.state == "done":
            return
        if entry.state in ("sending", "unknown"):
            event = await self._looked_for(entry)
            if event is not None:
                yield event
                return
        shown = preview(step, self.known)
        yield self._event("sending", step, step.title, request=shown)
        write = await self._journalled(step, shown)
        if isinstance(write, Event):
            yield write
            return
        try:
            request = render(step, self.known, self._secrets)
            answer = await self._services.writing.send(request)
        except MayHaveLanded as trouble:
            await self._settled(step, "unknown", write, sentence=str(trouble), trouble=trouble)
            yield self._event("unknown", step, f"{step.title}: {trouble}", error=trouble)
            yield await self._found_or_open(step, write, trouble)
        except (ApiTrouble, MissingSecret, UnknownAnswer) as trouble:
            yield await self._failed(step, write, trouble)
        else:
            yield await self._done(step, write, _made_by(step, answer), answer.request_id)

    async def _journalled(self, step: Step, shown: WriteRequest) -> int | Event:
        now = self._services.clock.now()
        try:
            return await self._journal.sending(self.plan, step, shown, now)
        except AlreadyBegun as reason:
            return self._event("refused", step, str(reason))

    async def _looked_for(self, entry: StepEntry) -> Event | None:
        """Whether a write of an earlier attempt has landed; None when it can be sent again."""
        step = entry.step
        try:
            findings = await self._look(step, entry, waits=(0.0,))
        except ApiTrouble as trouble:
            sentence = f"{step.title}: it could not be looked for. {trouble}"
            return self._event("unknown", step, sentence, error=trouble)
        if findings.landed and findings.made is not None:
            return await self._done(step, None, findings.made, "", found=True)
        ago = entry.sent_ago_s or 0.0
        if findings.landed is None:
            return self._event("unknown", step, f"{step.title}: {findings.reason}. {_BY_HAND}")
        if ago < self._settling_s:
            sentence = f"{step.title}: not there yet, and it may still arrive. {self._again(entry)}"
            return self._event("unknown", step, sentence)
        return None

    async def _found_or_open(self, step: Step, write: int, trouble: MayHaveLanded) -> Event:
        """After a write whose answer was lost: the event that says whether it is there."""
        entry = await self._journal.entry(self.plan.id)
        sent = next(each for each in entry.steps if each.step.name == step.name) if entry else None
        if sent is None:
            return self._event("unknown", step, f"{step.title}: {_BY_HAND}")
        try:
            findings = await self._look(step, sent, waits=_LOOKS_S)
        except ApiTrouble as reason:
            sentence = f"{step.title}: it could not be looked for. {reason}"
            return self._event("unknown", step, sentence, error=reason)
        if findings.landed and findings.made is not None:
            return await self._done(step, write, findings.made, trouble.request_id, found=True)
        if trouble.made:  # the platform named it before the line was cut
            return await self._done(step, write, Made(trouble.made), trouble.request_id, found=True)
        said = findings.reason or "it is not there yet"
        sentence = f"{step.title}: {said}. Nothing is sent again until the plan is resumed"
        await self._settled(step, "unknown", write, sentence=sentence, trouble=trouble)
        return self._event("unknown", step, sentence, error=trouble)

    async def _look(self, step: Step, sent: StepEntry, *, waits: tuple[float, ...]) -> Findings:
        """Look for what `step` may have done, again after each of `waits` until it is there."""
        findings = Findings(False)
        for wait in waits:
            if wait:
                await self._sleep(wait)
            findings = await look(
                self._services,
                step,
                preview(step, self.known),
                sent.sent_at or self.plan.made_at,
                self._journal.made,
            )
            if findings.landed is not False:
                break
        return findings

    async def _done(
        self, step: Step, write: int | None, made: Made, request_id: str, *, found: bool = False
    ) -> Event:
        said = f"{step.title}: it had landed" if found else f"{step.title}: done"
        sentence = f"{said}, {made.id}" if made.id else said
        self.known[step.name] = made  # it stands, whether or not that can be kept
        await self._journal.settle(
            self.plan,
            step,
            "done",
            self._services.clock.now(),
            write=write,
            made=made,
            request_id=request_id,
            sentence=sentence,
        )
        return self._event("done", step, sentence, made=made)

    async def _failed(
        self, step: Step, write: int, trouble: ApiTrouble | MissingSecret | UnknownAnswer
    ) -> Event:
        sentence = f"{step.title}: {trouble}"
        await self._settled(step, "failed", write, sentence=str(trouble), trouble=trouble)
        error = trouble if isinstance(trouble, ApiTrouble) else None
        return self._event("failed", step, sentence, error=error)

    # Back ---------------------------------------------------------------------

    async def take_back(self, entry: StepEntry) -> Event | None:
        """Undo one step; None when there is nothing of it."""
        step, made = entry.step, entry.made
        if entry.state in ("planned", "failed", "undone"):
            return None
        if entry.state in ("sending", "unknown"):
            try:
                findings = await self._look(step, entry, waits=_LOOKS_S)
            except ApiTrouble as trouble:
                return self._event("left behind", step, f"{step.title}: {trouble}", error=trouble)
            if findings.landed is False and (entry.sent_ago_s or 0.0) >= self._settling_s:
                await self._settled(step, "failed", None, sentence="It never arrived")
                return None
            if findings.landed is not True or findings.made is None:
                said = (
                    findings.reason
                    or f"not there yet, and it may still arrive. {self._again(entry)}"
                )
                return self._event("left behind", step, f"{step.title}: {said}")
            await self._done(step, None, findings.made, "", found=True)
            made = findings.made
        if made is None or step.undo is None:
            await self._settled(step, "left", None, sentence=_NO_UNDO)
            what = made.id if made else step.title
            return self._event("left behind", step, f"{step.title}: {what}. {_NO_UNDO}", made=made)
        return await self._undone(step, made)

    async def _undone(self, step: Step, made: Made) -> Event:
        undo = step.undo
        if undo is None:
            raise ValueError(f"{step.name} cannot be undone")
        self.known[step.name] = made
        shown = preview(undo, self.known)
        now = self._services.clock.now()
        write = await self._journal.sending(self.plan, step, shown, now, undoes=True)
        try:
            answer = await self._services.writing.send(render(undo, self.known, Secrets()))
        except NotFound as refused:
            if await self._stands(step, made):
                sentence = f"{made.id} could not be removed: {refused}"
                await self._settled(step, "left", write, sentence=sentence, trouble=refused)
                said = f"{step.title}: {sentence}"
                return self._event("left behind", step, said, made=made, error=refused)
            answer = WriteAnswer(404)
        except (ApiTrouble, MissingSecret, UnknownAnswer) as trouble:
            sentence = f"{made.id} could not be removed: {trouble}"
            await self._settled(step, "left", write, sentence=sentence, trouble=trouble)
            error = trouble if isinstance(trouble, ApiTrouble) else None
            said = f"{step.title}: {sentence}"
            return self._event("left behind", step, said, made=made, error=error)
        sentence = "it was gone already" if answer.status == 404 else f"{made.id} is gone"
        await self._settled(step, "undone", write, sentence=sentence)
        del self.known[step.name]
        return self._event("undone", step, f"{step.title}: {sentence}", made=made)

    async def _stands(self, step: Step, made: Made) -> bool:
        """Whether what a 404 was said of is there all the same.

        No documented call deletes a mapping set (AEP.md 6.2), and a way that is not there
        is told as a thing that is not there.
        """
        if step.kind != "mapping-sets":
            return False
        try:
            return await current(self._services, step.kind, made.id) is not None
        except ApiTrouble:
            return True

    # How ----------------------------------------------------------------------

    def _again(self, entry: StepEntry) -> str:
        """When to try again what may still arrive."""
        wait = max(1, round(self._settling_s - (entry.sent_ago_s or 0.0)) + 1)
        return f"Again in {wait} s"

    async def _settled(
        self,
        step: Step,
        state: Literal["failed", "unknown", "undone", "left"],
        write: int | None,
        *,
        sentence: str,
        trouble: Exception | None = None,
    ) -> None:
        await self._journal.settle(
            self.plan,
            step,
            state,
            self._services.clock.now(),
            write=write,
            request_id=getattr(trouble, "request_id", ""),
            sentence=sentence,
        )

    def _event(
        self,
        what: What,
        step: Step,
        sentence: str,
        *,
        request: WriteRequest | None = None,
        made: Made | None = None,
        error: ApiTrouble | None = None,
    ) -> Event:
        return Event(what, self.plan, sentence, step, request, made, error, self.stands())


def _made_by(step: Step, answer: WriteAnswer) -> Made:
    return Made(answer.id or step.target, answer.etag, answer.version)


async def _hear_the_time(services: Services) -> None:
    """Know the platform's time before the first write; raises ApiUnreachable.

    What may have landed is looked for among what was made since it was sent, and this
    machine's own clock is not the one that the platform writes down.
    """
    if services.clock.heard:
        return
    with contextlib.suppress(ApiError):  # a refusal has a Date as well
        async for _ in services.sandboxes.list_sandboxes():
            break


def _stays(step: Step) -> bool:
    """Whether what a step made may be left for good: no documented call deletes a mapping set."""
    return step.undo is None or step.kind == "mapping-sets"


def _not_ready(plan: Plan, before: Entry | None, secrets: Secrets) -> str:
    """Why the plan cannot be gone on with; empty when it can."""
    states = {each.step.name: each.state for each in before.steps} if before else {}
    if {"undone", "left"} & set(states.values()):
        return _HALF_BACK
    to_do = [step for step in plan.steps if states.get(step.name) != "done"]
    wanted = dict.fromkeys(name for step in to_do for name in step.secret_names())
    missing = [name for name in wanted if not secrets.get(name)]
    return f"{_list(missing)} must be given again" if missing else ""


async def _is_over(plan: Plan, journal: Journal) -> bool:
    """Whether there is nothing to resume; a plan that made nothing is closed here."""
    entry = await journal.entry(plan.id)
    if entry is None:
        return True
    if not entry.ended and all(each.state in ("planned", "failed") for each in entry.steps):
        await journal.end(plan.id, "failed")
        return True
    return entry.ended != ""


def _elsewhere(plan: Plan, services: Services) -> str:
    """Why this plan is not for these services; empty when it is."""
    settings = services.settings
    host = settings.platform_url.rstrip("/")
    # On loopback the port says nothing that lasts; the organisation stands for the host.
    same_machine = is_loopback(plan.host) and is_loopback(host)
    for what, wanted, have in (
        ("platform", host if same_machine else plan.host.rstrip("/"), host),
        ("organisation", plan.org, settings.org_id),
        ("sandbox", plan.sandbox, settings.sandbox),
    ):
        if wanted != have:
            return f"This plan is for the {what} {wanted}, and this is {have}; nothing was sent"
    return ""


def _rolled_back(plan: Plan, work: _Work) -> str:
    left = [f"{step.title.removeprefix('Create ')} ({made.id})" for step, made in work.stands()]
    return (
        f"{plan.title}: rolled back; {_list(left)} is left"
        if left
        else (f"{plan.title}: rolled back; nothing of it is left")
    )


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_BUSY = "Another aeptui is working on this plan; nothing was sent"
_HALF_BACK = "This plan is being rolled back; finish that, or forget it"
_BY_HAND = "Look on the platform which one it is, then forget this plan or roll it back"
_NO_UNDO = "The platform has no way to remove it"
