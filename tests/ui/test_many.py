"""Acting on many marked rows: one question, a result for each, nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from aeptui.session import session_for
from tests.emulator.conftest import Rehearsal
from tests.emulator.tutorial import FLOWSERVICE, created, follow_the_tutorial, runs_of
from tests.forms.conftest import make_base
from tests.ui.conftest import Console, console
from tests.ui.platform import Proxy, configured, profile_on, proxied


@pytest.fixture
def proxy(platform: Rehearsal) -> Iterator[Proxy]:
    with proxied(platform) as proxy:
        yield proxy


@pytest.fixture
def made(platform: Rehearsal, api: httpx.Client) -> list[str]:
    """Two flows whose runs have failed."""
    first = follow_the_tutorial(platform, api, make_base(api))
    body = {**first.flow_body, "name": "The same contacts again"}
    second = created(api.post(f"{FLOWSERVICE}/flows", json=body))
    platform.ask("incidents", kind="crm_down", sandbox="dev")
    platform.advance(minutes=40)
    return [first.flow_id, second["id"]]


async def both_marked(at: Console) -> None:
    """Wait until both have failed, and mark them."""
    await at.until(
        lambda: [getattr(row, "word", "") for row in at.table._rows] == ["failed", "failed"],
        tries=1500,
    )
    await at.press("space", "space")
    await at.sees("2 marked")


async def test_marked_flows_are_retried_and_switched_after_one_question_each(
    platform: Rehearsal,
    proxy: Proxy,
    api: httpx.Client,
    made: list[str],
    tmp_path: Path,
) -> None:
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        await both_marked(at)
        before = [len(runs_of(api, each)) for each in made]
        await at.press("R")
        await at.sees("Retry 2 runs of", "one after another")
        assert not proxy.writes
        await at.press("y")
        await at.sees("2 done", "over", "Retried; the new run is")
        assert [len(runs_of(api, each)) for each in made] == [n + 1 for n in before]
        assert len(proxy.writes) == 2
        await at.press("escape")
        await at.sees("STATE")
        assert "marked" not in at.text
        # What was just retried is not retried again.
        await at.press("home", "space", "space", "R")
        await at.sees("Not done: a run of it has not ended yet")
        await at.press("O")
        await at.sees("Turn 2 flows off?")
        await at.press("escape", "X")
        await at.sees("one at a time is deleted")
        await at.press("t")
        await at.sees("Test", "1 failed")
        assert len(proxy.writes) == 2


async def test_marked_flows_are_acknowledged_together(
    platform: Rehearsal, proxy: Proxy, made: list[str], tmp_path: Path
) -> None:
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        await both_marked(at)
        await at.press("a")
        await at.sees("2 items: acknowledged", "(2 known)", "failed  a")
        await at.press("escape", "home", "enter")
        await at.sees("acknowledged by")
        assert not proxy.writes
