"""Causes on the screen: one line each, opened and left again, tested, and none at all."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from aeptui.api import models
from aeptui.api.errors import ApiUnreachable
from aeptui.session import Session
from aeptui.ui.screens.causes import CausePage, CausesPage
from aeptui.ui.screens.detail import DetailPage
from aeptui.ui.screens.home import HomePage
from aeptui.ui.screens.why import WhyPage
from aeptui.ui.widgets.live_panel import LivePanel
from tests.ui.conftest import console, flows, run

REFUSED = models.RunError("CONNECTOR-1001-500", "invalid_client: no such client", None)


async def _three_flows_refused(session: Session) -> None:
    failed = [
        run(
            *(30, of, 1, "failed"),
            **{"received": None, "ingested": None, "failed": None, "errors": (REFUSED,)},
        )
        for of in (6, 7, 8)
    ]
    await session.mirror.upsert("runs", failed, seen_at=session.now())


async def test_one_line_tells_of_what_went_wrong_in_many_flows(filled: Session) -> None:
    await _three_flows_refused(filled)
    async with console(filled) as at:
        await at.press("c")
        await at.sees("3 open", "the credentials were refused")
        lines = at.text.splitlines()
        assert "last 7 days" in lines[1]
        worst = next(line for line in lines if line.startswith("▸"))
        assert worst.startswith("▸the credentials were refused")
        assert worst.split()[-4:] == ["3", "all", "just", "now"]
        assert "412" in next(line for line in lines if "rows were lost" in line)
        # What is wrong is whole at 80 columns; its code stands to the right of what fits.
        assert "CONNECTOR-1001-500" not in at.text
        await at.press("right", "right")
        await at.sees("CONNECTOR-1001-500")


async def test_a_flow_opened_from_a_cause_leads_back_to_its_place(filled: Session) -> None:
    await _three_flows_refused(filled)
    async with console(filled) as at:
        await at.press("c")
        await at.sees("the credentials were refused")
        await at.press("enter")
        await at.sees("3 flows", "invalid_client", "What to do", "Salesforce prod")
        await at.press("down")
        held = at.table.held
        await at.press("enter")
        await at.until(lambda: isinstance(at.app.screen, DetailPage))
        await at.press("escape")
        assert isinstance(at.app.screen, CausePage)
        assert at.app.screen.table.held == held
        await at.press("w")
        await at.until(lambda: isinstance(at.app.screen, WhyPage))
        await at.press("escape", "escape")
        assert isinstance(at.app.screen, CausesPage)
        await at.press("escape")
        assert isinstance(at.app.screen, HomePage)


async def test_a_shared_connection_is_tested_and_what_came_of_it_stays(
    filled: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _three_flows_refused(filled)

    async def nobody(_session: Session) -> None:
        raise ApiUnreachable("Nobody answers", host="127.0.0.1")

    monkeypatch.setattr(Session, "connected", nobody)  # at once, without the retries
    async with console(filled) as at:
        await at.press("c")
        await at.sees("the credentials were refused")
        await at.press("enter")
        await at.sees("Base connection they share", "t tests it", "E change login")
        await at.press("t")
        await at.sees("not tested: Nobody answers")
        assert "t tests it" not in at.text
        await at.press("E")
        await at.sees("read-only, and writing is not unlocked")


async def test_a_cause_is_over_when_its_flows_run_well_again(filled: Session) -> None:
    await _three_flows_refused(filled)
    async with console(filled, 120, 36) as at:
        await at.press("c")
        await at.sees("3 open", "OPEN")
        well = [run(31, of, 0) for of in (6, 7, 8)]
        await filled.mirror.upsert("runs", well, seen_at=filled.now())
        await at.sees("2 open, 1 over", "just over")


async def test_a_page_without_causes_says_what_would_be_there(session: Session) -> None:
    async with console(session) as at:
        await at.type(":causes")
        await at.press("enter")
        await at.until(lambda: isinstance(at.app.screen, CausesPage))
        await at.sees("Not read yet.")
        for kind in ("flows", "runs"):
            await session.mirror.note(kind, at=session.now(), trouble=None, next_in_s=15)
        await at.press("r")
        await at.until(lambda: "one line for each cause" in " ".join(at.text.split()))


async def test_what_changed_before_a_flow_failed_is_one_key_away(filled: Session) -> None:
    flow = flows()[0]
    told = b'{"id": "flow-000", "scheduleParams": {"interval": 30}, "name": "Salesforce contacts"}'
    before = msgspec.structs.replace(flow, body=told, updated_at=flow.updated_at)
    after = msgspec.structs.replace(
        flow,
        body=told.replace(b"30", b"15"),
        updated_at=filled.now() - timedelta(minutes=40),
    )
    for version in (before, after):
        await filled.mirror.upsert("flows", [version], seen_at=filled.now())
    async with console(filled) as at:
        await at.press("d")
        await at.sees("last clean run", "first bad run", "schedule interval", "30", "15")
        await at.press("w")
        await at.until(lambda: isinstance(at.app.screen, WhyPage))


async def test_the_live_panel_follows_the_flow_under_the_cursor(filled: Session) -> None:
    async with console(filled) as at:
        panel = at.app.screen.query_one(LivePanel)
        await at.press("down", "down", "down", "down")
        name = at.table.row.name if at.table.row else ""
        await at.until(lambda: panel.flow_id == at.table.held)
        assert any(line.startswith(f" {name[:16]}") for line in at.text.splitlines()[-6:-1])
