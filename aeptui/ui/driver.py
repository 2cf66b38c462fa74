"""The terminal under the console.

Its end is noticed, ASCII is sent where nothing else may be, only what changed is
sent at all, and none of it faster than the terminal takes it in.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import socket
import sys
import termios
import threading
import time
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from rich.cells import cell_len
from textual import events
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys
from textual.message import Message

from aeptui import saved_screen
from aeptui.ascii import PLAIN_SYMBOLS, ascii_only
from aeptui.terminal_status import ANSWER
from aeptui.ui.pace import Pace
from aeptui.ui.wire import Wire

_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
LAST_ANSWERS_S, IN_A_HURRY_S = 2.0, 0.4
"""So long the keys are kept for answers under way, which a shell would take for typing."""
MODES = "\x0f\x1b(B\x1b[r\x1b[?6l\x1b[4l\x1b[?7l\x1b[?25l\x1b[?2004h\x1b[?1004h"
"""How the screen is drawn and keys are told: ASCII letters, the whole screen to scroll, places
counted from its corner, nothing shifted or wrapped, no cursor, pastes and focus marked."""
_BEAT_S = 0.1
"""How often it is asked what the time has brought, while it may bring something."""
_PASTES = "\x1b[20"
_MARKS = re.compile("(\x1b\\[20[01]~|\x1b\\[0n)")


class _Parser(XTermParser):
    """Textual's, but for the answer to a status query, which is neither a key nor pasted."""

    answers = 0
    """How many came."""
    _pasting = False

    @property
    def half(self) -> bool:
        """Whether what came so far is a key by itself, or the beginning of another."""
        return self._timeout_time is not None

    def feed(self, data: str) -> Iterable[Message]:
        """What `data` says."""
        if self._pasting or ANSWER in data or _PASTES in data:
            data = "".join(self._without_answers_in_pastes(data))
        return super().feed(data)

    def _without_answers_in_pastes(self, data: str) -> Iterable[str]:
        for part in _MARKS.split(data):
            if part.startswith(_PASTES):
                self._pasting = part.endswith("0~")
            if part == ANSWER and self._pasting:
                self.answers += 1
            else:
                yield part

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence != ANSWER:
            return super()._sequence_to_key_events(sequence, alt)
        self.answers += 1
        return [events.Key(Keys.Ignore, sequence)]


class _Ending(threading.Event):
    """Tells at once that it is set."""

    def __init__(self, tell: Callable[[], None]) -> None:
        super().__init__()
        self._tell = tell

    def set(self) -> None:
        super().set()
        self._tell()


