"""The journal's page: what is unfinished goes on, goes back or is forgotten, each after a question."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from aeptui.pipelines import unmaking
from aeptui.pipelines.here import journal_of, plan_for
from aeptui.pipelines.plan import Plan, SecretRef, Step, Undo
from aeptui.pipelines.request import preview
from aeptui.session import Session, session_for
from aeptui.ui.screens.journal import JournalPage, ResumePage, WritePage
from tests.emulated import Rehearsal
from tests.ui.conftest import Console, console
from tests.ui.platform import configured, got, profile_on, proxied

DATASETS = "/data/foundation/catalog/dataSets"
SCHEMAS = "/data/foundation/schemaregistry/tenant/schemas"


def schema(name: str, title: str) -> Step:
    body = {
        "type": "object",
        "title": title,
        "description": SecretRef("NOTE") if name == "second" else "",
        "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}],
    }
    undo = Undo("DELETE", f"{SCHEMAS}/{{{name}}}")
    return Step(
        name, f"Create the schema {title}", "schemas", "POST", SCHEMAS, body=body, undo=undo
    )


async def stopped(session: Session, title: str) -> Plan:
    """A plan of two schemas that stopped at the first."""
    services = await session.connected()
    await anext(services.sandboxes.list_sandboxes())  # the clock learns the platform's time
    plan = plan_for(session, title, [schema("first", f"{title} 1"), schema("second", f"{title} 2")])
    async with journal_of(session) as journal:
        await journal.begin(plan)
        step = plan.steps[0]
        write = await journal.sending(plan, step, preview(step), session.now())
        await journal.settle(plan, step, "failed", session.now(), write=write, sentence="cut")
    return plan


def titles(api: httpx.Client) -> list[str]:
    api.headers["Accept"] = "application/vnd.adobe.xed-id+json"
    return sorted(each["title"] for each in got(api, SCHEMAS)["results"])


def landed(api: httpx.Client, plan: Plan) -> None:
    """The first request arrived, though its answer did not come back."""
    assert api.post(SCHEMAS, json=plan.steps[0].body).status_code == 201


def used_schema(api: httpx.Client, title: str, user: str) -> tuple[str, str]:
    """The id of a schema and that of a dataset that uses it."""
    schema_id = api.post(SCHEMAS, json=schema("only", title).body).json()["$id"]
    uses = {"id": schema_id, "contentType": "application/vnd.adobe.xed+json;version=1"}
    (made,) = api.post(DATASETS, json={"name": user, "schemaRef": uses}).json()
    return schema_id, made.rpartition("/")[2]


def forget(api: httpx.Client, dataset: str) -> None:
    assert api.delete(f"{DATASETS}/{dataset}").status_code == 200


async def journal_page(at: Console) -> JournalPage:
    await at.type(":journal")
    await at.press("enter")
    await at.until(lambda: isinstance(at.app.screen, JournalPage))
    page = at.app.screen
    assert isinstance(page, JournalPage)
    await at.until(lambda: page.pane.rows)
    return page


async def test_what_stopped_half_way_is_told_at_the_start_gone_on_with_taken_back_or_forgotten(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    with proxied(platform) as proxy:
        async with session_for(configured(tmp_path), profile_on(proxy, platform)) as session:
            await stopped(session, "Old plan")
            await stopped(session, "New plan")
            async with console(session) as at:
                await at.sees("2 plans are unfinished; :journal shows")
                page = await journal_page(at)
                await at.sees("UNFINISHED", "New plan  0 of 2 writes done", "failed")
                await at.press("x")
                await at.sees("Forget ")
                await at.press("escape", "slash")
                await at.type("old plan")
                await at.until(lambda: page.entry and len(page.pane.rows) == 2)
                await at.press("enter", "x")
                await at.sees("Forget Old plan?", "Nothing of it was done")
                await at.press("y")
                await at.until(lambda: page.entry is None)
                await at.press("escape")
                await at.until(lambda: page.entry and page.entry.plan.title == "New plan")
                await at.sees("One plan is unfinished")

                await at.press("home", "ctrl+g")
                await at.until(lambda: isinstance(at.app.screen_stack[-2], ResumePage))
                await at.sees("Go on with New plan?", "Create the schema New plan 2")
                assert proxy.writes == []
                await at.press("y")
                await at.sees("NOTE is needed again")
                await at.type("hidden")
                assert "hidden" not in at.text
                await at.press("enter")
                await at.until(lambda: at.app.screen is page, tries=1500)
                assert titles(api) == ["New plan 1", "New plan 2"]
                await at.until(lambda: "unfinished" not in at.text.lower())

                await at.press("end")
                await at.press("enter")
                await at.until(lambda: isinstance(at.app.screen, WritePage))
                await at.sees("outcome    failed", "POST /data/foundation", "says       cut")
                assert re.search(r"sent +\d+ \w+ \d{4} \d\d:\d\d:\d\d", at.text)
        kept = (tmp_path / "state" / "journal.sqlite").read_bytes()
        assert b"hidden" not in kept


async def test_what_may_have_landed_is_looked_for_and_taken_back(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    with proxied(platform) as proxy:
        async with session_for(configured(tmp_path), profile_on(proxy, platform)) as session:
            plan = await stopped(session, "Cut plan")
            async with journal_of(session) as journal:
                await journal.sending(plan, plan.steps[0], preview(plan.steps[0]), session.now())
            landed(api, plan)
            async with console(session) as at:
                page = await journal_page(at)
                await at.press("x")
                await at.sees("Forget Cut plan?", "May have landed", "Create the schema Cut plan 1")
                await at.press("escape", "ctrl+x")
                await at.sees("Take back what was done?", "Looked for first")
                await at.press("y")
                await at.until(lambda: at.app.screen is page, tries=1500)
                await at.until(lambda: page.entry is None)
        assert titles(api) == []


async def test_a_deletion_that_stopped_is_weighed_anew_before_it_goes_on(
    platform: Rehearsal, api: httpx.Client, tmp_path: Path
) -> None:
    id, dataset = used_schema(api, "Half gone", "A newcomer")
    step = unmaking.step_of(unmaking.Going("schema", "schema", "Half gone", id))
    with proxied(platform) as proxy:
        async with session_for(configured(tmp_path), profile_on(proxy, platform)) as session:
            plan = plan_for(session, "Delete the flow Old", [step])
            async with journal_of(session) as journal:
                await journal.begin(plan)
            async with console(session) as at:
                page = await journal_page(at)
                await at.press("ctrl+g")
                await at.sees("Nothing was sent: A newcomer uses the schema Half gone by now")
                assert proxy.writes == []
                forget(api, dataset)
                await at.press("ctrl+g")
                await at.sees("Delete the flow Old?", "This deletes: schema Half gone.")
                await at.press("y")
                await at.until(lambda: at.app.screen is page, tries=1500)
    assert "Half gone" not in titles(api)


async def test_a_journal_that_cannot_be_read_any_more_ends_no_console(
    platform: Rehearsal, tmp_path: Path
) -> None:
    with proxied(platform) as proxy:
        async with session_for(configured(tmp_path), profile_on(proxy, platform)) as session:
            await stopped(session, "A plan")
            async with console(session) as at:
                await journal_page(at)
                await at.press("x")
                await at.sees("Forget A plan?")
                for path in (tmp_path / "state").glob("journal.sqlite*"):
                    path.write_bytes(b"no journal at all")
                await at.press("y")
                said = ("The journal cannot be read", "It was not forgotten")
                await at.until(lambda: any(words in at.text for words in said))
                await at.press("escape")
                await at.until(lambda: at.app.screen is at.app.home)
