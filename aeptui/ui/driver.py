"""The terminal under the console: its end is noticed, and ASCII is sent where nothing else may be."""

from __future__ import annotations

import contextlib
import os
import selectors
import termios
import threading
from codecs import getincrementaldecoder

from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from aeptui.ui.palette import PLAIN_SYMBOLS, ascii_only


class TerminalDriver(LinuxDriver):
    """Textual's driver, but for two things.

    A terminal that is gone reads as an end of file for ever, which the stock
    driver takes for silence and asks again at once, a whole core long; here it
    ends the console. And where the locale knows ASCII only, our own symbols are
    sent as their stand-ins, one cell for one cell.
    """

    _ascii = ascii_only()

    def write(self, data: str) -> None:
        """Send `data` to the terminal."""
        if self._ascii and not data.isascii():
            data = data.translate(PLAIN_SYMBOLS).encode("ascii", "replace").decode("ascii")
        super().write(data)

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


def driver_named(name: str) -> type[TerminalDriver]:
    """The driver that the setting `driver` names."""
    return TerminalDriver


def distrust(driver: Driver | None) -> None:
    """Take it that the terminal may show anything: what follows is sent whole."""


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
