"""The command line, against the emulator over HTTP."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aeptui import cli
from aeptui.arguments import KINDS
from tests.headless.stage import Platform, run, serving_demo
from tests.terminal import Terminal


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The demo's world, standing still."""
    with serving_demo(tmp_path_factory) as served:
        yield served


def rows(platform: Platform, *words: str) -> list[dict[str, Any]]:
    done = platform.run("list", *words, "--json")
    assert done.returncode == 0, done.stderr
    listed: list[dict[str, Any]] = json.loads(done.stdout)
    return listed


def run_of_word(platform: Platform, word: str) -> str:
    found = rows(platform, "runs", "--filter", f"state:{word}", "--limit", "1")
    assert found, f"the world has no {word} run"
    return str(found[0]["id"])


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refused command writes, and nothing else."""
    lines = done.stderr.splitlines()
    assert done.stdout == ""
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_list_shows_the_flows_worst_first(platform: Platform) -> None:
    done = platform.run_apart("list", "flows")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0].split()[:2] == ["STATE", "FLOW"]
    assert lines[1].startswith("FAILED")
    ranks = [row["rank"] for row in rows(platform, "flows")]
    assert ranks == sorted(ranks)
    assert len(lines) == len(ranks) + 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_listed_and_its_first_row_is_shown_whole(
    platform: Platform, kind: str
) -> None:
    listed = rows(platform, kind)
    assert listed, f"the world has no {kind}"
    shown = platform.run("get", kind, listed[0]["id"])
    assert shown.returncode == 0, shown.stderr
    assert listed[0]["id"] in shown.stdout
    whole = json.loads(platform.run("get", kind, listed[0]["id"], "--json").stdout)
    assert whole["row"]["id"] == listed[0]["id"]
    assert whole["body"]
    assert not any(ord(char) < 32 and char not in "\n" for char in shown.stdout)


def test_plain_is_ascii(platform: Platform) -> None:
    done = platform.run("list", "flows", "--cached", "--plain")
    assert done.stdout.isascii()
    assert "FFF" in done.stdout


def test_a_resource_is_also_got_by_its_name(platform: Platform) -> None:
    flow = rows(platform, "flows")[0]
    shown = platform.run("get", "flow", flow["name"])
    assert shown.returncode == 0
    assert flow["id"] in shown.stdout


def test_json_jsonl_and_csv_have_the_same_rows(platform: Platform) -> None:
    as_json = rows(platform, "runs", "--limit", "30")
    lines = platform.run("list", "runs", "--limit", "30", "--output", "jsonl").stdout
    as_csv = platform.run("list", "runs", "--limit", "30", "--output", "csv").stdout
    ids = [row["id"] for row in as_json]
    assert len(ids) == 30
    assert [json.loads(line)["id"] for line in lines.splitlines()] == ids
    assert [row["id"] for row in csv.DictReader(io.StringIO(as_csv))] == ids


def test_a_filter_a_sort_and_failed_narrow_the_list(platform: Platform) -> None:
    every = rows(platform, "runs")
    partial = rows(platform, "runs", "--filter", "state:partial")
    assert {row["word"] for row in partial} == {"partial"}
    assert len(partial) == sum(row["word"] == "partial" for row in every)
    failed = rows(platform, "runs", "--failed")
    assert {row["word"] for row in failed} == {"failed", "partial"}
    names = [row["name"].lower() for row in rows(platform, "flows", "--sort", "flow")]
    assert names == sorted(names)
    backwards = [row["name"].lower() for row in rows(platform, "flows", "--sort=-flow")]
    assert backwards == names[::-1]


def test_since_keeps_what_is_younger(platform: Platform) -> None:
    every, young = rows(platform, "runs"), rows(platform, "runs", "--since", "1h")
    newest = max(row["created_at"] for row in every)
    assert young
    assert len(young) < len(every)
    assert newest in {row["created_at"] for row in young}


def test_cached_asks_nothing_of_the_platform(platform: Platform) -> None:
    platform.run("list", "flows")
    before = len(platform.requests())
    done = platform.run("list", "flows", "--cached", env={"AEPTUI_CLIENT_SECRET": "not-needed"})
    assert done.returncode == 0
    assert "FAILED" in done.stdout
    assert len(platform.requests()) == before


def test_a_list_asks_and_never_writes(platform: Platform) -> None:
    methods = {
        (seen["method"], seen["path"].split("?")[0])
        for seen in platform.requests()
        if not seen["path"].startswith("/_emulator/")
    }
    assert {method for method, path in methods if not path.startswith("/ims/")} == {"GET"}


def test_why_explains_a_run_that_lost_rows(platform: Platform) -> None:
    run_id = run_of_word(platform, "partial lost>0")
    told = platform.run("why", run_id)
    assert told.returncode == 1
    assert "PARTIAL" in told.stdout
    assert "Sample rows" in told.stdout
    explained = json.loads(platform.run("why", run_id, "--json").stdout)
    lost = explained["run"]["lost"]
    assert (
        lost
        == explained["run"]["received"] - explained["run"]["ingested"] - explained["run"]["skipped"]
    )
    assert explained["troubles"][0]["meaning"]
    assert explained["samples"]
    assert all(sample["columns_at_fault"] for sample in explained["samples"])


def test_why_names_the_reason_of_a_run_that_failed(platform: Platform) -> None:
    told = platform.run("why", run_of_word(platform, "failed"))
    assert told.returncode == 1
    assert "CONNECTOR-1001-500" in told.stdout
    assert "What to do" in told.stdout


def test_why_has_nothing_bad_to_say_of_a_clean_run(platform: Platform) -> None:
    told = platform.run("why", run_of_word(platform, "clean"))
    assert told.returncode == 0
    assert "ended well" in told.stdout
    assert "synthetic" not in told.stdout


@pytest.mark.parametrize(
    ("env", "words", "code", "part"),
    [
        ({"AEPTUI_CLIENT_SECRET": "a-wrong-secret"}, ("list", "flows"), 3, "client secret"),
        ({"AEPTUI_ORG_ID": "NOBODY@AdobeOrg"}, ("list", "flows"), 3, "org"),
        (
            {"AEPTUI_PLATFORM_URL": "http://127.0.0.1:9", "AEPTUI_IMS_URL": "http://127.0.0.1:9"},
            ("list", "flows"),
            4,
            "127.0.0.1",
        ),
        ({"AEPTUI_PLATFORM_URL": "nonsense"}, ("list", "flows"), 2, "AEPTUI_PLATFORM_URL"),
        ({"AEPTUI_PLATFORM_URL": "http://example.org"}, ("list", "flows"), 2, "https://"),
        ({}, ("list", "flows", "--sandbox", "nowhere"), 3, "nowhere"),
        ({}, ("lsit",), 2, "Did you mean list?"),
        ({}, ("list", "flwos"), 2, "Did you mean flow"),
        ({}, ("list",), 2, "KIND"),
        ({}, ("list", "flows", "--filter", "nmae:x"), 2, "name"),
        ({}, ("list", "flows", "--sort", "nmae"), 2, "name"),
        ({}, ("list", "flows", "--since", "yesterday"), 2, "8h"),
        ({}, ("list", "schemas", "--failed"), 2, "runs"),
        ({}, ("list", "flows", "--limit", "0"), 2, "at least 1"),
        ({}, ("get", "flow", "no-such-flow"), 1, "no-such-flow"),
        ({}, ("why", "no-such-run"), 1, "no-such-run"),
        ({"AEPTUI_PROFILE": "acme"}, ("list", "flows"), 2, "acme"),
    ],
)
def test_bad_input_is_one_sentence_and_the_right_code(
    platform: Platform, env: dict[str, str], words: tuple[str, ...], code: int, part: str
) -> None:
    done = platform.run(*words, env=env)
    assert done.returncode == code, done.stderr
    assert part in sentence(done)


def test_a_refused_command_ends_with_its_code(platform: Platform) -> None:
    done = platform.run_apart("list", "flows", env={"AEPTUI_CLIENT_SECRET": "a-wrong-secret"})
    assert done.returncode == 3
    assert "client secret" in sentence(done)


def test_a_refusal_of_the_platform_carries_its_sentence_and_request_id(platform: Platform) -> None:
    platform.served.ask(
        "faults",
        service="flowservice",
        method="GET",
        path="*",
        kind="status",
        status=403,
        times=1,
    )
    done = platform.run("list", "flows")
    assert done.returncode == 3
    assert "request " in sentence(done)


def test_doctor_finds_nothing_wrong_and_shows_no_secret(platform: Platform) -> None:
    done = platform.run("doctor")
    assert done.returncode == 0, done.stdout
    seen = {line.split()[1] for line in done.stdout.splitlines()}
    assert {"config", "credentials", "host", "token", "sandbox", "mirror", "round"} <= seen
    assert platform.env["AEPTUI_CLIENT_SECRET"] not in done.stdout


@pytest.mark.parametrize(
    ("env", "what", "code"),
    [
        ({"AEPTUI_CLIENT_SECRET": "a-wrong-secret"}, "token", 3),
        ({"AEPTUI_SANDBOX": "nowhere"}, "sandbox", 3),
        ({"AEPTUI_PLATFORM_URL": "http://127.0.0.1:9"}, "host", 4),
        ({"AEPTUI_ORG_ID": ""}, "config", 2),
    ],
)
def test_doctor_names_the_step_that_is_broken(
    platform: Platform, env: dict[str, str], what: str, code: int
) -> None:
    done = platform.run("doctor", env=env)
    bad = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("bad")]
    assert bad[0] == what
    assert done.returncode == code


def test_config_writes_one_file_once_and_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "config.toml"
    env = {"AEPTUI_CONFIG": str(path), "AEPTUI_STATE_DIR": str(tmp_path / "state")}
    assert run("config", "path", env=env).stdout.strip() == str(path)
    assert run("config", "init", env=env).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run("config", "check", env=env).returncode == 0
    path.write_text("histroy_days = 3\n")
    again = run("config", "init", env=env)
    assert again.returncode == 2
    assert path.read_text() == "histroy_days = 3\n"
    checked = run("config", "check", env=env)
    assert checked.returncode == 2
    assert "line 1" in sentence(checked)
    assert "history_days" in checked.stderr


def test_nothing_configured_is_one_sentence(tmp_path: Path) -> None:
    env = {"XDG_CONFIG_HOME": str(tmp_path), "AEPTUI_STATE_DIR": str(tmp_path)}
    done = run("list", "flows", env=env)
    assert done.returncode == 2
    assert "aeptui demo" in sentence(done)


@pytest.mark.parametrize("words", [(), ("demo",)])
def test_the_console_says_that_it_needs_a_terminal(words: tuple[str, ...], tmp_path: Path) -> None:
    done = run(*words, env={"AEPTUI_STATE_DIR": str(tmp_path)}, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "needs a terminal" in sentence(done)
    assert not list(tmp_path.iterdir())


def test_lines_are_shown_in_the_place_of_a_screen_where_they_are_asked_for(
    platform: Platform,
) -> None:
    for words, env in ((("--plain",), {}), ((), {"ACCESSIBLE": "1"})):
        done = platform.run_apart(*words, env=env)
        assert done.returncode == 0, done.stderr
        assert "Salesforce EMEA accounts" in done.stdout and "aeptui create KIND" in done.stderr


def test_a_terminal_that_cannot_draw_is_told_what_works_there(platform: Platform) -> None:
    env = {**os.environ, **platform.env, "TERM": "dumb"}
    with Terminal([sys.executable, "-m", "aeptui"], env=env) as terminal:
        terminal.wait_for("TERM says dumb")
        assert terminal.ended() == 2


@pytest.mark.parametrize("name", ["mirror", "log"])
def test_a_file_where_a_folder_of_ours_belongs_is_named_in_one_sentence(
    platform: Platform, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("a plain file")
    done = platform.run("list", "flows", "--cached", env={"AEPTUI_STATE_DIR": str(tmp_path)})
    assert f"{tmp_path / name} cannot be used as a folder" in sentence(done)
    assert done.returncode == 2


def test_completion_knows_the_commands(tmp_path: Path) -> None:
    done = run("completion", "bash", env={"AEPTUI_STATE_DIR": str(tmp_path)})
    assert done.returncode == 0
    for command in cli.COMMANDS:
        assert command in done.stdout


def test_a_reader_that_has_seen_enough_is_no_error(platform: Platform) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")}
    script = f"{sys.executable} -m aeptui list runs --cached --output jsonl | head -n 1"
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", script],
        env={**env, **platform.env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_a_full_disk_under_the_output_is_no_bug_of_ours(tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")}
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "aeptui", "completion", "bash"],
            env={**env, "AEPTUI_STATE_DIR": str(tmp_path)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.stderr == "aeptui: Not everything was written: No space left on device.\n"
    assert done.returncode == 1


def test_a_bug_of_ours_is_a_sentence_a_log_and_70(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(options: object) -> int:
        raise ZeroDivisionError("by client_secret=hunter2hunter2")

    monkeypatch.setenv("AEPTUI_STATE_DIR", str(tmp_path))
    monkeypatch.setitem(cli.COMMANDS, "doctor", broken)
    assert cli.main(["doctor"]) == 70
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    log = tmp_path / "log" / "aeptui.log"
    assert str(log) in said
    assert "ZeroDivisionError" in log.read_text()
    assert "hunter2" not in log.read_text()


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (
            "from aeptui.cli import main; main(['--version'])",
            {"httpx", "textual", "msgspec", "asyncio", "sqlite3", "rapidfuzz", "aeptui.config"},
        ),
        (
            "import aeptui.session, aeptui.resources.registry",
            {"httpx", "textual", "rapidfuzz", "starlette", "jsonschema"},
        ),
    ],
)
def test_a_start_imports_only_what_it_needs(code: str, absent: set[str]) -> None:
    program = f"{code}; import sys; import json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert loaded & absent == set()
