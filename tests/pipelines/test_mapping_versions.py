"""Another version of a mapping set: looked for when its answer is lost, and taken back."""

from __future__ import annotations

from typing import Any

import httpx

from aeptui.api.services import Services
from aeptui.forms import remapping
from aeptui.pipelines.apply import apply, undo
from aeptui.pipelines.journal import Journal
from aeptui.pipelines.plan import Plan, Secrets
from tests.emulated import Rehearsal
from tests.emulator.tutorial import follow_the_tutorial
from tests.forms.conftest import make_base
from tests.pipelines import crm
from tests.pipelines.conftest import no_nap
from tests.pipelines.crm import FLOWS, all_of, words


def used_version(api: httpx.Client, flow: str) -> tuple[str, int]:
    """The mapping set that a flow uses, and which version of it."""
    found = api.get(f"{FLOWS}/flows/{flow}").json()["items"][0]["transformations"]
    params: dict[str, Any] = next(each["params"] for each in found if each["name"] == "Mapping")
    return str(params["mappingId"]), int(params.get("mappingVersion", 0))


async def remapped(platform: Rehearsal, api: httpx.Client, services: Services) -> tuple[str, Plan]:
    """A flow, and the plan that leaves out the last pair of its mapping."""
    flow = follow_the_tutorial(platform, api, make_base(api)).flow_id
    platform.advance(minutes=2)
    remap = await remapping.read(services, used_version(api, flow)[0], [flow], of_flow=flow)
    return flow, crm.plan(services, *remapping.steps(remap, remap.pairs[:-1], [flow]))


async def test_a_version_whose_answer_is_cut_is_found_by_its_pairs_and_saved_once(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    with platform.client() as api:
        flow, plan = await remapped(platform, api, services)
        _, before = used_version(api, flow)
        platform.ask("faults", kind="truncate", method="PUT", path="*/mappingSets/*", times=1)
        since = len(platform.requests())
        events = await all_of(apply(plan, Secrets(), services, journal, sleep=no_nap))
        assert f"unknown {remapping.STEP}" in words(events) and words(events)[-1] == "finished"
        sent = [each["method"] for each in platform.requests(since)]
        assert (sent.count("PUT"), sent.count("PATCH")) == (1, 1)
        assert used_version(api, flow)[1] == before + 1


async def test_a_version_that_did_not_arrive_is_not_taken_for_the_one_before(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    with platform.client() as api:
        flow, plan = await remapped(platform, api, services)
        before = used_version(api, flow)
        platform.ask("faults", kind="reset", method="PUT", path="*/mappingSets/*", times=1)
        events = await all_of(apply(plan, Secrets(), services, journal, sleep=no_nap))
        assert words(events)[-1] == f"unknown {remapping.STEP}"
        assert used_version(api, flow) == before


async def test_taken_back_the_flow_uses_the_version_before_and_the_saved_one_is_named(
    platform: Rehearsal, services: Services, journal: Journal
) -> None:
    with platform.client() as api:
        flow, plan = await remapped(platform, api, services)
        before = used_version(api, flow)
        events = await all_of(apply(plan, Secrets(), services, journal))
        assert events[-1].what == "finished", events[-1].sentence
        assert used_version(api, flow) != before
        events = await all_of(undo(plan.id, services, journal))
        assert events[-1].what == "finished", events[-1].sentence
        assert before[0] in events[-1].sentence
        assert used_version(api, flow) == before
        assert await journal.unfinished() == []
