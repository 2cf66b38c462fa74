"""Sync against the emulated platform over HTTP: what it asks, and what it then knows."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from aeptui.api.clock import PlatformClock
from aeptui.api.errors import ApiTrouble
from aeptui.api.services import ApiSettings, Secret, Services
from aeptui.mirror.history import History
from aeptui.mirror.store import Mirror
from aeptui.mirror.sync import SLOW, Sync, SyncSettings
from aeptui.mirror.tables import KINDS
from aeptui.mirror.values import Listing
from aeptui.monitor.state import run_verdict
from tests.emulated import STILL, demo_world, emulated
from tests.mirror.conftest import spoil

FLOWS = "/data/foundation/flowservice/flows"
RUNS = "/data/foundation/flowservice/runs"


class Platform:
    """An emulator in a process of its own, and its control calls."""

    def __init__(self, url: str, env: dict[str, str]) -> None:
        self.env = env
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.get("/_emulator/state").json()
        return answer

    def counts(self) -> dict[str, int]:
        """What the sandbox holds."""
        counts: dict[str, int] = self.state()["counts"][self.env["AEPTUI_SANDBOX"]]
        return counts

    def control(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._client.post(f"/_emulator/{name}", json=body)
        assert answer.status_code < 300, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def mend(self) -> None:
        self._client.delete("/_emulator/faults")

    def asked(self, since: int) -> list[str]:
        """Method and path of the platform's requests behind number `since`, tokens aside."""
        entries = self._client.get("/_emulator/requests", params={"since": since}).json()
        return [
            f"{each['method']} {each['path'].partition('?')[0]}"
            for each in entries
            if each["n"] > since and not each["path"].startswith(("/ims/", "/_emulator"))
        ]

    def last_request(self) -> int:
        entries = self._client.get("/_emulator/requests", params={"since": 0}).json()
        return max((each["n"] for each in entries), default=0)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    data = demo_world(tmp_path_factory)
    env_file = data / "env"
    with emulated(data, *STILL, "--env-file", str(env_file)) as served:
        env = dict(line.split("=", 1) for line in env_file.read_text().splitlines())
        yield Platform(served.url, env)


class Bench:
    """A mirror and its sync over one platform."""

    def __init__(self, services: Services, mirror: Mirror, sync: Sync) -> None:
        self.services = services
        self.mirror = mirror
        self.sync = sync


@asynccontextmanager
async def bench(platform: Platform, path: Path) -> AsyncIterator[Bench]:
    env = platform.env
    settings = ApiSettings(
        org_id=env["AEPTUI_ORG_ID"],
        client_id=env["AEPTUI_CLIENT_ID"],
        client_secret=Secret(env["AEPTUI_CLIENT_SECRET"]),
        scopes=env["AEPTUI_SCOPES"],
        sandbox=env["AEPTUI_SANDBOX"],
        platform_url=env["AEPTUI_PLATFORM_URL"],
        ims_url=env["AEPTUI_IMS_URL"],
        calls_per_minute=6000,
    )
    async with Services(settings) as services:
        mirror = Mirror.open(path, run_verdict=run_verdict, clock=services.clock.now)
        try:
            quick = SyncSettings(interval_s=1, batches_s=1, history_days=10_000)
            yield Bench(services, mirror, Sync(services, mirror, services.clock, quick))
        finally:
            mirror.close()


