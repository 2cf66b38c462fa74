"""Our driver in a real terminal: after anything that disturbed the screen it is whole again."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]
SIZE = (60, 12)


def program(driver: str, wrapped: Sequence[str] = ()) -> Terminal:
    env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    command = [*wrapped, sys.executable, "-m", "tests.ui.drawing_program", driver]
    return Terminal(command, columns=SIZE[0], lines=SIZE[1], env=env, cwd=ROOT)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with program("diff") as terminal:
        terminal.wait_until(whole)
        yield terminal


def whole(text: str) -> bool:
    """Whether the window is full of the rows, as wide as it is."""
    return all(re.match(rf"row {n} 日本 \.+$", row) for n, row in enumerate(text.split("\n")))


def garble(terminal: Terminal) -> None:
    terminal._stream.feed(b"\x1b[3;1HBroadcast message 123\r\n\x1b[44mfrom root\x1b[K\x1b[m")
    assert not whole(terminal.text)


def stopped(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return stat[0] == "T"


def test_a_garbled_screen_is_whole_after_ctrl_l(terminal: Terminal) -> None:
    garble(terminal)
    terminal.press("ctrl+l")
    terminal.wait_until(whole)


def test_the_screen_is_whole_in_any_size_that_the_window_takes(terminal: Terminal) -> None:
    for columns, lines in ((40, 6), (100, 30), (61, 12), SIZE):
        terminal.resize(columns, lines)
        terminal.wait_until(whole)


def test_a_window_that_was_smaller_for_a_moment_is_whole_again(terminal: Terminal) -> None:
    os.kill(terminal.pid, signal.SIGSTOP)
    terminal.wait_until(lambda _: stopped(terminal.pid))
    terminal.resize(30, 5)
    terminal.resize(*SIZE)
    assert not whole(terminal.text)
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.wait_until(whole)


def test_errors_sent_to_a_file_leave_the_screen_in_the_terminal(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with program("diff", ("sh", "-c", f'exec "$@" 2>{errors}', "sh")) as terminal:
        terminal.wait_until(whole)
    assert errors.read_text() == ""


def test_after_a_suspension_the_screen_is_whole_again(terminal: Terminal) -> None:
    terminal.press("ctrl+z")
    terminal.wait_until(lambda _: stopped(terminal.pid))
    terminal.read()
    garble(terminal)
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.wait_until(whole)


def test_after_an_external_program_the_screen_is_whole_again(terminal: Terminal) -> None:
    terminal.press("e")
    terminal.wait_for("EDITOR")
    terminal.press("\r")
    terminal.wait_until(whole)


def test_the_stock_driver_shows_the_same_for_more_bytes(terminal: Terminal) -> None:
    with program("stock") as stock:
        stock.wait_until(whole)
        assert stock.text == terminal.text
        assert stock.bytes_seen > terminal.bytes_seen
