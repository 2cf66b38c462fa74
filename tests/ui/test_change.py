"""`E`: a form over what exists; two operators at once lose nothing, and credentials are tried first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from aeptui.session import Session, session_for
from aeptui.ui.screens.change import ChangePage
from tests.emulated import Rehearsal
from tests.emulator.tutorial import Pipeline, follow_the_tutorial
from tests.forms.conftest import make_base
from tests.ui.conftest import Console, console
from tests.ui.platform import Proxy, configured, got, profile_on, proxied, until_settled

FLOWS = "/data/foundation/flowservice"


@pytest.fixture
def proxy(platform: Rehearsal) -> Iterator[Proxy]:
    with proxied(platform) as proxy:
        yield proxy


@pytest.fixture
def made(platform: Rehearsal, api: httpx.Client) -> Pipeline:
    pipeline = follow_the_tutorial(platform, api, make_base(api))
    platform.advance(minutes=2)
    return pipeline


def one(api: httpx.Client, path: str) -> dict[str, Any]:
    return dict(got(api, f"{FLOWS}/{path}")["items"][0])


def renamed_by_another(api: httpx.Client, made: Pipeline) -> None:
    path = f"flows/{made.flow_id}"
    answer = api.patch(
        f"{FLOWS}/{path}",
        headers={"If-Match": one(api, path)["etag"]},
        json=[{"op": "replace", "path": "/name", "value": "Theirs"}],
    )
    assert answer.status_code == 200, answer.text


async def change_of(at: Console) -> ChangePage:
    await at.press("E")
    await at.until(lambda: isinstance(at.app.screen, ChangePage), tries=1500)
    page = at.app.screen
    assert isinstance(page, ChangePage)
    await until_settled(at)
    return page


async def test_what_two_operators_change_at_once_is_shown_beside_each_other_and_not_lost(
    proxy: Proxy, api: httpx.Client, made: Pipeline, platform: Rehearsal, tmp_path: Path
) -> None:
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        await at.until(lambda: at.table.held == made.flow_id, tries=1500)
        await change_of(at)
        await at.press("ctrl+g")
        await at.sees("Nothing was changed")
        await at.press("ctrl+u")
        await at.type("Mine")
        renamed_by_another(api, made)
        await at.press("ctrl+g")
        await at.sees("Somebody else changed it first", "theirs “Theirs”, mine “Mine”")
        await at.press("escape")
        await at.sees("Theirs was kept")
        assert one(api, f"flows/{made.flow_id}")["name"] == "Theirs"
        await at.press("ctrl+g")
        await at.until(lambda: at.app.screen is at.app.home, tries=1500)
        await at.sees("Change name of Theirs: done", "Mine")
    assert one(api, f"flows/{made.flow_id}")["name"] == "Mine"


async def new_credentials_of(at: Console, session: Session, base: str) -> ChangePage:
    """The form of a base connection, with its credentials about to be replaced."""
    await at.until(lambda: session.mirror.get_now("base-connections", base), tries=1500)
    await at.type(":base-connections")
    await at.press("enter")
    await at.until(lambda: at.table.held == base)
    page = await change_of(at)
    page.questions.go_to("credentials")
    await at.press("right")
    await until_settled(at)
    return page


async def test_other_credentials_are_tried_beside_those_in_use_before_they_are_saved(
    proxy: Proxy, api: httpx.Client, platform: Rehearsal, tmp_path: Path
) -> None:
    base = make_base(api)
    before = one(api, f"connections/{base}")["etag"]
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        page = await new_credentials_of(at, session, base)
        for name, text in (("auth.password", "wrong"), ("auth.securityToken", "token")):
            page.questions.go_to(name)
            await at.type(text)
        await at.press("ctrl+t")
        await at.sees("They cannot log in")
        assert one(api, f"connections/{base}")["etag"] == before
        page.questions.go_to("auth.password")
        await at.press("ctrl+u")
        await at.type("better")
        await at.press("ctrl+g")
        await at.until(lambda: at.app.screen is not page, tries=1500)
        await at.sees("done")
    sent = [each.method for each in proxy.writes if "/connections" in each.path]
    assert sent == ["POST", "DELETE", "POST", "DELETE", "PATCH"]
    assert [each["id"] for each in got(api, f"{FLOWS}/connections")["items"]] == [base]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert b"better" not in kept and one(api, f"connections/{base}")["etag"] != before


async def test_leaving_while_credentials_are_tried_leaves_none_of_them_behind(
    proxy: Proxy, api: httpx.Client, platform: Rehearsal, tmp_path: Path
) -> None:
    base = make_base(api)
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        page = await new_credentials_of(at, session, base)
        for name in ("auth.password", "auth.securityToken"):
            page.questions.go_to(name)
            await at.type("other")
        platform.ask("faults", kind="latency", latency_s=2, method="GET", path="*/test", times=1)
        await at.press("ctrl+t")
        await at.until(
            lambda: any(each.path.endswith("/test") for each in proxy.requests), tries=1500
        )
        await at.press("escape")
        await at.until(lambda: any(each.method == "DELETE" for each in proxy.writes), tries=1500)
        await at.until(lambda: len(got(api, f"{FLOWS}/connections")["items"]) == 1)


async def test_enabling_profile_is_confirmed_by_typing_the_name(
    proxy: Proxy, api: httpx.Client, made: Pipeline, platform: Rehearsal, tmp_path: Path
) -> None:
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
        console(session) as at,
    ):
        await at.until(lambda: session.mirror.get_now("datasets", made.dataset_id), tries=1500)
        await at.type(":datasets")
        await at.press("enter")
        await at.until(lambda: at.table.held == made.dataset_id)
        page = await change_of(at)
        page.questions.go_to("profile")
        await at.press("left", "ctrl+g")
        await at.sees("for good?", "Type Salesforce contacts and press enter")
        before = len(proxy.writes)
        await at.press("escape")
        await at.sees("it was not confirmed")
        assert len(proxy.writes) == before
        await at.press("ctrl+g")
        await at.sees("Type Salesforce contacts")
        await at.type("Salesforce contacts")
        await at.press("enter")
        await at.sees("the schema should be valid")  # it is not enabled: the platform's own word
