"""`aeptui watch` and `aeptui handover`: the monitor without a screen, and the shift as Markdown."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from aeptui.headless import handover, watch
from aeptui.headless.listing import Usage
from aeptui.headless.watch import Line, Wish
from aeptui.monitor.codes import CodeBook
from aeptui.monitor.events import Event
from aeptui.monitor.said import sentence
from aeptui.notes import marking
from aeptui.session import Session
from tests.ui.conftest import fill, open_at_now, run


@pytest.fixture
async def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Session]:
    """A session on a filled mirror; what is asked before has been asked already."""

    async def brought(*_: object, **__: object) -> None:
        return None

    for command in (watch, handover):
        monkeypatch.setattr(command, "bring", brought)
    monkeypatch.setattr(watch, "LOOK_S", 0.05)
    opened = await open_at_now(tmp_path)
    await fill(opened)
    yield opened
    await opened.close()


def event(session: Session, **more: object) -> Event:
    values = {
        "kind": "cause",
        "state": "failed",
        "at": session.now(),
        "cause": "k",
        "code": "CONNECTOR-1001-500",
        "flows": ("Salesforce contacts",),
        "flow_ids": ("flow-000",),
    }
    return Event(**{**values, **more})  # type: ignore[arg-type]


async def test_what_is_wrong_now_is_told_with_an_exit_code(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await watch.run(session, Wish(once=True, output="jsonl"), {}) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["state"]) for line in lines[:2]] == [
        ("now", "failed"),
        ("now", "partial"),
    ]
    assert set(lines[0]) == set(Line.__struct_fields__)


async def test_what_is_known_is_told_and_is_no_trouble(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    await session.recorder.looked(await look_of(session))
    rule = marking.expected(
        "*", (), session.now() + timedelta(days=1), "the CRM moves", session.now()
    )
    await session.notes.mark([rule])
    assert await watch.run(session, Wish(once=True), {}) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["STATE", "FLOW", "SINCE", "KNOWN", "WHY"]
    assert all("expected" in line for line in shown[1:])


async def look_of(session: Session) -> object:
    """The look that a watch on this session would hand on."""
    looks: list[object] = []

    class Listener:
        async def looked(self, look: object) -> None:
            looks.append(look)

        async def asked(self, _freshness: object) -> None:
            return None

    session.watch._listener = Listener()  # type: ignore[assignment]
    session.recorder._leading = lambda: True
    await session.watch.once()
    return looks[0]


async def test_events_are_followed_until_it_is_told_to_end(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    await session.notes.happened([event(session, at=session.now())], {}, {}, session.now())
    watching = asyncio.create_task(watch.run(session, Wish(since="1h", output="json"), {}))
    out: list[str] = []

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not holds():
                out.append(capsys.readouterr().out)
                await asyncio.sleep(0.02)

    await until(lambda: "".join(out).count("\n") == 1)
    await until(lambda: session.sync.leading)
    # The platform tells its flows and runs, then a run that failed.
    for kind in ("flows", "runs"):
        await session.mirror.note(
            kind, at=session.now() + timedelta(seconds=1), trouble=None, next_in_s=15
        )
    await until(lambda: '"flow-001"' in "".join(out))
    failed = run(30, 3, 0.1, "failed", received=None, ingested=None, failed=None)
    await session.mirror.upsert("runs", [failed], seen_at=session.now())
    await until(lambda: '"flow-003"' in "".join(out))
    os.kill(os.getpid(), signal.SIGTERM)
    assert await watching == 0
    lines = [json.loads(line) for line in "".join(out).splitlines()]
    assert lines[0]["cause"] == "k"
    last = [line for line in lines if "flow-003" in line["flow_ids"]]
    assert [(line["event"], line["state"]) for line in last] == [("trouble", "failed")]


async def test_a_shift_is_handed_over_whole(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = event(session, flows=("# [x](javascript:1) <b>|`", "Dynamics leads"))
    await session.notes.happened([hostile], {}, {}, session.now())
    subject = marking.flow("flow-000", "Salesforce contacts", "failed")
    await session.notes.mark(
        marking.acknowledged([subject], await session.notes.marks(), session.now())
    )
    assert await handover.run(session, "8h") == 0
    told = capsys.readouterr().out
    headings = [line for line in told.splitlines() if line.startswith("#")]
    assert headings == [
        "# Handover: acme / dev",
        "## What happened",
        "## Why",
        "## What was done",
        "## What is open",
        "## What is due next",
    ]
    assert r"\# \[x\](javascript:1) \<b\>\|\`" in told
    assert f"{marking.who()}: acknowledged Salesforce contacts" in told
    assert "**failed** Salesforce contacts since" in told


def test_one_cause_is_one_line_of_a_shift_however_many_flows_it_stopped(session: Session) -> None:
    ids = [f"flow-{number}" for number in range(40)]
    cause = event(session, flow_ids=tuple(ids), flows=tuple(ids))
    failed = [
        event(session, at=cause.at, kind="trouble", flow_ids=(id,), flows=(id,), reason=f"{id} x")
        for id in ids
    ]
    later = cause.at + timedelta(minutes=5)
    others = [
        event(session, kind="trouble", at=later, flow_ids=(id,), flows=(id,), reason="timed out")
        for id in ("x", "y")
    ]
    over = cause.at + timedelta(hours=1)
    well = [
        event(
            session, kind="recovered", state="clean", before="failed", at=over,
            flow_ids=(id,), flows=(id,), cause="", code="",
        )
        for id in ids
    ]  # fmt: skip
    late = [
        event(
            session, kind="trouble", state="late", flow_ids=(id,), flows=(id,), cause="", reason=r
        )
        for id, r in (("a", "12 min overdue"), ("b", "40 min overdue"))
    ]
    told = handover.folded([cause, *failed, *others, *well, *late])
    assert [sentence(each, CodeBook()) for each in told] == [
        "New cause in 40 flows: the copy out of the source failed (CONNECTOR-1001-500)",
        "x and y failed: timed out",
        "40 flows are clean, after being failed",
        "a is late: 12 min overdue",
        "b is late: 40 min overdue",
    ]


async def test_a_length_that_is_none_is_refused_before_anything_is_asked(session: Session) -> None:
    with pytest.raises(Usage, match="--since takes a length"):
        await handover.run(session, "soon")
