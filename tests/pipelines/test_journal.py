"""The journal: on the disk before the wire, whoever dies and however many write to it."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aeptui.api.services import Services
from aeptui.pipelines.apply import resume, undo
from aeptui.pipelines.journal import AlreadyBegun, Journal, JournalError
from aeptui.pipelines.plan import Made, Plan
from aeptui.pipelines.request import preview
from tests.emulated import Rehearsal
from tests.pipelines import crm
from tests.pipelines.crm import FLOWS, SECRETS, all_of, words

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def plan() -> Plan:
    steps = (crm.base(), crm.source())
    return Plan("New CRM flow", steps, "p", "http://127.0.0.1:1", "o", "dev", AT)


def locks_in(folder: Path) -> list[Path]:
    return list(folder.glob("*.lock"))


def posts(platform: Rehearsal, since: int) -> int:
    """How often a base connection was asked for."""
    seen = platform.requests(since)
    wanted = ("POST", f"{FLOWS}/connections")
    return len([each for each in seen if (each["method"], each["path"]) == wanted])


def killed_at(moment: str, platform: Rehearsal, state: Path) -> None:
    """Let another process apply a plan, and kill it at that moment without warning."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.pipelines.writing_process"),
            *(str(state), platform.url, platform.org, moment),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while (line := process.stdout.readline()) != "here\n":
        assert line, "the process ended before its moment"
    process.kill()
    process.stdout.close()
    process.wait(10)


async def test_a_write_is_in_the_journal_before_it_is_sent(
    platform: Rehearsal, services: Services, tmp_path: Path
) -> None:
    before = len(platform.requests())
    killed_at("before", platform, tmp_path)
    assert posts(platform, before) == 0
    journal = Journal.open(tmp_path)
    try:
        (entry,) = await journal.unfinished()
        (write,) = await journal.writes()
        assert (entry.steps[0].state, entry.busy) == ("sending", False)
        assert (write.method, write.path, write.outcome) == (
            *("POST", f"{FLOWS}/connections"),
            "sending",
        )
        assert '"name": "Salesforce"' in write.request
        # Nothing arrived, so once it cannot arrive any more it is sent: one in all.
        events = await all_of(resume(entry.plan.id, SECRETS, services, journal, settling_s=0))
        assert words(events) == ["sending base", "done base", "finished"]
    finally:
        journal.close()
    with platform.client() as api:
        assert len(api.get(f"{FLOWS}/connections").json()["items"]) == 1


@pytest.mark.parametrize("then", ["resume", "undo"])
async def test_a_write_that_landed_before_a_crash_is_found_and_not_sent_again(
    platform: Rehearsal, services: Services, tmp_path: Path, then: str
) -> None:
    before = len(platform.requests())
    killed_at("after", platform, tmp_path)
    journal = Journal.open(tmp_path)
    try:
        (entry,) = await journal.unfinished()
        if then == "resume":
            events = await all_of(resume(entry.plan.id, SECRETS, services, journal, settling_s=0))
            assert words(events) == ["done base", "finished"]
        else:
            events = await all_of(undo(entry.plan.id, services, journal))
            assert words(events) == ["undone base", "finished"]
        assert await journal.unfinished() == []
    finally:
        journal.close()
    with platform.client() as api:
        left = api.get(f"{FLOWS}/connections").json()["items"]
    assert len(left) == (1 if then == "resume" else 0)
    assert posts(platform, before) == 1


