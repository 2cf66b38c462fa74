"""The local platform as a child process, and a session on it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aeptui.api.errors import ApiUnreachable
from aeptui.config import Config
from aeptui.config_load import rehearsal_config
from aeptui.rehearsal import Options, Rehearsal, RehearsalError
from aeptui.session import mirror_path, session_for
from tests.emulated import demo_world

PATIENCE_S = 120


def config(state: Path) -> Config:
    return rehearsal_config({"AEPTUI_STATE_DIR": str(state)})


async def made(rehearsal: Rehearsal) -> None:
    await rehearsal.serving()
    async with asyncio.timeout(PATIENCE_S):
        while await rehearsal.making() is not None:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.2)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state folder, with a world of the first seed in it."""
    state = tmp_path_factory.mktemp("state")
    demo_world(tmp_path_factory, state / "demo" / "seed-1")
    return state


@pytest.fixture
async def rehearsal(state: Path) -> AsyncIterator[Rehearsal]:
    started = Rehearsal.prepare(config(state), Options(speed=0))
    started.start()
    try:
        yield started
    finally:
        await started.stop()


async def test_a_session_on_a_rehearsal_lists_its_flows(rehearsal: Rehearsal, state: Path) -> None:
    async with session_for(config(state), rehearsal=rehearsal) as session:
        assert session.sandbox == "dev"
        assert session.writable
        assert not session.protected
        await made(rehearsal)
        await session.connected()
        await session.sync.once(["flows", "runs"])
        await session.watch.once()
        summary = await session.mirror.summary()
        assert sum(summary.flows.values()) >= 12
        assert session.mirror.path.parent == state / "mirror"


async def test_a_local_platform_that_is_stopped_is_a_platform_out_of_reach(
    rehearsal: Rehearsal, state: Path
) -> None:
    async with session_for(config(state), rehearsal=rehearsal) as session:
        await rehearsal.stop()
        with pytest.raises(ApiUnreachable, match="The local platform ended"):
            await session.connected()


async def test_a_later_run_finds_its_mirror_before_the_child_serves(
    rehearsal: Rehearsal, state: Path
) -> None:
    await made(rehearsal)
    profile = await rehearsal.profile()
    port = rehearsal.port
    await rehearsal.stop()
    again = Rehearsal.prepare(config(state), Options(speed=0))
    assert again.port == port
    assert not again.running
    assert await again.profile() == profile
    path = mirror_path(state, profile.platform_url, profile.org_id, "dev")
    assert profile.org_id in path.name


async def test_a_restart_serves_the_same_world_at_the_same_address(rehearsal: Rehearsal) -> None:
    await made(rehearsal)
    before, url = await rehearsal.profile(), rehearsal.url
    await rehearsal.stop()
    assert not rehearsal.running
    with pytest.raises(RehearsalError, match="does not answer"):
        await rehearsal.making()
    await rehearsal.restart()
    assert rehearsal.running
    assert (await rehearsal.profile(), rehearsal.url) == (before, url)
    assert await rehearsal.making() is None


async def test_a_second_console_shares_the_world_and_leaves_it_running(
    rehearsal: Rehearsal, state: Path
) -> None:
    await made(rehearsal)
    second = Rehearsal.prepare(config(state), Options(speed=0))
    second.start()
    assert second.url == rehearsal.url
    assert await second.profile() == await rehearsal.profile()
    with pytest.raises(RehearsalError, match="Another console"):
        Rehearsal.prepare(config(state), Options(fresh=True))
    await second.stop()
    assert await rehearsal.making() is None


async def test_a_world_begun_anew_has_another_organisation(state: Path) -> None:
    first = Rehearsal.prepare(config(state), Options(seed=2, speed=0))
    first.start()
    try:
        before = await first.profile()
    finally:
        await first.stop()
    fresh = Rehearsal.prepare(config(state), Options(seed=2, speed=0, fresh=True))
    fresh.start()
    try:
        assert (await fresh.profile()).org_id != before.org_id
    finally:
        await fresh.stop()


async def test_a_taken_port_is_said_before_anything_starts(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    await rehearsal.serving()
    with pytest.raises(RehearsalError, match="taken"):
        Rehearsal.prepare(config(tmp_path), Options(port=rehearsal.port))


async def test_the_child_knows_nothing_of_our_credentials_and_is_listed_without_secrets(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rehearsal.stop()
    monkeypatch.setenv("AEPTUI_CLIENT_SECRET", "hunter2hunter2")
    rehearsal.start()
    await rehearsal.serving()
    pid = rehearsal.pid
    assert pid is not None
    assert b"hunter2" not in _told(pid, "environ")
    assert b"secret" not in _told(pid, "cmdline")


def _told(pid: int, what: str) -> bytes:
    return Path(f"/proc/{pid}/{what}").read_bytes()


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, asyncio\n"
        "from pathlib import Path\n"
        "from aeptui.config_load import rehearsal_config\n"
        "from aeptui.rehearsal import Options, Rehearsal\n"
        f"c = rehearsal_config({{'AEPTUI_STATE_DIR': {str(tmp_path)!r}}})\n"
        "r = Rehearsal.prepare(c, Options(speed=0))\n"
        "r.start()\n"
        "asyncio.run(r.serving())\n"
        "print(r.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    waited = time.monotonic() + 30
    while _alive(child):
        assert time.monotonic() < waited, "the child outlives its parent"
        time.sleep(0.1)
    parent.stdin.close()
    parent.stdout.close()


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def test_a_world_of_another_version_is_set_aside_and_a_new_one_is_made(
    tmp_path: Path,
) -> None:
    first = Rehearsal.prepare(config(tmp_path), Options(speed=0))
    first.start()
    try:
        before = await first.profile()
    finally:
        await first.stop()
    world = first.folder / "world.sqlite"
    with world.open("r+b") as file:  # the number of its format, in SQLite's own header
        file.seek(60)
        file.write((9999).to_bytes(4, "big"))
    kept = world.read_bytes()
    again = Rehearsal.prepare(config(tmp_path), Options(speed=0))
    assert "another version" in again.news
    assert (again.folder / "aside-1" / "world.sqlite").read_bytes() == kept
    again.start()
    try:
        assert (await again.profile()).org_id != before.org_id
    finally:
        await again.stop()
    assert Rehearsal.prepare(config(tmp_path), Options(speed=0)).news == ""
