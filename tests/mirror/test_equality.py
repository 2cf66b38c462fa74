"""Whatever happens while it is read, the mirror ends equal to the platform; even when it is killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeptui.api.errors import ApiUnreachable
from aeptui.mirror.history import HISTORIC, History
from aeptui.mirror.store import Mirror
from aeptui.mirror.sync import OVERLAP, Sync, SyncSettings
from aeptui.monitor.state import run_verdict
from tests.mirror.scripted import World

KINDS = ("flows", "runs", "batches")
SETTINGS = SyncSettings(sweep_s=3600, history_days=10_000)


def opened(path: Path, world: World) -> tuple[Mirror, Sync, History]:
    mirror = Mirror.open(path, run_verdict=run_verdict, clock=world.now)
    services = cast(Any, world)
    past = History(mirror, world, SETTINGS.history_days, 10**9)
    return mirror, Sync(services, mirror, world, SETTINGS), past


async def live(world: World, sync: Sync, past: History, rounds: int) -> None:
    """Look at this and that while everything moves; what fails is tried again some time."""
    world.unrest = 0.5
    for _ in range(rounds):
        kind = world.random.choice(KINDS)
        with suppress(ApiUnreachable):
            if kind in HISTORIC and world.random.random() < 0.3:
                await past.read(kind, cast(Any, world), pages=1)
            else:
                await sync.once([kind])
        world.happen()


async def settle(world: World, sync: Sync, past: History) -> None:
    """The platform comes to rest, and an hour passes: the next looks and a sweep are due."""
    world.unrest = 0.0
    world.time += OVERLAP
    await sync.once(KINDS)
    world.time += timedelta(hours=2)
    await sync.once(KINDS)
    for kind in HISTORIC:
        await past.read(kind, cast(Any, world))


def same(mirror: Mirror, world: World) -> None:
    for kind in KINDS:
        held = {id: model.raw() for id, model in world.held[kind].items()}
        assert mirror.summary_now().counts.get(kind, 0) == len(held)
        assert {id: mirror.body_now(kind, id) for id in held} == held


@settings(max_examples=int(os.environ.get("AEPTUI_TEST_LIVES", "15")), deadline=None)
@given(seed=st.integers(0, 10**6), rounds=st.integers(0, 25), page=st.integers(1, 5))
def test_whatever_moves_fails_or_comes_twice_while_it_is_read_the_mirror_ends_equal(
    seed: int, rounds: int, page: int
) -> None:
    async def whole() -> None:
        world = World(seed, page)
        with tempfile.TemporaryDirectory() as folder:
            mirror, sync, past = opened(Path(folder) / "m.sqlite", world)
            try:
                await live(world, sync, past, rounds)
                await settle(world, sync, past)
                same(mirror, world)
            finally:
                mirror.close()

    asyncio.run(whole())


async def test_a_flow_that_changes_during_a_sweep_stays(tmp_path: Path) -> None:
    world = World(3, page=1)
    mirror, sync, past = opened(tmp_path / "m.sqlite", world)
    try:
        await settle(world, sync, past)
        oldest = min(world.held["flows"].values(), key=lambda flow: flow.updated_at)
        listed = world.list_flows

        async def moving(updated_since: Any = None) -> Any:
            first = updated_since is None
            async for page in listed(updated_since):
                yield page
                if first:  # it moves to the front, past the pages that are still to come
                    first = False
                    world.time += timedelta(seconds=1)
                    world._put("flows", type(oldest)(id=oldest.id, updated_at=world.time))

        world.list_flows = moving  # type: ignore[method-assign]
        world.time += timedelta(hours=2)
        await sync.once(["flows"])
        same(mirror, world)
    finally:
        mirror.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_killed_at_any_point_the_file_goes_on_and_ends_equal(
    tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "m.sqlite"
    child = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", "tests.mirror.test_equality", str(path), str(seed)],
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    for _ in range(seed):  # then it is somewhere in its first reading of what comes next
        assert child.stdout.readline()
    child.kill()
    child.communicate()
    assert child.returncode == -9
    world = grown(seed)
    mirror, sync, past = opened(path, world)
    try:
        assert mirror.notice == ""
        assert mirror.summary_now().counts["flows"] > 0
        await settle(world, sync, past)
        same(mirror, world)
    finally:
        mirror.close()


def grown(seed: int) -> World:
    """A world of some hundred things."""
    world = World(seed)
    for _ in range(300):
        world.happen()
    return world


async def read_for_ever(path: Path, seed: int) -> None:
    """The child that is killed: reads a world at rest, again and again, and says so each time."""
    world = grown(seed)
    _, sync, past = opened(path, world)
    while True:
        for kind in KINDS:
            await sync.once([kind])
            print(kind, flush=True)
        for kind in HISTORIC:
            await past.read(kind, cast(Any, world), pages=1)
            print(kind, flush=True)


if __name__ == "__main__":
    asyncio.run(read_for_ever(Path(sys.argv[1]), int(sys.argv[2])))