async def test_several_processes_write_to_one_journal(platform: Rehearsal, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.pipelines.writing_process"]
    arguments = [str(tmp_path), platform.url, platform.org, "never"]
    processes = [
        await asyncio.create_subprocess_exec(*command, *arguments, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [(await process.communicate())[0] for process in processes]
    assert said == [b"sending\ndone\nfinished\n"] * 3
    journal = Journal.open(tmp_path)
    try:
        assert [write.outcome for write in await journal.writes()] == ["done"] * 3
        assert len({write.made_id for write in await journal.writes()}) == 3
    finally:
        journal.close()
    assert not locks_in(tmp_path)


def test_the_journal_is_for_its_owner_alone_and_safe_against_a_power_cut(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "state")
    try:
        files = list((tmp_path / "state").iterdir())
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
        pragmas = [
            journal._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
        assert pragmas == ["wal", 2]  # 2 is FULL
    finally:
        journal.close()


@pytest.mark.parametrize("kind", ["foreign", "newer", "damaged", "folder"])
def test_a_journal_that_cannot_be_used_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "journal.sqlite"
    if kind == "damaged":
        path.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    elif kind == "folder":
        path.mkdir()
    else:
        Journal.open(tmp_path).close() if kind == "newer" else None
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE another (x)")
            db.execute("PRAGMA user_version = 99")
        db.close()
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(JournalError) as refused:
        Journal.open(tmp_path)
    assert str(path) in str(refused.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


async def test_a_step_is_noted_as_sent_only_once(journal: Journal) -> None:
    made = plan()
    await journal.begin(made)
    shown = preview(made.steps[0])
    number = await journal.sending(made, made.steps[0], shown, AT)
    await journal.settle(made, made.steps[0], "done", AT, write=number, made=Made("1", '"e"', 0))
    with pytest.raises(AlreadyBegun):
        await journal.sending(made, made.steps[0], shown, AT)
    entry = await journal.entry(made.id)
    assert entry is not None
    assert entry.known() == {"base": Made("1", '"e"', 0)}
    assert len(await journal.writes()) == 1


async def test_a_plan_comes_back_from_the_journal_as_it_was(journal: Journal) -> None:
    made = plan()
    await journal.begin(made)
    entry = await journal.entry(made.id)
    assert entry is not None
    assert entry.plan == made
    assert [each.state for each in entry.steps] == ["planned", "planned"]


async def test_a_forgotten_plan_is_no_longer_unfinished_and_its_writes_stay(
    journal: Journal,
) -> None:
    made = plan()
    await journal.begin(made)
    await journal.sending(made, made.steps[0], preview(made.steps[0]), AT)
    await journal.end(made.id, "forgotten")
    assert await journal.unfinished() == []
    assert len(await journal.writes()) == 1


async def test_writes_are_found_by_what_they_say(journal: Journal) -> None:
    for title, id in (("First", "id-1"), ("Second", "id-2")):
        made = replace(plan(), title=title, id=title)
        await journal.begin(made)
        step = made.steps[0]
        number = await journal.sending(made, step, preview(step), AT)
        await journal.settle(
            made, step, "done", AT, write=number, made=Made(id), request_id=f"r-{id}"
        )
    assert [write.plan_title for write in await journal.writes()] == ["Second", "First"]
    for text, found in (
        ("id-1", ["First"]),
        ("R-ID-2", ["Second"]),
        ("%", []),
        ("integration@example.com", ["Second", "First"]),
    ):
        assert [write.plan_title for write in await journal.writes(text=text)] == found
    assert len(await journal.writes(limit=1)) == 1


async def test_a_plan_is_found_by_how_its_id_begins_and_forgotten_once(
    services: Services, journal: Journal
) -> None:
    plan = crm.plan(services, crm.base())
    await journal.begin(plan)
    (found,) = await journal.begun_with(plan.id[:8])
    assert found.plan == plan and await journal.begun_with("%") == []
    claim = journal.claim(plan.id)
    assert claim is not None and not await journal.forget(plan.id)  # somebody works on it
    claim.release(ended=False)
    assert await journal.forget(plan.id)
    assert await journal.unfinished() == [] and not await journal.forget(plan.id)


async def test_writes_are_found_by_what_they_say_when_and_for_which_plan(
    services: Services, journal: Journal
) -> None:
    one, other = (crm.plan(services, crm.base(), title=title) for title in ("One", "Other"))
    moments = [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (8, 9)]
    for plan, moment in zip((one, other), moments, strict=True):
        await journal.begin(plan)
        step = plan.steps[0]
        await journal.sending(plan, step, preview(step), moment)
    assert [each.plan_title for each in await journal.writes()] == ["Other", "One"]
    assert [each.plan_title for each in await journal.writes(text="one")] == ["One"]
    assert [each.plan_title for each in await journal.writes(since=moments[1])] == ["Other"]
    assert [each.plan_title for each in await journal.writes(plan_id=one.id)] == ["One"]
