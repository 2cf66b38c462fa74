"""The emulator as a program: how it starts, what it refuses, how it ends and comes back."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.emulated import FLOWSERVICE, START, START_MS, start, stop, wait_for_world
from tests.emulator.tutorial import (
    BASE_CONNECTION,
    counted,
    created,
    follow_the_tutorial,
    runs_of,
    summary,
)

EMPTY = ("--empty", "--speed", "0", "--start", START)


def refused(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aeptui.emulator", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_being_told_to_stop_is_no_failure(tmp_path: Path) -> None:
    assert stop(start(tmp_path, *EMPTY)) == 0


def test_a_kept_world_goes_on_where_it_stopped(tmp_path: Path) -> None:
    first = start(tmp_path, *EMPTY)
    wait_for_world(first)
    first.advance(hours=3)
    world = first.state()["world"]
    assert stop(first) == 0
    second = start(tmp_path, "--empty", "--speed", "0")
    try:
        state = second.state()
        assert (state["world"], state["now_ms"]) == (world, START_MS + 3 * 3_600_000)
        assert state["making"] is None
        assert second.token()
    finally:
        stop(second)


def test_a_killed_emulator_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """The last write is answered, a run is under way: killed there, it goes on after the start."""
    first = start(tmp_path, *EMPTY)
    wait_for_world(first)
    with first.client() as api:
        base_id = created(api.post(f"{FLOWSERVICE}/connections", json=BASE_CONNECTION))["id"]
        flow_id = follow_the_tutorial(first, api, base_id).flow_id
        while not (runs := runs_of(api, flow_id)) or not runs[0]["metrics"].get("recordSummary"):
            first.advance(seconds=20)
        last_id = created(api.post(f"{FLOWSERVICE}/connections", json=BASE_CONNECTION))["id"]
        now_ms = first.now_ms
    first.control.close()
    first.process.kill()
    first.process.wait()
    second = start(tmp_path, "--empty", "--speed", "0")
    try:
        assert second.now_ms == now_ms
        with second.client() as api:
            for id in (base_id, last_id):
                assert api.get(f"{FLOWSERVICE}/connections/{id}").status_code == 200
            assert [run["id"] for run in runs_of(api, flow_id)] == [runs[0]["id"]]
            second.advance(minutes=10)
            (run,) = runs_of(api, flow_id)
            assert run["metrics"]["statusSummary"]["status"] == "success"
            assert summary(run) == counted(second, None, run["createdAt"])
    finally:
        stop(second)


def test_callers_who_leave_early_are_no_error(tmp_path: Path) -> None:
    """In the middle of a late answer, of a body, or of its headers: nothing is printed."""
    with (tmp_path / "stderr").open("w+") as complaints:
        running = start(tmp_path / "data", *EMPTY, stderr=complaints)
        wait_for_world(running)
        with running.client() as api:
            running.ask("faults", kind="latency", latency_s=0.3, times=2)
            for method in ("GET", "POST"):
                with pytest.raises(httpx.ReadTimeout):
                    api.request(method, f"{FLOWSERVICE}/flows", json={}, timeout=0.05)
        where = (running.control.base_url.host, running.control.base_url.port or 80)
        head = f"POST {FLOWSERVICE}/flows HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n"
        for text in (head, f"{head}\r\n", f"{head}\r\n{{"):
            with socket.create_connection(where) as connection:
                connection.sendall(text.encode())
        while len([each for each in running.requests() if each["status"] == 0]) < 4:
            assert running.process.poll() is None
        assert stop(running) == 0
        complaints.seek(0)
        assert complaints.read() == ""


def test_a_folder_is_for_one_emulator_at_a_time(tmp_path: Path) -> None:
    first = start(tmp_path, *EMPTY)
    try:
        second = refused("--data", str(tmp_path))
        assert second.returncode == 2
        assert "Another emulator is using" in second.stderr
        assert second.stdout == ""
    finally:
        stop(first)


def test_a_world_is_not_opened_under_another_seed(tmp_path: Path) -> None:
    first = start(tmp_path, *EMPTY, "--seed", "3")
    wait_for_world(first)
    stop(first)
    second = refused("--data", str(tmp_path), "--seed", "4")
    assert second.returncode == 2
    assert "seed 3" in second.stderr


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--scale", "flows=10"), "flows=N,runs=M"),
        (("--scale", "flows=1,runs=1000000"), "room for"),
        (("--host", "192.0.2.1"), "--allow-remote"),
        (("--speed", "fast"), "--speed"),
        (("--speed", "10001"), "--speed"),
        (("--start", "tomorrow"), "--start"),
        (("--port", "70000"), "--port"),
    ],
)
def test_a_flag_that_cannot_be_kept_is_refused_in_a_sentence(
    flags: tuple[str, ...], word: str
) -> None:
    answer = refused(*flags)
    assert answer.returncode == 2
    assert word in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_env_file_is_there_before_the_ready_line_and_for_its_owner_only(
    tmp_path: Path,
) -> None:
    env_file = tmp_path / "emulator.env"
    running = start(tmp_path / "data", *EMPTY, "--env-file", str(env_file))
    try:
        lines = dict(line.split("=", 1) for line in env_file.read_text().splitlines())
        assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
        assert lines == {
            "AEPTUI_PLATFORM_URL": running.url,
            "AEPTUI_IMS_URL": running.url,
            "AEPTUI_ORG_ID": running.org,
            "AEPTUI_CLIENT_ID": "aeptui-rehearsal",
            "AEPTUI_CLIENT_SECRET": "rehearsal-secret",
            "AEPTUI_SCOPES": lines["AEPTUI_SCOPES"],
            "AEPTUI_SANDBOX": "dev",
        }
    finally:
        stop(running)


def test_it_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "aeptui.emulator", "--data", str(tmp_path)),
            *(*EMPTY, "--until-stdin-closes"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline().startswith("ready ")
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    process.stdout.close()


def test_a_world_that_was_not_finished_is_made_again(tmp_path: Path) -> None:
    flags = ("--scale", "flows=40,runs=80000", "--speed", "0", "--start", START)
    first = start(tmp_path, *flags)
    while (making := first.state()["making"]) is None or not making["of"]:
        assert making is not None, "the world was made before anybody could ask"
    half = first.state()["world"]
    assert stop(first) == 0
    second = start(tmp_path, *flags)
    try:
        done = 0
        while (making := second.state()["making"]) is not None:
            assert making["done"] >= done
            done = making["done"]
        state = second.state()
        assert state["world"] != half
        assert state["now_ms"] == START_MS
        assert (state["counts"]["dev"]["flows"], state["counts"]["dev"]["runs"]) == (40, 80_000)
    finally:
        stop(second)
