"""The console in the terminals that servers have: colours or none, sizes, pastes, and their ends."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.headless.stage import Platform, serving_demo
from tests.terminal import Terminal

CONSOLE = [sys.executable, "-m", "aeptui"]
FLOW_WITH_STATE = r"(?m)^.(FAILED|PARTIAL) +(Salesforce|Dynamics) \w+"
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")
RICH_COLOUR = re.compile(rb"\x1b\[(?:\d+;)*[34]8[;:]")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with serving_demo(tmp_path_factory) as served:
        served.run("list", "flows")
        yield served


@contextmanager
def console(
    platform: Platform, *, columns: int = 80, lines: int = 24, env: dict[str, str] | None = None
) -> Iterator[Terminal]:
    """The console in a terminal, once a flow with its state can be read."""
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLORTERM")}
    kept |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    with Terminal(
        CONSOLE, columns=columns, lines=lines, env={**kept, **platform.env, **(env or {})}
    ) as terminal:
        terminal.wait_for(FLOW_WITH_STATE)
        terminal.wait_for(r"\? help")
        yield terminal


@pytest.mark.parametrize(
    "env",
    [
        {"COLORTERM": "truecolor"},
        {"TERM": "xterm-16color"},
        {"TERM": "screen"},
        {"TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"},
        {"TERM": "linux", "NO_COLOR": ""},
    ],
    ids=lambda env: "-".join(env.values()).partition("/")[0],
)
def test_every_terminal_shows_it_in_its_own_sixteen_colours(
    platform: Platform, env: dict[str, str]
) -> None:
    with console(platform, env=env) as terminal:
        assert COLOUR.search(terminal.output)
        assert not RICH_COLOUR.search(terminal.output)


def test_where_no_colour_is_wanted_none_is_sent(platform: Platform) -> None:
    with console(platform, env={"NO_COLOR": "1"}) as terminal:
        terminal.press("enter")
        terminal.wait_for("flow runs ─")
        assert not COLOUR.search(terminal.output)


@pytest.mark.parametrize(("columns", "lines"), [(60, 20), (300, 80)])
def test_the_least_and_a_very_large_screen_are_used_whole(
    platform: Platform, columns: int, lines: int
) -> None:
    with console(platform, columns=columns, lines=lines) as terminal:
        rows = terminal.text.split("\n")
        assert len(rows) == lines and rows[0].startswith(" environment / dev")
        assert "? help" in rows[-1]
        if columns == 300:
            terminal.wait_for(r"(?s)LAST 20 RUNS.*Schedule +every")


def test_a_screen_below_the_least_says_so_and_recovers(platform: Platform) -> None:
    with console(platform) as terminal:
        terminal.resize(59, 20)
        terminal.wait_for("aeptui needs 60 columns")
        terminal.resize(60, 20)
        terminal.wait_for(FLOW_WITH_STATE)
        terminal.press("q")
        assert terminal.ended() == 0


def test_ten_thousand_pasted_lines_harm_nothing(platform: Platform) -> None:
    pasted = "\x1b[200~" + "X\r" * 10_000 + "\x1b[201~"
    with console(platform) as terminal:
        for open_line in ((), ("/",), (":",)):
            terminal.press(*open_line)
            terminal.paste(pasted)
            terminal.press("esc")
        terminal.press("esc")
        terminal.wait_for(FLOW_WITH_STATE)
        terminal.press("down")
        terminal.wait_for(r"(?m)^▸\w+ +\w")
        terminal.press("q")
        assert terminal.ended() == 0
    flows = platform.run("list", "flows", "--json")
    assert '"disabled"' in flows.stdout  # the capital X of the paste has deleted none


def test_ctrl_c_asks_once_and_quits_at_the_second(platform: Platform) -> None:
    with console(platform) as terminal:
        terminal.press("ctrl+c")
        terminal.wait_for(r"Press ctrl\+c again to quit")
        # A slow machine may have been too long about showing it: two at once are never too far apart.
        terminal.press("\x03\x03")
        assert terminal.ended() == 0


def test_suspended_and_called_back_it_draws_itself_whole(platform: Platform) -> None:
    with console(platform) as terminal:
        terminal.press("ctrl+z")
        terminal.wait_until_stopped()
        assert b"\x1b[?1049l" in terminal.output[-400:]
        terminal.screen.reset()
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.wait_for(FLOW_WITH_STATE)
        terminal.press("q")
        assert terminal.ended() == 0


def test_under_nohup_a_lost_terminal_ends_it_as_well(platform: Platform) -> None:
    with console_ignoring_hangups(platform) as terminal:
        terminal.hang_up()
        assert terminal.ended() == 128 + signal.SIGHUP


@contextmanager
def console_ignoring_hangups(platform: Platform) -> Iterator[Terminal]:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what is ignored stays so over an exec
    try:
        with console(platform) as terminal:
            yield terminal
    finally:
        signal.signal(signal.SIGHUP, before)
