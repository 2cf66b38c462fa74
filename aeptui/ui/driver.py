"""The terminal under the console.

Its end is noticed, ASCII is sent where nothing else may be, and only what
changed is sent at all.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import sys
import termios
import threading
from codecs import getincrementaldecoder
from collections import deque
from typing import Any

from rich.cells import cell_len
from textual import events
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from aeptui import saved_screen
from aeptui.ui.palette import PLAIN_SYMBOLS, ascii_only
from aeptui.ui.wire import Wire

_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")


class TerminalDriver(LinuxDriver):
    """Textual's driver, but for four things.

    A terminal that is gone reads as an end of file for ever, which the stock
    driver takes for silence and asks again at once, a whole core long; here it
    ends the console. And where the locale knows ASCII only, our own symbols are
    sent as their stand-ins, one cell for one cell. The size is the terminal's own: a
    COLUMNS that some script exported does not follow the window. And where errors go
    to a file (`2>file`) while the output is a terminal, the output gets the screen.
    """

    _ascii = ascii_only()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
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
        selector = selectors.DefaultSelector()
        selector.register(self.fileno, selectors.EVENT_READ)
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        try:
            while not self.exit_event.is_set():
                if selector.select(0.1):
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
        finally:
            selector.close()

    def _gone(self) -> None:
        from aeptui.ui.messages import TerminalGone

        self.send_message(TerminalGone())


class DiffingDriver(TerminalDriver):
    """Sends only the cells that changed, whatever is drawn anew.

    What the terminal shows is unknown after it had another size, after another
    program had it (ctrl+z, an editor), and when the operator says so (ctrl+l);
    then all is sent once. A size is told by a signal or by the terminal itself,
    in both cases between two writes, so it is noted and heeded by the next one.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._wire: Wire | None = None
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
            # Stand-ins come first, so that each cell is sent as it was compared.
            sent = wire.send(in_ascii(data) if self._ascii else data)
            if sent:
                super().write(sent)

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
        """Send the whole screen now."""
        with self._turn:
            if self._wire is not None:
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

    timer = threading.Timer(seconds * 0.9, give_up)
    timer.daemon = True
    timer.start()
