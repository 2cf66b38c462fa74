"""Damage and full disks while the mirror is open: said in a sentence, and the console goes on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from aeptui.api.models import Flow, Run
from aeptui.mirror.store import Mirror
from aeptui.mirror.troubles import StoreTrouble
from aeptui.mirror.values import BEGUN_AGAIN, Changed
from aeptui.monitor.state import run_verdict
from tests.mirror.conftest import NOW, spoil


def runs(size: int) -> list[Run]:
    return [
        Run(id=f"r{n}", created_at=NOW, body=b'{"noise":"%s"}' % os.urandom(1500).hex().encode())
        for n in range(size)
    ]


async def test_damage_that_a_reader_meets_is_set_aside_and_everything_goes_on(
    mirror: Mirror, path: Path
) -> None:
    await mirror.upsert("runs", runs(50), seen_at=NOW)
    news = mirror.news("runs", BEGUN_AGAIN)
    spoil(path)
    assert (await mirror.summary()).counts == {}
    assert "damaged" in mirror.notice
    assert path.with_name(path.name + ".aside").read_bytes().startswith(b"rubbish")
    async with asyncio.timeout(20):
        heard = {(await anext(news)).kind, (await anext(news)).kind}
    assert heard == {"runs", BEGUN_AGAIN}
    await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
    assert (await mirror.summary()).counts == {"flows": 1}
    assert mirror.summary_now().counts == {"flows": 1}


async def test_damage_that_the_writer_meets_is_set_aside_and_the_write_lands(
    mirror: Mirror, path: Path
) -> None:
    await mirror.upsert("runs", runs(50), seen_at=NOW)
    spoil(path)
    assert await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
    assert mirror.get_now("flows", "f") is not None
    assert mirror.get_now("runs", "r1") is None
    assert "damaged" in mirror.notice


async def test_damage_deep_inside_is_met_by_who_reads_there(mirror: Mirror, path: Path) -> None:
    await mirror.upsert("runs", runs(400), seen_at=NOW)
    spoil(path, b"\xff" * 8, half=True)
    for n in range(400):
        await mirror.body("runs", f"r{n}")
    assert "damaged" in mirror.notice
    assert (await mirror.summary()).counts == {}


async def test_a_mirror_that_was_thrown_away_is_made_again(mirror: Mirror, path: Path) -> None:
    await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
    for each in path.parent.iterdir():
        each.unlink()
    assert await mirror.get("flows", "f") is None
    assert await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
    assert await mirror.get("flows", "f") is not None


async def test_what_belongs_together_is_refused_when_the_file_was_lost_meanwhile(
    mirror: Mirror, path: Path
) -> None:
    with mirror.reading():
        await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
        spoil(path)
        with pytest.raises(StoreTrouble, match="read again"):
            await mirror.upsert("flows", [Flow(id="g")], seen_at=NOW, complete=True)
    assert (await mirror.freshness()).get("flows") is None
    assert await mirror.upsert("flows", [Flow(id="g")], seen_at=NOW)


async def test_the_other_console_notices_that_the_file_was_set_aside(
    mirror: Mirror, path: Path
) -> None:
    other = Mirror.open(path, run_verdict=run_verdict, clock=lambda: NOW)
    try:
        await mirror.upsert("runs", runs(5), seen_at=NOW)
        news = other.news("flows")
        await other.notice_others()
        spoil(path)
        await mirror.upsert("flows", [Flow(id="f")], seen_at=NOW)
        await other.notice_others()
        async with asyncio.timeout(20):
            assert await anext(news) == Changed("flows", all=True, every=True)
        assert await other.get("flows", "f") is not None
    finally:
        other.close()


async def test_a_full_disk_is_said_and_passes(mirror: Mirror) -> None:
    await mirror.upsert("runs", runs(5), seen_at=NOW)
    await quota(mirror, "max_page_count = 1")  # as many as there are
    with pytest.raises(StoreTrouble, match="no room on the disk"):
        await mirror.upsert("runs", runs(300)[5:], seen_at=NOW)
    assert (await mirror.summary()).counts == {"runs": 5}
    await mirror.note("runs", at=NOW, trouble="no room", trouble_kind="disk", next_in_s=15)
    assert (await mirror.freshness())["runs"].trouble_kind == "disk"
    await quota(mirror, "max_page_count = 100000")
    await mirror.upsert("runs", runs(300)[5:], seen_at=NOW)
    assert (await mirror.summary()).counts == {"runs": 300}


async def test_trouble_that_cannot_be_written_is_told_all_the_same(mirror: Mirror) -> None:
    await mirror.note("flows", at=NOW, trouble=None, next_in_s=15)
    await quota(mirror, "query_only = 1")
    news = mirror.news("freshness")
    await mirror.note("flows", at=NOW, trouble="no room", trouble_kind="disk", next_in_s=15)
    async with asyncio.timeout(20):
        assert (await anext(news)).ids == {"flows"}
    fresh = mirror.freshness_now()["flows"]
    assert (fresh.trouble, fresh.trouble_kind, fresh.confirmed_at) == ("no room", "disk", NOW)
    await quota(mirror, "query_only = 0")
    await mirror.note("flows", at=NOW, trouble=None, next_in_s=15)
    assert (await mirror.freshness())["flows"].trouble is None


async def quota(mirror: Mirror, pragma: str) -> None:
    """Let the writer's connection be as if the disk were small."""
    await mirror._writing.run(
        lambda writer: writer._connection.execute(f"PRAGMA {pragma}").fetchall()
    )
