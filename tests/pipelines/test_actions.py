"""The everyday actions in a session: why not, what it brings about, and what then is so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from aeptui.api.errors import ApiTrouble
from aeptui.config import Config, Profile, Settings
from aeptui.credentials import SecretSource
from aeptui.mirror.rows import FlowRow, Row, RunRow
from aeptui.pipelines import actions
from aeptui.pipelines.apply import apply
from aeptui.pipelines.here import NotDone, journal_of
from aeptui.resources.definition import Action
from aeptui.session import Session, session_for
from tests.emulated import Rehearsal
from tests.pipelines import crm
from tests.pipelines.crm import FLOWS, SECRETS, all_of
from tests.pipelines.test_apply import tenant_group

KINDS = (
    *("base-connections", "source-connections", "target-connections", "schemas", "datasets"),
    *("flows", "runs"),
)


@dataclass
class Stage:
    """A session on a platform with one CRM flow, whose first run has ended."""

    session: Session
    platform: Rehearsal
    made: dict[str, str]

    async def refreshed(self) -> None:
        await self.session.sync.once(KINDS)

    def row(self, kind: str, id: str) -> Any:
        row = self.session.mirror.get_now(kind, id)
        assert row is not None
        return row

    @property
    def flow(self) -> FlowRow:
        row = self.row("flows", self.made["flow"])
        assert isinstance(row, FlowRow)
        return row

    @property
    def run(self) -> RunRow:
        return self.session.mirror.runs_of_now(self.made["flow"], 1)[0]

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        with self.platform.client() as api:
            return api.request(method, path, **more)


@pytest.fixture
async def stage(platform: Rehearsal, tmp_path: Path) -> AsyncIterator[Stage]:
    profile = Profile(
        "rehearsal",
        org_id=platform.org,
        client_id="aeptui-rehearsal",
        client_secret=SecretSource("text", "test", text="rehearsal-secret"),
        sandbox="dev",
        platform_url=platform.url,
        ims_url=platform.url,
        read_only=False,
    )
    config = Config(
        path=tmp_path / "config.toml",
        state_dir=tmp_path / "state",
        settings=Settings(timezone="UTC", sync_calls_per_minute=60_000),
        profiles={"rehearsal": profile},
        chosen="rehearsal",
    )
    async with session_for(config) as session:
        services = await session.connected()
        steps = crm.whole(tenant_group(platform), platform.now_ms)
        async with journal_of(session) as journal:
            plan = crm.plan(services, *steps)
            events = await all_of(apply(plan, SECRETS, services, journal))
        assert events[-1].what == "finished"
        platform.advance(minutes=10)
        stage = Stage(session, platform, {step.name: made.id for step, made in events[-1].stands})
        await stage.refreshed()
        yield stage


def action(kind: str, id: str) -> Action:
    return next(each for each in actions.of(kind) if each.id == id)


def refusal(stage: Stage, kind: str, id: str, row: Row) -> str | None:
    return action(kind, id).refusal(stage.session, row)


def question(stage: Stage, kind: str, id: str, row: Row) -> str:
    confirm = action(kind, id).confirm
    assert confirm is not None
    return confirm(stage.session, row)


async def switched(stage: Stage) -> str:
    """Turn the flow on or off, with the platform taking its time."""
    before = stage.flow.state
    doing = asyncio.create_task(action("flows", "switch").perform(stage.session, stage.flow))
    while stage.flow.state == before:  # noqa: ASYNC110  (the platform tells nobody)
        await asyncio.sleep(0.01)
    stage.platform.advance(minutes=2)
    return await doing


async def test_a_flow_is_turned_off_and_on_again_and_says_what_is_missed(stage: Stage) -> None:
    due = datetime(2026, 3, 2, 14, 28, tzinfo=UTC)
    flow = replace_row(stage.flow, next_due_at=due)
    assert question(stage, "flows", "switch", flow).endswith("the next was due 14:28.")
    assert await switched(stage) == "Salesforce contacts is off"
    assert stage.flow.state == "disabled"
    assert refusal(stage, "runs", "retry", replace_row(stage.run, word="failed")) == (
        "Its flow Salesforce contacts is disabled; turn it on first"
    )
    assert await switched(stage) == "Salesforce contacts is on"


async def test_a_flow_in_transition_is_left_alone(stage: Stage) -> None:
    said = refusal(stage, "flows", "switch", replace_row(stage.flow, state="updating"))
    assert said is not None
    assert "updating" in said


async def test_run_now_is_for_flows_scheduled_once_and_says_when_others_run(stage: Stage) -> None:
    due = datetime(2026, 3, 2, 14, 28, tzinfo=UTC)
    assert refusal(stage, "flows", "run-now", replace_row(stage.flow, next_due_at=due)) == (
        "This flow runs by schedule, next 14:28"
    )


async def test_a_flow_scheduled_once_runs_on_demand(stage: Stage) -> None:
    body = stage.ask("GET", f"{FLOWS}/flows/{stage.made['flow']}").json()["items"][0]
    once = {key: body[key] for key in ("flowSpec", "sourceConnectionIds", "targetConnectionIds")}
    once["name"] = "Once"
    once["transformations"] = [each for each in body["transformations"] if each["name"] != "Copy"]
    start_s = stage.platform.now_ms // 1000 + 60
    once["scheduleParams"] = {"startTime": start_s, "frequency": "once"}
    made = stage.ask("POST", f"{FLOWS}/flows", json=once)
    assert made.status_code == 201, made.text
    stage.platform.advance(minutes=10)
    await stage.refreshed()
    row = stage.row("flows", made.json()["id"])
    assert refusal(stage, "flows", "run-now", row) is None
    assert "by LastModifiedDate" in question(stage, "flows", "run-now", row)
    before = len(stage.session.mirror.runs_of_now(row.id, 10))
    said = await action("flows", "run-now").perform(stage.session, row)
    await stage.refreshed()
    runs = stage.session.mirror.runs_of_now(row.id, 10)
    assert len(runs) == before + 1
    assert runs[0].id in said


async def test_only_failed_runs_and_runs_without_rows_can_be_retried(stage: Stage) -> None:
    run = stage.run
    assert run.received
    said = refusal(stage, "runs", "retry", run)
    assert said is not None
    assert "Only runs that failed or found no rows" in said
    for allowed in (
        replace_row(run, word="failed"),
        replace_row(run, word="clean", received=0),
    ):
        assert refusal(stage, "runs", "retry", allowed) is None
    for word in ("waiting", "running"):
        assert refusal(stage, "runs", "retry", replace_row(run, word=word)) == (
            "This run has not ended yet"
        )
    assert "mystery" in str(
        refusal(stage, "runs", "retry", replace_row(run, word="unknown", state="mystery"))
    )


async def test_a_failed_run_is_retried_over_its_own_window(stage: Stage) -> None:
    base = stage.made["base"]
    stage.platform.ask("incidents", kind="crm_down", sandbox="dev", base_connection=base)
    stage.platform.advance(minutes=40)
    stage.platform.control.delete("/incidents").raise_for_status()
    await stage.refreshed()
    failed = stage.run
    assert failed.word == "failed"
    assert refusal(stage, "runs", "retry", failed) is None
    assert "same window of the CRM again" in question(stage, "runs", "retry", failed)
    said = await action("runs", "retry").perform(stage.session, failed)
    await stage.refreshed()
    assert stage.run.id != failed.id
    assert stage.run.id in said


async def test_deleting_names_what_goes_with_it_and_keeps_the_order(stage: Stage) -> None:
    flow = stage.flow
    for name, kind in (("base", "base-connections"), ("source", "source-connections")):
        row = stage.row(kind, stage.made[name])
        assert refusal(stage, kind, "delete", row) == (
            "Salesforce contacts uses it; delete that flow first"
        )
    schema = stage.row("schemas", stage.made["schema"])
    assert refusal(stage, "schemas", "delete", schema) == (
        "CRM contacts has rows of this schema; delete those first"
    )
    dataset = stage.row("datasets", stage.made["dataset"])
    asked = question(stage, "datasets", "delete", dataset)
    assert "Salesforce contacts" in asked
    assert "for good" in asked
    assert "The rows in CRM contacts stay" in question(stage, "flows", "delete", flow)

    await action("flows", "delete").perform(stage.session, flow)
    assert stage.session.mirror.get_now("flows", flow.id) is None
    for name, kind in (
        ("source", "source-connections"),
        ("target", "target-connections"),
        ("base", "base-connections"),
        ("dataset", "datasets"),
        ("schema", "schemas"),
    ):
        row = stage.row(kind, stage.made[name])
        assert refusal(stage, kind, "delete", row) is None, kind
        await action(kind, "delete").perform(stage.session, row)
        assert stage.session.mirror.get_now(kind, row.id) is None
    for kind in ("flows", "connections", "sourceConnections", "targetConnections"):
        assert stage.ask("GET", f"{FLOWS}/{kind}").json()["items"] == []


async def test_nothing_is_written_where_the_profile_is_read_only(stage: Stage) -> None:
    session = replace(stage.session, may_write=False)
    before = len(stage.platform.requests())
    flow = stage.flow
    for each in actions.of("flows"):
        assert each.refusal(session, replace_row(flow, frequency="once")) is not None
        with pytest.raises(NotDone, match="read-only"):
            await each.perform(session, flow)
    assert len(stage.platform.requests()) == before


async def test_an_action_that_the_platform_refuses_says_its_reason(stage: Stage) -> None:
    flow = stage.flow
    body = {"errorMessage": "The flow is locked by the provider."}
    stage.platform.ask("faults", kind="status", status=400, body=body, path="*/action", times=1)
    with pytest.raises(ApiTrouble, match="locked by the provider"):
        await action("flows", "switch").perform(stage.session, flow)


def replace_row(row: Any, **changes: Any) -> Any:
    """A row that differs in what the mirror would have judged."""
    return msgspec.structs.replace(row, **changes)


async def test_a_draft_is_published_by_the_key_that_turns_flows_on(stage: Stage) -> None:
    held = stage.ask("GET", f"{FLOWS}/flows/{stage.flow.id}").json()["items"][0]
    keys = ("flowSpec", "sourceConnectionIds", "targetConnectionIds", "transformations")
    start = str(int(stage.session.now().timestamp()) + 3600)
    body = {key: held[key] for key in keys} | {
        "name": "Draft",
        "scheduleParams": {**held["scheduleParams"], "startTime": start},
    }
    answer = stage.ask("POST", f"{FLOWS}/flows?mode=draft", json=body)
    assert answer.status_code == 201, answer.text
    await stage.refreshed()
    row = stage.row("flows", answer.json()["id"])
    assert row.state == "draft"
    switch = action("flows", "switch")
    assert switch.refusal(stage.session, row) is None
    assert switch.confirm is not None
    assert "never a draft again" in switch.confirm(stage.session, row)
    assert await switch.perform(stage.session, row) == "Draft is published"
    assert stage.row("flows", row.id).state != "draft"
