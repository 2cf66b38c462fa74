"""`aeptui plan`, `apply`, `export`, `journal`, `orphans` and `destroy`, on a served world.

The commands run in this process, since each would take longer to start than to do its work.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aeptui import cli
from tests.emulated import CLIENT_ID, SECRET, Rehearsal
from tests.forms.conftest import make_base
from tests.pipelines.files import CONTACTS, ENV, changed


@dataclass
class Done:
    """What a command ended with and said."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(
    platform: Rehearsal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """`aeptui` with some words, on an empty world, with a state folder of its own."""
    told = {
        "AEPTUI_PLATFORM_URL": platform.url,
        "AEPTUI_IMS_URL": platform.url,
        "AEPTUI_ORG_ID": platform.org,
        "AEPTUI_CLIENT_ID": CLIENT_ID,
        "AEPTUI_CLIENT_SECRET": SECRET,
        "AEPTUI_SANDBOX": "dev",
        "AEPTUI_STATE_DIR": str(tmp_path / "state"),
        "XDG_CONFIG_HOME": str(tmp_path),
        "HOME": str(tmp_path),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, **env: str) -> Done:
        with monkeypatch.context() as now:
            for name, value in env.items():
                now.setenv(name, value)
            code = cli.main(words)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return run


def written(platform: Rehearsal) -> int:
    return sum(
        1
        for each in platform.requests()
        if each["method"] in ("POST", "PUT", "PATCH", "DELETE") and "/ims/" not in each["path"]
    )