@asynccontextmanager
async def following(sync: Sync) -> AsyncIterator[None]:
    task = asyncio.create_task(sync.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(mirror: Mirror, claim: Callable[[], bool]) -> None:
    """Wait, from news to news, until the mirror is such."""
    news = mirror.news(*KINDS, "freshness")
    async with asyncio.timeout(60):
        while not claim():
            await anext(news)
    await news.aclose()


async def test_one_look_at_every_kind_knows_what_the_platform_holds(
    platform: Platform, tmp_path: Path
) -> None:
    async with bench(platform, tmp_path / "m.sqlite") as it:
        await it.sync.once(list(KINDS))
        counts = it.mirror.summary_now().counts
        held = platform.counts()
        assert counts["flows"] == held["flows"] > 0
        assert counts["runs"] == held["runs"] > 100  # more than a page
        assert counts["datasets"] == held["dataSets"]
        row = it.mirror.window_now(Listing("runs"), 1).rows[0]
        assert getattr(row, "flow_name", "")
        body = it.mirror.body_now("runs", row.id)
        assert body is not None and body["id"] == row.id


async def test_looking_again_costs_one_call_a_kind_and_writes_nothing(
    platform: Platform, tmp_path: Path
) -> None:
    async with bench(platform, tmp_path / "m.sqlite") as it:
        await it.sync.once(["flows", "runs"])
        since = platform.last_request()
        news = it.mirror.news("flows", "runs")
        await it.sync.once(["flows"])
        asked = platform.asked(since)
        assert asked.count(f"GET {FLOWS}") == 1
        assert asked.count(f"GET {RUNS}") <= 2  # what is new, and what is still open
        assert len(asked) == asked.count(f"GET {FLOWS}") + asked.count(f"GET {RUNS}")
        waiting = asyncio.ensure_future(anext(news))
        await it.mirror.note("flows", at=it.services.clock.now(), trouble=None, next_in_s=1)
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()


async def test_following_reads_history_to_its_end_behind_the_newest(
    platform: Platform, tmp_path: Path
) -> None:
    async with bench(platform, tmp_path / "m.sqlite") as it:

        def whole() -> bool:
            known = it.mirror.freshness_now()
            return all(
                kind in known and known[kind].complete_at is not None
                for kind in ("runs", "batches")
            )

        async with following(it.sync):
            await until(it.mirror, whole)
        counts, held = it.mirror.summary_now().counts, platform.counts()
        assert counts["runs"] == held["runs"] > 200
        assert counts["batches"] == held["batches"] > 100


async def test_a_mirror_that_is_spoiled_meanwhile_is_read_again_whole(
    platform: Platform, tmp_path: Path
) -> None:
    path = tmp_path / "m.sqlite"
    held = platform.counts()
    async with bench(platform, path) as it:

        def whole() -> bool:
            known, counts = it.mirror.freshness_now(), it.mirror.summary_now().counts
            same = (
                counts.get("runs") == held["runs"]
                and counts.get("batches") == held["batches"]
                and counts.get("flows") == held["flows"]
                and counts.get("datasets") == held["dataSets"]
            )
            return same and all(
                kind in known and known[kind].complete_at for kind in (*SLOW, "flows", "runs")
            )

        async with following(it.sync):
            await until(it.mirror, whole)
            spoil(path)
            assert it.mirror.summary_now().counts == {}
            assert "damaged" in it.mirror.notice
            await until(it.mirror, whole)


@pytest.mark.parametrize("kind", ["runs", "batches"])
async def test_history_that_was_broken_off_goes_on_where_it_was(
    platform: Platform, tmp_path: Path, kind: str
) -> None:
    held = platform.counts()[kind]
    path = tmp_path / "m.sqlite"
    async with bench(platform, path) as it:
        past = History(it.mirror, it.services.clock, 10_000, 10**9)
        await past.read(kind, it.services, pages=1)
        assert it.mirror.summary_now().counts[kind] == 100
        assert it.mirror.freshness_now().get(kind) is None
    async with bench(platform, path) as it:
        await it.sync.once(["sandboxes"])  # the platform's clock is heard
        since = platform.last_request()
        past = History(it.mirror, it.services.clock, 10_000, 10**9)
        await past.read(kind, it.services)
        assert it.mirror.summary_now().counts[kind] == held
        assert it.mirror.freshness_now()[kind].complete_at is not None
        assert len(platform.asked(since)) <= -(-(held - 99) // 100) + 1
        since = platform.last_request()
        await past.read(kind, it.services)
        assert platform.asked(since) == []


async def test_what_the_platform_forgets_goes_with_the_next_reading(
    platform: Platform, tmp_path: Path
) -> None:
    async with bench(platform, tmp_path / "m.sqlite") as it:
        await it.sync.once(["mapping-sets", "schemas", "datasets", "base-connections"])
        row = it.mirror.window_now(Listing("base-connections"), 1).rows[0]
        # What the mirror held and the platform never had is the same as what it forgot.
        from aeptui.api.models import BaseConnection

        stranger = str(uuid.uuid4())
        assert row.created_at is not None
        await it.mirror.upsert(
            "base-connections", [BaseConnection(id=stranger)], seen_at=row.created_at
        )
        await it.sync.once(["base-connections"])
        assert it.mirror.get_now("base-connections", stranger) is None
        assert it.mirror.get_now("base-connections", row.id) is not None


async def test_a_bad_minute_keeps_the_rows_says_so_and_passes(
    platform: Platform, tmp_path: Path
) -> None:
    async with bench(platform, tmp_path / "m.sqlite") as it:
        await it.sync.once(["flows"])

        def troubled() -> bool:
            known = it.mirror.freshness_now().get("flows")
            return known is not None and bool(known.trouble)

        fault = {"service": "flowservice", "path": f"{FLOWS}*", "kind": "status", "status": 500}
        platform.control("faults", fault)
        try:
            with pytest.raises(ApiTrouble):
                await it.sync.once(["flows"])
            async with following(it.sync):
                await until(it.mirror, troubled)
                assert it.mirror.summary_now().counts["flows"] == platform.counts()["flows"]
                platform.mend()
                it.sync.refresh("flows")
                await until(it.mirror, lambda: not troubled())
        finally:
            platform.mend()


async def test_the_second_console_reads_what_the_first_one_syncs_and_takes_over(
    platform: Platform, tmp_path: Path
) -> None:
    path = tmp_path / "m.sqlite"
    async with bench(platform, path) as first, bench(platform, path) as second:

        def knows_flows() -> bool:
            return second.mirror.summary_now().counts.get("flows") == platform.counts()["flows"]

        async with following(first.sync):
            await until(first.mirror, lambda: first.sync.leading)
            async with following(second.sync):
                await until(second.mirror, knows_flows)
                assert not second.sync.leading
        async with following(second.sync):
            await until(second.mirror, lambda: second.sync.leading)


@pytest.mark.parametrize("speed", [0.0, 1.0, 60.0, 10_000.0])
@pytest.mark.parametrize("calls", [6, 20, 600])
def test_at_any_speed_the_looks_fit_into_the_budget(
    tmp_path: Path, speed: float, calls: int
) -> None:
    settings = ApiSettings(
        org_id="o",
        client_id="c",
        client_secret=Secret("s"),
        sandbox="dev",
        calls_per_minute=calls,
    )
    services = Services(settings, clock=PlatformClock(speed=speed))
    mirror = Mirror.open(tmp_path / "m.sqlite", run_verdict=run_verdict, clock=services.clock.now)
    sync = Sync(services, mirror, services.clock, SyncSettings())
    mirror.close()
    looks = sum(60 / sync.interval(kind) for kind in KINDS) + 60 / sync.interval("runs")
    assert looks <= calls
    if speed == 1.0 and calls >= 20:
        assert (sync.interval("flows"), sync.interval("datasets")) == (15.0, 600.0)
