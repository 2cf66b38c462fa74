"""The everyday actions by their keys: the reason, the consequence, and what the platform got."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from aeptui.mirror.rows import FlowRow
from aeptui.resources import registry
from aeptui.session import Session, session_for
from aeptui.ui.screens.resource import ListPage
from tests.emulated import Rehearsal
from tests.emulator.tutorial import (
    FLOWSERVICE,
    Pipeline,
    created,
    follow_the_tutorial,
    runs_of,
)
from tests.forms.conftest import make_base
from tests.ui.conftest import Console, console
from tests.ui.platform import Proxy, configured, got, profile_on, proxied


@pytest.fixture
def proxy(platform: Rehearsal) -> Iterator[Proxy]:
    with proxied(platform) as proxy:
        yield proxy


@pytest.fixture
def made(platform: Rehearsal, api: httpx.Client) -> Pipeline:
    """The tutorial's flow, set up and before its first run."""
    pipeline = follow_the_tutorial(platform, api, make_base(api))
    platform.advance(minutes=2)
    return pipeline


async def at_home(at: Console, made: Pipeline) -> None:
    """Wait until the flow is under the cursor with its words."""
    await at.until(
        lambda: (
            at.table.held == made.flow_id
            and isinstance(at.table.row, FlowRow)
            and at.table.row.dataset_name
        ),
        tries=1500,
    )


def state_of(api: httpx.Client, made: Pipeline) -> str:
    return str(got(api, f"/data/foundation/flowservice/flows/{made.flow_id}")["items"][0]["state"])


async def test_a_flow_that_is_turned_off_says_so_in_its_row_at_once(
    platform: Rehearsal, proxy: Proxy, api: httpx.Client, made: Pipeline, tmp_path: Path
) -> None:
    seldom = configured(tmp_path, every_s=3600.0)
    async with (
        session_for(seldom, profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        await at_home(at, made)
        await at.press("O")
        await at.sees("No run of it comes until it is on again")
        await at.press("escape")
        assert not proxy.writes
        await at.press("O")
        await at.sees("Turn ")
        await at.press("y", "enter")
        await at.until(lambda: bool(proxy.writes))
        platform.advance(minutes=2)
        assert state_of(api, made) == "disabled"
        assert len(proxy.writes) == 1
        await at.sees(" is off.", "disabled,")


@pytest.mark.parametrize(
    ("kind", "key", "reason"),
    [
        ("runs", "N", "R retries this one"),
        ("runs", "X", "the platform keeps runs as they were"),
        ("runs", "n", "runs come from their flows"),
        ("datasets", "R", "runs are retried, not datasets"),
        ("datasets", "N", "they are in :flows"),
        ("schemas", "O", "flows are on or off, not schemas"),
        ("mapping-sets", "X", "mapping sets stay"),
        ("mapping-sets", "E", "m changes the pairs"),
        ("schemas", "t", "connections are tested"),
    ],
)
def test_a_key_that_a_kind_has_no_use_for_says_what_to_do_instead(
    session: Session, kind: str, key: str, reason: str
) -> None:
    page = ListPage(session, registry.BY_KIND[kind])
    action = {
        "R": "retry", "N": "run_now", "O": "switch", "E": "change", "X": "delete",
        "n": "new", "t": "test",
    }[key]  # fmt: skip
    assert reason in (page.why_not(action) or "")


async def test_an_action_that_cannot_be_done_says_why_at_its_key_and_on_help(
    platform: Rehearsal, proxy: Proxy, made: Pipeline, tmp_path: Path
) -> None:
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        await at_home(at, made)
        await at.press("N")
        await at.sees("Not done: this flow runs by schedule")
        await at.press("question_mark")
        await at.sees("Keys")
        await at.press("pagedown")
        await at.sees("off: this flow runs by schedule")
        assert not proxy.writes


def used_by_another(api: httpx.Client, made: Pipeline) -> str:
    """What another operator makes of the same connections meanwhile."""
    body = {**made.flow_body, "name": "The same again"}
    return created(api.post(f"{FLOWSERVICE}/flows", json=body))["id"]


def given_up(api: httpx.Client, flow_id: str) -> None:
    answer = api.delete(f"{FLOWSERVICE}/flows/{flow_id}")
    assert answer.is_success, answer.text


async def test_deleting_in_a_protected_sandbox_takes_its_name_and_names_what_goes(
    platform: Rehearsal, proxy: Proxy, api: httpx.Client, made: Pipeline, tmp_path: Path
) -> None:
    flags = {"allow_writes": True, "confirm_sandbox": "dev"}
    profile = profile_on(proxy, platform, protected=True)
    async with (
        session_for(configured(tmp_path, **flags), profile) as session,
        console(session) as at,
    ):
        await at_home(at, made)
        await at.press("X")
        await at.sees("Delete the flow", "4 things go, 3 stay", "stays: it is not ticked")
        await at.press("down", "down", "down", "space")
        await at.sees("[x] dataset", "go for good", "5 things go")
        await at.press("space", "end", "space")
        await at.sees("3 things go, 4 stay")
        await at.press("ctrl+g")
        await at.sees("DELETE /data/foundation", "What stays:")
        await at.press("ctrl+g")
        await at.sees("This deletes: flow")
        other = used_by_another(api, made)
        await at.press("y")
        await at.sees("Nothing was sent: The same again uses the source connection")
        given_up(api, other)
        await at.press("ctrl+g")
        await at.sees("This deletes: flow")
        assert proxy.writes == []
        await at.press("y")
        await at.sees("Type dev and press enter")
        await at.type("dev")
        await at.press("enter")
        await at.sees("done.", "stay.")
        deleted = [each.path.rsplit("/", 2)[1] for each in proxy.writes]
        assert deleted == ["flows", "sourceConnections", "targetConnections"]
        assert not got(api, "/data/foundation/flowservice/flows")["items"]
        assert got(api, "/data/foundation/flowservice/connections")["items"]


async def test_a_failed_run_is_retried_from_the_flow_that_it_belongs_to(
    platform: Rehearsal, proxy: Proxy, api: httpx.Client, made: Pipeline, tmp_path: Path
) -> None:
    platform.ask("incidents", kind="crm_down", sandbox="dev")
    platform.advance(minutes=40)
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        await at_home(at, made)
        await at.press("enter")
        await at.sees("FAILED")
        before = len(runs_of(api, made.flow_id))
        await at.press("R")
        await at.sees("Retry this run", "reads the same window")
        await at.press("y")
        await at.sees("Retried; the new run is")
        assert len(runs_of(api, made.flow_id)) == before + 1


async def test_a_connection_is_tested_by_a_key(
    platform: Rehearsal, proxy: Proxy, made: Pipeline, tmp_path: Path
) -> None:
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        await at_home(at, made)
        await at.press("t")
        await at.sees("can log in")
        for kind, to_press in (("crm_auth", True), ("crm_down", False)):
            wrong = platform.ask("incidents", kind=kind, sandbox="dev")
            await at.press("t")
            await at.sees("cannot log in:")
            assert ("E there gives it other credentials" in at.text) is to_press
            platform.control.delete(f"/incidents/{wrong['id']}").raise_for_status()
            await at.press("left")  # what was said is read
            await at.until(lambda: "cannot log in" not in at.text)
        assert not proxy.writes


async def test_unlocking_is_refused_where_the_console_was_started_read_only(
    platform: Rehearsal, proxy: Proxy, tmp_path: Path
) -> None:
    config = configured(tmp_path, read_only=True)
    async with (
        session_for(config, profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        await at.type(":unlock")
        await at.press("enter")
        await at.sees("--read-only")
        assert not session.writable
