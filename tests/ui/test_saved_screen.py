"""Home as it was left, drawn before anything is loaded."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeptui.ui.wire import FRAME_END, FRAME_START, OPENS, Wire
from tests.terminal import Terminal

CONSOLE = [sys.executable, "-m", "aeptui"]
STYLES = ["\x1b[m", "\x1b[1m", "\x1b[2;31m", "\x1b[7m", "\x1b[38;2;1;2;3m"]
PIECES = st.tuples(
    st.integers(1, 6), st.integers(1, 20), st.sampled_from(STYLES), st.text("ab 顧é…", max_size=9)
)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A profile whose platform nobody is."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")}
    return kept | {
        "HOME": str(tmp_path),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "AEPTUI_STATE_DIR": str(tmp_path / "state"),
        "AEPTUI_PLATFORM_URL": "http://127.0.0.1:9",
        "AEPTUI_IMS_URL": "http://127.0.0.1:9",
        "AEPTUI_ORG_ID": "A@AdobeOrg",
        "AEPTUI_CLIENT_ID": "a",
        "AEPTUI_CLIENT_SECRET": "b",
        "AEPTUI_CONFIG": str(tmp_path / "config.toml"),
    }


def left(env: Mapping[str, str]) -> bytes:
    """What the console sends from its start until it was left."""
    with Terminal(CONSOLE, env=env) as terminal:
        terminal.wait_for("environment / prod")
        terminal.press("ctrl+q")
        assert terminal.ended() == 0
        return bytes(terminal.output)


@given(st.lists(PIECES, max_size=12))
def test_a_picture_of_any_screen_draws_that_screen(
    pieces: list[tuple[int, int, str, str]],
) -> None:
    drawn = "".join(f"\x1b[{y};{x}H{style}{text}" for y, x, style, text in pieces)
    first, second = Wire(20, 6), Wire(20, 6)
    first.send(OPENS + FRAME_START + drawn + FRAME_END)
    second.send(OPENS + FRAME_START + first.picture() + FRAME_END)
    assert second.picture() == first.picture()
    assert not second.plain


def test_the_next_start_shows_home_as_it_was_until_the_console_is_there(
    env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text("")
    assert b"starting." not in left(env)
    (kept,) = (tmp_path / "state" / "screens").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with Terminal(CONSOLE, env=env) as terminal:
        terminal.wait_for("As it was .*the console is starting")
        terminal.wait_for("STATE")
        assert "? help" not in terminal.text or "As it was" not in terminal.text
        terminal.wait_for("environment / prod")
        assert "As it was" not in terminal.text
        terminal.press("ctrl+q")
        assert terminal.ended() == 0
        assert terminal.output.count(b"\x1b[?1049h") == 1
        assert terminal.output.count(b"\x1b[?1049l") == 1
        assert termios.tcgetattr(terminal._master) == terminal.attributes_before

    with Terminal(CONSOLE, columns=90, env=env) as terminal:  # another terminal, another picture
        terminal.wait_for("environment / prod")
        assert b"starting." not in terminal.output

    (tmp_path / "config.toml").write_text("saved_screen = false\n")
    assert b"starting." not in left(env)
    assert not kept.exists()


KEEPS = """
import os
from aeptui import saved_screen
from aeptui.config_load import load
saved_screen.keep(load(os.environ), (80, 24), "\\x1b[1Hflows of this start", "now")
"""
SHOWS = """
from aeptui import saved_screen
saved_screen.show()
saved_screen.leave()
"""


def test_a_start_that_differs_in_anything_shows_no_picture(
    env: dict[str, str], tmp_path: Path
) -> None:
    def shows(*words: str, columns: int = 80, **more: str) -> bool:
        command = [sys.executable, "-c", SHOWS, *words]
        with Terminal(command, columns=columns, env={**env, **more}) as terminal:
            assert terminal.ended() == 0
            return b"starting." in terminal.output

    config = tmp_path / "config.toml"
    config.write_text("")
    with Terminal([sys.executable, "-c", KEEPS, "--read-only"], env=env) as terminal:
        assert terminal.ended() == 0
    assert shows("--read-only")
    assert shows("--read-only", AEPTUI_CLIENT_SECRET="another", TMUX="", UNHEEDED="1")
    assert not shows()
    assert not shows("--read-only", "--sandbox", "dev")
    assert not shows("--read-only", columns=81)
    for name in ("AEPTUI_PROFILE", "AEPTUI_ORG_ID", "TMUX", "NO_COLOR", "HOME", "LANG"):
        assert not shows("--read-only", **{name: "other"}), name
    (kept,) = (tmp_path / "state" / "screens").iterdir()
    assert "another" not in kept.read_text() and "SECRET=" not in kept.read_text()
    kept.chmod(0o644)
    assert not shows("--read-only")
    kept.chmod(0o600)
    assert shows("--read-only")
    config.write_text("")
    assert not shows("--read-only")


def test_a_start_that_fails_gives_the_terminal_back(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    left(env)
    shutil.rmtree(tmp_path / "state" / "mirror")
    (tmp_path / "state" / "mirror").write_text("no folder")
    with Terminal(CONSOLE, env=env) as terminal:
        assert terminal.ended() > 0
        assert terminal.output.count(b"\x1b[?1049h") == terminal.output.count(b"\x1b[?1049l") == 1
        assert termios.tcgetattr(terminal._master) == terminal.attributes_before
        assert b"aeptui:" in terminal.output.rpartition(b"\x1b[?1049l")[2]
