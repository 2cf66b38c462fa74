"""The configuration: precedence, secrets, and complaints that name the place."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui import config as configuration
from aeptui.config import ConfigError, Flags
from aeptui.config_example import EXAMPLE
from aeptui.config_file import ALERT, GENERAL, PROFILE, SYNC, TABLES, THRESHOLDS
from aeptui.config_load import load, rehearsal_config
from aeptui.credentials import SecretUnavailable
from aeptui.state_folder import private_dir
from aeptui.tomlfile import line_of

TOP = Path(__file__).parent.parent

FULL = """\
profile = "acme"
timezone = "UTC"
history_days = 7

[sync]
interval_s = 5

[profiles.acme]
org_id = "A@AdobeOrg"
client_id = "id"
client_secret = { env = "ACME" }
sandbox = "prod"
protected = ["prod"]
"""


def written(tmp_path: Path, text: str) -> dict[str, str]:
    """An environment that names a file with `text`."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    return {"AEPTUI_CONFIG": str(path), "AEPTUI_STATE_DIR": str(tmp_path / "state")}


def refused(tmp_path: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    return caught.value


def test_the_file_gives_settings_and_a_profile(tmp_path: Path) -> None:
    env = {**written(tmp_path, FULL), "ACME": "s3cret"}
    loaded = load(env)
    profile = loaded.profile()
    assert loaded.settings.sync_interval_s == 5
    assert loaded.settings.history_days == 7
    assert profile.org_id == "A@AdobeOrg"
    assert profile.client_secret is not None
    assert profile.client_secret.read() == "s3cret"
    assert profile.read_only


def test_the_environment_wins_over_the_file_and_flags_win_over_both(tmp_path: Path) -> None:
    env = {**written(tmp_path, FULL), "AEPTUI_SANDBOX": "dev", "AEPTUI_ORG_ID": "B@AdobeOrg"}
    assert load(env).profile().sandbox == "dev"
    assert load(env).profile().org_id == "B@AdobeOrg"
    assert load(env, Flags(sandbox="other")).profile().sandbox == "other"


def test_the_environment_alone_makes_a_profile_that_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    env = {
        "AEPTUI_STATE_DIR": str(tmp_path),
        "AEPTUI_ORG_ID": "A@AdobeOrg",
        "AEPTUI_CLIENT_ID": "id",
        "AEPTUI_CLIENT_SECRET": "s3cret",
        "AEPTUI_PLATFORM_URL": "http://127.0.0.1:8765",
        "AEPTUI_IMS_URL": "http://127.0.0.1:8765/",
    }
    loaded = load(env)
    profile = loaded.profile()
    assert profile.name == "environment"
    assert profile.ims_url == "http://127.0.0.1:8765"
    assert loaded.may_write(profile, profile.sandbox)
    assert not load(env, Flags(read_only=True)).may_write(profile, "dev")


def test_a_secret_never_shows_in_a_repr(tmp_path: Path) -> None:
    text = FULL.replace('{ env = "ACME" }', '"hunter22"')
    loaded = load({**written(tmp_path, text), "AEPTUI_ACCESS_TOKEN": "tok-tok-tok"})
    assert "hunter22" not in repr(loaded)
    assert "tok-tok-tok" not in repr(loaded)
    assert any("plain text" in warning for warning in loaded.warnings)


def test_a_secret_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    text = FULL.replace('{ env = "ACME" }', f'{{ file = "{secret}" }}')
    source = load(written(tmp_path, text)).profile().client_secret
    assert source is not None
    secret.chmod(0o640)
    with pytest.raises(SecretUnavailable, match="chmod 600"):
        source.read()
    secret.chmod(0o600)
    assert source.read() == "s3cret"


def test_a_secret_comes_from_a_commands_output(tmp_path: Path) -> None:
    text = FULL.replace('{ env = "ACME" }', '{ command = ["printf", "s3cret\\n"] }')
    source = load(written(tmp_path, text)).profile().client_secret
    assert source is not None
    assert source.read() == "s3cret"
    failing = FULL.replace('{ env = "ACME" }', '{ command = ["false"] }')
    source = load(written(tmp_path, failing)).profile().client_secret
    assert source is not None
    with pytest.raises(SecretUnavailable, match="ended with 1"):
        source.read()


@pytest.mark.parametrize(
    ("text", "key", "line", "part"),
    [
        ("histroy_days = 3\n", "histroy_days", 1, "history_days"),
        (FULL.replace("interval_s", "intervals"), "sync.intervals", 6, "interval_s"),
        (FULL.replace("client_id", "clientid"), "profiles.acme.clientid", 10, "client_id"),
        ('[profiles."a b"]\nread_only = "no"\n', "profiles.a b.read_only", 2, "true or false"),
        ("[sync]\ncalls_per_minute = 0\n", "sync.calls_per_minute", 2, "from 1 to"),
        ('timezone = "Mars/Olympus"\n', "timezone", 1, "time zone"),
        ('[[alerts]]\non = ["failed"]\n[[alerts]]\non = ["bad"]\n', "alerts[1].on", 4, "state"),
        ('[[alerts]]\nwebhook = "http://example.org/x"\n', "alerts[0].webhook", 2, "https://"),
        ("[[alerts]]\ncommand = []\n", "alerts[0].command", 2, "program"),
        ("sync = 3\n", "sync", 1, "[sync]"),
        ('[profiles.a]\nplatform_url = "example.org"\n', "profiles.a.platform_url", 2, "scheme"),
        ('[profiles.a]\nclient_secret = { pass = "x" }\n', "profiles.a.client_secret.pass", 2, ""),
        ("[profiles.a]\nclient_secret = 5\n", "profiles.a.client_secret", 2, "one of"),
        ('profile = "acmee"\n[profiles.acme]\n', "profile", 1, "acme"),
        ("[sync\n", "", 1, "TOML"),
    ],
)
def test_what_is_wrong_is_named_with_key_line_and_remedy(
    tmp_path: Path, text: str, key: str, line: int, part: str
) -> None:
    error = refused(tmp_path, text)
    assert (error.key, error.line) == (key, line)
    assert part in error.sentence
    assert str(error.file) in str(error)


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load({"AEPTUI_CONFIG": str(tmp_path / "none.toml")})


def test_an_incomplete_profile_says_what_it_lacks(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, '[profiles.acme]\norg_id = "A"\n'))
    with pytest.raises(ConfigError, match="lacks client_id, client_secret"):
        loaded.profile()


