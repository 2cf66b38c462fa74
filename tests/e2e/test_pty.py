"""The program in a real terminal, from its first frame to its last byte."""

from __future__ import annotations

import os
import signal
import sys
import termios
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.emulated import demo_world
from tests.terminal import Terminal

DEMO = [sys.executable, "-m", "aeptui", "demo"]
FLOW_WITH_STATE = r"(?m)^.(FAILED|PARTIAL) +(Salesforce|Dynamics) \w+"
HOME = r"(?s)── live.*enter open .*\? help"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An empty home and one state folder for all, with the world of the first seed in it."""
    home = tmp_path_factory.mktemp("home")
    demo_world(tmp_path_factory, home / "state" / "demo" / "seed-1")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AEPTUI_")}
    return {
        **kept,
        "HOME": str(home),
        "AEPTUI_STATE_DIR": str(home / "state"),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
    }


@pytest.fixture
def demo(env: Mapping[str, str]) -> Iterator[Terminal]:
    with Terminal([*DEMO, "--speed", "0"], env=env) as terminal:
        terminal.wait_for(FLOW_WITH_STATE)
        yield terminal


def attributes(terminal: Terminal) -> list[object]:
    return list(termios.tcgetattr(terminal._master))


def restored(terminal: Terminal) -> bool:
    """Whether the main screen, the cursor, and keys as they were have been asked back."""
    last = bytes(terminal.output[-400:])
    return b"\x1b[?1049l" in last and b"\x1b[?25h" in last


def test_a_flow_with_its_state_is_seen_a_run_opened_and_the_terminal_given_back(
    env: Mapping[str, str],
) -> None:
    with Terminal([*DEMO, "--seed", "3"], env=env) as terminal:  # a world that is made first
        terminal.wait_for(FLOW_WITH_STATE, within_s=120)
        terminal.wait_for(HOME)
        terminal.press("enter")
        terminal.wait_for(r"flow runs ─")
        terminal.press("enter")
        terminal.wait_for(r"(?s)run of .*RECEIVED +INGESTED +SKIPPED +LOST")
        terminal.press("esc")
        terminal.wait_for(r"flow runs ─")
        terminal.press("esc")
        terminal.wait_for(HOME)
        terminal.press("q")
        assert terminal.ended() == 0
        assert restored(terminal)


def test_the_last_known_flows_are_shown_though_nobody_answers(
    env: Mapping[str, str], demo: Terminal
) -> None:
    """The mirror of a loopback platform goes by its organisation, so another port will do."""
    demo.press("ctrl+q")
    assert demo.ended() == 0
    state = Path(env["AEPTUI_STATE_DIR"])
    facts = (state / "demo" / "seed-1" / "emulator.env").read_text().split()
    known = dict(fact.split("=", 1) for fact in facts)
    nobody = {"AEPTUI_PLATFORM_URL": "http://127.0.0.1:9", "AEPTUI_IMS_URL": "http://127.0.0.1:9"}
    with Terminal(DEMO[:3], env={**env, **known, **nobody}) as terminal:
        terminal.wait_for(FLOW_WITH_STATE)
        terminal.wait_for("platform unreachable")
        assert "Nothing answers at 127.0.0.1" in terminal.text
        terminal.press("ctrl+q")
        assert terminal.ended() == 0


def test_when_nothing_changes_nothing_is_sent(demo: Terminal) -> None:
    demo.wait_until(lambda text: "live" in text.splitlines()[0])
    for _ in range(20):  # let the first sync come to its end
        demo.read(0.1)
    before = demo.bytes_seen
    for _ in range(25):
        demo.read(0.1)
    assert demo.bytes_seen == before


def test_moving_the_cursor_sends_two_lines_and_not_the_table(demo: Terminal) -> None:
    demo.wait_until(lambda text: "live" in text.splitlines()[0])
    for _ in range(20):
        demo.read(0.1)
    before = demo.bytes_seen
    demo.press("down")
    demo.wait_until(lambda text: text.splitlines()[5].startswith("▸"))
    assert demo.bytes_seen - before < 1000


def test_a_stopped_platform_is_told_and_a_started_one_noticed(env: Mapping[str, str]) -> None:
    with Terminal([*DEMO, "--speed", "10"], env=env) as demo:  # it is asked ten times as often
        demo.wait_for(FLOW_WITH_STATE)
        demo.press(":", "emulator stop", "enter")
        demo.wait_for("local platform stopped")
        assert "Salesforce" in demo.text
        demo.press(":", "emulator start", "enter")
        demo.wait_until(lambda text: "live" in text.splitlines()[0])


def test_another_sandbox_is_opened_and_an_empty_one_says_so(demo: Terminal) -> None:
    demo.press(":", "sandbox empty", "enter")
    demo.wait_for("No flows in this sandbox yet")
    demo.wait_for("rehearsal / empty")


def test_the_window_can_change_its_size(demo: Terminal) -> None:
    demo.resize(40, 10)
    demo.wait_for("aeptui needs 60 columns")
    demo.resize(120, 36)
    demo.wait_for("base connection +Salesforce")
    demo.wait_for("enter open")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_the_terminal_given_back(
    demo: Terminal, sign: signal.Signals
) -> None:
    os.kill(demo.pid, sign)
    assert demo.ended() == 128 + sign
    assert restored(demo)


def test_a_terminal_that_goes_away_ends_it(demo: Terminal) -> None:
    demo.hang_up()
    assert demo.ended() == 128 + signal.SIGHUP


def test_where_only_ascii_is_understood_only_ascii_is_sent(env: Mapping[str, str]) -> None:
    plain = {**env, "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"}
    with Terminal([*DEMO, "--speed", "0"], env=plain) as terminal:
        terminal.wait_for(FLOW_WITH_STATE)
        assert all(byte < 128 for byte in terminal.output)


def test_a_rehearsal_in_lines_tells_what_happens_and_how_to_reach_it(
    env: Mapping[str, str],
) -> None:
    with Terminal([*DEMO, "--plain"], env={**env, "TERM": "dumb"}, columns=200) as terminal:
        terminal.wait_for(r"set -a; \. '.*emulator\.env'")
        terminal.wait_for(r"ctrl\+c ends it")
        terminal.press("ctrl+c")
        assert terminal.ended() in (0, 130)


def test_with_nothing_configured_it_asks_how_to_begin(
    env: Mapping[str, str], tmp_path: Path
) -> None:
    bare = {**env, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with Terminal([sys.executable, "-m", "aeptui"], env=bare) as terminal:
        terminal.wait_for("Rehearse +a local platform")
        terminal.press("down", "enter")
        terminal.wait_for("client_secret")
        terminal.press("esc")
        terminal.wait_for("Rehearse +a local platform")
        terminal.press("q")
        assert terminal.ended() == 0


def test_keys_sent_at_once_do_what_they_say_one_after_the_other(demo: Terminal) -> None:
    demo.wait_for(HOME)
    demo.press(":runs\r\rv")  # one write: the list, its first run, and that run's JSON
    demo.wait_for(r'(?s)^ rehearsal / dev .* raw .*"flowId"')
    demo.press("esc")
    demo.wait_for(r"(?s)run of .*RECEIVED +INGESTED")
    demo.press(":home\r\tjj\x1b")
    demo.wait_for(HOME)
