"""`aeptui plan`, `apply` and `destroy`: a pipeline file shown, made and unmade."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aeptui.api.settings import Secret
from aeptui.credentials import SecretSource
from aeptui.forms.base_connection import secret_name
from aeptui.forms.lookups import Lookups
from aeptui.forms.words import label
from aeptui.headless import talk
from aeptui.headless.listing import Usage
from aeptui.headless.sending import FINE, TROUBLE, confirm, exit_code, need_writing, told
from aeptui.pipelines.answering import Reveal, revealed
from aeptui.pipelines.apply import apply as carry_out
from aeptui.pipelines.apply import resume
from aeptui.pipelines.file import PipelineError, PipelineFile, read
from aeptui.pipelines.here import journal_of, plan_for
from aeptui.pipelines.journal import Entry, Journal
from aeptui.pipelines.plan import Plan, Secrets
from aeptui.pipelines.request import as_text, preview
from aeptui.pipelines.resolving import Resolved, resolve
from aeptui.pipelines.unmaking import Unmaking, everything_there, unmake, used_by_now
from aeptui.resources.formats import plural
from aeptui.tomlfile import dotted

if TYPE_CHECKING:
    from aeptui.session import Session


async def plan(session: Session, path: Path, *, requests: bool, as_json: bool) -> int:
    """Show what `apply` would do; sends nothing."""
    resolved = await _resolved(session, read(path, os.environ), revealed)
    if as_json:
        print(json.dumps(_as_json(session, resolved), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_shown(session, resolved)))
        if requests and resolved.steps:
            print()
            print("\n\n".join(as_text(preview(step)) for step in resolved.steps))
    _complain(resolved.faults)
    return TROUBLE if resolved.faults else FINE


async def apply(session: Session, path: Path, *, yes: bool) -> int:
    """Make what is missing; a plan of this file that stopped half-way is ended first."""
    file = read(path, os.environ)
    async with journal_of(session) as journal:
        before = await _unfinished(session, journal, file)
        if before is not None:
            code = await _go_on(session, journal, before, file, yes=yes)
            if code != FINE:
                return code
        reveal = await _asked(session, file) if talk.possible() and not yes else revealed
        resolved = await _resolved(session, file, reveal)
        if resolved.faults:
            _complain(resolved.faults)
            return TROUBLE
        print("\n".join(_shown(session, resolved)))
        if resolved.done:
            return FINE
        need_writing(session)
        plan = _plan(session, resolved)
        if not await confirm(f"Send {plural(len(plan.steps), 'write')}?", yes=yes):
            return TROUBLE
        if not yes and not resolved.same_as(await _resolved(session, file, reveal)):
            sentence = "The sandbox has changed since this was shown; nothing was sent. Look again"
            print(f"aeptui: {sentence}.", file=sys.stderr)
            return TROUBLE
        services = await session.connected()
        last = await told(carry_out(plan, resolved.secrets, services, journal))
        return exit_code(last)


async def destroy(session: Session, path: Path, *, yes: bool, also: Collection[str]) -> int:
    """Take back what the file says, the flow first."""
    file = read(path, os.environ)
    services = await session.connected()
    wanted = [each.replace("-", "_") for each in also]
    async with journal_of(session) as journal:
        begun = await _unfinished(session, journal, file)
        if begun is not None:
            id = begun.plan.id[:8]
            raise Usage(
                f"An apply of this file stopped half-way: `aeptui journal rollback {id}` takes it"
                " back, `forget` leaves it as it is"
            )
        unmaking = await unmake(file, services, _lookups(session), journal.made, wanted)
        if unmaking.faults:
            _complain(unmaking.faults)
            return TROUBLE
        print("\n".join(_going(session, unmaking)))
        if not unmaking.steps:
            return FINE
        need_writing(session)
        question = f"Delete {plural(len(unmaking.steps), 'thing')}? Nothing brings them back."
        if not await confirm(question, yes=yes):
            return TROUBLE
        going = [each for each in unmaking.parts if not each.stays]
        if not yes and (used := used_by_now(await everything_there(services), going)):
            print(f"aeptui: {used}; nothing was sent. Look again.", file=sys.stderr)
            return TROUBLE
        plan = plan_for(session, f"Unmake {file.flow.name}", unmaking.steps)
        last = await told(carry_out(plan, Secrets(), services, journal))
        for step, _ in last.stands if last else ():
            await session.mirror.forget(step.kind, [step.target])
        return exit_code(last)


# Resolving ----------------------------------------------------------------------


def _lookups(session: Session) -> Lookups:
    return Lookups(session.connected, session.now, session.config.settings.zone())


async def _resolved(session: Session, file: PipelineFile, reveal: Reveal) -> Resolved:
    """The file against the sandbox as it is at this moment."""
    return await resolve(file, await session.connected(), _lookups(session), reveal)


def _plan(session: Session, resolved: Resolved) -> Plan:
    return plan_for(session, _title(resolved.file), resolved.steps)


def _title(file: PipelineFile) -> str:
    return f"Pipeline {file.flow.name}"


async def _asked(session: Session, file: PipelineFile) -> Reveal:
    """Reads secrets; those that are needed and that the file does not say are asked for now."""
    asked: dict[str, Secret] = {}
    lacking: list[str] = []

    def lacks(param: str, source: SecretSource | None) -> Secret | None:
        if source is None:
            lacking.append(param)
        return revealed(param, source)

    await _resolved(session, file, lacks)
    for param in dict.fromkeys(lacking):
        with contextlib.suppress(talk.Left):
            asked[param] = Secret(await talk.line(f"{label(param)}: ", hidden=True))
    return lambda param, source: revealed(param, source) if source else asked.get(param)


# What stopped half-way ------------------------------------------------------------


async def _unfinished(session: Session, journal: Journal, file: PipelineFile) -> Entry | None:
    """A plan of this file for this place that has not come to its end."""
    place = (session.profile.org_id, session.sandbox, _title(file))
    for entry in await journal.unfinished():
        plan = entry.plan
        if (plan.org, plan.sandbox, plan.title) == place:
            return entry
    return None


async def _go_on(
    session: Session,
    journal: Journal,
    entry: Entry,
    file: PipelineFile,
    *,
    yes: bool,
) -> int:
    """Resume a plan that stopped, as it was when it was begun."""
    left = sum(1 for each in entry.steps if each.state != "done")
    print(f"An earlier apply stopped with {plural(left, 'write')} to go.", file=sys.stderr)
    need_writing(session)
    if not await confirm("Go on with it?", yes=yes):
        return TROUBLE
    wanted = {
        name for each in entry.steps if each.state != "done" for name in each.step.secret_names()
    }
    secrets = secrets_in(file, wanted)
    services = await session.connected()
    return exit_code(await told(resume(entry.plan.id, secrets, services, journal)))


def secrets_in(file: PipelineFile, wanted: Iterable[str]) -> Secrets:
    """The secrets of a file by the names that a plan has for them."""
    found: dict[str, Secret] = {}
    for param, value in (file.base_connection.auth or {}).items():
        if secret_name(param) in wanted and isinstance(value, SecretSource):
            found[secret_name(param)] = Secret(value.read())
    return Secrets(found)


# Telling --------------------------------------------------------------------------


def _shown(session: Session, resolved: Resolved) -> Iterable[str]:
    yield f"{resolved.file.flow.name}, in the sandbox {session.sandbox} of {session.profile.org_id}"
    yield ""
    for part in resolved.parts:
        yield f"{part.verdict:8} {part.noun:18} {part.name:32} {part.id}".rstrip()
        for each in part.differences:
            yield f"{'':8} {dotted(each.key)}: {each.platform} → {each.file}"
    yield ""
    if resolved.faults:
        yield f"Refused: {plural(len(resolved.faults), 'thing')} to put right first."
    elif resolved.done:
        yield "Nothing to do."
    else:
        yield f"Ready: {plural(len(resolved.steps), 'write')}."


def _going(session: Session, unmaking: Unmaking) -> Iterable[str]:
    yield f"{unmaking.file.flow.name}, in the sandbox {session.sandbox} of {session.profile.org_id}"
    yield ""
    for each in unmaking.parts:
        verb = "stays" if each.stays else "delete"
        why = each.stays or each.reach
        yield f"{verb:8} {each.noun:18} {each.name:32} {each.id}{f'  {why}' if why else ''}"
    if unmaking.parts:
        yield ""
    yield f"Ready: {plural(len(unmaking.steps), 'write')}." if unmaking.steps else "Nothing to do."


def _complain(faults: Iterable[PipelineError]) -> None:
    for fault in faults:
        print(f"aeptui: {fault}", file=sys.stderr)


def _as_json(session: Session, resolved: Resolved) -> dict[str, Any]:
    return {
        "flow": resolved.file.flow.name,
        "org": session.profile.org_id,
        "sandbox": session.sandbox,
        "ready": not resolved.faults,
        "parts": [
            {
                "part": part.part,
                "name": part.name,
                "verdict": part.verdict,
                "id": part.id,
                "differences": [
                    {"key": dotted(each.key), "file": each.file, "platform": each.platform}
                    for each in part.differences
                ],
            }
            for part in resolved.parts
        ],
        "faults": [
            {
                "file": str(fault.file),
                "line": fault.line,
                "key": fault.key,
                "sentence": fault.sentence,
            }
            for fault in resolved.faults
        ],
        "writes": [
            {"step": step.name, "title": step.title, "request": as_text(preview(step))}
            for step in resolved.steps
        ],
        "secrets": sorted(resolved.secrets),
    }