def test_an_unknown_profile_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean acme"):
        load(written(tmp_path, FULL), Flags(profile="acne"))


def test_a_protected_sandbox_opens_only_when_it_is_named(tmp_path: Path) -> None:
    env = written(tmp_path, FULL + "read_only = false\n")
    profile = load(env).profile()
    assert profile.protects("prod")
    assert load(env).may_write(profile, "dev")
    assert not load(env).may_write(profile, "prod")
    assert not load(env, Flags(allow_writes=True)).may_write(profile, "prod")
    named = Flags(allow_writes=True, confirm_sandbox="prod")
    assert load(env, named).may_write(profile, "prod")
    with pytest.raises(ConfigError, match="confirm-sandbox"):
        load(env, Flags(allow_writes=True, confirm_sandbox="dev"))


def test_a_rehearsal_takes_only_the_state_folder_from_outside(tmp_path: Path) -> None:
    env = {**written(tmp_path, FULL), "AEPTUI_ORG_ID": "REAL@AdobeOrg", "AEPTUI_PROFILE": "acme"}
    loaded = rehearsal_config(env)
    assert loaded.state_dir == tmp_path / "state"
    assert not loaded.profiles
    assert not loaded.chosen


def test_a_rehearsal_is_shown_as_the_operator_likes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = '[[alerts]]\nwebhook = "https://example.org/hook"\n'
    own = tmp_path / "aeptui" / "config.toml"
    own.parent.mkdir()
    own.write_text('driver = "stock"\n' + FULL + alert)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    env = {"AEPTUI_STATE_DIR": str(tmp_path / "state")}
    loaded = rehearsal_config(env)
    assert loaded.settings.driver == "stock" and not loaded.profiles
    assert not loaded.settings.alerts
    assert rehearsal_config(env, Flags(config=own)).settings.alerts
    own.write_text("driver = 3\n")
    assert "goes on without this file" in rehearsal_config(env).warnings[0]
    with pytest.raises(ConfigError, match="driver"):
        rehearsal_config(env, Flags(config=own))


def test_the_example_is_whole_and_loads(tmp_path: Path) -> None:
    assert (TOP / "config.example.toml").read_text() == EXAMPLE
    load(written(tmp_path, EXAMPLE))
    opened = "\n".join(line.removeprefix("# ") for line in EXAMPLE.splitlines())
    for known in (GENERAL, SYNC, THRESHOLDS, ALERT, PROFILE):
        for key in known:
            assert line_with(opened, key), f"{key} is not in the example"
    for table in TABLES:
        assert f"[{table}" in opened


def line_with(text: str, key: str) -> bool:
    return any(line.startswith(f"{key} =") for line in text.splitlines())


def test_the_examples_defaults_are_the_programs(tmp_path: Path) -> None:
    from aeptui.monitor.state import Thresholds

    table = tomllib.loads(EXAMPLE)
    defaults = configuration.Settings()
    for key in GENERAL:
        if key in table:
            assert table[key] == getattr(defaults, key), key
    for key in SYNC:
        assert table["sync"][key] == getattr(defaults, f"sync_{key}"), key
    monitor = Thresholds()
    assert set(THRESHOLDS) == set(Thresholds.__dataclass_fields__)
    for key in THRESHOLDS:
        assert table["thresholds"][key] == getattr(monitor, key), key


@given(st.lists(st.sampled_from(["a = 1", "# c = 2", "", "[t]", "[[l]]", "b.c = 3"]), max_size=12))
def test_the_line_of_any_key_is_within_the_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    for key in (("a",), ("t", "a"), ("l", 1, "a"), ("t", "b", "c")):
        line = line_of(text, key)
        assert line is None or 1 <= line <= len(lines)
        if line is not None:
            assert lines[line - 1] in ("a = 1", "[t]", "[[l]]", "b.c = 3")


def test_folders_of_ours_are_closed_to_others(tmp_path: Path) -> None:
    made = private_dir(tmp_path / "a" / "b")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    made.chmod(0o755)
    assert stat.S_IMODE(private_dir(made).stat().st_mode) == 0o700
