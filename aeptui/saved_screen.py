"""Home as it was when the console was left, drawn at the next start before anything is loaded.

A start then shows the last-known flows at once, marked with their moment; the
console draws over them in one frame when it is there. The picture is kept for
each profile and sandbox, readable by its owner only, and is shown only on a
terminal just like the one that it was taken from. `saved_screen = false` keeps
none and removes what there is.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aeptui

if TYPE_CHECKING:
    from aeptui.config import Config, Profile
    from aeptui.ui.wire import Wire

_HIDES, _SHOWS = "\x1b[?25l", "\x1b[?25h"
_LONGEST = 400_000
_SAME_TERMINAL = ("TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "TMUX", "STY")


class _Held:
    """The terminal between the saved screen and the console: what it shows, and how it was set."""

    wire: Wire | None = None
    attributes: list[Any] | None = None


def path_for(config: Config, profile: Profile, sandbox: str) -> Path:
    """Where the picture of this profile and sandbox is kept."""
    name = quote(f"{profile.name}-{profile.org_id}-{sandbox}", safe="")[:200]
    return config.state_dir / "screens" / f"{name}.json"


def keep(path: Path, size: tuple[int, int], picture: str, when: str) -> None:
    """Keep `picture`, which draws the whole of a cleared screen; a disk that will not is let be."""
    told = {"terminal": _terminal(size, os.environ), "when": when, "picture": picture}
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(told, file)
        fresh.replace(path)


def forget(path: Path) -> None:
    """Keep no picture."""
    with contextlib.suppress(OSError):
        path.unlink()


def show(path: Path) -> bool:
    """Draw what was kept, if this terminal is like the one that it was taken from."""
    try:
        if not sys.stderr.isatty() or path.stat().st_size > _LONGEST:
            return False
        size = os.get_terminal_size(sys.stderr.fileno())
        told = json.loads(path.read_text(encoding="utf-8"))
        same = told["terminal"] == _terminal((size.columns, size.lines), os.environ)
        picture, when = str(told["picture"]), str(told["when"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if not same:
        return False
    from aeptui.ui.wire import FRAME_END, FRAME_START, OPENS, Wire

    words = f" As it was {when}; the console is starting."[: size.columns]
    age = f"\x1b[1;1H\x1b[1m{words.ljust(size.columns)}\x1b[m"
    no_keys = f"\x1b[{size.lines}H{' ' * size.columns}"  # nobody is there to answer to one
    wire = Wire(size.columns, size.lines)
    drawn = wire.send(OPENS + _HIDES + FRAME_START + picture + age + no_keys + FRAME_END)
    if wire.plain:  # it was not ours
        return False
    _hush()
    _say(drawn)
    _Held.wire = wire
    for sign in (signal.SIGTERM, signal.SIGHUP):  # until the console answers to them itself
        if signal.getsignal(sign) is signal.SIG_DFL:
            signal.signal(sign, _end)
    return True


def taken_over() -> Wire | None:
    """What knows the screen that was drawn, if one was; from now on it is another's to close."""
    wire, _Held.wire = _Held.wire, None
    if _Held.attributes is not None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSANOW, _Held.attributes)
        _Held.attributes = None
    return wire


def leave() -> None:
    """Give the terminal back if nobody took the screen over."""
    if taken_over() is not None:
        from aeptui.ui.wire import CLOSES

        _say(CLOSES + _SHOWS)


def _hush() -> None:
    """Keep keys that are typed meanwhile from being written over the picture."""
    with contextlib.suppress(termios.error):
        _Held.attributes = termios.tcgetattr(0)
        hushed = termios.tcgetattr(0)
        hushed[3] &= ~termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, hushed)


def _end(sign: int, _frame: object) -> None:
    leave()
    raise SystemExit(128 + sign)


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _terminal(size: tuple[int, int], env: Mapping[str, str]) -> list[object]:
    """What the look of a screen depends on."""
    return [aeptui.__version__, *size, *(env.get(name, "") for name in _SAME_TERMINAL)]
