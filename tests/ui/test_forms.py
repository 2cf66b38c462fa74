"""Forms, from `n` to the new row, and each way in which they are refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from aeptui.mirror.values import Listing
from aeptui.session import Session, session_for
from aeptui.ui.screens.form import FormPage
from aeptui.ui.screens.resource import ListPage
from aeptui.ui.widgets.field_list import FieldList
from tests.emulated import Rehearsal
from tests.emulator.tutorial import follow_the_tutorial
from tests.forms.conftest import make_base
from tests.ui.conftest import Console, console
from tests.ui.platform import (
    PASSWORD,
    TOKEN,
    Proxy,
    choose,
    configured,
    everything_kept,
    fill_base,
    got,
    profile_on,
    proxied,
    tick,
    until_settled,
)

FLOWS = "/data/foundation/flowservice"


@dataclass
class Stage:
    """A console on a platform, and what stands beside it."""

    at: Console
    session: Session
    proxy: Proxy
    platform: Rehearsal
    state: Path

    @property
    def form(self) -> FormPage:
        page = self.at.app.screen
        assert isinstance(page, FormPage), self.at.text
        return page

    async def knows(self, kind: str, id: str) -> None:
        await self.at.until(lambda: self.session.mirror.get_now(kind, id), tries=1500)

    def rows(self, kind: str) -> set[str]:
        return {row.id for row in self.session.mirror.window_now(Listing(kind), 500).rows}

    async def open_list(self, kind: str) -> None:
        await self.at.type(f":{kind}")
        await self.at.press("enter")
        await self.at.until(
            lambda: (
                isinstance(self.at.app.screen, ListPage)
                and self.at.app.screen.resource.kind == kind
            )
        )

    async def open_form(self, kind: str) -> None:
        await self.open_list(kind)
        await self.at.press("n")
        if kind == "flows":
            await self.at.sees("New CRM flow")
            await self.at.press("down", "enter")
        await self.at.until(lambda: isinstance(self.at.app.screen, FormPage))
        await until_settled(self.at)

    async def sent(self, kind: str) -> str:
        """Send, and answer the id of the new row, which the cursor is on."""
        await until_settled(self.at)
        before = self.rows(kind)
        await self.at.press("ctrl+g")
        await self.at.until(
            lambda: (
                isinstance(self.at.app.screen, ListPage)
                and self.at.table.held
                and self.at.table.held not in before
            ),
            tries=1500,
        )
        page = self.at.app.screen
        assert isinstance(page, ListPage) and page.resource.kind == kind
        return str(self.at.table.held)


def make_schema(api: httpx.Client, title: str) -> str:
    """A schema that somebody else makes."""
    made = api.post(
        "/data/foundation/schemaregistry/tenant/schemas",
        json={
            "type": "object",
            "title": title,
            "description": "",
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}],
        },
    )
    assert made.status_code == 201, made.text
    return str(made.json()["$id"])


@pytest.fixture
def proxy(platform: Rehearsal) -> Iterator[Proxy]:
    with proxied(platform) as proxy:
        yield proxy


@asynccontextmanager
async def on_stage(
    platform: Rehearsal, proxy: Proxy, tmp_path: Path, **changes: Any
) -> AsyncIterator[Stage]:
    async with (
        session_for(configured(tmp_path), profile_on(proxy, platform, **changes)) as session,
        console(session) as at,
    ):
        yield Stage(at, session, proxy, platform, tmp_path / "state")


@pytest.fixture
async def stage(platform: Rehearsal, proxy: Proxy, tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(platform, proxy, tmp_path) as stage:
        yield stage


# Each kind, from `n` to the new row -----------------------------------------------


async def test_a_base_connection_is_made_and_tested_and_its_secrets_are_shown_nowhere(
    stage: Stage, api: httpx.Client
) -> None:
    await stage.open_form("base-connections")
    await fill_base(stage.at)
    screens = [stage.at.text]
    await stage.at.press("ctrl+r")
    await stage.at.sees("POST /data/foundation/flowservice/connections")
    screens += [stage.at.text, stage.at.app.screen.view.curl]  # type: ignore[attr-defined]
    await stage.at.press("escape")
    id = await stage.sent("base-connections")
    await stage.at.sees("can log in")
    screens.append(stage.at.text)
    assert got(api, f"{FLOWS}/connections/{id}")["items"]
    assert PASSWORD.encode() in stage.proxy.writes[0].body
    kept = everything_kept(stage.state).decode("utf-8", "replace")
    for secret in (PASSWORD, TOKEN):
        assert secret not in kept and not any(secret in screen for screen in screens)


async def test_a_source_connection_is_made_of_ticked_columns(
    stage: Stage, api: httpx.Client
) -> None:
    base = make_base(api)
    await stage.knows("base-connections", base)
    await stage.open_form("source-connections")
    await choose(stage.at, "prod")
    await until_settled(stage.at)
    await choose(stage.at, "contact")
    await until_settled(stage.at)
    await stage.at.press("enter")
    await stage.at.sees("28 chosen")
    await stage.at.press("ctrl+a", "space", "enter")
    id = await stage.sent("source-connections")
    (made,) = got(api, f"{FLOWS}/sourceConnections/{id}")["items"]
    assert [column["name"] for column in made["params"]["columns"]] == ["Id"]


async def test_a_schema_is_made_with_its_field_groups(stage: Stage, api: httpx.Client) -> None:
    await stage.open_form("schemas")
    await stage.at.type("CRM contact")
    await stage.at.press("down", "down")
    await tick(stage.at, "record", "demographic")
    await until_settled(stage.at)
    await stage.at.press("ctrl+t")
    await stage.at.sees("_rehearsal.crmId", "always")
    await stage.at.press("escape")
    await stage.sent("schemas")
    assert "CRM contact" in stage.at.text


async def test_a_dataset_a_target_connection_a_mapping_set_and_a_flow_are_made_of_what_exists(
    stage: Stage, api: httpx.Client
) -> None:
    follow_the_tutorial(stage.platform, api, make_base(api))
    stage.session.sync.refresh()
    for kind in ("schemas", "source-connections"):
        await stage.at.until(partial(stage.rows, kind), tries=1500)

    await stage.open_form("datasets")
    await choose(stage.at, "")
    await until_settled(stage.at)
    await stage.at.press("ctrl+u")
    await stage.at.type("Fresh dataset")
    dataset = await stage.sent("datasets")

    await stage.open_form("target-connections")
    await choose(stage.at, "Fresh")
    await until_settled(stage.at)
    await stage.at.press("ctrl+u")
    await stage.at.type("Fresh target")
    target = await stage.sent("target-connections")
    (kept,) = got(api, f"{FLOWS}/targetConnections/{target}")["items"]
    assert kept["params"]["dataSetId"] == dataset

    await stage.open_form("mapping-sets")
    await choose(stage.at, "")
    await until_settled(stage.at)
    await choose(stage.at, "")
    await until_settled(stage.at)
    await stage.sent("mapping-sets")

    await stage.open_form("flows")
    await choose(stage.at, "")
    await until_settled(stage.at)
    await choose(stage.at, "Fresh")
    await until_settled(stage.at)
    await choose(stage.at, "")
    await until_settled(stage.at)
    await stage.at.press("ctrl+u")
    await stage.at.type("Fresh flow")
    flow = await stage.sent("flows")
    (item,) = got(api, f"{FLOWS}/flows/{flow}")["items"]
    assert item["name"] == "Fresh flow" and item["targetConnectionIds"] == [target]


# A name that exists -------------------------------------------------------------------


async def test_a_name_that_exists_is_remarked_on_at_its_field_and_can_be_sent(
    stage: Stage, api: httpx.Client
) -> None:
    await stage.knows("base-connections", make_base(api))
    await stage.open_form("base-connections")
    await choose(stage.at, "salesforce")
    await stage.at.press("ctrl+u")
    await stage.at.type("Salesforce pro")
    assert "has this name" not in stage.at.text
    await stage.at.type("d")
    await stage.at.sees("Another base connection has this name, which is allowed.")
    assert not stage.form.faults(stage.form.sheet.fields(stage.form.answers, stage.form.lookups))


async def test_the_title_of_another_schema_is_refused_here_and_by_the_registry_at_its_field(
    stage: Stage, api: httpx.Client
) -> None:
    await stage.open_form("schemas")
    await stage.at.type("CRM contact")
    await stage.at.press("down", "down")
    await tick(stage.at, "record", "demographic")
    await until_settled(stage.at)
    theirs = make_schema(api, "CRM contact")  # while the form is open
    await stage.at.press("ctrl+g")
    await stage.at.sees("Object titles must be", "your answers are all here")
    assert stage.at.app.screen.query_one(FieldList).field.name == "name"  # type: ignore[union-attr]
    await stage.at.press("escape")
    await stage.at.press("r")
    await stage.knows("schemas", theirs)
    await stage.open_form("schemas")
    await stage.at.sees("▲ Another schema has this name")


# Bad input --------------------------------------------------------------------------


async def test_a_field_that_was_left_is_checked_at_once(stage: Stage) -> None:
    await stage.open_form("base-connections")
    await choose(stage.at, "salesforce")
    await stage.at.sees("Environment URL")
    await stage.at.press("down", "down")
    await stage.at.type("no address")
    assert "▲" not in stage.at.text
    await stage.at.press("down")
    await stage.at.sees("▲ Environment URL is a whole address")
    assert not stage.proxy.writes


async def test_credentials_that_the_crm_refuses_are_corrected_without_a_second_connection(
    stage: Stage, api: httpx.Client
) -> None:
    await stage.open_form("base-connections")
    await fill_base(stage.at, password="wrong")
    await stage.at.press("ctrl+g")
    await stage.at.sees("cannot log in: the platform does not say why")
    assert stage.form.answers["auth.username"] == "integration@example.com"
    await stage.at.press("ctrl+u")
    await stage.at.type(PASSWORD)
    await stage.at.press("ctrl+g")
    await stage.at.sees("and can log in")
    assert [each.method for each in stage.proxy.writes] == ["POST", "PATCH"]
    assert len(got(api, f"{FLOWS}/connections")["items"]) == 1


async def test_a_refusal_keeps_every_answer_stands_at_its_field_and_can_be_sent_again(
    stage: Stage, api: httpx.Client
) -> None:
    await stage.open_form("schemas")
    await stage.at.type("CRM contact")
    await stage.at.press("down", "down")
    await tick(stage.at, "record", "demographic")
    await until_settled(stage.at)
    body = {
        "title": "Conflict",
        "status": 409,
        "detail": "The title is taken",
        "type": "XDM-3005-409",
    }
    stage.platform.ask(
        "faults", service="schemaregistry", method="POST", path="*/schemas",
        kind="status", status=409, times=1, body=body,
    )  # fmt: skip
    answers = dict(stage.form.answers)
    await stage.at.press("ctrl+g")
    await stage.at.until(lambda: not stage.form._busy and "refused" in stage.at.text)
    assert stage.form.answers == answers
    assert "The title is taken" in stage.at.text
    await stage.sent("schemas")


async def test_an_impatient_key_sends_one_write(stage: Stage, api: httpx.Client) -> None:
    stage.platform.ask(
        "faults", service="flowservice", method="POST", path="*/connections",
        kind="latency", latency_s=0.5, times=1,
    )  # fmt: skip
    await stage.open_form("base-connections")
    await fill_base(stage.at)
    await stage.at.press(*["ctrl+g"] * 6)
    await stage.at.sees("can log in")
    assert len(stage.proxy.writes) == 1
    assert len(got(api, f"{FLOWS}/connections")["items"]) == 1


async def test_an_answer_lost_after_the_platform_acted_is_found_and_not_sent_again(
    stage: Stage, api: httpx.Client
) -> None:
    stage.platform.ask(
        "faults", service="flowservice", method="POST", path="*/connections",
        kind="truncate", times=1,
    )  # fmt: skip
    await stage.open_form("base-connections")
    await fill_base(stage.at)
    await stage.sent("base-connections")
    assert [each.method for each in stage.proxy.writes] == ["POST"]
    assert len(got(api, f"{FLOWS}/connections")["items"]) == 1


async def test_a_dropped_connection_says_what_was_found_and_keeps_the_answers(
    stage: Stage, api: httpx.Client
) -> None:
    stage.platform.ask(
        "faults", service="flowservice", method="POST", path="*/connections",
        kind="reset", times=1,
    )  # fmt: skip
    await stage.open_form("base-connections")
    await fill_base(stage.at)
    answers = dict(stage.form.answers)
    await stage.at.press("ctrl+g")
    await stage.at.until(
        lambda: not stage.form._busy and "not there yet" in stage.at.text, tries=1500
    )
    assert stage.form.answers == answers
    assert "ctrl+g looks" in stage.at.text
    assert len(stage.proxy.writes) == 1


async def test_an_expired_token_in_the_middle_is_renewed(stage: Stage) -> None:
    stage.platform.ask(
        "faults", service="flowservice", method="POST", path="*/connections",
        kind="expired-token", times=1,
    )  # fmt: skip
    await stage.open_form("base-connections")
    await fill_base(stage.at)
    await stage.sent("base-connections")


async def test_a_table_without_columns_is_refused_at_its_field(
    stage: Stage, api: httpx.Client
) -> None:
    base = make_base(api)
    await stage.knows("base-connections", base)
    stage.platform.ask(
        "faults", service="flowservice", method="GET", path="*/explore*objectType=table*",
        kind="status", status=200, times=None, body={"format": "flat", "schema": {"columns": []}},
    )  # fmt: skip
    stage.platform.ask(
        "faults", service="flowservice", method="GET", path="*/connections/*/explore",
        kind="status", status=200, times=1, body=[{"type": "table", "name": "Empty", "path": "Empty", "canPreview": True}],
    )  # fmt: skip
    await stage.open_form("source-connections")
    await choose(stage.at, "prod")
    await until_settled(stage.at)
    stage.platform.ask(
        "faults", service="flowservice", method="GET", path="*/connections/*/explore",
        kind="status", status=200, times=None, body={"format": "flat", "schema": {"columns": []}},
    )  # fmt: skip
    await stage.at.press("space")
    await until_settled(stage.at)
    await stage.at.press("ctrl+g")
    await stage.at.sees("no columns in this table")
    assert not stage.proxy.writes


async def test_a_form_that_was_left_is_offered_again_without_its_secrets(stage: Stage) -> None:
    await stage.open_form("base-connections")
    await fill_base(stage.at)
    before = dict(stage.form.answers)
    await stage.at.press("escape")
    await stage.open_form("base-connections")
    await stage.at.sees("of last time", "https://example.my.salesforce.com")
    kept = {name for name in before if name not in ("auth.password", "auth.securityToken")}
    assert set(stage.form.answers) == kept
    await stage.at.press("ctrl+g")
    await stage.at.sees("Password is needed")


async def test_answers_outlive_a_console_that_ends(
    platform: Rehearsal, proxy: Proxy, tmp_path: Path
) -> None:
    async with on_stage(platform, proxy, tmp_path) as stage:
        await stage.open_form("schemas")
        await stage.at.type("CRM contact")
        stage.at.app.exit()
    async with on_stage(platform, proxy, tmp_path) as stage:
        await stage.open_form("schemas")
        assert stage.form.answers["name"] == "CRM contact"


async def test_a_read_only_profile_says_so_and_unlocks_for_a_while(
    platform: Rehearsal, proxy: Proxy, tmp_path: Path
) -> None:
    async with on_stage(platform, proxy, tmp_path, read_only=True) as stage:
        await stage.open_form("base-connections")
        await fill_base(stage.at)
        await stage.at.press("ctrl+g")
        await stage.at.sees("Unlock writing in acme / dev?")
        await stage.at.press("escape")
        await stage.at.sees("read-only", ":unlock opens it")
        assert not proxy.writes
        await stage.at.press("ctrl+g")
        await stage.at.sees("Unlock writing")
        await stage.at.press("y")
        await stage.at.sees("can log in", "may write 15 min")


async def test_a_protected_sandbox_asks_for_its_name(
    platform: Rehearsal, proxy: Proxy, tmp_path: Path
) -> None:
    async with on_stage(platform, proxy, tmp_path, protected=True) as stage:
        await stage.open_form("base-connections")
        await fill_base(stage.at)
        await stage.at.press("ctrl+g")
        await stage.at.sees("Type dev and press enter")
        await stage.at.type("y")
        await stage.at.press("enter")
        await stage.at.sees("that is another name")
        assert not proxy.writes
        await stage.at.press("backspace")
        await stage.at.type("dev")
        await stage.at.press("enter")
        await stage.at.sees("can log in")


async def test_a_question_that_takes_long_is_told_in_words_and_esc_stops_it(stage: Stage) -> None:
    await stage.at.until(lambda: stage.rows("connection-specs"), tries=1500)
    stage.platform.ask(
        "faults", service="flowservice", method="GET", path="*/connectionSpecs",
        kind="latency", latency_s=8, times=1,
    )  # fmt: skip
    await stage.open_list("base-connections")
    await stage.at.press("n")
    await stage.at.sees("asking for the connectors")
    await stage.at.press("escape")
    await stage.at.sees("Stopped asking")
    await stage.at.press("enter")
    await until_settled(stage.at)
    await choose(stage.at, "salesforce")
    await stage.at.sees("Environment URL")
