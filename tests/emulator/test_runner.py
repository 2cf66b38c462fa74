"""Runs really read, map, check and count, and nothing of them is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aeptui.emulator.documents import Document
from tests.emulator.stage import (
    MINUTE_MS,
    START_MS,
    Stage,
    batch_of,
    closes,
    records,
    stage_in,
    status,
)

FIRST_DUE_MS = START_MS + 10 * MINUTE_MS
SECOND_DUE_MS = START_MS + 25 * MINUTE_MS


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with stage_in(tmp_path) as made:
        yield made


def test_a_first_run_with_backfill_takes_every_row_of_the_table(stage: Stage) -> None:
    flow = stage.flow("salesforce.account")
    assert stage.at(16) == 1
    (run,) = stage.runs(flow)
    rows, deleted = stage.changed("account", 0, FIRST_DUE_MS)
    assert rows > 5_000
    assert status(run) == "success"
    assert records(run) == {
        "inputRecordCount": rows,
        "outputRecordCount": rows - deleted,
        "skippedRecordCount": deleted,
        "failedRecordCount": 0,
    }


def test_a_second_run_picks_up_only_what_changed(stage: Stage) -> None:
    flow = stage.flow("dynamics.account")
    stage.at(16)
    stage.at(30)
    run = stage.runs(flow)[1]
    rows, deleted = stage.changed("account", FIRST_DUE_MS, SECOND_DUE_MS)
    assert 0 < rows < 200
    assert records(run)["inputRecordCount"] == rows
    assert records(run)["skippedRecordCount"] == deleted
    window = run["activities"][0]["durationSummary"]["extensions"]
    assert window == {"windowStart": FIRST_DUE_MS, "windowEnd": SECOND_DUE_MS}


def test_without_backfill_the_first_run_finds_nothing_and_is_a_success(stage: Stage) -> None:
    flow = stage.flow(backfill=False)
    stage.at(16)
    (run,) = stage.runs(flow)
    assert status(run) == "success"
    assert set(records(run).values()) == {0}
    assert len(run["activities"]) == 1, "nothing new, nothing to promote"


def test_counts_grow_while_a_run_is_open(stage: Stage) -> None:
    flow = stage.flow("dynamics.account")
    stage.at(16)
    stage.at(25.2)
    seen: list[tuple[str, int, int]] = []
    while not seen or seen[-1][0] != "success":
        stage.advance(0.1)
        run = stage.runs(flow)[1]
        counts = run["metrics"].get("recordSummary", {})
        seen.append(
            (
                status(run),
                counts.get("inputRecordCount", 0),
                counts.get("outputRecordCount", 0),
            )
        )
    words = [word for word, _, _ in seen]
    assert words[0] == "scheduled" and "inProgress" in words
    assert len({received for _, received, _ in seen}) >= 3
    assert len({ingested for _, _, ingested in seen}) >= 3
    assert seen == sorted(seen, key=lambda one: one[1:]), "no count goes back"


def test_a_waiting_run_has_a_status_and_no_activities(stage: Stage) -> None:
    flow = stage.flow()
    stage.at(10.1)
    (run,) = stage.runs(flow)
    assert run["metrics"] == {"statusSummary": {"status": "scheduled"}}
    assert run["activities"] == []
    assert run["createdAt"] == FIRST_DUE_MS


def test_a_tick_is_dropped_while_the_run_before_is_open(stage: Stage) -> None:
    flow = stage.flow()
    stage.incidents.add("slow", "dev", flow=flow.id, factor=20.0)
    stage.at(40)
    assert len(stage.runs(flow)) == 1, "the ticks at 25 and 40 minutes met an open run"


def test_an_open_run_goes_on_at_once_when_slowness_ends(stage: Stage) -> None:
    flow = stage.flow()
    slow = stage.incidents.add("slow", "dev", flow=flow.id, factor=10_000.0)
    stage.at(60)
    assert status(stage.runs(flow)[0]) == "inProgress"
    stage.incidents.remove(slow.id)
    stage.runner.settle()
    stage.at(65)
    assert status(stage.runs(flow)[0]) == "success"


@pytest.mark.parametrize("kind", ["crm_down", "crm_auth"])
def test_a_crm_that_refuses_fails_the_copy_in_its_own_words(stage: Stage, kind: str) -> None:
    flow = stage.flow()
    stage.incidents.add(kind, "dev", flow=flow.id)  # type: ignore[arg-type]
    stage.at(16)
    (run,) = stage.runs(flow)
    assert status(run) == "failed"
    (error,) = run["metrics"]["statusSummary"]["errors"]
    assert error["code"] == "CONNECTOR-1001-500" and len(error["message"]) > 10
    assert run["metrics"]["statusSummary"]["activityRefs"] == ["copyActivity"]
    assert run["metrics"]["recordSummary"] == {}
    assert run["metrics"]["sizeSummary"] == {"inputBytes": -1, "outputBytes": -1}
    assert len(run["activities"]) == 1


def test_an_incident_hits_all_flows_of_its_base_connection_in_its_time_and_no_other(
    stage: Stage,
) -> None:
    hit = [stage.flow(f"salesforce.{table}") for table in ("account", "campaign")]
    spared = stage.flow("dynamics.account")
    source = hit[0].body["inheritedAttributes"]["sourceConnections"][0]
    stage.incidents.add(
        "crm_auth",
        "dev",
        base_connection=source["baseConnection"]["id"],
        from_ms=START_MS + 20 * MINUTE_MS,
        to_ms=START_MS + 35 * MINUTE_MS,
    )
    stage.at(48)
    for flow in hit:
        assert [status(run) for run in stage.runs(flow)] == ["success", "failed", "success"]
    assert [status(run) for run in stage.runs(spared)] == ["success"] * 3


def test_credentials_given_after_the_crm_began_to_refuse_are_taken(stage: Stage) -> None:
    flow = stage.flow()
    began_ms = START_MS + 5 * MINUTE_MS
    stage.incidents.add("crm_auth", "dev", flow=flow.id, from_ms=began_ms)
    stage.at(16)
    source = flow.body["inheritedAttributes"]["sourceConnections"][0]
    base = stage.world.get("dev", "connections", source["baseConnection"]["id"])
    assert base is not None
    private = base.private | {"secretsMadeMs": began_ms + MINUTE_MS}
    stage.world.put("dev", "connections", base.id, base.body, private)
    stage.at(31)
    assert [status(run) for run in stage.runs(flow)] == ["failed", "success"]


def test_a_dropped_column_fails_the_copy_and_is_named(stage: Stage) -> None:
    flow = stage.flow()
    stage.incidents.add("drop_column", "dev", flow=flow.id, column="AnnualRevenue")
    stage.at(16)
    (error,) = stage.runs(flow)[0]["metrics"]["statusSummary"]["errors"]
    assert "AnnualRevenue" in error["message"]


def test_a_window_that_failed_is_read_again_by_the_next_run(stage: Stage) -> None:
    flow = stage.flow("dynamics.account")
    stage.at(16)
    down = stage.incidents.add("crm_down", "dev", flow=flow.id)
    stage.at(31)
    stage.incidents.remove(down.id)
    stage.at(46)
    _, failed, after = stage.runs(flow)
    assert status(failed) == "failed" and status(after) == "success"
    rows, _ = stage.changed("account", FIRST_DUE_MS, START_MS + 40 * MINUTE_MS)
    assert records(after)["inputRecordCount"] == rows


def test_few_bad_rows_are_refused_and_counted_and_the_run_succeeds(stage: Stage) -> None:
    flow = stage.flow(options={"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5})
    stage.incidents.add("bad_rows", "dev", flow=flow.id, share=0.03)
    stage.at(16)
    (run,) = stage.runs(flow)
    assert status(run) == "success" and closes(run)
    failed = records(run)["failedRecordCount"]
    assert 0 < failed < records(run)["inputRecordCount"] * 0.05
    assert len(stage.lines(batch_of(run), "row_errors/")) == failed
    assert run["metrics"]["statusSummary"]["errors"][0]["code"] == "INGEST-1212-400"


def test_too_many_bad_rows_fail_the_run_and_nothing_is_kept(stage: Stage) -> None:
    flow = stage.flow(options={"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5})
    stage.incidents.add("bad_rows", "dev", flow=flow.id, share=0.2)
    stage.at(16)
    (run,) = stage.runs(flow)
    assert status(run) == "failed" and closes(run)
    assert records(run)["outputRecordCount"] == 0
    codes = [one["code"] for one in run["metrics"]["statusSummary"]["errors"]]
    assert codes == ["CONNECTOR-2001-500", "INGEST-1212-400"]
    assert stage.world.files.listed("dev", batch_of(run), "part-") == []


def test_without_partial_ingestion_one_bad_row_fails_the_run(stage: Stage) -> None:
    flow = stage.flow(options={"errorDiagnosticsEnabled": True})
    stage.incidents.add("bad_rows", "dev", flow=flow.id, share=0.001)
    stage.at(16)
    (run,) = stage.runs(flow)
    assert status(run) == "failed" and closes(run)


def test_without_diagnostics_the_reasons_are_not_kept_and_the_run_says_so(stage: Stage) -> None:
    flow = stage.flow(options={"partialIngestionPercent": 50})
    stage.incidents.add("bad_rows", "dev", flow=flow.id, share=0.1)
    stage.at(16)
    (run,) = stage.runs(flow)
    assert run["metrics"]["statusSummary"]["errors"][0]["code"] == "INGEST-1211-400"
    assert stage.world.files.listed("dev", batch_of(run), "row_errors/") == []


def test_a_mapping_that_is_gone_fails_the_promotion(stage: Stage) -> None:
    flow = stage.flow()
    mapping_id = flow.body["transformations"][1]["params"]["mappingId"]
    stage.world.delete("dev", "mappingSets", mapping_id)
    stage.at(16)
    (run,) = stage.runs(flow)
    assert status(run) == "failed" and closes(run)
    error = run["metrics"]["statusSummary"]["errors"][0]
    assert error["code"] == "CONNECTOR-2001-500" and mapping_id in error["message"]


def test_a_run_that_is_tried_again_reads_the_same_window(stage: Stage) -> None:
    flow = stage.flow("dynamics.account")
    stage.at(16)
    down = stage.incidents.add("crm_down", "dev", flow=flow.id)
    stage.at(29)
    failed = stage.world.runs_of("dev", flow.id)[0]
    stage.incidents.remove(down.id)
    again = stage.runner.retry(flow, failed)
    assert again.id != failed.id
    stage.at(37)
    run = stage.runs(flow)[-1]
    assert run["id"] == again.id and status(run) == "success"
    rows, _ = stage.changed("account", FIRST_DUE_MS, SECOND_DUE_MS)
    assert records(run)["inputRecordCount"] == rows


def test_two_days_at_once_leave_no_gap_between_the_windows(stage: Stage) -> None:
    flow = stage.flow("dynamics.opportunity", minutes=8 * 60)
    assert stage.at(2 * 24 * 60) == 2 * 3
    runs = stage.runs(flow)
    windows = [run["activities"][0]["durationSummary"]["extensions"] for run in runs]
    for before, after in pairwise(windows):
        assert after["windowStart"] == before["windowEnd"]
    assert all(status(run) == "success" and closes(run) for run in runs)


def test_a_run_on_demand_reads_the_window_that_it_was_given(stage: Stage) -> None:
    flow = stage.flow(first_min=600)
    stage.at(1)
    from_ms, to_ms = START_MS - 30 * 86_400_000, START_MS - 10 * 86_400_000
    params = {"windowStartTime": from_ms // 1000, "windowEndTime": to_ms // 1000}
    run = stage.runner.demand(flow, from_ms, to_ms, params)
    assert status(run.body) == "scheduled"
    stage.at(8)
    (ended,) = stage.runs(flow)
    rows, _ = stage.changed("account", from_ms, to_ms)
    assert ended["params"] == params
    assert records(ended)["inputRecordCount"] == rows > 0


def test_a_window_on_demand_does_not_make_the_schedule_skip_what_lies_before_it(
    stage: Stage,
) -> None:
    """A window that leaves a gap before it moves nothing: the next tick reads the gap."""
    flow = stage.flow("dynamics.account")
    stage.at(16)
    stage.runner.demand(flow, START_MS + 20 * MINUTE_MS, START_MS + 22 * MINUTE_MS, {})
    stage.at(24)
    stage.at(31)
    rows, _ = stage.changed("account", FIRST_DUE_MS, SECOND_DUE_MS)
    assert records(stage.runs(flow)[-1])["inputRecordCount"] == rows


def test_a_disabled_flow_does_not_tick_and_what_it_missed_is_not_made_up(stage: Stage) -> None:
    flow = stage.flow("dynamics.account")
    stage.at(16)
    _switch(stage, flow, "disabling")
    stage.at(76)
    assert _known(stage, flow).body["state"] == "disabled"
    assert len(stage.runs(flow)) == 1
    _switch(stage, flow, "enabling")
    stage.at(96)
    assert _known(stage, flow).body["state"] == "enabled"
    assert len(stage.runs(flow)) == 2, "one tick since it is on again"


def test_a_changed_flow_is_noticed_without_being_told(stage: Stage) -> None:
    flow = stage.flow()
    stage.at(1)
    held = _known(stage, flow)
    held.body["state"] = "disabled"
    held.body["version"] = stage.world.ids.etag()
    stage.world.put("dev", "flows", flow.id, held.body)
    stage.at(31)
    assert stage.runs(flow) == []


def test_the_flow_keeps_its_last_run_and_not_a_new_version(stage: Stage) -> None:
    flow = stage.flow()
    stage.at(1)
    etag = _known(stage, flow).body["etag"]
    stage.at(16)
    held = _known(stage, flow).body
    (run,) = stage.runs(flow)
    assert held["etag"] == etag
    assert held["lastRunDetails"] == {
        "id": run["id"],
        "state": "success",
        "startedAtUTC": run["metrics"]["durationSummary"]["startedAtUTC"],
        "completedAtUTC": run["metrics"]["durationSummary"]["completedAtUTC"],
    }


def test_nothing_due_costs_nothing(stage: Stage) -> None:
    stage.flow()
    stage.at(1)
    before = stage.world.db.total_changes
    assert [stage.runner.settle() for _ in range(100)] == [0] * 100
    assert stage.world.db.total_changes == before


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.floats(0.1, 40), min_size=1, max_size=12))
def test_any_way_of_moving_the_clock_gives_the_same_runs(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[float]
) -> None:
    found = []
    for steps in ([90.0], [90 * cut / sum(cuts) for cut in cuts]):
        with stage_in(tmp_path_factory.mktemp("moved")) as stage:
            flow = stage.flow("dynamics.account", backfill=False)
            for minutes in steps:
                stage.advance(minutes)
            stage.clock.set(START_MS + 95 * MINUTE_MS)
            stage.runner.settle()
            found.append([(run["createdAt"], run["metrics"]) for run in stage.runs(flow)])
    assert found[0] == found[1]


@settings(max_examples=10, deadline=None)
@given(
    bad=st.floats(0, 1),
    seen=st.floats(0, 1),
    tolerated=st.none() | st.floats(0.1, 100),
    diagnostics=st.booleans(),
)
def test_any_run_that_ended_closes(
    tmp_path_factory: pytest.TempPathFactory,
    bad: float,
    seen: float,
    tolerated: float | None,
    diagnostics: bool,
) -> None:
    options: dict[str, object] = {"errorDiagnosticsEnabled": diagnostics}
    if tolerated is not None:
        options["partialIngestionPercent"] = tolerated
    with stage_in(tmp_path_factory.mktemp("any")) as stage:
        flow = stage.flow("salesforce.campaign", options=options)
        stage.incidents.add("bad_rows", "dev", flow=flow.id, share=bad)
        stage.incidents.add("volume", "dev", flow=flow.id, share=seen)
        stage.at(16)
        (run,) = stage.runs(flow)
        assert closes(run)
        of = records(run)
        kept = len(stage.lines(batch_of(run), "part-")) if len(run["activities"]) > 1 else 0
        assert kept == of["outputRecordCount"]
        share = 100 * of["failedRecordCount"] / max(1, of["inputRecordCount"])
        if status(run) == "failed":
            assert kept == 0 and of["failedRecordCount"] > 0
        else:
            assert share <= (tolerated or 0)


_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.emulator.stage import Stage

stage = Stage(Path(sys.argv[1]))
flow = stage.flow("salesforce.account")
while True:
    stage.advance(0.1)
    runs = stage.runs(flow)
    counts = runs[0]["metrics"].get("recordSummary", {}) if runs else {}
    if counts.get(sys.argv[2], 0) > 0:
        print(flow.id, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("count", ["inputRecordCount", "outputRecordCount"])
def test_a_run_that_was_killed_half_way_ends_properly_after_the_next_start(
    tmp_path: Path, count: str
) -> None:
    (tmp_path / "whole").mkdir()
    with stage_in(tmp_path / "whole") as whole:
        flow = whole.flow("salesforce.account")
        whole.at(16)
        expected = records(whole.runs(flow)[0])
    folder = tmp_path / "killed"
    folder.mkdir()
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(folder), count],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    stage = Stage(folder)
    try:
        flow_id = killed.stdout.strip()
        (open_run,) = stage.world.runs_of("dev", flow_id)
        assert status(open_run.body) == "inProgress"
        stage.at(24)
        (run,) = stage.world.runs_of("dev", flow_id)
        assert status(run.body) == "success"
        assert records(run.body) == expected
        parts = stage.lines(batch_of(run.body), "part-")
        assert len(parts) == expected["outputRecordCount"]
    finally:
        stage.close()


def _known(stage: Stage, flow: Document) -> Document:
    held = stage.world.get("dev", "flows", flow.id)
    assert held is not None
    return held


def _switch(stage: Stage, flow: Document, state: str) -> None:
    held = _known(stage, flow)
    held.body |= {"state": state, "version": stage.world.ids.etag()}
    held.body["updatedAt"] = stage.clock.now_ms()
    stage.runner.flow_changed(stage.world.put("dev", "flows", flow.id, held.body))


def test_when_more_is_due_than_there_is_time_for_the_world_is_of_an_earlier_moment_and_whole(
    stage: Stage,
) -> None:
    flow = stage.flow()
    stage.runner.settle()
    stage.clock.advance(3 * 3600)
    wanted_ms = stage.clock.wanted_ms()
    shown = [stage.clock.now_ms()]
    while stage.runner.is_behind() or not shown[1:]:
        stage.runner.settle(within_s=0)
        now_ms = stage.clock.now_ms()
        shown.append(now_ms)
        for run in stage.runs(flow):
            assert run["updatedAt"] <= now_ms
            assert status(run) in ("scheduled", "inProgress") or closes(run)
        due = [run["createdAt"] for run in stage.runs(flow)]
        assert len(due) == len(set(due))
        first_ms = START_MS + 10 * MINUTE_MS
        assert len(due) >= (now_ms - first_ms - 1) // (15 * MINUTE_MS)
    assert shown == sorted(shown)
    assert len(shown) > 10
    assert stage.clock.now_ms() == wanted_ms
    assert len(stage.runs(flow)) == 12


def test_settling_in_slices_comes_to_the_same_world_as_settling_at_once(tmp_path: Path) -> None:
    worlds = []
    for within_s in (None, 0):
        folder = tmp_path / str(within_s)
        folder.mkdir()
        with stage_in(folder) as stage:
            flow = stage.flow("salesforce.campaign", backfill=True)
            stage.runner.settle()
            stage.clock.advance(2 * 3600)
            stage.runner.settle(within_s=within_s)
            while stage.runner.is_behind():
                stage.runner.settle(within_s=within_s)
            worlds.append([{**run, "imsOrgId": "", "activities": []} for run in stage.runs(flow)])
    assert worlds[0] == worlds[1]
    assert len(worlds[0]) == 8


def test_rows_go_after_three_days_and_refused_ones_after_thirty_days_and_their_runs_stay(
    stage: Stage,
) -> None:
    flow = stage.flow("salesforce.campaign", minutes=60 * 24)
    bad = stage.incidents.add("bad_rows", "dev", flow=flow.id, share=0.03)
    stage.at(60)
    (run,) = stage.runs(flow)
    batch = batch_of(run)
    stage.incidents.remove(bad.id)
    down = stage.incidents.add("crm_down", "dev", flow=flow.id)
    kept = []
    for days in (2, 3, 24, 3):
        stage.advance(days * 24 * 60)
        files = stage.world.files.listed("dev", batch)
        kept.append({path.split("/")[0].split("-")[0] for path, _ in files})
    assert {"part", "row_errors"} <= kept[0]
    assert "row_errors" in kept[1] and "part" not in kept[1]
    assert kept[2] == kept[1] and kept[3] == set()
    assert stage.world.get("dev", "batches", batch) is not None
    assert run in stage.runs(flow)
    stage.incidents.remove(down.id)
    again = stage.runner.demand(flow, START_MS - 10 * 86_400_000, START_MS, {})
    stage.advance(8)
    newest = stage.runs(flow)[-1]
    assert newest["id"] == again.id
    assert stage.world.files.listed("dev", batch_of(newest), "part-")
