"""Secrets from each place reach IMS, and nothing else: planted ones appear nowhere."""

from __future__ import annotations

import logging
import sys
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aeptui.api.errors import ApiTrouble, AuthError
from aeptui.api.services import Services
from aeptui.config import Flags
from aeptui.config_load import load
from aeptui.credentials import SecretSource, SecretUnavailable
from aeptui.log import ScrubbedFormatter
from aeptui.session import api_settings
from tests.api.canned import TOKEN, Canned, Reply, serving

PLANTED = 'pl@nted "s3cret"'
ACCESS = "planted-access-token"
FLOWS = "/data/foundation/flowservice/flows/f1"


@pytest.fixture(scope="module")
def server() -> Iterator[Canned]:
    with serving() as canned:
        yield canned


@pytest.fixture
def canned(server: Canned) -> Canned:
    server.forget()
    server.says("POST", TOKEN, Reply({"access_token": ACCESS, "expires_in": 86399}))
    return server


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str | Exception]:
    """A keyring of these entries; an exception among them is raised."""
    entries: dict[tuple[str, str], str | Exception] = {}

    class KeyringError(Exception):
        """What keyring's own errors descend from."""

    def get_password(service: str, user: str) -> str | None:
        entry = entries.get((service, user))
        if isinstance(entry, Exception):
            raise KeyringError(str(entry)) from entry
        return entry

    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = KeyringError  # type: ignore[attr-defined]
    fake = types.ModuleType("keyring")
    fake.get_password = get_password  # type: ignore[attr-defined]
    fake.errors = errors  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", fake)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return entries


def place(kind: str, folder: Path, keyring: dict[Any, Any]) -> str:
    """The planted secret put into one of the four places; how the configuration names it."""
    file = folder / "secret"
    file.touch(0o600)
    file.write_text(PLANTED + "\n")
    keyring["aep", "ann"] = PLANTED
    return {
        "command": f'{{ command = ["cat", "{file}"] }}',
        "env": '{ env = "ACME_SECRET" }',
        "file": f'{{ file = "{file}" }}',
        "keyring": '{ keyring = "aep/ann" }',
    }[kind]


def configured(folder: Path, url: str, source: str) -> dict[str, str]:
    """The environment of a program whose configuration names `source`."""
    path = folder / "config.toml"
    path.write_text(
        "[profiles.acme]\n"
        f'platform_url = "{url}"\nims_url = "{url}"\norg_id = "A@AdobeOrg"\n'
        f'client_id = "the-client"\nclient_secret = {source}\nsandbox = "dev"\n'
    )
    return {
        "AEPTUI_CONFIG": str(path),
        "AEPTUI_STATE_DIR": str(folder / "state"),
        "ACME_SECRET": PLANTED,
    }


@pytest.mark.parametrize("kind", ["command", "env", "file", "keyring"])
async def test_a_planted_secret_reaches_ims_and_is_shown_nowhere(
    canned: Canned,
    tmp_path: Path,
    keyring: dict[Any, Any],
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    config = load(configured(tmp_path, canned.url, place(kind, tmp_path, keyring)), Flags())
    settings = api_settings(config, config.profile())
    # Both IMS and the platform are so kind as to repeat what they were sent.
    echo = {"error": "invalid_client", "error_description": f"no {PLANTED} here"}
    echoed = {"detail": f"Bearer {ACCESS} of {PLANTED} is refused"}
    canned.says(
        "POST", TOKEN, Reply({"access_token": ACCESS, "expires_in": 86399}), Reply(echo, 400)
    )
    canned.says("GET", FLOWS, Reply(echoed, 400), Reply(echoed, 401))
    troubles: list[ApiTrouble] = []
    async with Services(settings) as services:
        for _ in range(2):
            with pytest.raises(ApiTrouble) as told:
                await services.flows.get_flow("f1")
            troubles.append(told.value)
        assert isinstance(troubles[1], AuthError)
        shown = [repr(config), repr(settings), repr(services), repr(vars(services)), caplog.text]
        shown += [str(config.profile().client_secret), str(services.meter.__dict__)]
    for trouble in troubles:
        shown += [str(trouble), repr(trouble), repr(vars(trouble))]
        shown.append("".join(traceback.format_exception(trouble)))
    form = canned.asked(TOKEN)[0].body.decode()
    assert "client_secret=pl%40nted" in form
    for text in shown:
        assert "s3cret" not in text
        assert "pl@nted" not in text
        assert ACCESS not in text


async def test_a_secret_that_was_read_is_masked_in_the_log(tmp_path: Path) -> None:
    SecretSource("env", "X", env={"X": PLANTED}).read()
    record = logging.LogRecord("a", 10, "", 0, f"it is {PLANTED} here", None, None)
    assert PLANTED not in ScrubbedFormatter("%(message)s").format(record)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (SecretSource("command", "nope", argv=("/nowhere/nope",)), "cannot run"),
        (SecretSource("command", "false", argv=("false",)), "ended with 1"),
        (SecretSource("command", "true", argv=("true",)), "empty secret"),
        (SecretSource("env", "NOT_SET", env={}), "is not set"),
        (SecretSource("file", "/nowhere/secret"), "cannot be read"),
        (SecretSource("keyring", "aep/nobody"), "has no entry"),
        (SecretSource("keyring", "aep/locked"), "cannot be read: KeyringError"),
    ],
)
async def test_a_secret_that_is_not_there_is_told_with_its_place(
    canned: Canned, tmp_path: Path, keyring: dict[Any, Any], source: SecretSource, reason: str
) -> None:
    keyring["aep", "locked"] = ValueError(PLANTED)
    with pytest.raises(SecretUnavailable, match=reason) as told:
        source.read()
    assert PLANTED not in str(told.value)
    assert source.place in str(told.value)


async def test_without_its_secret_nothing_is_sent_and_the_place_is_named(
    canned: Canned, tmp_path: Path
) -> None:
    env = configured(tmp_path, canned.url, '{ file = "/nowhere/secret" }')
    config = load(env, Flags())
    async with Services(api_settings(config, config.profile())) as services:
        with pytest.raises(ApiTrouble, match="/nowhere/secret cannot be read"):
            await services.flows.get_flow("f1")
    assert not canned.seen


def test_a_source_says_its_place_and_never_its_value() -> None:
    source = SecretSource("text", "config.toml", text=PLANTED, env={"A": PLANTED})
    assert PLANTED not in repr(source) + str(source) + repr(SimpleNamespace(source=source))
