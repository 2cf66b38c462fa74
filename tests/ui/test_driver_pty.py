"""Our driver in a real terminal: after anything that disturbed the screen it is whole again."""

from __future__ import annotations

import asyncio
import os
import pty
import queue
import re
import selectors
import signal
import sys
import threading
import tty
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from textual.app import App
from textual.message import Message

from aeptui.ui.driver import TerminalDriver, driver_named
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


def test_what_set_the_modes_of_the_terminal_is_made_good_by_ctrl_l(terminal: Terminal) -> None:
    drawn_by = set(terminal.screen.mode)
    terminal._stream.feed(b"\x1b[3;6r\x1b[?6h\x1b[4h\x1b[?7h\x1b[?2004l\x1b[?25h")
    garble(terminal)
    terminal.press("ctrl+l")
    terminal.wait_until(whole)
    assert terminal.screen.mode == drawn_by
    assert terminal.screen.margins is None or terminal.screen.margins.top == 0
    assert terminal.screen.cursor.hidden


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


@pytest.mark.parametrize("name", ["diff", "stock"])
def test_the_thread_that_reads_keys_sleeps_but_for_a_key_that_may_be_half(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: queue.Queue[float | None] = queue.Queue()
    keys: queue.Queue[Message] = queue.Queue()

    class Told(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            waits.put(timeout)
            return super().select(timeout)

    master, slave = pty.openpty()
    tty.setraw(slave)
    driver = asyncio.run(made(name))
    monkeypatch.setattr(selectors, "DefaultSelector", Told)
    driver.fileno = slave
    monkeypatch.setattr(driver, "process_message", keys.put)
    reading = threading.Thread(target=driver.run_input_thread)
    reading.start()
    try:
        assert waits.get(timeout=60) is None
        os.write(master, b"\x1b")
        assert waits.get(timeout=60) is not None
        assert keys.get(timeout=60).key == "escape"  # type: ignore[attr-defined]
        while (wait := waits.get(timeout=60)) is not None:
            assert wait < 1
    finally:
        driver.exit_event.set()
        reading.join(60)
        os.close(master)
        os.close(slave)
    assert not reading.is_alive()


async def made(name: str) -> TerminalDriver:
    """A driver, which wants a loop to be made in."""
    return driver_named(name)(App())
