"""The watch: words follow news and time, and nothing runs in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aeptui.api.models import BaseConnection, Dataset, Flow, Run, TargetConnection
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.mirror.store import Mirror
from aeptui.mirror.values import Freshness
from aeptui.mirror.verdicts import Failure, FlowVerdict
from aeptui.monitor.blames import Blames
from aeptui.monitor.causes import failures_of
from aeptui.monitor.events import Look
from aeptui.monitor.state import Thresholds, flow_verdict, run_verdict
from aeptui.monitor.watch import Watch

NOW = datetime(2026, 9, 1, 12, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)
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
async def following(
    mirror: Mirror, leading: Callable[[], bool] = lambda: True
) -> AsyncIterator[None]:
    task = asyncio.create_task(Watch(mirror, Thresholds(), leading=leading).follow())
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


@pytest.mark.parametrize("word", ["failed", "partial"])
async def test_a_long_trouble_began_with_its_first_run_and_not_with_the_last_that_are_looked_at(
    mirror: Mirror, word: str
) -> None:
    def bad(number: int) -> Run:
        at = NOW - timedelta(minutes=30 * number)
        made = run(f"r{number:03}", "success" if word == "partial" else "failed", at)
        return msgspec.structs.replace(made, received=9, ingested=8, skipped=0, failed=1)

    await mirror.upsert("flows", [FLOW], seen_at=NOW)
    await mirror.upsert("runs", [bad(number) for number in range(130)], seen_at=NOW)
    await Watch(mirror, Thresholds()).once()
    row = await mirror.get("flows", "f")
    assert isinstance(row, FlowRow)
    began = NOW - timedelta(minutes=30 * 129)
    assert (row.word, row.since) == (word, began)
    if word == "failed":
        assert row.reason.startswith("130 times or more: ")
    # A run that ended well is the end of it, however far back.
    await mirror.upsert("runs", [run("first", "success", began - DAY)], seen_at=NOW)
    await mirror.upsert("runs", [run("older", "failed", began - 2 * DAY)], seen_at=NOW)
    await Watch(mirror, Thresholds()).once()
    row = await mirror.get("flows", "f")
    assert isinstance(row, FlowRow)
    assert row.since == began
    if word == "failed":
        assert row.reason.startswith("130 times: ")


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


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of flows in the order in which they are judged."""
    ids: list[str] = []

    def rule(flow: FlowRow, *rest: Any) -> FlowVerdict:
        ids.append(flow.id)
        return flow_verdict(flow, *rest)

    monkeypatch.setattr("aeptui.monitor.watch.flow_verdict", rule)
    return ids


async def test_flows_that_have_come_are_not_judged_again_for_each_page_that_follows(
    mirror: Mirror, judged: list[str]
) -> None:
    pages = [[Flow(id=f"{page}-{n}", state="draft") for n in range(30)] for page in range(5)]
    async with following(mirror):
        for known, page in enumerate(pages, 1):
            await mirror.upsert("flows", page, seen_at=NOW)
            await until(mirror, lambda words, known=known: words == {"draft": 30 * known})
    # One that is found without a word may be judged once more when its own news is heard.
    assert max(Counter(judged).values()) <= 2


async def test_who_does_not_sync_judges_nothing_until_it_takes_over(
    mirror: Mirror, judged: list[str]
) -> None:
    leads, asked = False, 0

    def leading() -> bool:
        nonlocal asked
        asked += 1  # once for each piece of news
        return leads

    await mirror.upsert("flows", [FLOW], seen_at=NOW)
    other = Mirror.open(mirror.path, run_verdict=run_verdict, clock=lambda: NOW)
    async with following(mirror, leading):
        await until(mirror, lambda words: words == {"late": 1})
        judged.clear()
        await other.upsert("runs", [run("r1", "failed")], seen_at=NOW)
        heard = asked
        await mirror.notice_others()
        async with asyncio.timeout(20):
            while asked < heard + 3:  # runs, freshness, and what comes after them
                await confirm(mirror, NOW)
                await asyncio.sleep(0.02)
        assert not judged
        leads = True
        await confirm(mirror, NOW)
        await until(mirror, lambda words: words == {"failed": 1})
    assert judged == ["f"]
    other.close()


async def test_a_name_from_elsewhere_judges_no_flow_and_the_end_of_a_dataset_its_own(
    mirror: Mirror, judged: list[str]
) -> None:
    flows = [
        Flow(id=id, state="enabled", base_connection_id="b", target_connection_id=f"to {id}")
        for id in ("g", "h")
    ]
    targets = [TargetConnection(id=f"to {id}", dataset_id=id) for id in ("g", "h")]
    await mirror.upsert("target-connections", targets, seen_at=NOW)
    await mirror.upsert("datasets", [Dataset(id="g"), Dataset(id="h")], seen_at=NOW)
    await mirror.upsert("flows", [*flows, FLOW], seen_at=NOW)
    async with following(mirror):
        await until(mirror, lambda words: sum(words.values()) == 3)
        judged.clear()
        await mirror.upsert("base-connections", [BaseConnection(id="b", name="new")], seen_at=NOW)
        dated = Dataset(id="h", updated_at=NOW, expires_at=NOW + timedelta(days=1))
        await mirror.upsert("datasets", [dated], seen_at=NOW)
        await until(mirror, lambda words: words.get("expiring") == 1)
        undated = Dataset(id="h", updated_at=NOW + timedelta(seconds=1))
        await mirror.upsert("datasets", [undated], seen_at=NOW)
        await until(mirror, lambda words: "expiring" not in words)
    assert set(judged) == {"h"}


async def test_a_failure_is_read_once_for_as_long_as_its_run_stays_as_it_was(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    heard: list[Look] = []

    def failures(run: Run, *rest: Any) -> tuple[Failure, ...]:
        read.append(run.id)
        return failures_of(run, *rest)

    class Hearing:
        async def looked(self, look: Look) -> None:
            heard.append(look)

        async def asked(self, freshness: Mapping[str, Freshness]) -> None: ...

    def failed(code: str, at: datetime) -> Run:
        summary = {"status": "failed", "errors": [{"code": code, "message": "no"}]}
        body = {"id": "r", "flowId": "f", "metrics": {"statusSummary": summary}}
        plain = msgspec.structs.replace(run("r", "failed"), updated_at=at)
        return msgspec.structs.replace(plain, body=msgspec.json.encode(body))

    monkeypatch.setattr("aeptui.monitor.blames.failures_of", failures)
    watch = Watch(mirror, Thresholds(), Hearing())
    await mirror.upsert("flows", [FLOW], seen_at=NOW)
    await mirror.upsert("runs", [failed("A", NOW)], seen_at=NOW)
    await watch.once()
    await watch.once()
    assert read == ["r"]
    await mirror.upsert("runs", [failed("B", NOW + timedelta(seconds=1))], seen_at=NOW)
    await watch.once()
    assert read == ["r", "r"]
    told = [[blame.code for blame in look.flows[0].blames] for look in heard]
    assert told == [["A"], ["A"], ["B"]]


async def test_no_more_failures_are_remembered_than_are_allowed(mirror: Mirror) -> None:
    blames = Blames(remembered=2)
    for id in "abc":
        await mirror.upsert("runs", [run(id, "failed")], seen_at=NOW)
        row = await mirror.get("runs", id)
        assert isinstance(row, RunRow)
        await mirror.ask(lambda reader, row=row: blames.of(reader, [row]))
    assert list(blames._known) == ["b", "c"]