def test_a_pipeline_is_planned_made_exported_and_unmade(
    platform: Rehearsal, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text(CONTACTS)
    before = written(platform)

    planned = run("plan", str(file), "--requests", **ENV)
    assert planned.code == 0, planned.err
    assert "Ready: 8 writes." in planned.out
    assert '"password": "$CRM_PASSWORD"' in planned.out and ENV["CRM_PASSWORD"] not in planned.out
    assert written(platform) == before

    unasked = run("apply", str(file), **ENV)
    assert unasked.code == 2 and "--yes" in unasked.err
    locked = run("apply", str(file), "--yes", "--read-only", **ENV)
    assert locked.code == 2 and "nothing opens writing beside it" in locked.err
    assert written(platform) == before

    made = run("apply", str(file), "--yes", **ENV)
    assert made.code == 0, made.err
    assert written(platform) == before + 8
    again = run("apply", str(file), "--yes")  # no secret is needed any more
    assert again.code == 0 and "Nothing to do." in again.out
    assert written(platform) == before + 8

    out = tmp_path / "exported.toml"
    exported = run("export", "Salesforce contacts", "-o", str(out))
    assert exported.code == 0, exported.err
    told: dict[str, Any] = json.loads(run("plan", str(out), "--json").out)
    assert told["ready"] and told["writes"] == []
    assert {part["verdict"] for part in told["parts"]} == {"reuse"}
    kept = run("export", "Salesforce contacts", "-o", str(out))
    assert kept.code == 2 and "is there already" in kept.err

    found = json.loads(run("journal", "list", "--filter", "dataset", "--json").out)
    (write,) = [each for each in found["writes"] if each["title"].startswith("Create the dataset")]
    assert write["outcome"] == "done" and write["made_id"] and write["request_id"]
    assert found["unfinished"] == []

    platform.ask("faults", kind="status", status=403, method="DELETE", path="*/target*", times=1)
    gone = run("destroy", str(file), "--yes")
    assert gone.code == 5, gone.err
    assert "stays    mapping set" in gone.out
    asked = run("journal", "resume")
    assert asked.code == 2 and "--yes" in asked.err
    assert "delete target connection CRM contacts" in asked.out
    assert "delete flow" not in asked.out
    assert run("journal", "resume", "--yes").code == 0
    platform.advance(minutes=1)  # what was seen at this very moment is not taken for gone
    left = json.loads(run("orphans", "--json").out)
    assert [each["kind"] for each in left] == ["mapping-sets"]
    state = tmp_path / "state"
    everything = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    assert all(secret.encode() not in everything for secret in ENV.values())


def test_a_plan_that_stops_half_way_ends_with_5_and_is_gone_on_with_by_apply(
    platform: Rehearsal, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "more.toml"
    file.write_text(
        changed({'"CRM contacts"': '"More contacts"', '"CRM contact"': '"More contact"'})
    )
    platform.ask("faults", kind="status", status=400, method="POST", path="*/dataSets")
    stopped = run("apply", str(file), "--yes", **ENV)
    platform.control.delete("/faults").raise_for_status()
    assert stopped.code == 5, stopped.err
    listed = json.loads(run("journal", "--json").out)
    (plan,) = listed["unfinished"]
    shown = run("journal", "show", plan["id"][:8])
    assert shown.code == 0 and "POST /data/foundation/catalog/dataSets" in shown.out
    early = run("destroy", str(file), "--yes")
    assert early.code == 2 and f"rollback {plan['id'][:8]}" in early.err
    ended = run("apply", str(file), "--yes", **ENV)
    assert ended.code == 0, ended.err
    assert "Nothing to do." in ended.out
    back = run("journal", "rollback", plan["id"][:8], "--yes")
    assert back.code == 0, back.err
    assert json.loads(run("journal", "--json").out)["unfinished"] == []


def test_a_protected_sandbox_is_written_to_only_by_those_who_name_it(
    platform: Rehearsal, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "aeptui").mkdir()
    (tmp_path / "aeptui" / "config.toml").write_text(
        'profile = "acme"\n[profiles.acme]\nread_only = false\nprotected = true\n'
    )
    file = tmp_path / "flow.toml"
    file.write_text(CONTACTS)
    named = ("--allow-writes", "--confirm-sandbox", "dev")
    shut = {
        (): "--allow-writes --confirm-sandbox dev opens it",
        ("--allow-writes",): "--confirm-sandbox dev",
        ("--confirm-sandbox", "dev"): "--allow-writes",
        ("--allow-writes", "--confirm-sandbox", "prod"): "names prod, but the sandbox is dev",
        (*named, "--read-only"): "--read-only",
    }

    def refused(*words: str) -> None:
        before = written(platform)
        for flags, said in shut.items():
            done = run(*words, "--yes", *flags, **ENV)
            assert done.code == 2, (words, flags, done.err)
            assert said in done.err, (words, flags, done.err)
        assert written(platform) == before

    refused("apply", str(file))
    platform.ask("faults", kind="status", status=400, method="POST", path="*/dataSets")
    stopped = run("apply", str(file), "--yes", *named, **ENV)
    platform.control.delete("/faults").raise_for_status()
    assert stopped.code == 5, stopped.err
    (plan,) = json.loads(run("journal", "--json").out)["unfinished"]
    refused("journal", "resume", plan["id"][:8])
    refused("journal", "rollback", plan["id"][:8])
    back = run("journal", "rollback", plan["id"][:8], "--yes", *named)
    assert back.code == 0, back.err


def test_what_is_wrong_with_a_file_is_one_line_and_a_code(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(changed({"interval = 30": "intervall = 30"}))
    malformed = run("plan", str(file))
    assert malformed.code == 2 and "flow.schedule.intervall" in malformed.err
    file.write_text(changed({"interval = 30": "interval = 5"}))
    refused = run("plan", str(file), **ENV)
    assert refused.code == 1
    (line,) = refused.err.splitlines()
    assert "line 53, flow.schedule.interval" in line


def test_a_rehearsal_reports_a_first_run_and_leaves_the_real_platform_alone(
    platform: Rehearsal, run: Run, tmp_path: Path
) -> None:
    with platform.client() as api:
        make_base(api)  # “Salesforce prod”, which the file only names
    before = written(platform)
    file = tmp_path / "contacts.toml"
    start, end = CONTACTS.index("connector ="), CONTACTS.index("\n[source_connection]")
    file.write_text(CONTACTS[:start] + CONTACTS[end:])
    done = run("apply", str(file), "--rehearse")
    assert done.code == 0, done.err
    assert "8 steps, 8 writes, 0 refused" in done.out
    assert "First run on sample rows: success" in done.out and " failed" in done.out
    assert written(platform) == before
    assert run("journal", "--json").out.count('"title"') == 0
