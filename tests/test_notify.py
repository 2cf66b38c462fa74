"""Alerts: who is told of what, how often, and that a delivery cannot hurt the watch."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aeptui import notify
from aeptui.api.settings import ApiSettings
from aeptui.config import Alert, Config, Profile, Settings
from aeptui.credentials import SecretSource
from aeptui.monitor.alerts import Mark, Marks, about_cause
from aeptui.monitor.codes import CodeBook
from aeptui.monitor.events import Event
from aeptui.notify import Notifier, notification, told, wants

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
NOBODY = Marks((), {})


def event(kind: Any = "cause", state: str = "failed", **more: Any) -> Event:
    values = {
        "cause": "C-1.ab",
        "code": "CONNECTOR-1001-500",
        "flow_ids": ("a", "b"),
        "flows": ("Salesforce contacts", "Dynamics leads"),
        "rows_lost": 40,
        "first_seen": NOW - timedelta(minutes=5),
        "reason": "value 'ann@example.org' is refused",
    }
    return Event(kind=kind, at=NOW, state=state, **{**values, **more})


def settings() -> ApiSettings:
    return ApiSettings(org_id="A@AdobeOrg", client_id="a", sandbox="dev")


SECRETS = Config(
    Path("config.toml"),
    Path("state"),
    profiles={
        "acme": Profile("acme", client_secret=SecretSource("env", "ACME_SECRET")),
        "other": Profile("other", client_secret=SecretSource("file", "PATH")),
    },
)


class Stage:
    """A notifier, and what came out of it."""

    def __init__(self, *alerts: Alert) -> None:
        self.rung: list[str] = []
        self.complaints: list[str] = []
        self.seconds = 0.0
        self.notifier = Notifier(
            alerts,
            settings,
            CodeBook(),
            ring=self.rung.append,
            complain=self.complaints.append,
            hidden=SECRETS.secret_variables(),
            ticks=lambda: self.seconds,
        )

    async def happens(self, *events: Event, marks: Marks = NOBODY) -> None:
        await self.notifier(events, marks)
        await self.notifier.finished()


@pytest.mark.parametrize(
    ("alert", "is_told"),
    [
        (Alert(), True),
        (Alert(on=("failed", "late")), True),
        (Alert(on=("late",)), False),
        (Alert(flows="salesforce *"), True),
        (Alert(flows="*accounts"), False),
    ],
)
def test_an_alert_is_about_its_words_and_its_flows(alert: Alert, is_told: bool) -> None:
    assert wants(alert, event()) is is_told


def test_a_recovery_is_told_to_those_who_asked_for_it() -> None:
    assert not wants(Alert(), event("recovered", "clean"))
    assert wants(Alert(on=("recovered",)), event("recovered", "clean"))
    assert wants(Alert(on=("out-of-touch",)), event("out-of-touch", "refused", flows=()))


async def test_the_bell_rings_once_for_a_cause_and_not_for_each_failure() -> None:
    stage = Stage(Alert(bell=True))
    await stage.happens(event(), event("trouble", flow_ids=("a",)), event("trouble"))
    assert stage.rung == [
        "New cause in Salesforce contacts and Dynamics leads: "
        "the copy out of the source failed (CONNECTOR-1001-500), 40 rows lost"
    ]


async def test_what_is_quiet_or_put_off_rings_no_bell() -> None:
    stage = Stage(Alert(bell=True))
    snooze = Mark(
        kind="snoozed",
        about=about_cause("C-1.ab"),
        who="ann",
        at=NOW,
        until=NOW + timedelta(minutes=15),
    )
    await stage.happens(event(quiet=True))
    await stage.happens(event(), marks=Marks([snooze], {}))
    assert not stage.rung


async def test_the_same_is_not_repeated_within_the_quiet_time() -> None:
    stage = Stage(Alert(bell=True, quiet_s=900))
    await stage.happens(event())
    await stage.happens(event(), event(cause="C-2.cd"))
    assert len(stage.rung) == 2
    stage.seconds = 901
    await stage.happens(event())
    assert len(stage.rung) == 3


async def test_a_cause_that_comes_and_goes_with_each_run_rings_once_by_default() -> None:
    stage = Stage(*Settings().alerts)
    for _ in range(5):
        await stage.happens(event(state="partial"))
        await stage.happens(event("recovered", "clean"))
        stage.seconds += 120
    assert len(stage.rung) == 1
    stage.seconds += 900
    await stage.happens(event(state="partial"))
    assert len(stage.rung) == 2


async def test_what_is_new_is_told_within_the_quiet_time_of_the_like() -> None:
    """The same cause in other flows, and another state of the same flow or of the platform."""
    stage = Stage(Alert(bell=True, quiet_s=900))
    one = {"flow_ids": ("a",), "flows": ("A",), "cause": ""}
    cut = {"flow_ids": (), "flows": (), "cause": ""}
    for happens in (
        event(),
        event(flow_ids=("b", "c"), flows=("B", "C")),
        event("trouble", "late", **one),
        event("trouble", "failed", **one),
        event("out-of-touch", "failing", **cut),
        event("out-of-touch", "refused", **cut),
    ):
        before = len(stage.rung)
        await stage.happens(happens)
        assert len(stage.rung) == before + 1, happens
        await stage.happens(happens)
        assert len(stage.rung) == before + 1, happens


async def test_a_command_is_given_the_event_and_no_row(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"import sys; open({str(out)!r}, 'a').write(sys.stdin.read())"
    await Stage(Alert(command=(sys.executable, "-c", code))).happens(event())
    assert json.loads(out.read_text()) == {
        "event": "cause",
        "at": "2026-09-01T12:00:00Z",
        "cause": "C-1.ab",
        "state": "failed",
        "flows": ["Salesforce contacts", "Dynamics leads"],
        "rows_lost": 40,
        "first_seen": "2026-09-01T11:55:00Z",
    }
    assert b"ann@example.org" not in told(event())


async def test_a_command_inherits_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEPTUI_CLIENT_SECRET", "s3cret")
    monkeypatch.setenv("ACME_SECRET", "s3cret too")
    out = tmp_path / "out"
    await Stage(Alert(command=("sh", "-c", f"env > {out}"))).happens(event())
    assert "s3cret" not in out.read_text() and "PATH=" in out.read_text()


async def test_a_command_that_fails_is_complained_of_once() -> None:
    stage = Stage(Alert(command=("sh", "-c", "echo no such pager >&2; exit 3")))
    await stage.happens(event())
    await stage.happens(event())
    assert stage.complaints == [
        "The alert command sh failed: it ended with 3, saying: no such pager"
    ]


async def test_a_command_that_is_not_there_is_complained_of() -> None:
    stage = Stage(Alert(command=("/no/such/program",)))
    await stage.happens(event())
    assert stage.complaints == [
        "The alert command /no/such/program failed: No such file or directory"
    ]


async def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "PATIENCE_S", 0.1)
    stage = Stage(Alert(command=("sh", "-c", "sleep 600")))
    await stage.happens(event())
    assert stage.complaints == [
        "The alert command sh failed: it took longer than 0.1 s and was ended"
    ]


async def test_a_command_that_hangs_delays_no_other(tmp_path: Path) -> None:
    told_other = str(tmp_path / "told")
    stage = Stage(
        Alert(command=("sh", "-c", 'until [ -e "$0" ]; do sleep 0.01; done', told_other)),
        Alert(command=("touch", told_other)),
    )
    await stage.happens(event())
    assert not stage.complaints


@asynccontextmanager
async def hook(status: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A webhook that answers so, and what it was told."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        heard.append(head + await reader.readexactly(length))
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield f"http://127.0.0.1:{port}/token-in-path", heard


async def test_a_webhook_is_posted_the_event() -> None:
    async with hook("204 No Content") as (url, heard):
        stage = Stage(Alert(webhook=url))
        await stage.happens(event())
    assert not stage.complaints
    assert heard[0].startswith(b"POST /token-in-path")
    assert b"uthorization" not in heard[0]
    assert json.loads(heard[0].split(b"\r\n\r\n")[1])["event"] == "cause"


async def test_a_webhook_that_refuses_is_complained_of_without_its_address() -> None:
    async with hook("302 Found") as (url, _):
        stage = Stage(Alert(webhook=url))
        await stage.happens(event())
    assert stage.complaints == ["The alert webhook at 127.0.0.1 failed: it answered 302"]


def test_a_notification_cannot_steer_the_terminal() -> None:
    sent = notification("bad\x1b]52;c;x\x07\x9b2J name", {"TERM": "xterm-256color"})
    assert sent.startswith("\x1b]9;")
    assert sent.endswith("\x07")
    assert not set("\x1b\x07\x9b") & set(sent[1:-1])


def test_a_notification_passes_through_tmux() -> None:
    sent = notification("late", {"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"})
    assert sent == "\x1bPtmux;\x1b\x1b]9;late\x07\x1b\\"
    assert notification("late", {"TERM": "foot"}) == "\x1b]777;notify;aeptui;late\x07"
