"""Home as it was when the console was left, drawn at the next start before anything is loaded.

A picture is kept for one way to start: the same words behind `aeptui`, the same environment
as far as it is ours to read, and a configuration file that nobody has touched since. Profile
and sandbox follow from these alone, so a start that is the same in all of them opens what the
picture shows; nothing has to be read to know so. A start that differs in anything, the terminal
included, shows no picture. It says its moment, only its owner can read it, and
`saved_screen = false` keeps none and removes what there is.

Nothing is imported at the top but what the interpreter has at hand: reading texts and drawing
them takes 3 ms, and `pathlib`, `re`, `json` and `typing` would take three times that.
"""

from __future__ import annotations

import os
import sys
import termios
import zlib

import aeptui
from aeptui.state_folder import folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from aeptui.config import Config
    from aeptui.ui.wire import Wire

_HIDES, _SHOWS = "\x1b[?25l", "\x1b[?25h"
_OPENS, _CLOSES = "\x1b[?1049h", "\x1b[?1049l"
_LONGEST = 400_000
_MOST = 20
"""So many pictures are kept, for the ways to start that were used last."""

_HEEDED = (
    "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "ACCESSIBLE", "TZ",
    "TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG",
)  # fmt: skip
"""What a screen depends on, beside all that begins with AEPTUI_."""
_WHETHER_SET = ("AEPTUI_CLIENT_SECRET", "AEPTUI_ACCESS_TOKEN", "TMUX", "STY")
"""Variables whose value is nobody's business, or differs each time."""


class _Held:
    """The terminal between the saved screen and the console: what it shows, and how it was set."""

    picture = ""
    size = (0, 0)
    attributes: list[Any] | None = None


# Before anything is loaded -------------------------------------------------------


def show() -> None:
    """Draw what was kept for this start, if there is such a picture."""
    try:
        if not (os.isatty(0) and os.isatty(1) and os.isatty(2)):
            return
        size = os.get_terminal_size(2)
        start = _start(*size)
        told = _read(_path(start))
        kept_for, config, stamp, picture, drawing = told.split("\n", 4)
        if kept_for != start or stamp != stamp_of(config):
            return
    except (OSError, ValueError):
        return
    _hush()
    _say(drawing)
    _Held.picture, _Held.size = picture, (size.columns, size.lines)
    _end_cleanly()


def stamp_of(config: str | Path) -> str:
    """What differs as soon as somebody writes or replaces the configuration file."""
    try:
        told = os.stat(config)
    except OSError:
        return "none"
    return f"{told.st_dev} {told.st_ino} {told.st_size} {told.st_mtime_ns} {told.st_ctime_ns}"


def _start(columns: int, lines: int) -> str:
    """All that a start and the look of its first screen depend on, but for the configuration."""
    heeded = [
        name if name in _WHETHER_SET else f"{name}={value}"
        for name, value in sorted(os.environ.items())
        if value  # an empty one is unset
        and (name in _HEEDED or name in _WHETHER_SET or name.startswith("AEPTUI_"))
    ]
    return repr([aeptui.__version__, columns, lines, sys.argv[1:], heeded])


def _path(start: str) -> str:
    return f"{_folder()}/{zlib.crc32(start.encode('utf-8', 'surrogateescape')):08x}"


def _folder() -> str:
    return f"{folder_of(os.environ)}/screens"


def _read(path: str) -> str:
    """The text of a file that is ours alone; an OSError or a ValueError without one."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        told = os.fstat(handle)
        if told.st_uid != os.getuid() or told.st_mode & 0o077 or told.st_size > _LONGEST:
            return ""
        return os.read(handle, told.st_size).decode("utf-8", "surrogateescape")
    finally:
        os.close(handle)


def _hush() -> None:
    """Keep keys that are typed meanwhile from being written over the picture."""
    try:
        _Held.attributes = termios.tcgetattr(0)
        hushed = termios.tcgetattr(0)
        hushed[3] &= ~termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, hushed)
    except termios.error:
        pass


def _end_cleanly() -> None:
    """Give the terminal back when told to end, until the console answers to that itself."""
    import signal

    for sign in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(sign) is signal.SIG_DFL:
            signal.signal(sign, _end)


def _end(sign: int, _frame: object) -> None:
    leave()
    raise SystemExit(128 + sign)


def _say(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass


# When the console is there -------------------------------------------------------


def taken_over() -> Wire | None:
    """What knows the screen that was drawn, if one was; from now on it is another's to close."""
    picture = _given_up()
    if not picture:
        return None
    from aeptui.ui.wire import Wire

    wire = Wire(*_Held.size)
    wire.send(picture)
    return None if wire.plain else wire


def leave() -> None:
    """Give the terminal back if nobody took the screen over."""
    if _given_up():
        _say(_CLOSES + _SHOWS)


def _given_up() -> str:
    picture, _Held.picture = _Held.picture, ""
    if _Held.attributes is not None:
        try:
            termios.tcsetattr(0, termios.TCSANOW, _Held.attributes)
        except termios.error:
            pass
        _Held.attributes = None
    return picture


# When it is left -------------------------------------------------------------------


def keep(config: Config, size: tuple[int, int], picture: str, when: str) -> None:
    """Keep `picture`, which draws the whole of a cleared screen; a disk that will not is let be.

    It is kept twice: as whole rows for what compares screens, and as the few bytes that draw it.
    """
    from aeptui.ui.wire import Wire

    start = _start(*size)
    path = _path(start)
    marked = _marked(size, picture, when)
    drawing = Wire(*size).send(marked)
    told = "\n".join([start, str(config.path), config.stamp, marked, drawing])
    try:
        os.makedirs(_folder(), mode=0o700, exist_ok=True)
        handle = os.open(
            f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600
        )
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(told)
        os.replace(f"{path}.new", path)
    except OSError:
        return
    _forget_all_but(_MOST)


def forget() -> None:
    """Keep no picture at all."""
    _forget_all_but(0)


def _marked(size: tuple[int, int], picture: str, when: str) -> str:
    """`picture` with its age in place of the top line, and nothing where keys would be offered."""
    from aeptui.ui.wire import FRAME_END, FRAME_START

    columns, lines = size
    words = f" As it was {when}; the console is starting."[:columns]
    age = f"\x1b[1;1H\x1b[1m{words.ljust(columns)}\x1b[m"
    no_keys = f"\x1b[{lines}H{' ' * columns}"  # nobody is there to answer to one
    return _OPENS + _HIDES + FRAME_START + picture + age + no_keys + FRAME_END


def _forget_all_but(most: int) -> None:
    try:
        kept = sorted(os.scandir(_folder()), key=lambda each: each.stat().st_mtime, reverse=True)
        for each in kept[most:]:
            os.unlink(each.path)
    except OSError:
        pass
