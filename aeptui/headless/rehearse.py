"""`aeptui apply FILE --rehearse`: the same plan on a local platform of its own, with a report.

The local platform is empty, lives as long as the command, and has a CRM of its
own: what a run counts there is counted on sample rows. No secret leaves this
computer, since its CRM takes any.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aeptui.api.models import Run
from aeptui.api.settings import Secret
from aeptui.config import Config, Flags
from aeptui.credentials import SecretSource
from aeptui.forms.lookups import Lookups
from aeptui.headless.sending import FINE, TROUBLE, told
from aeptui.pipelines.apply import apply
from aeptui.pipelines.events import Event
from aeptui.pipelines.file import PipelineFile, read
from aeptui.pipelines.here import journal_of, plan_for
from aeptui.pipelines.known import known_in
from aeptui.pipelines.resolving import resolve
from aeptui.pipelines.standing_alone import lacks, spelt_out
from aeptui.rehearsal import Options, Rehearsal
from aeptui.resources.formats import DASH, plural
from aeptui.session import Session, session_for

if TYPE_CHECKING:
    from aeptui.api.services import Services

_BUSY = timedelta(minutes=20)
"""So long after its start a first run has ended."""
_LATEST = timedelta(days=400)


def run(config: Config, path: Path) -> int:
    """Rehearse the file at `path`; 0 when it was made and its first run did not fail."""
    file = read(path, os.environ)
    if lacks(file) and config.chosen:
        file = asyncio.run(_with_what_it_names(config, file))
    with tempfile.TemporaryDirectory(prefix="aeptui-rehearsal-") as folder:
        there = Config(
            config.path,
            Path(folder),
            settings=replace(config.settings, sync_calls_per_minute=6000, alerts=()),
            flags=Flags(plain=config.flags.plain, log_level=config.flags.log_level),
        )
        return asyncio.run(_made(there, file))


async def _made(config: Config, file: PipelineFile) -> int:
    """The plan on an empty local platform whose clock stands still but for the first run."""
    rehearsal = Rehearsal.prepare(config, Options(speed=0, empty=True))
    rehearsal.start()
    try:
        profile = await rehearsal.profile()
        async with session_for(config, profile, rehearsal=rehearsal) as session:
            return await _rehearsed(session, file)
    finally:
        await rehearsal.stop()


async def _with_what_it_names(config: Config, file: PipelineFile) -> PipelineFile:
    """The file with what it only names, read from the real sandbox."""
    async with session_for(config) as session:
        return await _spelt_out(session, file)


async def _spelt_out(session: Session, file: PipelineFile) -> PipelineFile:
    services = await session.connected()
    return await spelt_out(file, services, await known_in(services, _lookups(session)))


async def _rehearsed(session: Session, file: PipelineFile) -> int:
    services = await session.connected()
    resolved = await resolve(file, services, _lookups(session), _any_secret)
    if resolved.faults:
        for fault in resolved.faults:
            print(f"aeptui: {fault}", file=sys.stderr)
        print("Refused before the first write.")
        return TROUBLE
    plan = plan_for(session, f"Rehearsal of {file.flow.name}", resolved.steps)
    async with journal_of(session) as journal:
        last = await told(apply(plan, resolved.secrets, services, journal))
        writes = await journal.writes(10_000)
    refused = [write for write in writes if write.outcome != "done"]
    print(f"{file.flow.name}, rehearsed on a local platform")
    print(f"  {len(plan.steps)} steps, {plural(len(writes), 'write')}, {len(refused)} refused")
    for write in refused:
        print(f"  {write.title}: {write.sentence}")
    if last is None or last.what != "finished":
        return TROUBLE
    run = await _first_run(services, last)
    if run is None:
        print("  No run came within the time that a first run takes.")
        return TROUBLE
    print(f"  First run on sample rows: {run.state}; {_counts(run)}")
    for error in run.errors:
        print(f"    {error.code}: {error.message}")
    print("Nothing was sent to the real platform; without --rehearse the same file is.")
    return FINE if run.state.lower() in ("success", "partialsuccess") else TROUBLE


def _counts(run: Run) -> str:
    figures = (
        ("received", run.received),
        ("ingested", run.ingested),
        ("skipped", run.skipped),
        ("failed", run.failed),
    )
    return ", ".join(
        f"{DASH if number is None else f'{number:,}'} {word}" for word, number in figures
    )


async def _first_run(services: Services, last: Event) -> Run | None:
    """Let the local platform's time pass until the first run has ended."""
    flow_id = last.stands[-1][1].id
    flow = await services.flows.get_flow(flow_id)
    now: datetime = services.clock.now()
    wait = max(timedelta(0), (flow.start_at or now) - now)
    if wait > _LATEST:
        return None
    await _advance(services.settings.platform_url, (wait + _BUSY).total_seconds())
    async for page in services.flows.list_runs(flow_id=flow_id):
        for run in reversed(page):
            return run
    return None


async def _advance(url: str, seconds: float) -> None:
    import httpx

    async with httpx.AsyncClient(timeout=600, trust_env=False) as client:
        answer = await client.post(f"{url}/_emulator/clock", json={"advance_s": seconds})
        answer.raise_for_status()


def _lookups(session: Session) -> Lookups:
    return Lookups(session.connected, session.now, session.config.settings.zone())


def _any_secret(_param: str, _source: SecretSource | None) -> Secret:
    return Secret("rehearsed")
