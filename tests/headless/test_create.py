"""`aeptui create`: a form by flags, as a program on a served world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.headless.stage import Platform, serving

SECRETS = {"CRM_PASSWORD": "pl@nted-4711", "CRM_TOKEN": "planted-0815"}
BASE = (
    *("create", "base-connections", "--connector", "Salesforce", "--name", "By flags"),
    *("--environmentUrl", "https://example.my.salesforce.com", "--username", "me"),
    *("--password", "env:CRM_PASSWORD", "--securityToken", "env:CRM_TOKEN"),
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with serving(tmp_path_factory.mktemp("create"), "--empty", "--speed", "0") as platform:
        yield platform


def written(platform: Platform) -> list[str]:
    return [
        each["path"]
        for each in platform.requests()
        if each["method"] != "GET" and "/ims/" not in each["path"]
    ]


def test_a_dry_run_prints_the_request_and_sends_nothing(platform: Platform) -> None:
    before = written(platform)
    done = platform.run(*BASE, "--dry-run", env=SECRETS)
    assert done.returncode == 0, done.stderr
    assert "POST /data/foundation/flowservice/connections" in done.stdout
    assert '"password": "$CRM_PASSWORD"' in done.stdout
    assert written(platform) == before


def test_the_new_id_is_all_that_is_printed_and_no_secret_is_kept(
    platform: Platform, tmp_path: Path
) -> None:
    done = platform.run(*BASE, env=SECRETS | {"AEPTUI_STATE_DIR": str(tmp_path / "state")})
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == 1 and "can log in" in done.stderr
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    for secret in SECRETS.values():
        assert secret.encode() not in kept
        assert secret not in done.stdout + done.stderr

    again = platform.run(*BASE, "--dry-run", env=SECRETS)
    assert "--name: Another base connection has this name" in again.stderr, again.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("create", "bc", "--connector", "Salesforce", "--password", "open"), "is a secret"),
        (("create", "bc", "--conector", "Salesforce"), "Did you mean --connector?"),
        (("create", "bc", "--connector", "Salesforc"), "did you mean Salesforce?"),
        (("create", "bc", "--connector", "Salesforce"), "--auth.username: Username is needed"),
        (("create", "runs"), "not made by a form"),
        (("list", "flows", "--nonsense"), "--nonsense is not understood"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(
    platform: Platform, words: tuple[str, ...], sentence: str
) -> None:
    before = written(platform)
    done = platform.run(*words, env=SECRETS)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert written(platform) == before


def test_a_read_only_command_says_how_to_open_writing(platform: Platform) -> None:
    done = platform.run(*BASE, "--read-only", env=SECRETS)
    assert done.returncode == 2
    assert "read-only" in done.stderr and "Nothing was sent" in done.stderr


def test_a_secret_in_a_file_that_others_can_read_is_refused(
    platform: Platform, tmp_path: Path
) -> None:
    file, before = tmp_path / "password", written(platform)
    file.write_text("pl@nted-4711")
    file.chmod(0o644)
    words = ["file:" + str(file) if each == "env:CRM_PASSWORD" else each for each in BASE]
    done = platform.run(*words, env=SECRETS)
    assert done.returncode == 2 and "can be read by others" in done.stderr, done.stderr
    assert written(platform) == before
    file.chmod(0o600)
    assert platform.run(*words, "--dry-run", env=SECRETS).returncode == 0
