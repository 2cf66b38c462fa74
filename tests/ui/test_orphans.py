"""`:orphans` by its keys: what no flow uses is listed, and goes one by one."""

from __future__ import annotations

from pathlib import Path

import httpx

from aeptui.session import session_for
from aeptui.ui.screens.orphans import OrphansPage
from tests.emulated import Rehearsal
from tests.forms.conftest import make_base
from tests.ui.conftest import console
from tests.ui.platform import configured, got, profile_on, proxied


async def test_a_connection_that_nothing_uses_is_listed_and_deleted_from_there(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    base = make_base(api)
    with proxied(platform) as proxy:
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            await at.type(":orphans")
            await at.press("enter")
            await at.until(lambda: isinstance(at.app.screen, OrphansPage))
            page = at.app.screen
            assert isinstance(page, OrphansPage)
            await at.until(lambda: [row.id for row in page.pane.rows] == [base], tries=1500)
            await at.sees("base connection", "Salesforce prod")
            await at.press("X")
            await at.sees("Delete the base connection Salesforce prod?", "No flow uses it")
            await at.press("y")
            await at.until(lambda: not page.pane.rows, tries=1500)
            await at.sees("Everything is used by a flow")
        assert [each.method for each in proxy.writes] == ["DELETE"]
        assert got(api, "/data/foundation/flowservice/connections")["items"] == []
