"""The one question that every terminal since the VT100 answers, and how long that takes.

Whoever answers is the end of the link: a terminal emulator, or the tmux or screen
that stands between.
"""

from __future__ import annotations

import os
import select
import termios
import time
import tty

QUESTION, ANSWER = "\x1b[5n", "\x1b[0n"
"""A device status report, asked for and given."""
LIMIT_S = 1.0
"""So long an answer is waited for."""


def round_trip() -> float | None:
    """The seconds until the terminal of this process answers; None if it does not, or is none."""
    keys, screen = 0, 1
    if not (os.isatty(keys) and os.isatty(screen)) or os.tcgetpgrp(keys) != os.getpgrp():
        return None  # in the background it would be stopped for asking
    before = termios.tcgetattr(keys)
    try:
        tty.setcbreak(keys, termios.TCSAFLUSH)
        asked = time.monotonic()
        os.write(screen, QUESTION.encode())
        read = b""
        while (left := asked + LIMIT_S - time.monotonic()) > 0:
            if select.select([keys], [], [], left)[0]:
                read += os.read(keys, 64)
                if ANSWER.encode() in read:
                    return time.monotonic() - asked
        return None
    finally:
        termios.tcsetattr(keys, termios.TCSAFLUSH, before)
