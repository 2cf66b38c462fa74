"""The demo's world when it opens: every state has its flow, and every number closes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from aeptui.emulator.clock import Clock
from aeptui.emulator.crm import Crm
from aeptui.emulator.documents import Document
from aeptui.emulator.incidents import Incidents
from aeptui.emulator.runner import Runner
from aeptui.emulator.seed import HISTORY_MS, RUNS, make_empty, make_world
from aeptui.emulator.world import World
from tests.emulator.stage import START_MS, closes, records, status

MINUTE_MS = 60_000
Runs = list[dict[str, Any]]


class Demo:
    """A world that was made once for all tests of this module; they only look at it."""

    def __init__(self, folder: Path) -> None:
        clock = Clock(START_MS - HISTORY_MS, 0.0)
        self.world = World(folder / "world.sqlite", clock, 7)
        self.crm = Crm(folder / "crm.sqlite", 7, START_MS - HISTORY_MS)
        runner = Runner(self.world, self.crm, Incidents(self.world))
        self.progress: list[tuple[int, int]] = []
        make_world(self.world, runner, lambda done, of: self.progress.append((done, of)))

    def flow(self, name: str, sandbox: str = "dev") -> Document:
        return next(one for one in self.world.scan(sandbox, "flows") if one.body["name"] == name)

    def runs(self, name: str, sandbox: str = "dev") -> Runs:
        flow = self.flow(name, sandbox)
        return [run.body for run in reversed(self.world.runs_of(sandbox, flow.id))]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    made = Demo(tmp_path_factory.mktemp("demo"))
    yield made
    made.world.close()
    made.crm.close()


def test_the_clock_stands_at_the_demos_start(demo: Demo) -> None:
    assert demo.world.clock.now_ms() == START_MS


def test_dev_has_twelve_flows_prod_three_and_empty_nothing(demo: Demo) -> None:
    assert [one["name"] for one in demo.world.sandboxes()] == ["dev", "prod", "empty"]
    assert [one["type"] for one in demo.world.sandboxes()][1] == "production"
    assert demo.world.count("dev", "flows") == 12
    assert demo.world.count("prod", "flows") == 3
    for kind in ("connections", "flows", "runs", "schemas", "dataSets", "mappingSets"):
        assert demo.world.count("empty", kind) == 0
    assert demo.world.count("empty", "fieldgroups") == demo.world.count("dev", "fieldgroups")


def test_every_flow_but_the_draft_has_its_runs(demo: Demo) -> None:
    for sandbox in ("dev", "prod"):
        for flow in demo.world.scan(sandbox, "flows"):
            runs = demo.world.runs_of(sandbox, flow.id)
            assert len(runs) == (0 if flow.body["state"] == "draft" else RUNS), flow.body["name"]


def test_every_run_that_ended_closes(demo: Demo) -> None:
    ended = 0
    for sandbox in ("dev", "prod"):
        for run in demo.world.scan(sandbox, "runs"):
            if "completedAtUTC" in run.body["metrics"].get("durationSummary", {}):
                ended += 1
                assert not records(run.body) or closes(run.body)
    assert ended == demo.progress[-1][0] == demo.progress[-1][1]


def test_one_flow_is_running_and_one_is_waiting(demo: Demo) -> None:
    assert status(demo.runs("Salesforce accounts")[-1]) == "inProgress"
    assert status(demo.runs("Dynamics accounts")[-1]) == "scheduled"


def test_one_flow_failed_four_times_at_its_base_connection(demo: Demo) -> None:
    words = [status(run) for run in demo.runs("Salesforce EMEA accounts")]
    assert words[-4:] == ["failed"] * 4 and set(words[:-4]) == {"success"}


def test_one_flow_loses_rows_since_its_mapping_was_changed(demo: Demo) -> None:
    runs = demo.runs("Salesforce contacts")
    counts = [records(run) for run in runs]
    lost = [one["failedRecordCount"] + one.get("warningRecordCount", 0) for one in counts]
    assert all(status(run) == "success" for run in runs)
    assert all(one > 0 for one in lost[-6:]) and not any(lost[:-6])
    assert sum(one["failedRecordCount"] for one in counts[-6:]) > 0
    flow = demo.flow("Salesforce contacts").body
    params = flow["transformations"][1]["params"]
    held = demo.world.get("dev", "mappingSets", params["mappingId"])
    assert held is not None and params["mappingVersion"] == held.body["version"] == 1
    before, after = (held.private["versions"][one]["mappings"] for one in ("0", "1"))
    changed = [
        (a["source"], b["source"])
        for a, b in zip(before, after, strict=True)
        if a["source"] != b["source"]
    ]
    assert len(changed) == 1 and changed[0][0].startswith("date(")
    assert runs[-7]["createdAt"] < flow["updatedAt"] < runs[-6]["createdAt"]


def test_one_flow_is_stuck_since_long_before_the_start(demo: Demo) -> None:
    runs = demo.runs("Dynamics service accounts")
    assert status(runs[-1]) == "inProgress"
    started = runs[-1]["metrics"]["durationSummary"]["startedAtUTC"]
    usual = [_took(run) for run in runs[:-1]]
    assert START_MS - started > max(10 * MINUTE_MS, 3 * max(usual))


def test_one_flow_is_late(demo: Demo) -> None:
    last = demo.runs("Dynamics leads")[-1]
    assert START_MS - last["createdAt"] > 30 * MINUTE_MS + 5 * MINUTE_MS


def test_one_flow_went_silent(demo: Demo) -> None:
    rows = [records(run)["inputRecordCount"] for run in demo.runs("Dynamics contacts")]
    assert rows[-2:] == [0, 0] and sum(one > 0 for one in rows[-12:-2]) == 10


def test_one_flow_brought_oddly_few_rows_and_the_clean_ones_did_not(demo: Demo) -> None:
    runs = demo.runs("Salesforce leads")
    assert _is_odd(runs)
    assert records(runs[-1])["inputRecordCount"] > 0  # none at all were silent
    for sandbox in ("dev", "prod"):
        for name in ("Salesforce accounts", "Salesforce opportunities", "Dynamics accounts"):
            runs = [run for run in demo.runs(name, sandbox) if status(run) == "success"]
            assert not _is_odd(runs), (sandbox, name)


def test_one_dataset_expires_within_a_week(demo: Demo) -> None:
    datasets = [one.body for one in demo.world.scan("dev", "dataSets")]
    lakes = [one["extensions"]["adobe_lakeHouse"] for one in datasets]
    assert [one["rowExpiration"] for one in lakes if "rowExpiration" in one] == [
        {"ttlValue": "P6D"}
    ]


def test_one_flow_ends_in_a_word_that_nobody_documents(demo: Demo) -> None:
    assert status(demo.runs("Dynamics opportunities")[-1]) == "awaitingReview"


def test_one_flow_is_a_draft_and_one_is_off(demo: Demo) -> None:
    assert demo.flow("Salesforce campaigns").body["state"] == "draft"
    assert demo.flow("Dynamics service contacts").body["state"] == "disabled"


def test_the_flows_of_prod_are_clean(demo: Demo) -> None:
    for flow in demo.world.scan("prod", "flows"):
        for run in demo.world.runs_of("prod", flow.id):
            assert status(run.body) == "success"
            assert records(run.body)["failedRecordCount"] == 0
            assert "errors" not in run.body["metrics"]["statusSummary"]


def test_the_progress_only_grows(demo: Demo) -> None:
    assert demo.progress == sorted(demo.progress)


def test_an_empty_world_has_the_tenants_field_groups_and_no_flow() -> None:
    world = World(None, Clock(START_MS, 0.0), 1)
    make_empty(world)
    assert [one["name"] for one in world.sandboxes()] == ["dev", "prod", "empty"]
    for sandbox in ("dev", "prod", "empty"):
        titles = {one.body["title"] for one in world.scan(sandbox, "fieldgroups")}
        assert titles >= {"CRM record details"}
        assert world.count(sandbox, "flows") == 0
    world.close()


def _took(run: dict[str, Any]) -> int:
    duration = run["metrics"]["durationSummary"]
    return int(duration["completedAtUTC"] - duration["startedAtUTC"])


def _is_odd(runs: Runs) -> bool:
    """Rows or duration of the last run outside median ± 4 MAD of those before."""
    for measure in (lambda run: records(run)["inputRecordCount"], _took):
        *before, last = [measure(run) for run in runs]
        middle = median(before)
        spread = median(abs(one - middle) for one in before)
        if abs(last - middle) > 4 * spread:
            return True
    return False
