"""The wizard at 80x24, by keys alone, against the emulator over real HTTP."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import httpx

from aeptui.forms.lookups import Lookups
from aeptui.mirror.values import Listing
from aeptui.pipelines.file import parse
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.request import preview
from aeptui.pipelines.resolving import resolve
from aeptui.session import Session, session_for
from aeptui.ui.screens.home import HomePage
from aeptui.ui.screens.login import LoginPage
from aeptui.ui.screens.wizard import REVIEW, WizardPage
from tests.emulated import Rehearsal
from tests.emulator.tutorial import counted, runs_of, summary
from tests.forms.conftest import make_base
from tests.ui.conftest import Console, console
from tests.ui.platform import (
    PASSWORD,
    TOKEN,
    choose,
    configured,
    everything_kept,
    fill_base,
    got,
    logged,
    profile_on,
    proxied,
    tick,
    until_settled,
)

COLUMNS = ("Id", "FirstName", "LastName", "Description", "LastModifiedDate")


async def open_wizard(at: Console) -> WizardPage:
    await at.press("n")
    await at.sees("New CRM flow")
    await at.press("enter")
    await at.until(lambda: isinstance(at.app.screen, WizardPage))
    await until_settled(at)
    page = at.app.screen
    assert isinstance(page, WizardPage)
    return page


async def turn(at: Console, page: int) -> None:
    await until_settled(at)
    await at.press("ctrl+g")
    await at.sees(f"page {page} of 7")
    await until_settled(at)


async def answer_the_pages(at: Console) -> None:
    """From the table to the review, with the base connection settled; the rest as proposed."""
    await turn(at, 2)
    await at.press("down")
    await choose(at, "contact")
    await until_settled(at)
    await at.press("enter")
    await at.sees("space tick")
    await at.press("ctrl+a")
    await at.sees("0 chosen")
    for name in COLUMNS:
        await at.type(name)
        await at.press("space", "ctrl+u")
    await at.press("enter")
    await at.sees(f"{len(COLUMNS)} of 28")
    await turn(at, 3)
    await at.press("down", "down", "down")
    await at.sees("2: CRM record details, XDM Business Person")  # proposed by the columns
    await until_settled(at)
    await turn(at, 4)
    await turn(at, 5)
    await turn(at, 6)
    await turn(at, 7)


async def unsaid(session: Session, said: str) -> list[str]:
    """What a pipeline file would still make, or minds, on the platform as it is."""
    file = parse(Path("flow.toml"), said, {})
    services = await session.connected()
    found = await resolve(file, services, Lookups(session.connected, session.now))
    return [str(each) for each in (*found.faults, *found.steps)]


async def test_the_wizard_walks_from_empty_to_a_finished_first_run(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    base_id = make_base(api)
    with proxied(platform) as proxy:
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            await at.until(lambda: session.mirror.get_now("base-connections", base_id))
            page = await open_wizard(at)
            await at.press("down")
            await choose(at, "prod")
            await answer_the_pages(at)
            plan = page.plan()
            assert plan is not None, page._why_no_plan()
            assert [step.name for step in plan.steps] == [
                *("source_connection", "schema", "dataset"),
                *("target_connection", "mapping_set", "flow"),
            ]
            shown = page.view.request.partition("\n\n")[2]
            await at.press("ctrl+e")
            await at.sees("save as")
            page._prompt.set_text(str(tmp_path / "flow.toml"))  # type: ignore[union-attr]
            await at.press("enter")
            await at.sees("no secret is in it")
            before = len(proxy.writes)
            await at.press("ctrl+g", "ctrl+g", "ctrl+g")
            await at.until(lambda: isinstance(at.app.screen, HomePage), tries=1500)

            sent = proxy.writes[before:]
            assert [each.method for each in sent] == ["POST"] * 6
            assert sent[0].body.decode() == shown
            ids = {step.name: made for step, made in page._stands}
            for step, request in zip(plan.steps, sent, strict=True):
                assert request.body == preview(step, ids).body

            (flow,) = got(api, "/data/foundation/flowservice/flows")["items"]
            await at.until(lambda: at.table.held == flow["id"])
            assert await unsaid(session, (tmp_path / "flow.toml").read_text()) == []
            due_ms = int(flow["scheduleParams"]["startTime"]) * 1000
            platform.advance(minutes=22)
            (run,) = runs_of(api, flow["id"])
            assert summary(run) == counted(platform, None, due_ms)
            session.sync.refresh()
            lost = f"{summary(run)['failedRecordCount']:,}"
            await at.until(
                lambda: any("PARTIAL" in row and lost in row for row in at.text.splitlines()),
                tries=1500,
            )
            await at.press("enter")
            await at.sees(f"{summary(run)['inputRecordCount']:,}")


async def test_a_new_base_connection_makes_a_seventh_write_and_no_secret_is_kept(
    platform: Rehearsal, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with proxied(platform) as proxy, logged(state) as log:
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            page = await open_wizard(at)
            await at.press("left", "down")
            await fill_base(at)
            screens = [at.text]
            await turn(at, 2)
            await at.press("down")
            await at.type("Contact")
            await at.press("down")
            await at.type("Id, FirstName, LastModifiedDate:date-time")
            await turn(at, 3)
            await at.press("down", "down", "down")
            await tick(at, "record", "demographic")
            for number in (4, 5, 6, 7):
                await turn(at, number)
                screens.append(at.text)
            plan = page.plan()
            assert plan is not None, page._why_no_plan()
            assert len(plan.steps) == 7
            screens += [page.view.request, page.view.curl]
            answers = everything_kept(state / "answers")
            assert b"integration@example.com" in answers
            platform.ask(  # a CRM that repeats what it does not like
                "faults", service="flowservice", method="POST", path="*/connections",
                kind="status", status=400, times=1,
                body={"message": f"username or password {PASSWORD} refused, token {TOKEN}"},
            )  # fmt: skip
            await at.press("ctrl+g")
            await at.sees("your answers are all here")
            screens.append(at.text)
            await at.press("ctrl+r")
            await at.sees("page 7 of 7")
            await at.press("ctrl+g")
            await at.until(lambda: isinstance(at.app.screen, HomePage), tries=1500)
            screens.append(at.text)
            (base,) = session.mirror.window_now(Listing("base-connections"), 9).rows
            screens.append(str(session.mirror.body_now("base-connections", base.id)))
            told = proxy.writes[0].body
            assert b'"securityToken": "' + TOKEN.encode() in told and PASSWORD.encode() in told
        assert log.stat().st_size
        kept = (everything_kept(state) + answers).decode("utf-8", "replace")
        for secret in (PASSWORD, TOKEN, "rehearsal-secret"):
            assert secret not in kept
            assert not any(secret in screen for screen in screens)


async def test_a_base_connection_that_the_plan_made_is_corrected_before_the_rest_is_made(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    with proxied(platform) as proxy:
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            page = await open_wizard(at)
            await at.press("left", "down")
            await fill_base(at, password="wrong")
            await turn(at, 2)
            await at.press("down")
            await at.type("Contact")
            await at.press("down")
            await at.type("Id, FirstName, LastModifiedDate:date-time")
            await turn(at, 3)
            await at.press("down", "down", "down")
            await tick(at, "record", "demographic")
            for number in (4, 5, 6, 7):
                await turn(at, number)
            await at.press("ctrl+g")
            await at.until(lambda: isinstance(at.app.screen, LoginPage), tries=1500)
            await at.sees("cannot log in: the platform does not say why", "Correct and test")
            assert [each.method for each in proxy.writes] == ["POST"]
            await at.press("ctrl+u")
            await at.type(PASSWORD)
            await at.press("ctrl+g")
            await at.until(lambda: at.app.screen is page, tries=1500)
            await at.sees("It can log in now", "page 7 of 7")
            await at.press("ctrl+g")
            await at.until(lambda: isinstance(at.app.screen, HomePage), tries=1500)
        assert [each.method for each in proxy.writes] == ["POST", "PATCH"] + ["POST"] * 6
        for kind, count in (("connections", 1), ("flows", 1)):
            assert len(got(api, f"/data/foundation/flowservice/{kind}")["items"]) == count


async def test_a_base_connection_can_be_made_and_tested_on_the_first_page(
    platform: Rehearsal, tmp_path: Path
) -> None:
    with proxied(platform) as proxy:
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            page = await open_wizard(at)
            await at.press("ctrl+r")
            await at.sees("Page 1, source: Choose an existing base connection. ctrl+g opens")
            await until_settled(at)
            await at.press("escape")
            await at.sees("page 6 of 7", "comes first; esc goes back.")
            await until_settled(at)
            await at.press("ctrl+r", "ctrl+g")
            await at.sees("page 1 of 7", "Not yet: Choose an existing base connection.")
            await at.press("up", "left")
            await at.sees("ctrl+t makes and tests it now")
            await at.press("down")
            await fill_base(at)
            await at.press("ctrl+t")
            await at.until(lambda: isinstance(at.app.screen, LoginPage))
            await until_settled(at)
            platform.ask(
                "faults", kind="latency", latency_s=1, method="POST", path="/connections", times=1
            )
            await at.press("ctrl+g")
            await at.until(lambda: proxy.writes, tries=1500)
            await at.press("escape")  # or the wizard would make another one
            await at.sees("the wizard has to know what came of it")
            await at.until(lambda: at.app.screen is page, tries=1500)
            await at.sees("its tables are on the next page", "Salesforce prod")
            await turn(at, 2)
            await at.press("down")
            await choose(at, "contact")
            await at.sees("28 of 28")
        assert [each.method for each in proxy.writes] == ["POST"]


async def test_going_back_and_leaving_lose_no_answer(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    base_id = make_base(api)
    with proxied(platform) as proxy:
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            await at.until(lambda: session.mirror.get_now("base-connections", base_id))
            page = await open_wizard(at)
            await at.press("down")
            await choose(at, "prod")
            await answer_the_pages(at)
            answers: dict[str, Any] = dict(page.answers)
            for _ in range(REVIEW):
                await at.press("escape")
            await at.sees("page 1 of 7")
            assert page.answers == answers
            await at.press("escape")
            await at.until(lambda: isinstance(at.app.screen, HomePage))
            again = await open_wizard(at)
            assert again is not page and again.answers == answers
            assert "of last time" in at.text
            await at.press("ctrl+r")
            await at.until(lambda: again.view.plan is not None)
        assert proxy.writes == []


def a_minute_passes(journal: Path) -> None:
    with sqlite3.connect(journal) as file:
        file.execute("UPDATE step SET sent_ticks = sent_ticks - 60 WHERE state = 'unknown'")
    file.close()


async def test_a_plan_that_meets_every_trouble_is_gone_on_from_and_nothing_is_made_twice(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    base_id = make_base(api)
    with proxied(platform) as proxy:
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            await at.until(lambda: session.mirror.get_now("base-connections", base_id))
            page = await open_wizard(at)
            await at.press("down")
            await choose(at, "prod")
            await answer_the_pages(at)
            platform.ask(
                "faults", service="catalog", method="POST", path="*/dataSets",
                kind="status", status=400, times=1,
                body={"title": "BadRequest", "status": 400, "detail": "The name is not wanted"},
            )  # fmt: skip
            await at.press("ctrl+g")
            await at.until(lambda: page._stands and not page._busy, tries=1500)
            assert len(page._stands) == 2
            await at.sees("2 writes are done")
            answers = dict(page.answers)
            if not page.reviewing:
                assert "The name is not wanted" in at.text
        # The console ends here, and is opened another day.
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            page = await open_wizard(at)
            await at.sees("Done already, and not", "Create the source connection")
            assert page.answers == answers
            await at.press("ctrl+r")
            await at.sees("page 7 of 7", "2 writes are done and not repeated")
            assert page.answers == answers

            platform.ask("faults", service="catalog", method="POST", kind="reset", times=1)
            await at.press("ctrl+g")  # the line is cut behind the request
            await at.until(lambda: "not there yet" in page.saying.text and not page._busy, 1500)
            await at.sees("may have landed")
            sent = len(proxy.writes)
            await at.press("ctrl+g")
            await at.until(lambda: "it may still arrive" in page.saying.text)
            await at.until(lambda: not page._busy)
            assert len(proxy.writes) == sent  # nothing is sent while it may
            a_minute_passes(tmp_path / "state" / "journal.sqlite")
            for path, kind in (
                ("*/targetConnections", "truncate"),  # the platform acted, and nobody heard
                ("*/mappingSets", "expired-token"),
                ("*/flows", "rate-limit"),
            ):
                platform.ask("faults", service="*", method="POST", path=path, kind=kind, times=1)
            await at.press("ctrl+g", "ctrl+g", "ctrl+g")
            await at.until(lambda: isinstance(at.app.screen, HomePage), tries=1500)
        paths = [each.path.rpartition("/")[2] for each in proxy.writes]
        counts = {path: paths.count(path) for path in paths}
        assert counts == {
            **dict.fromkeys(("sourceConnections", "schemas", "targetConnections"), 1),
            **dict.fromkeys(("mappingSets", "flows"), 2),
            "dataSets": 3,
        }
        for kind in ("sourceConnections", "targetConnections", "flows"):
            assert len(got(api, f"/data/foundation/flowservice/{kind}")["items"]) == 1


async def test_what_a_plan_made_before_the_journal_failed_is_told_and_can_be_taken_back(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    base_id = make_base(api)
    with proxied(platform) as proxy:
        async with (
            session_for(configured(tmp_path), profile_on(proxy, platform)) as session,
            console(session) as at,
        ):
            await at.until(lambda: session.mirror.get_now("base-connections", base_id))
            page = await open_wizard(at)
            await at.press("down")
            await choose(at, "prod")
            await answer_the_pages(at)
            Journal.open(tmp_path / "state").close()
            file = sqlite3.connect(tmp_path / "state" / "journal.sqlite")
            file.execute(
                """CREATE TRIGGER full BEFORE INSERT ON "write" WHEN new.step = 'dataset'
                BEGIN SELECT raise(FAIL, 'database or disk is full'); END"""
            )
            await at.press("ctrl+g")
            await at.until(lambda: page._stands and not page._busy, tries=1500)
            said = page.saying.text
            for words in ("database or disk is full", "nothing more is sent", "2 writes are done"):
                assert words in said, said
            assert [each.path.rpartition("/")[2] for each in proxy.writes] == [
                "sourceConnections",
                "schemas",
            ]
            file.execute("DROP TRIGGER full")
            file.close()
            await at.press("ctrl+x")
            await at.sees("Undo what was made?")
            await at.press("y")
            await at.until(lambda: not page._stands and not page._busy, tries=1500)
            assert "rolled back" in at.text
        items = got(api, "/data/foundation/flowservice/sourceConnections")["items"]
        assert items == []
