"""A program watched from where its terminal is: what it shows when, and what it sends for that.

A thread of its own reads what the program writes and stamps each chunk with the
moment of its arrival, so that a slow reader measures nothing but the program.
Nothing between the marks of a synchronized update counts as visible. A link can
be simulated: a latency each way and so many bytes a second, with as much in
flight as an SSH channel allows.

`diff_bytes` is what a plain comparison of the same visible screens, cell by
cell, would have sent: `bytes` over it says how much a program over-draws.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import queue
import re
import select
import signal
import struct
import termios
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyte

from tests.terminal import KEYS

IN_FLIGHT = 262_144
"""Bytes under way before the program is held back, as with an SSH channel."""
_FRAME_MARKS = re.compile(rb"\x1b\[\?2026([hl])")
_MODE_QUESTION = re.compile(rb"\x1b\[\?(\d+)\$p")
# pyte does not know these and would print their letters.
_UNKNOWN_TO_PYTE = re.compile(
    rb"\x1b\[[<>=][\d;]*[a-zA-Z]|\x1b\[\?[\d;]*\$[a-z]|\x1bP.*?\x1b\\", re.S
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;:<=>?]*[ -/]*|[\]P][^\x07\x1b]*\x1b?)?\Z")
_NEAR = 6
"""Cells between two changed runs that are cheaper to send again than to jump over."""


class Probe:
    """A command on a pseudo-terminal; use it as a context. Moments are of `time.monotonic`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 36,
        env: Mapping[str, str] | None = None,
        latency_s: float = 0.0,
        bytes_a_second: int = 0,
    ) -> None:
        self.columns, self.lines = columns, lines
        self.bytes = self.diff_bytes = self.frames = 0
        self.changed_at = self.arrived_at = 0.0
        self.watched, self.watched_at = columns, 0.0
        """So many columns from the left are watched by themselves, and when one last changed."""
        self.status: int | None = None
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._cells: list[list[Any]] = [[] for _ in range(lines)]
        self._text = [""] * lines
        self._rest = b""
        self._in_frame = False
        self._latency_s, self._bytes_a_second = latency_s, bytes_a_second
        self._chunks: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        self._keys: deque[tuple[float, bytes]] = deque()
        self._ended = self._stopping = False
        self._wake_in, self._wake_out = os.pipe()
        self.started = time.monotonic()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", lines, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(command[0], list(command), dict(env if env is not None else os.environ))  # noqa: S606
        self._reader = threading.Thread(target=self._carry, daemon=True)
        self._reader.start()

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        for ending in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive():
                break
            os.kill(self.pid, ending)
            self.ended(within_s=5)
        self.hang_up()
        os.close(self._wake_in)
        os.close(self._wake_out)

    # The link, in a thread of its own ------------------------------------------

    def _carry(self) -> None:
        """Move chunks from the program to us and keys to the program, each when it is due."""
        due: deque[tuple[float, bytes]] = deque()
        under_way, free_at = 0, 0.0
        while not self._stopping:
            now = time.monotonic()
            nexts = [each[0][0] for each in (due, self._keys) if each]
            wait = max(0.0, min(nexts) - now) if nexts else 1.0
            watched = [self._wake_in] + ([self._master] if under_way < IN_FLIGHT else [])
            ready, _, _ = select.select(watched, [], [], wait)
            if self._wake_in in ready:
                os.read(self._wake_in, 4096)
            if self._master in ready:
                try:
                    data = os.read(self._master, 65536)
                except OSError:  # EIO: the other side is closed
                    data = b""
                now = time.monotonic()
                if not data:
                    break
                for piece in self._pieces(data):
                    took = len(piece) / self._bytes_a_second if self._bytes_a_second else 0.0
                    free_at = max(now, free_at) + took
                    due.append((free_at + self._latency_s, piece))
                    under_way += len(piece)
            now = time.monotonic()
            while due and due[0][0] <= now:
                at, piece = due.popleft()
                under_way -= len(piece)
                self._chunks.put((at, piece))
            while self._keys and self._keys[0][0] <= now:
                with contextlib.suppress(OSError):
                    os.write(self._master, self._keys.popleft()[1])
        for at, piece in due:
            self._chunks.put((at, piece))
        self._chunks.put((time.monotonic(), b""))

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        step = max(64, self._bytes_a_second // 100) if self._bytes_a_second else len(data)
        for start in range(0, len(data), step):
            yield data[start : start + step]

    def send(self, data: bytes) -> float:
        """Send bytes to the program over the link; the moment of sending."""
        now = time.monotonic()
        self._keys.append((now + self._latency_s, data))
        os.write(self._wake_out, b"x")
        return now

    def press(self, key: str) -> float:
        """Send a key by its name, or a text as it is."""
        return self.send(KEYS.get(key, key).encode())

    # What is visible -------------------------------------------------------------

    @property
    def text(self) -> str:
        """The screen as it was last visible, a line each."""
        return "\n".join(self._text)

    def pump(self, seconds: float, holds: Callable[[], object] | None = None) -> float | None:
        """Take in what arrives for so long, or until `holds` is true of the visible screen.

        The moment at which it became true; None if it did not.
        """
        until = time.monotonic() + seconds
        while not self._ended:
            left = until - time.monotonic()
            try:
                at, data = self._chunks.get(timeout=left) if left > 0 else self._chunks.get_nowait()
            except queue.Empty:
                return None
            if not data:
                self._ended = True
                return None
            hit = None
            for _ in self._visible(at, data):
                if hit is None and holds is not None and holds():
                    hit = at
            if hit is not None:
                return hit
        return None

    def _visible(self, at: float, data: bytes) -> Iterator[None]:
        """Feed one chunk; a turn for each state that a terminal would have shown."""
        self.bytes += len(data)
        self.arrived_at = at
        for mode in _MODE_QUESTION.findall(data):
            self.send(b"\x1b[?" + mode + (b";2$y" if mode == b"2026" else b";0$y"))
        if b"\x1b[c" in data:
            self.send(b"\x1b[?62;22c")
        data, self._rest = self._rest + data, b""
        if unfinished := _UNFINISHED.search(data, max(0, len(data) - 4096)):
            data, self._rest = data[: unfinished.start()], data[unfinished.start() :]
        if asked := data.count(b"\x1b[5n"):
            self.send(b"\x1b[0n" * asked)
        start = 0
        for mark in _FRAME_MARKS.finditer(data):
            self._feed(data[start : mark.end()])
            start = mark.end()
            self._in_frame = mark[1] == b"h"
            if not self._in_frame and self._compare(at):
                yield
        self._feed(data[start:])
        if not self._in_frame and self._compare(at):
            yield

    def _feed(self, data: bytes) -> None:
        if data:
            self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))

    def _compare(self, at: float) -> bool:
        """Whether a cell differs from the last visible screen, which this one becomes."""
        differs = False
        style: tuple[Any, ...] = _PLAIN
        for y in sorted(self._screen.dirty):
            if y >= self.lines:
                continue
            line = self._screen.buffer[y]
            cells = [line[x] for x in range(self.columns)]
            if cells != self._cells[y]:
                cost, style = _diff_cost(y, self._cells[y], cells, style)
                self.diff_bytes += cost
                differs |= cost > 0
                if cost and cells[: self.watched] != self._cells[y][: self.watched]:
                    self.watched_at = at
                self._cells[y] = cells
                self._text[y] = "".join(cell.data for cell in cells).rstrip()
        self._screen.dirty.clear()
        if differs:
            self.frames += 1
            self.changed_at = at
        return differs

    # Questions --------------------------------------------------------------------

    def wait_for(self, pattern: str, within_s: float = 60) -> float:
        """The seconds from the start until `pattern` was visible."""
        found = re.compile(pattern, re.M)
        if found.search(self.text):
            return self.changed_at - self.started
        at = self.pump(within_s, lambda: found.search(self.text))
        if at is None:
            raise AssertionError(f"not seen within {within_s} s: {pattern}\n{self.text}")
        return at - self.started

    def settle(self, quiet_s: float = 0.3, within_s: float = 20) -> float:
        """Wait until nothing arrives for so long; the moment of the last visible change."""
        began = time.monotonic()
        while (now := time.monotonic()) < began + within_s and not self._ended:
            left = max(self.arrived_at, began) + quiet_s - now
            if left <= 0 and self._chunks.empty():
                break
            self.pump(max(left, 0.001))
        return self.changed_at

    def latency(self, key: str, *, within_s: float = 5, quiet_s: float = 0.08) -> Answered:
        """Press a key: until its first visible change, and what it all cost."""
        self.pump(0)
        bytes_before, diff_before = self.bytes, self.diff_bytes
        pressed = self.press(key)
        first = self.pump(within_s, lambda: True)
        self.settle(quiet_s, within_s)
        first_s = float("inf") if first is None else first - pressed
        return Answered(
            first_s,
            max(first_s, self.changed_at - pressed),
            self.bytes - bytes_before,
            self.diff_bytes - diff_before,
        )

    def held(self, key: str, times: int, every_s: float) -> tuple[float, float]:
        """Hold a key that repeats; the seconds for which it moves after the last one.

        First those of the watched columns, then those of the whole screen.
        """
        self.settle(0.15, 3)
        due = last = time.monotonic()
        for _ in range(times):
            last = self.press(key)
            due += every_s
            self.pump(max(0.0, due - time.monotonic()))
        self.settle(0.5, 30)
        return max(0.0, self.watched_at - last), max(0.0, self.changed_at - last)

    def alive(self) -> bool:
        """Whether the program runs."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is None

    def ended(self, within_s: float) -> float | None:
        """The seconds until it has ended; None if it has not within `within_s`."""
        began = time.monotonic()
        while self.alive():
            if time.monotonic() - began > within_s:
                return None
            self.pump(0.01) if not self._ended else time.sleep(0.005)
        return time.monotonic() - began

    def hang_up(self) -> None:
        """The terminal goes away."""
        if self._master >= 0:
            self._stopping = True
            os.write(self._wake_out, b"x")
            self._reader.join(5)
            os.close(self._master)
            self._master = -1

    # The process -----------------------------------------------------------------

    def cpu_s(self) -> float:
        """The time that its threads have run; its children's does not count."""
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):  # noqa: PTH208
            with open(f"/proc/{self.pid}/task/{thread}/schedstat") as told:  # noqa: PTH123
                total += int(told.read().split()[0])
        return total / 1e9

    def rss_mib(self) -> float:
        """Its resident memory."""
        with open(f"/proc/{self.pid}/smaps_rollup") as told:  # noqa: PTH123
            found = re.search(r"^Rss:\s+(\d+)", told.read(), re.M)
        assert found is not None
        return int(found[1]) / 1024


