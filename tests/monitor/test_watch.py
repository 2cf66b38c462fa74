"""The watch: words follow news and time, and nothing runs in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aeptui.api.models import Flow, Run
from aeptui.mirror.rows import FlowRow
from aeptui.mirror.store import Mirror
from aeptui.mirror.verdicts import FlowVerdict
from aeptui.monitor.state import Thresholds, flow_verdict, run_verdict
from aeptui.monitor.watch import Watch

NOW = datetime(2026, 9, 1, 12, 0, 30, tzinfo=UTC)
FLOW = Flow(
    id="f",
    name="contacts",
    state="enabled",
    frequency="minute",
    interval=30,
    start_at=NOW - timedelta(days=1, seconds=30),
    updated_at=NOW - timedelta(days=2),
)


@pytest.fixture
async def mirror(tmp_path: Path) -> AsyncIterator[Mirror]:
    """A mirror whose runs were confirmed at NOW."""
    mirror = Mirror.open(tmp_path / "m.sqlite", run_verdict=run_verdict, clock=lambda: NOW)
    await confirm(mirror, NOW)
    yield mirror
    mirror.close()


async def confirm(mirror: Mirror, at: datetime, trouble: str | None = None) -> None:
    """The platform told its runs, or did not."""
    await mirror.note("runs", at=at, trouble=trouble, next_in_s=15)


def run(id: str, state: str, at: datetime = NOW) -> Run:
    return Run(id=id, flow_id="f", state=state, created_at=at, started_at=at, completed_at=at)


@asynccontextmanager
async def following(mirror: Mirror) -> AsyncIterator[None]:
    task = asyncio.create_task(Watch(mirror, Thresholds()).follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(mirror: Mirror, claim: Callable[[dict[str, int]], bool]) -> None:
    """Wait for the words of the flows to be such."""
    async with asyncio.timeout(20):
        news = mirror.news("flows")
        while not claim(dict((await mirror.summary()).flows)):
            await anext(news)
        await news.aclose()


async def test_one_look_judges_every_flow(mirror: Mirror) -> None:
    await mirror.upsert("flows", [FLOW, Flow(id="g", state="draft")], seen_at=NOW)
    await mirror.upsert("runs", [run("r", "success")], seen_at=NOW)
    await Watch(mirror, Thresholds()).once()
    assert (await mirror.summary()).flows == {"clean": 1, "draft": 1}
    row = await mirror.get("flows", "f")
    assert getattr(row, "strip", "") == "."
    assert getattr(row, "last_run_id", "") == "r"


async def test_a_word_follows_the_news_of_a_run(mirror: Mirror) -> None:
    await mirror.upsert("flows", [FLOW], seen_at=NOW)
    async with following(mirror):
        await until(mirror, lambda words: words == {"late": 1})
        await mirror.upsert("runs", [run("r1", "success")], seen_at=NOW)
        await until(mirror, lambda words: words == {"clean": 1})
        await mirror.upsert("runs", [run("r2", "failed", NOW + timedelta(seconds=1))], seen_at=NOW)
        await until(mirror, lambda words: words == {"failed": 1})


async def test_time_alone_makes_a_flow_late(mirror: Mirror) -> None:
    await mirror.upsert("flows", [FLOW], seen_at=NOW)
    await mirror.upsert("runs", [run("r1", "success")], seen_at=NOW)
    async with following(mirror):
        await until(mirror, lambda words: words == {"clean": 1})
        await confirm(mirror, NOW + timedelta(hours=2))
        await until(mirror, lambda words: words == {"late": 1})


async def test_no_flow_is_late_for_a_platform_that_does_not_answer(mirror: Mirror) -> None:
    await mirror.upsert("flows", [FLOW], seen_at=NOW)
    await mirror.upsert("runs", [run("r1", "success")], seen_at=NOW)
    async with following(mirror):
        await until(mirror, lambda words: words == {"clean": 1})
        await confirm(mirror, NOW + timedelta(hours=2), trouble="Nothing answers.")
        await mirror.upsert("flows", [Flow(id="g", state="draft")], seen_at=NOW)
        await until(mirror, lambda words: "draft" in words)
    assert (await mirror.summary()).flows == {"clean": 1, "draft": 1}


async def test_only_flows_that_news_touches_are_judged_again(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Flow(id="g", name="leads", state="disabled")
    await mirror.upsert("flows", [FLOW, other], seen_at=NOW)
    judged: list[str] = []

    def rule(flow: FlowRow, *rest: Any) -> FlowVerdict:
        judged.append(flow.id)
        return flow_verdict(flow, *rest)

    monkeypatch.setattr("aeptui.monitor.watch.flow_verdict", rule)
    async with following(mirror):
        await until(mirror, lambda words: sum(words.values()) == 2)
        judged.clear()
        await mirror.upsert("runs", [run("r1", "failed")], seen_at=NOW)
        await until(mirror, lambda words: words == {"failed": 1, "off": 1})
    assert judged == ["f"]
