"""A terminal that is behind is waited for, its answers are nobody's keys, and one that never answers costs nothing."""

from __future__ import annotations

import os
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeptui.terminal_status import ANSWER, LIMIT_S, QUESTION
from aeptui.ui.pace import ASK_BYTES, FRUITLESS, HOLD_BYTES, Pace
from aeptui.ui.screens.resource import QUICK_SETTLE_S, SETTLE_S, settle_s
from aeptui.ui.wire import Wire
from tests.terminal import Terminal
from tests.ui.test_driver import EXAMPLES, Resize, Stage, any_of, sizes, steps, visible

ROOT = Path(__file__).parents[2]


class Clock:
    at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    """One whose terminal has answered once, after 80 ms."""
    pace = Pace(clock)
    assert pace.sent(ASK_BYTES) == QUESTION
    clock.at += 0.08
    pace.answered()
    return pace


def test_a_few_moves_of_the_cursor_are_never_held_and_rarely_asked_about(pace: Pace) -> None:
    asked = 0
    for _ in range(60):
        assert not pace.holds()
        if pace.sent(400):
            asked += 1
            pace.answered()
    assert asked == 20


def test_a_page_is_held_until_the_one_before_it_has_arrived(pace: Pace, clock: Clock) -> None:
    assert pace.sent(HOLD_BYTES + 1) == QUESTION
    assert pace.holds()
    clock.at += 0.2
    pace.answered()
    assert not pace.holds()
    assert pace.round_trip_s == pytest.approx(0.08)


def test_no_answer_is_waited_for_longer_than_the_limit(pace: Pace, clock: Clock) -> None:
    for _ in range(FRUITLESS):
        assert pace.sent(5_000) == QUESTION
        assert pace.holds()
        clock.at += LIMIT_S + 0.01
        assert not pace.holds()
    assert pace.sent(5_000) == ""
    assert not pace.holds()
    pace.answered()  # it was only slow
    assert pace.sent(5_000) == QUESTION
    assert pace.holds()


def test_a_terminal_that_never_answers_is_asked_a_few_times_and_never_waited_for(
    clock: Clock,
) -> None:
    pace = Pace(clock)
    asked = 0
    for _ in range(50):
        asked += bool(pace.sent(5_000))
        assert not pace.holds()
        clock.at += LIMIT_S + 0.01
    assert asked == FRUITLESS


def test_nothing_is_asked_while_somebody_else_reads_the_keys(pace: Pace) -> None:
    pace.sent(5_000)
    pace.rest()
    assert pace.sent(5_000) == ""
    pace.resume()
    assert not pace.holds()
    assert pace.sent(ASK_BYTES) == QUESTION


@settings(any_of, max_examples=EXAMPLES or 60)
@given(sizes, st.booleans(), steps, st.data())
def test_any_drawing_looks_the_same_once_it_is_let_go(
    size: Resize, framed: bool, steps: list[tuple[object, bool, int, int]], data: st.DataObject
) -> None:
    stage = Stage(size.columns, size.lines, framed)
    for step, _, y, x in steps:
        stage.wire.held = data.draw(st.booleans())
        stage.take(step, y, x)
        if data.draw(st.booleans()):
            stage.tell(stage.wire.let_go())
            assert visible(stage.ours) == visible(stage.plain)
    stage.tell(stage.wire.let_go())
    assert visible(stage.ours) == visible(stage.plain)
    assert not stage.wire.let_go()


def test_what_waited_is_sent_as_one_update() -> None:
    wire = Wire(20, 6)
    wire.send("\x1b[?1049h")
    wire.held = True
    for n in range(9):
        for part in ("\x1b[?2026h", f"\x1b[1;1Hframe {n}", "\x1b[?2026l"):
            assert wire.send(part) == ""
    sent = wire.let_go()
    assert sent.startswith("\x1b[?2026h") and sent.endswith("\x1b[?2026l")
    assert "frame 8" in sent and "frame 7" not in sent


# In a terminal ---------------------------------------------------------------------


@contextmanager
def program() -> Iterator[Terminal]:
    """Pages of numbered lines: a key turns the page, and each key is named on the last line."""
    env = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.ui.paging_program"]
    with Terminal(command, columns=100, lines=40, env=env, cwd=ROOT) as terminal:
        terminal.wait_for("page 0")
        terminal.wait_until(lambda _: terminal.asked)
        until_quiet(terminal)
        yield terminal


