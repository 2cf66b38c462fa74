"""Plans on a real platform: in order, never twice, and nothing lost in the bad moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from aeptui.api.services import Services
from aeptui.pipelines.apply import apply, resume, undo
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.looking import Findings, look
from aeptui.pipelines.plan import Made, Secrets, Step, Undo
from aeptui.pipelines.request import preview
from tests.emulated import Rehearsal
from tests.pipelines import crm
from tests.pipelines.conftest import no_nap
from tests.pipelines.crm import FLOWS, SECRETS, all_of, words

WRITES = ("POST", "PUT", "PATCH", "DELETE")


def tenant_group(platform: Rehearsal) -> str:
    accept = {"Accept": "application/vnd.adobe.xed-id+json"}
    with platform.client() as api:
        path = f"{crm.PLATFORM}/schemaregistry/tenant/fieldgroups"
        groups = api.get(path, headers=accept).json()["results"]
    return next(str(each["$id"]) for each in groups if each["title"] == "CRM record details")


def count(api: httpx.Client, collection: str) -> int:
    return int(api.get(f"{FLOWS}/{collection}", params={"count": "true"}).json()["count"])


def writes(platform: Rehearsal, since: int = 0) -> Counter[str]:
    """The writes that the platform saw, by method and path."""
    seen = [each for each in platform.requests(since) if each["method"] in WRITES]
    return Counter(
        f"{each['method']} {each['path']}" for each in seen if "/ims/" not in each["path"]
    )


async def test_a_whole_crm_flow_is_made_in_seven_writes_and_runs(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    steps = crm.whole(tenant_group(platform), platform.now_ms)
    before = len(platform.requests())
    plan = crm.plan(services, *steps)
    events = await all_of(apply(plan, SECRETS, services, journal))
    expected = [f"{what} {step.name}" for step in steps for what in ("sending", "done")]
    assert words(events) == [*expected, "finished"]
    assert sum(writes(platform, before).values()) == 7
    flow_id = events[-1].stands[-1][1].id
    platform.advance(minutes=10)
    runs = [run async for page in services.flows.list_runs(flow_id=flow_id) for run in page]
    assert [run.state for run in runs] == ["success"]
    assert runs[0].received
    assert await journal.unfinished() == []


async def test_a_refusal_stops_the_plan_and_says_what_stands(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    bad = crm.source()
    bad.body["params"]["columns"] = []
    plan = crm.plan(services, crm.base(), bad, crm.schema("x"))
    events = await all_of(apply(plan, SECRETS, services, journal))
    assert words(events) == ["sending base", "done base", "sending source", "failed source"]
    assert events[-1].error is not None
    assert [step.name for step, _ in events[-1].stands] == ["base"]
    (entry,) = await journal.unfinished()
    assert [each.state for each in entry.steps] == ["done", "failed", "planned"]


async def test_a_plan_of_which_nothing_was_made_is_over(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    bad = crm.base()
    bad.body["auth"]["specName"] = "No such login"
    events = await all_of(apply(crm.plan(services, bad), SECRETS, services, journal))
    assert words(events) == ["sending base", "failed base"]
    assert await journal.unfinished() == []
    with platform.client() as api:
        assert count(api, "connections") == 0


async def test_after_a_refusal_the_corrected_plan_goes_on_without_making_anything_twice(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    bad = crm.source()
    bad.body["params"]["columns"] = []
    plan = crm.plan(services, crm.base(), bad)
    await all_of(apply(plan, SECRETS, services, journal))
    better = replace(plan, steps=(crm.base(), crm.source()))
    # The base connection is made already, so its secrets are not asked for again.
    events = await all_of(apply(better, Secrets(), services, journal))
    assert words(events) == ["sending source", "done source", "finished"]
    with platform.client() as api:
        assert count(api, "connections") == 1


async def test_a_step_that_was_sent_cannot_be_changed_afterwards(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    bad = crm.source()
    bad.body["params"]["columns"] = []
    plan = crm.plan(services, crm.base(), bad)
    await all_of(apply(plan, SECRETS, services, journal))
    other = crm.base()
    other.body["name"] = "Another name"
    changed = replace(plan, steps=(other, crm.source()))
    before = len(platform.requests())
    events = await all_of(apply(changed, SECRETS, services, journal))
    assert words(events) == ["refused"]
    assert "sent already" in events[0].sentence
    assert writes(platform, before) == Counter()


@pytest.mark.parametrize("lost", ["base", "source"])
async def test_a_write_whose_answer_is_cut_after_it_landed_is_found_and_the_plan_goes_on(
    platform: Rehearsal, services: Services, journal: Journal, lost: str
) -> None:
    path = {"base": "/connections", "source": "/sourceConnections"}[lost]
    platform.ask("faults", kind="truncate", method="POST", path=path, times=1)
    plan = crm.plan(services, crm.base(), crm.source())
    events = await all_of(apply(plan, SECRETS, services, journal, sleep=no_nap))
    assert f"unknown {lost}" in words(events)
    assert words(events)[-1] == "finished"
    with platform.client() as api:
        sources = api.get(f"{FLOWS}/sourceConnections").json()["items"]
        bases = api.get(f"{FLOWS}/connections").json()["items"]
    assert [[step.name, made.id] for step, made in events[-1].stands] == [
        *(["base", each["id"]] for each in bases),
        *(["source", each["id"]] for each in sources),
    ]


async def test_a_write_that_may_have_landed_is_not_sent_again_by_itself(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    platform.ask("faults", kind="reset", method="POST", path="/sourceConnections", times=1)
    plan = crm.plan(services, crm.base(), crm.source())
    before = len(platform.requests())
    events = await all_of(apply(plan, SECRETS, services, journal, sleep=no_nap))
    assert words(events)[-2:] == ["unknown source", "unknown source"]
    assert "not there yet" in events[-1].sentence
    assert writes(platform, before)[f"POST {FLOWS}/sourceConnections"] == 1
    # Even when resumed at once it is only looked for: it may still be under way.
    events = await all_of(resume(plan.id, Secrets(), services, journal, sleep=no_nap))
    assert words(events) == ["unknown source"]
    assert writes(platform, before)[f"POST {FLOWS}/sourceConnections"] == 1
    # When it can no longer arrive it is sent.
    events = await all_of(resume(plan.id, Secrets(), services, journal, sleep=no_nap, settling_s=0))
    assert words(events) == ["sending source", "done source", "finished"]
    with platform.client() as api:
        assert count(api, "sourceConnections") == 1


async def test_a_write_that_lands_after_we_stopped_looking_is_found_when_resumed(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    platform.ask("faults", kind="reset", method="POST", path="/sourceConnections", times=1)
    plan = crm.plan(services, crm.base(), crm.source())
    events = await all_of(apply(plan, SECRETS, services, journal, sleep=no_nap))
    assert words(events)[-1] == "unknown source"
    sent = (await journal.writes())[0].request.partition("\n\n")[2]
    with platform.client() as api:  # the request arrives after all
        late = api.post(f"{FLOWS}/sourceConnections", content=sent).json()["id"]
    before = len(platform.requests())
    events = await all_of(resume(plan.id, Secrets(), services, journal))
    assert words(events) == ["done source", "finished"]
    assert "it had landed" in events[0].sentence
    assert late in events[0].sentence
    assert writes(platform, before) == Counter()


async def test_a_time_out_leaves_it_open_whether_the_write_landed(
    platform: Rehearsal, hasty: Services, journal: Journal
) -> None:
    platform.ask("faults", kind="latency", latency_s=2, method="POST", path="/connections", times=1)
    plan = crm.plan(hasty, crm.base())
    events = await all_of(apply(plan, SECRETS, hasty, journal, sleep=no_nap))
    assert words(events) == ["sending base", "unknown base", "unknown base"]
    assert "did not answer in time" in events[1].sentence


async def test_two_that_fit_are_an_open_question_and_nothing_is_sent(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    plan = crm.plan(services, crm.base(), crm.source())
    platform.ask("faults", kind="reset", method="POST", path="/sourceConnections", times=1)
    events = await all_of(apply(plan, SECRETS, services, journal, sleep=no_nap))
    base_id = events[-1].stands[0][1].id
    body = {**crm.source().body, "baseConnectionId": base_id}
    with platform.client() as api:
        ids = [api.post(f"{FLOWS}/sourceConnections", json=body).json()["id"] for _ in range(2)]
    before = len(platform.requests())
    events = await all_of(resume(plan.id, Secrets(), services, journal, settling_s=0))
    assert words(events) == ["unknown source"]
    assert all(id in events[0].sentence for id in ids)
    assert writes(platform, before) == Counter()


async def test_a_namesake_that_another_plan_made_is_not_taken_for_ours(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    await all_of(apply(crm.plan(services, crm.base()), SECRETS, services, journal))
    platform.ask("faults", kind="reset", method="POST", path="*/connections", times=1)
    second = crm.plan(services, crm.base())
    events = await all_of(apply(second, SECRETS, services, journal, sleep=no_nap))
    assert words(events)[-1] == "unknown base"


async def test_a_token_that_expires_in_the_middle_is_renewed_and_nothing_is_made_twice(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    platform.ask("faults", kind="expired-token", method="POST", path="/sourceConnections", times=1)
    plan = crm.plan(services, crm.base(), crm.source())
    events = await all_of(apply(plan, SECRETS, services, journal))
    assert words(events)[-1] == "finished"
    with platform.client() as api:
        assert count(api, "sourceConnections") == 1


async def test_where_no_token_can_be_had_nothing_was_sent(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    platform.ask("faults", kind="reset", path="/ims/token/v3")
    plan = crm.plan(services, crm.base())
    assert words(await all_of(apply(plan, SECRETS, services, journal))) == ["failed"]
    assert await journal.writes() == []


async def test_a_token_that_cannot_be_renewed_in_the_middle_made_nothing(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    await all_of(apply(crm.plan(services, crm.base()), SECRETS, services, journal))
    platform.ask("faults", kind="expired-token", method="POST", path="/connections", times=1)
    platform.ask("faults", kind="reset", path="/ims/token/v3")
    events = await all_of(apply(crm.plan(services, crm.base()), SECRETS, services, journal))
    assert words(events) == ["sending base", "failed base"]


async def test_undo_takes_back_newest_first_and_names_what_it_leaves(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    steps = crm.whole(tenant_group(platform), platform.now_ms)
    with platform.client() as api:
        accept = {"Accept": "application/vnd.adobe.xed-id+json"}
        registry = f"{crm.PLATFORM}/schemaregistry/tenant/schemas"
        schemas = len(api.get(registry, headers=accept).json()["results"])
        plan = crm.plan(services, *steps)
        await all_of(apply(plan, SECRETS, services, journal))
        before = len(platform.requests())
        events = await all_of(undo(plan.id, services, journal))
        order = ["flow", "mapping", "target", "dataset", "schema", "source", "base"]
        expected = [f"{'left behind' if n == 'mapping' else 'undone'} {n}" for n in order]
        assert words(events) == [*expected, "finished"]
        assert "mapping set" in events[-1].sentence
        assert sum(writes(platform, before).values()) == 6
        for collection in ("connections", "sourceConnections", "targetConnections", "flows"):
            assert count(api, collection) == 0
        assert api.get(f"{crm.PLATFORM}/catalog/dataSets").json() == {}
        assert len(api.get(registry, headers=accept).json()["results"]) == schemas
    assert await journal.unfinished() == []


async def test_undo_removes_nothing_that_the_plan_did_not_make(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    first = crm.plan(services, crm.base())
    second = crm.plan(services, crm.base())
    made = (await all_of(apply(first, SECRETS, services, journal)))[-1].stands[0][1].id
    await all_of(apply(second, SECRETS, services, journal))
    await all_of(undo(second.id, services, journal))
    with platform.client() as api:
        assert [each["id"] for each in api.get(f"{FLOWS}/connections").json()["items"]] == [made]


async def test_an_undo_that_is_refused_is_reported_with_its_id_and_can_be_tried_again(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    plan = crm.plan(services, crm.base())
    made = (await all_of(apply(plan, SECRETS, services, journal)))[-1].stands[0][1].id
    platform.ask("faults", kind="status", status=403, method="DELETE", path="*", times=1)
    events = await all_of(undo(plan.id, services, journal))
    assert words(events) == ["left behind base"]
    assert made in events[0].sentence
    assert words(await all_of(undo(plan.id, services, journal))) == ["undone base", "finished"]


async def test_no_secret_is_in_journal_events_or_logs(
    platform: Rehearsal,
    services: Services,
    journal: Journal,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    body = {"errorMessage": f"The password {crm.PASSWORD} with {crm.TOKEN} was refused"}
    platform.ask("faults", kind="status", status=400, body=body, path="*/connections", times=1)
    plan = crm.plan(services, crm.base())
    events = await all_of(apply(plan, SECRETS, services, journal))
    assert words(events)[-1] == "failed base"
    assert "***" in events[-1].sentence
    events += await all_of(apply(plan, SECRETS, services, journal))
    assert words(events)[-1] == "finished"
    told = [repr(event) + str(event) for event in events] + [repr(SECRETS), caplog.text]
    told += [repr(await journal.writes()), repr(await journal.entry(plan.id))]
    held = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    for secret in (crm.PASSWORD, crm.TOKEN, crm.PASSWORD.replace("\\", "\\\\").replace('"', '\\"')):
        assert not [text for text in told if secret in text or repr(secret)[1:-1] in text]
        assert secret.encode() not in held


async def test_a_missing_secret_is_refused_before_the_first_write(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    before = len(platform.requests())
    plan = crm.plan(services, crm.base(), crm.source())
    events = await all_of(apply(plan, Secrets({"CRM_TOKEN": "x"}), services, journal))
    assert words(events) == ["refused"]
    assert "CRM_PASSWORD" in events[0].sentence
    assert len(platform.requests()) == before
    assert await journal.entry(plan.id) is None


async def test_a_plan_for_another_sandbox_is_refused(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    other = replace(crm.plan(services, crm.base()), sandbox="prod")
    events = await all_of(apply(other, SECRETS, services, journal))
    assert words(events) == ["refused"]
    assert "prod" in events[0].sentence


async def test_one_plan_is_worked_on_by_one_at_a_time(
    platform: Rehearsal, services: Services, journal: Journal, tmp_path: Path
) -> None:
    plan = crm.plan(services, crm.base(), crm.source())
    first = apply(plan, SECRETS, services, journal)
    assert (await anext(first)).what == "sending"
    second = Journal.open(tmp_path / "state")
    try:
        assert words(await all_of(apply(plan, SECRETS, services, second))) == ["refused"]
        (entry,) = await second.unfinished()
        assert entry.busy
    finally:
        second.close()
    rest = words(await all_of(first))
    assert rest == ["done base", "sending source", "done source", "finished"]
    with platform.client() as api:
        assert count(api, "connections") == 1


async def test_leaving_the_events_stops_before_the_next_write(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    events = apply(crm.plan(services, crm.base()), SECRETS, services, journal)
    assert (await anext(events)).what == "sending"
    await events.aclose()
    with platform.client() as api:
        assert count(api, "connections") == 0
    assert await journal.unfinished() == []


async def test_a_mapping_set_that_no_call_deletes_is_named_and_the_rollback_ends(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    """A way that is not there is told as a thing that is not there; it is looked at again."""
    steps = crm.whole(tenant_group(platform), platform.now_ms)
    path = f"{crm.PLATFORM}/conversion/mappingSets"
    steps[5] = replace(steps[5], undo=Undo("DELETE", f"{path}/{{mapping}}"))
    plan = crm.plan(services, *steps)
    await all_of(apply(plan, SECRETS, services, journal))
    platform.ask("faults", kind="status", status=404, method="DELETE", path="*/mappingSets/*")
    events = await all_of(undo(plan.id, services, journal))
    (left,) = [event for event in events if event.what == "left behind"]
    assert left.step is not None and left.step.name == "mapping" and left.made is not None
    assert events[-1].what == "finished" and left.made.id in events[-1].sentence
    assert await journal.unfinished() == []


async def test_a_field_group_that_stood_before_is_not_what_a_write_made(
    platform: Rehearsal, services: Services
) -> None:
    id, title = tenant_group(platform), "CRM record details"
    path = f"{crm.PLATFORM}/schemaregistry/tenant/fieldgroups"
    body = {"title": title}
    step = Step("group", f"Create the field group {title}", "schemas", "POST", path, body=body)
    (group,) = [each for each in await services.library.blocks("fieldgroups") if each.id == id]
    assert group.created_at is not None
    longer_than_slack = timedelta(minutes=10)

    async def found(sent_at: datetime, made_by_another: bool) -> Findings:
        async def taken(ids: Sequence[str]) -> Sequence[str]:
            return ids if made_by_another else ()

        return await look(services, step, preview(step), sent_at, taken)

    assert await found(group.created_at, False) == Findings(True, Made(id))
    assert await found(group.created_at, True) == Findings(False)
    assert await found(group.created_at + longer_than_slack, False) == Findings(False)
