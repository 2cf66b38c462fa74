"""A terminal to run the program in: a pseudo-terminal whose screen can be read.

It answers the few questions that a program asks of a terminal (synchronized
output, device attributes, its status), counts the bytes that arrive, and keeps the moment
at which each chunk came, so that a test can wait for words on the screen and a
bench can say when they could be read.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

_MODE_QUESTION = re.compile(rb"\x1b\[\?(\d+)\$p")
# pyte does not know these and would print their letters.
_UNKNOWN_TO_PYTE = re.compile(
    rb"\x1b\[[<>=][\d;]*[a-zA-Z]|\x1b\[\?[\d;]*\$[a-z]|\x1bP.*?\x1b\\", re.S
)
KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "ctrl+c": "\x03",
    "ctrl+q": "\x11",
    "ctrl+z": "\x1a",
    "ctrl+l": "\x0c",
}


def _set_size(terminal: int, columns: int, lines: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


class Terminal:
    """A command on a pseudo-terminal of `columns` x `lines`; use it as a context."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.bytes_seen = 0
        self.answers, self.asked = True, 0
        """Whether it answers status queries, and how many came."""
        self.output = bytearray()
        self.status: int | None = None
        self.started = time.monotonic()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            # Tests that were started in the background ignore it, and would hand that on.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            _set_size(0, columns, lines)
            if cwd is not None:
                os.chdir(cwd)
            os.execvpe(command[0], list(command), dict(env if env is not None else os.environ))  # noqa: S606
        self.attributes_before = termios.tcgetattr(self._master)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGTERM)
            if not self._ended(within_s=5):
                os.kill(self.pid, signal.SIGKILL)
                self._ended(within_s=5)
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    @property
    def text(self) -> str:
        """The screen as it stands, a line each."""
        return "\n".join(self.screen.display)

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal another size, as a person dragging its corner does."""
        _set_size(self._master, columns, lines)
        self.screen.resize(lines, columns)

    def press(self, *keys: str) -> None:
        """Send keys by name, or text as it is."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())
            self.read(0.02)

    def paste(self, text: str) -> None:
        """Send a long text as fast as the program takes it, reading what it says meanwhile."""
        left = text.encode()
        while left:
            _, ready, _ = select.select([], [self._master], [], 0)
            if ready:
                left = left[os.write(self._master, left[:1024]) :]
            self.read(0.01)

    def wait_until_stopped(self, within_s: float = 60) -> None:
        """Read on until the program has suspended itself."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                return
        raise AssertionError(f"not stopped within {within_s} s; the screen was:\n{self.text}")

    def hang_up(self) -> None:
        """The terminal goes away."""
        os.close(self._master)
        self._master = -1

    def read(self, wait_s: float = 0.05) -> bool:
        """Take in what the program wrote within `wait_s`; False when it has ended."""
        ready, _, _ = select.select([self._master], [], [], wait_s)
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the other side is closed
            return False
        if not data:
            return False
        self.bytes_seen += len(data)
        self.output += data
        for mode in _MODE_QUESTION.findall(data):
            os.write(self._master, b"\x1b[?" + mode + (b";2$y" if mode == b"2026" else b";0$y"))
        if b"\x1b[c" in data:
            os.write(self._master, b"\x1b[?62;22c")
        if asked := data.count(b"\x1b[5n"):
            self.asked += asked
            if self.answers:
                os.write(self._master, b"\x1b[0n" * asked)
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))
        return True

    def wait_until(self, holds: Callable[[str], object], within_s: float = 60) -> float:
        """Read until the screen satisfies `holds`; the seconds since the start at which it did."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            alive = self.read()
            if holds(self.text):
                return time.monotonic() - self.started
            if not alive:
                break
        raise AssertionError(f"not seen within {within_s} s; the screen was:\n{self.text}")

    def wait_for(self, pattern: str, within_s: float = 60) -> float:
        """Read until `pattern` is on the screen; the seconds since the start at which it was."""
        return self.wait_until(re.compile(pattern).search, within_s)

    def ended(self, within_s: float = 60) -> int:
        """Read on until the program has ended; its exit status (128 + n for signal n)."""
        deadline = time.monotonic() + within_s
        while self._master >= 0 and time.monotonic() < deadline and self.read():
            if self._ended(within_s=0):
                break
        if not self._ended(within_s=max(0.0, deadline - time.monotonic())):
            raise AssertionError(f"still running after {within_s} s; the screen was:\n{self.text}")
        assert self.status is not None
        return self.status

    def _ended(self, within_s: float) -> bool:
        deadline = time.monotonic() + within_s
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code
            elif time.monotonic() >= deadline:
                break
            else:
                time.sleep(0.01)
        return self.status is not None
