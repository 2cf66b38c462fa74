"""News: heard by who asked, merged while it waits, and told across processes."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aeptui.api.models import Dataset, Flow, Run
from aeptui.mirror.lock import Lock
from aeptui.mirror.store import Mirror
from aeptui.mirror.values import NAMED, Changed, Listing
from aeptui.mirror.verdicts import RunVerdict
from aeptui.monitor.state import run_verdict
from tests.mirror.conftest import NOW


async def soon(news: object) -> Changed:
    async with asyncio.timeout(20):
        return await anext(news)  # type: ignore[call-overload, no-any-return]


async def nothing_more(mirror: Mirror, news: object) -> bool:
    """Whether `news` holds nothing: what is published next is the next thing heard."""
    await mirror.upsert("flows", [Flow(id="the next thing")], seen_at=NOW)
    heard = await soon(news)
    return heard.ids == {"the next thing"}


async def test_news_that_waits_is_merged_by_kind(mirror: Mirror) -> None:
    news = mirror.news("runs")
    for id in "abc":
        await mirror.upsert("runs", [Run(id=id, flow_id=f"of {id}")], seen_at=NOW)
    heard = await soon(news)
    assert heard == Changed("runs", frozenset("abc"), False, frozenset({"of a", "of b", "of c"}))


async def test_only_what_was_asked_for_is_heard(mirror: Mirror) -> None:
    news = mirror.news("flows")
    await mirror.upsert("schemas", [], seen_at=NOW)
    await mirror.upsert("runs", [Run(id="r")], seen_at=NOW)
    await mirror.note("flows", at=NOW, trouble=None, next_in_s=5)
    assert await nothing_more(mirror, news)


async def test_nothing_changed_is_no_news(mirror: Mirror) -> None:
    await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
    news = mirror.news()
    await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
    assert await nothing_more(mirror, news)


async def test_a_renamed_dataset_is_news_for_the_lists_that_show_its_name(mirror: Mirror) -> None:
    await mirror.upsert("datasets", [Dataset(id="d", name="old")], seen_at=NOW)
    news = mirror.news("flows")
    await mirror.upsert("datasets", [Dataset(id="d", name="old", row_count=5)], seen_at=NOW)
    await mirror.upsert("datasets", [Dataset(id="d", name="new")], seen_at=NOW)
    assert await soon(news) == Changed("flows", all=True)


async def test_more_ids_than_can_be_named_are_all(mirror: Mirror) -> None:
    runs = [Run(id=f"r{n}") for n in range(NAMED + 1)]
    assert await mirror.upsert("runs", runs, seen_at=NOW) == Changed("runs", all=True)


async def test_a_write_that_nobody_waits_for_any_more_still_brings_its_news(path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow_verdict(run: Run) -> RunVerdict:
        begun.set()
        assert go_on.wait(20)
        return RunVerdict("clean", 0)

    mirror = Mirror.open(path, run_verdict=slow_verdict, clock=lambda: NOW)
    try:
        news = mirror.news("runs")
        task = asyncio.create_task(mirror.upsert("runs", [Run(id="r")], seen_at=NOW))
        assert await asyncio.to_thread(begun.wait, 20)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        go_on.set()
        assert (await soon(news)).ids == {"r"}
    finally:
        go_on.set()
        mirror.close()


async def test_an_ended_listener_stops(mirror: Mirror) -> None:
    news = mirror.news("runs")
    waiting = asyncio.create_task(anext(news, None))
    await asyncio.sleep(0)
    await news.aclose()
    assert await waiting is None


async def test_what_another_process_wrote_is_noticed_once(mirror: Mirror, path: Path) -> None:
    await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
    news = mirror.news("flows")
    other = Mirror.open(path, run_verdict=run_verdict, clock=lambda: NOW)
    try:
        await other.upsert("flows", [Flow(id="g")], seen_at=NOW)
        await mirror.notice_others()
        assert await soon(news) == Changed("flows", all=True, every=True)
        assert await mirror.get("flows", "g") is not None
        await other.note("flows", at=NOW, trouble=None, next_in_s=5)
        await mirror.notice_others()
        assert await nothing_more(mirror, news)
    finally:
        other.close()


def test_one_of_several_holds_the_lock_until_it_lets_go(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "m.lock"), Lock(tmp_path / "m.lock")
    assert first.take() and first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


async def asked_for_ever(ask: Callable[[Callable[[Any], None]], Awaitable[None]]) -> Any:
    """The task of a question without an end, which has begun."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def question(reader: Any) -> None:
        loop.call_soon_threadsafe(asked.set)
        reader._connection.execute(ENDLESS).fetchone()

    task = asyncio.ensure_future(ask(question))
    await asked.wait()
    return task


async def test_a_question_that_nobody_waits_for_any_more_ends(mirror: Mirror) -> None:
    task = await asked_for_ever(mirror.ask)
    task.cancel()
    async with asyncio.timeout(20):
        assert (await mirror.summary()).counts == {}


async def test_short_questions_do_not_wait_behind_a_search(mirror: Mirror) -> None:
    task = await asked_for_ever(mirror._searching.ask)
    async with asyncio.timeout(20):
        assert (await mirror.window(Listing("runs"), 5)).rows == ()
        assert not task.done()
        task.cancel()
        assert (await mirror.window(Listing("runs", "nothing"), 5)).rows == ()


async def test_closing_leaves_a_long_question(mirror: Mirror) -> None:
    task = await asked_for_ever(mirror.ask)
    await asyncio.to_thread(mirror.close)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await task