def until_quiet(terminal: Terminal, quiet_s: float = 0.2) -> None:
    """Read until nothing came for so long."""
    seen, since = terminal.bytes_seen, time.monotonic()
    while time.monotonic() - since < quiet_s:
        terminal.read(0.02)
        if terminal.bytes_seen != seen:
            seen, since = terminal.bytes_seen, time.monotonic()


def turn(terminal: Terminal, page: int) -> None:
    """Turn the page, which is asked about."""
    asked = terminal.asked
    os.write(terminal._master, b"n")
    terminal.wait_until(lambda text: f"page {page} " in text and terminal.asked > asked)


def pages_seen(terminal: Terminal, upto: int) -> int:
    """Turn pages without answering, until page `upto` is shown; how many others were."""
    shown: set[int] = set()

    def there(text: str) -> bool:
        number = int(text.split("page ", 1)[1].split()[0])
        shown.add(number)
        return number == upto

    terminal.wait_until(there)
    return len(shown)


def test_while_the_answer_is_out_no_page_is_sent_and_then_only_the_last() -> None:
    with program() as terminal:
        terminal.answers = False
        turn(terminal, 1)
        os.write(terminal._master, b"n" * 8)
        before = terminal.bytes_seen
        until = time.monotonic() + LIMIT_S / 3
        while time.monotonic() < until:
            terminal.read(0.02)
        assert terminal.bytes_seen == before and "page 1 " in terminal.text
        os.write(terminal._master, ANSWER.encode())
        assert pages_seen(terminal, 9) <= 2


def test_a_terminal_that_falls_silent_is_gone_on_with() -> None:
    with program() as terminal:
        terminal.answers = False
        for page in range(1, 3):
            turn(terminal, page)


def test_answers_amid_keys_and_pastes_and_in_pieces_are_neither() -> None:
    with program() as terminal:
        terminal.answers = False
        for typed in (
            b"a" + ANSWER.encode() + b"b" + ANSWER.encode() * 2 + b"\x1b[A",
            b"\x1b[200~pa"
            + ANSWER.encode()
            + b"sted, rather more than thirty letters of it\x1b[201~",
            b"\x1b\x1b[0nc",
        ):
            os.write(terminal._master, typed)
            terminal.read(0.05)
        for piece in (b"\x1b", b"[", b"0", b"n", b"d"):
            os.write(terminal._master, piece)
            terminal.read(0.02)
        pasted = "<pasted, rather more than thirty letters of it>"
        terminal.wait_for(f"keys: a b up {pasted} escape c d +$")


@pytest.mark.parametrize("key", ["e", "\x1a", "q"])
def test_an_answer_under_way_reaches_neither_an_editor_nor_a_shell(key: str) -> None:
    with program() as terminal, slave_of(terminal) as slave:
        terminal.answers = False
        turn(terminal, 1)
        os.write(terminal._master, key.encode())
        terminal.read(0.15)
        os.write(terminal._master, ANSWER.encode())
        if key == "e":
            terminal.wait_for("EDITOR")
            terminal.press("done\r")
            terminal.wait_for("it read 'done'")
        elif key == "q":
            assert terminal.ended() == 0
            assert unread(slave) == b""
        else:
            terminal.wait_until_stopped()
            assert unread(slave) == b""
            os.kill(terminal.pid, signal.SIGCONT)


@contextmanager
def slave_of(terminal: Terminal) -> Iterator[int]:
    """The other side of a terminal, as a shell has it."""
    name = Path(f"/proc/{terminal.pid}/fd/0").readlink()
    slave = os.open(name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        yield slave
    finally:
        os.close(slave)


def unread(slave: int) -> bytes:
    """What a shell would take for typing."""
    tty.setraw(slave, termios.TCSANOW)
    try:
        return os.read(slave, 100)
    except BlockingIOError:
        return b""


def test_the_nearer_the_terminal_the_sooner_a_detail_is_shown() -> None:
    waits = [settle_s(round_trip) for round_trip in (0.001, 0.08, 0.15, 0.6, None)]
    assert waits == sorted(waits) == [QUICK_SETTLE_S, QUICK_SETTLE_S, 0.075, SETTLE_S, SETTLE_S]


def test_doctor_asks_how_far_away_the_terminal_is(tmp_path: Path) -> None:
    env = {**os.environ, "TERM": "xterm", "AEPTUI_STATE_DIR": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "aeptui", "doctor"]
    with Terminal(command, env=env, cwd=ROOT) as terminal:
        terminal.wait_for(r"terminal +xterm, 80x24, answers in \d+ ms")
        assert ANSWER[1:] not in terminal.text