class TerminalDriver(LinuxDriver):
    """Textual's driver, but for five things.

    A terminal that is gone reads as an end of file for ever, which the stock
    driver takes for silence and asks again at once, a whole core long; here it
    ends the console. And where the locale knows ASCII only, our own symbols are
    sent as their stand-ins, one cell for one cell. The size is the terminal's own: a
    COLUMNS that some script exported does not follow the window. Where errors go
    to a file (`2>file`) while the output is a terminal, the output gets the screen. And
    the thread that reads keys sleeps until there is something to do.
    """

    _ascii = ascii_only()
    _bell: socket.socket | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.exit_event = _Ending(self._wake)
        errors, output = sys.__stderr__, sys.__stdout__
        if output is not None and output.isatty() and not (errors and errors.isatty()):
            self._file = output

    def _get_terminal_size(self) -> tuple[int, int]:
        with contextlib.suppress(OSError):
            columns, lines = os.get_terminal_size(self.fileno)
            if columns and lines:
                return columns, lines
        return super()._get_terminal_size()

    def write(self, data: str) -> None:
        """Send `data` to the terminal."""
        super().write(in_ascii(data) if self._ascii else data)

    def run_input_thread(self) -> None:
        """Read keys until told to stop, or until there is nobody to read from."""
        parser = _Parser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        heard, self._bell = socket.socketpair()
        self._bell.setblocking(False)
        with heard, self._bell, selectors.DefaultSelector() as selector:
            for source in (heard, self.fileno):
                selector.register(source, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                in_time = parser.half or self.awaits
                ready = [key.fileobj for key, _ in selector.select(_BEAT_S if in_time else None)]
                if heard in ready:
                    heard.recv(4096)
                if self.fileno in ready:
                    try:
                        data = os.read(self.fileno, 4096)
                    except OSError:
                        data = b""
                    if not data:
                        self._gone()
                        return
                    for message in parser.feed(decode(data)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
                self.keep_pace(parser.answers)
                parser.answers = 0

    def _wake(self) -> None:
        """Let the thread that reads keys look round."""
        if self._bell is not None:
            with contextlib.suppress(OSError):  # it is awake, or has ended
                self._bell.send(b".")

    @property
    def awaits(self) -> bool:
        """Whether the terminal owes an answer, which may as well stay away."""
        return False

    def keep_pace(self, answers: int) -> None:
        """The terminal has given so many answers to status queries."""

    def _gone(self) -> None:
        from aeptui.ui.messages import TerminalGone

        self.send_message(TerminalGone())


class DiffingDriver(TerminalDriver):
    """Sends only the cells that changed, whatever is drawn anew, and lets what changes wait
    while the terminal is behind: then one frame tells all of it.

    What the terminal shows is unknown after it had another size, after another
    program had it (ctrl+z, an editor), and when the operator says so (ctrl+l);
    then all is sent once. A size is told by a signal or by the terminal itself,
    in both cases between two writes, so it is noted and heeded by the next one.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._wire: Wire | None = None
        self._pace = Pace()
        self._hurried = False
        self._sizes: deque[tuple[int, int]] = deque()
        self._turn = threading.RLock()  # the thread that reads keys answers the terminal, too

    def write(self, data: str) -> None:
        """Send what `data` changes."""
        with self._turn:
            wire = self._wire
            if wire is None:
                wire = self._wire = self._first_wire()
            while self._sizes:
                wire.resize(*self._sizes.popleft())
            wire.held = self._pace.holds()
            # Stand-ins come first, so that each cell is sent as it was compared.
            self._put(wire.send(in_ascii(data) if self._ascii else data))

    def _put(self, sent: str) -> None:
        if sent:
            awaited = self.awaits
            super().write(sent + self._pace.sent(len(sent.encode())))
            if self.awaits and not awaited:
                self._wake()

    @property
    def awaits(self) -> bool:
        """Whether the terminal owes an answer, which may as well stay away."""
        return self._pace.waiting

    def keep_pace(self, answers: int) -> None:
        """Send what was held back as soon as the terminal has caught up, or has been waited for."""
        if not (answers or self.awaits):
            return
        with self._turn:
            for _ in range(answers):
                self._pace.answered()
            holds = self._pace.holds()
            if self._wire is not None and self._wire.held and not holds:
                self._put(self._wire.let_go())

    @property
    def round_trip_s(self) -> float | None:
        """What a question and its answer take on this link, where the terminal answers any."""
        return self._pace.round_trip_s

    def start_application_mode(self) -> None:
        """Take the terminal."""
        if self.input_tty:
            self._pace.resume()
        else:
            self._pace.rest()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def disable_input(self) -> None:
        """Read no more keys, nor leave answers to whoever reads next."""
        self._await_answers()
        super().disable_input()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self._await_answers()
        super().stop_application_mode()

    def hurry(self) -> None:
        """The process has to be gone soon."""
        self._hurried = True

    def _await_answers(self) -> None:
        self._pace.rest()
        until = time.monotonic() + (IN_A_HURRY_S if self._hurried else LAST_ANSWERS_S)
        reading = self._key_thread
        while self._pace.waiting and reading is not None and reading.is_alive():
            if time.monotonic() > until:
                break
            time.sleep(0.005)

    def _first_wire(self) -> Wire:
        """The one that drew the saved screen, which is gone on from; else a new one."""
        size = self._get_terminal_size()
        wire = saved_screen.taken_over()
        if wire is None:
            return Wire(*size)
        if wire.size == size:
            self._sizes.clear()
        return wire

    def distrust(self) -> None:
        """Send the whole screen now, and what it is drawn by."""
        with self._turn:
            if self._wire is not None:
                super().write(MODES)
                self._pace.forget()
                self._wire.distrust()
                self.write("")

    @property
    def picture(self) -> tuple[tuple[int, int], str] | None:
        """The size of the screen and what draws it on a cleared one; None where that is not known."""
        with self._turn:
            wire = self._wire
            return None if wire is None or wire.plain else (wire.size, wire.picture())

    def process_message(self, message: Message) -> None:
        """Take note of a size that the terminal tells by itself."""
        if isinstance(message, events.Resize):
            self._sizes.append((message.size.width, message.size.height))
        super().process_message(message)

    def _get_terminal_size(self) -> tuple[int, int]:
        """The size; asked for at the start, after a suspension, and at each signal of a new one."""
        size = super()._get_terminal_size()
        self._sizes.append(size)  # even the same: while it was smaller, something was lost
        return size


def driver_named(name: str) -> type[TerminalDriver]:
    """The driver that the setting `driver` names."""
    return TerminalDriver if name == "stock" else DiffingDriver


def picture_of(driver: Driver | None) -> tuple[tuple[int, int], str] | None:
    """The screen that `driver` shows, where it knows."""
    return driver.picture if isinstance(driver, DiffingDriver) else None


def round_trip_of(driver: Driver | None) -> float | None:
    """What a question to the terminal and its answer take, where `driver` knows."""
    return driver.round_trip_s if isinstance(driver, DiffingDriver) else None


def distrust(driver: Driver | None) -> None:
    """Take it that the terminal may show anything: it is sent all of the screen."""
    if isinstance(driver, DiffingDriver):
        driver.distrust()


def in_ascii(data: str) -> str:
    """`data` with a stand-in for each character beyond ASCII, as many cells wide."""
    if data.isascii():
        return data
    return _BEYOND_ASCII.sub(lambda found: "?" * cell_len(found[0]), data.translate(PLAIN_SYMBOLS))


def end_within(seconds: float, code: int, driver: Driver | None) -> None:
    """End the process after `seconds` if it has not ended by itself.

    A write to a terminal that is gone can block for ever; nothing that is kept
    on disk depends on what happens after this.
    """

    def give_up() -> None:
        attributes = getattr(driver, "attrs_before", None)
        if attributes is not None:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(0, termios.TCSANOW, attributes)
        os._exit(code)

    if isinstance(driver, DiffingDriver):
        driver.hurry()
    timer = threading.Timer(seconds * 0.9, give_up)
    timer.daemon = True
    timer.start()
