"""`aeptui create --plain`: a form as one question at a time, at a real terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.headless.stage import Platform, serving
from tests.terminal import Terminal

CREATE = [sys.executable, "-m", "aeptui", "create", "base-connections"]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with serving(tmp_path_factory.mktemp("asked"), "--empty", "--speed", "0") as platform:
        yield platform


@pytest.fixture
def env(platform: Platform, tmp_path: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")}
    return {**kept, **platform.env, "AEPTUI_STATE_DIR": str(tmp_path / "state"), "TERM": "dumb"}


def tell(terminal: Terminal, question: str, answer: str) -> None:
    """Wait until the last line asks `question`, and answer."""
    terminal.wait_until(lambda text: text.rstrip().split("\n")[-1].startswith(question))
    terminal.press(f"{answer}\r")


def test_a_connection_is_made_question_by_question(
    platform: Platform, env: dict[str, str], tmp_path: Path
) -> None:
    with Terminal([*CREATE, "--plain"], env=env) as terminal:
        tell(terminal, "Source:", "salesforce")
        tell(terminal, "Name [Salesforce]:", "Asked one by one")
        tell(terminal, "Authentication", "1")
        tell(terminal, "Environment URL:", "<")
        tell(terminal, "Authentication", "")
        tell(terminal, "Environment URL:", "https://example.my.salesforce.com")
        tell(terminal, "Username:", "me@example.com")
        tell(terminal, "Password:", "planted-4711")
        tell(terminal, "Security token:", "planted-0815")
        tell(terminal, "API version", "52")
        terminal.wait_for("API version is written like 52.0")
        tell(terminal, "API version (may stay empty) [52]:", "52.0")
        tell(terminal, "Description", "")
        tell(terminal, "Send it?", "show")
        terminal.wait_for("POST /data/foundation/flowservice/connections")
        tell(terminal, "Send it?", "yes")
        terminal.wait_for("it can log in")
        assert terminal.ended() == 0
    assert b"planted" not in terminal.output
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert b"planted" not in kept
    made = [
        each for each in platform.requests() if each["path"].endswith("flowservice/connections")
    ]
    assert [each["status"] for each in made if each["method"] == "POST"] == [201]


def test_leaving_keeps_the_answers_but_for_secrets(env: dict[str, str]) -> None:
    with Terminal(CREATE, env={**env, "ACCESSIBLE": "1"}) as terminal:
        tell(terminal, "Source:", "salesforce")
        tell(terminal, "Name [Salesforce]:", "Left half-way")
        tell(terminal, "Authentication", "1")
        terminal.wait_for("Environment URL:")
        terminal.press("\x04")
        terminal.wait_for("your answers are kept")
        assert terminal.ended() == 2
    with Terminal(CREATE, env={**env, "ACCESSIBLE": "1"}) as terminal:
        tell(terminal, "Source [Salesforce]:", "")
        terminal.wait_for(r"Name \[Left half-way\]:")
        terminal.press("ctrl+c")
        assert terminal.ended() == 130