class Answered:
    """What one key led to: seconds to the first and the last visible change, and bytes."""

    def __init__(self, first_s: float, done_s: float, bytes: int, diff_bytes: int) -> None:
        self.first_s, self.done_s = first_s, done_s
        self.bytes, self.diff_bytes = bytes, diff_bytes


_PLAIN = tuple(pyte.screens.Char(" "))[1:]


def _diff_cost(
    y: int, old: list[Any], new: list[Any], style: tuple[Any, ...]
) -> tuple[int, tuple[Any, ...]]:
    """The bytes of the changed runs of one line, and the style in force after them."""
    blank = pyte.screens.Char(" ")
    cost, at = 0, -1
    for x, cell in enumerate(new):
        if cell == (old[x] if old else blank):
            continue
        near = at >= 0 and x - at <= _NEAR and all(new[i][1:] == style for i in range(at, x))
        if near:
            cost += sum(len(new[i].data.encode()) for i in range(at, x))
        elif x != at:
            cost += len(f"\x1b[{y + 1};{x + 1}H")
        if tuple(cell[1:]) != style:
            cost += _style_cost(style, tuple(cell[1:]))
            style = tuple(cell[1:])
        cost += len(cell.data.encode())
        at = x + 1
    return cost, style


def _style_cost(old: tuple[Any, ...], new: tuple[Any, ...]) -> int:
    """The bytes of the sequence from one cell's style to another's."""
    cost = 0
    for before, after in zip(old[:2], new[:2], strict=True):
        if before != after and re.fullmatch("[0-9a-f]{6}", after):
            cost += 8 + sum(len(str(int(after[i : i + 2], 16))) for i in (0, 2, 4))
        elif before != after:
            cost += 3
    cost += sum(2 + (not on) for was, on in zip(old[2:], new[2:], strict=True) if was != on)
    return cost + 3 if cost else 0
