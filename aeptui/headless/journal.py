"""`aeptui journal`: what was written, what stopped half-way, and what becomes of that.

Listing and forgetting need no platform; going on and taking back are done where
the plan was made, and say so when this is another place.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aeptui.api.settings import Secret
from aeptui.headless import talk
from aeptui.headless.listing import Usage, since
from aeptui.headless.sending import FINE, TROUBLE, confirm, exit_code, need_writing, told
from aeptui.moment import Moment
from aeptui.pipelines.apply import resume, undo
from aeptui.pipelines.journal import Entry, Journal, Write
from aeptui.pipelines.plan import Secrets
from aeptui.pipelines.request import as_text, preview
from aeptui.pipelines.unmaking import everything_there, still_going, used_by_now
from aeptui.resources.formats import date_time, plural

if TYPE_CHECKING:
    from aeptui.api.services import Services
    from aeptui.config import Config
    from aeptui.session import Session


async def look(
    config: Config,
    verb: str,
    id: str,
    *,
    filter: str = "",
    lately: str = "",
    limit: int = 50,
    as_json: bool = False,
    yes: bool = False,
) -> int:
    """`list`, `show` and `forget`, which send nothing."""
    journal = Journal.open(config.state_dir)
    moment = Moment(datetime.now(UTC), config.settings.zone())
    try:
        if verb == "list":
            after = since(lately, moment.now) if lately else None
            entries = await journal.unfinished()
            writes = await journal.writes(limit, filter, after)
            _list(entries, writes, moment, as_json=as_json)
            return FINE
        entry = await _meant(journal, id)
        if verb == "show":
            writes = await journal.writes(1000, plan_id=entry.plan.id)
            _show(entry, writes, moment, as_json=as_json)
            return FINE
        if entry.ended:
            raise Usage(f"This plan is {entry.ended} already; there is nothing to forget")
        print(f"{entry.plan.title}: what it made stays, and nothing more is sent.", file=sys.stderr)
        if not await confirm("Forget it?", yes=yes):
            return FINE
        if not await journal.forget(entry.plan.id):
            raise Usage("Another aeptui is working on this plan")
        return FINE
    finally:
        journal.close()


async def carry_on(session: Session, verb: str, id: str, *, yes: bool) -> int:
    """`resume` and `rollback`, which write."""
    journal = Journal.open(session.config.state_dir)
    try:
        entry = await _meant(journal, id)
        plan = entry.plan
        if entry.ended and (verb == "resume" or entry.ended != "done"):
            raise Usage(f"This plan is {entry.ended} already")
        if (plan.org, plan.sandbox) != (session.profile.org_id, session.sandbox):
            raise Usage(
                f"This plan is for the sandbox {plan.sandbox} of {plan.org}: "
                f"--profile {plan.profile} --sandbox {plan.sandbox} opens it"
            )
        need_writing(session)
        services = await session.connected()
        if verb == "rollback":
            stands = entry.known()
            question = f"Take back {plural(len(stands), 'write')} of {plan.title}?"
            if not await confirm(question, yes=yes):
                return FINE
            return exit_code(await told(undo(plan.id, services, journal)))
        if not await _may_delete(entry, services, yes=yes):
            return TROUBLE
        secrets = await _secrets(entry)
        return exit_code(await told(resume(plan.id, secrets, services, journal)))
    finally:
        journal.close()


async def _may_delete(entry: Entry, services: Services, *, yes: bool) -> bool:
    """Whether what the plan has still to delete may go: its users may be others by now."""
    left = [each.step for each in entry.steps if each.state not in ("done", "undone")]
    if not any(step.purpose == "delete" for step in left):
        return True
    there = await everything_there(services)
    going = still_going(left, there)
    if used := used_by_now(there, going):
        print(f"aeptui: {used}; nothing was sent.", file=sys.stderr)
        return False
    for each in going:
        print(f"  delete {each.noun} {each.name}" + (f"   {each.reach}" if each.reach else ""))
    question = f"Delete {plural(len(going), 'thing')}? Nothing brings them back."
    return await confirm(question, yes=yes)


async def _meant(journal: Journal, id: str) -> Entry:
    """The plan with this id, or whose id begins so; Usage where none or several do."""
    if not id:
        open_ones = await journal.unfinished()
        if len(open_ones) == 1:
            return open_ones[0]
        raise Usage(f"Which plan? {_named(open_ones) or 'None is unfinished'}")
    found = await journal.begun_with(id)
    if len(found) != 1:
        more = _named(found) or "`aeptui journal` lists what is unfinished"
        what = "Several plans begin with" if found else "No plan begins with"
        raise Usage(f"{what} {id}: {more}")
    return found[0]


def _named(entries: list[Entry]) -> str:
    return ", ".join(f"{each.plan.id[:8]} ({each.plan.title})" for each in entries[:5])


async def _secrets(entry: Entry) -> Secrets:
    """The secrets that are still needed: from variables of their names, or asked for."""
    wanted = dict.fromkeys(
        name for each in entry.steps if each.state != "done" for name in each.step.secret_names()
    )
    found: dict[str, Secret] = {}
    for name in wanted:
        if value := os.environ.get(name):
            found[name] = Secret(value)
        elif talk.possible():
            found[name] = Secret(await talk.line(f"{name}: ", hidden=True))
        else:
            raise Usage(f"The secret {name} must be given again, as the variable {name}")
    return Secrets(found)


# Telling --------------------------------------------------------------------------


def _list(entries: list[Entry], writes: list[Write], moment: Moment, *, as_json: bool) -> None:
    if as_json:
        told = {
            "unfinished": [_plan_json(each) for each in entries],
            "writes": [_write_json(each) for each in writes],
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    if entries:
        print("Unfinished; resume, rollback or forget")
        for entry in entries:
            plan = entry.plan
            busy = ", being worked on" if entry.busy else ""
            done = sum(1 for each in entry.steps if each.state == "done")
            when = date_time(plan.made_at, moment)
            steps = f"{done} of {plural(len(entry.steps), 'write')} done{busy}"
            print(f"  {plan.id[:8]}  {when:15}  {plan.sandbox:12}  {plan.title}: {steps}")
        print()
    for write in writes:
        when = date_time(write.sent_at, moment)
        undo = "undo " if write.undoes else ""
        print(
            f"{when:15}  {write.plan_id[:8]}  {write.profile}/{write.sandbox}"
            f"  {write.outcome:8}  {undo}{write.title}  {write.made_id}  {write.request_id}".rstrip()
        )
    if not writes:
        print("No write matches." if entries else "Nothing was written yet.", file=sys.stderr)


def _show(entry: Entry, writes: list[Write], moment: Moment, *, as_json: bool) -> None:
    if as_json:
        told = {**_plan_json(entry), "writes": [_write_json(each) for each in writes]}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    plan = entry.plan
    print(f"{plan.title}   {entry.ended or 'unfinished'}")
    print(f"{plan.id}, made {date_time(plan.made_at, moment)}")
    print(f"profile {plan.profile}, {plan.host}, {plan.org}, sandbox {plan.sandbox}")
    known = entry.known()
    for each in entry.steps:
        print(f"\n{each.state}: {each.step.title}")
        if each.sentence:
            print(f"  {each.sentence}")
        for line in as_text(preview(each.step, known)).split("\n"):
            print(f"  {line}".rstrip())
    print()
    for write in reversed(writes):
        when = date_time(write.sent_at, moment)
        print(f"{when}  {write.method} {write.path}  {write.outcome}  {write.request_id}".rstrip())


def _plan_json(entry: Entry) -> dict[str, Any]:
    plan = entry.plan
    return {
        "id": plan.id,
        "title": plan.title,
        "profile": plan.profile,
        "org": plan.org,
        "sandbox": plan.sandbox,
        "made_at": plan.made_at.isoformat(),
        "ended": entry.ended,
        "busy": entry.busy,
        "steps": [
            {
                "name": each.step.name,
                "title": each.step.title,
                "state": each.state,
                "id": each.made.id if each.made else "",
                "sentence": each.sentence,
            }
            for each in entry.steps
        ],
    }


def _write_json(write: Write) -> dict[str, Any]:
    told = asdict(write)
    for key in ("sent_at", "answered_at"):
        told[key] = told[key].isoformat() if told[key] else None
    return told
