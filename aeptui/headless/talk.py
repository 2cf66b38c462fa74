"""A person at a terminal, a line at a time: for screen readers, and terminals that cannot draw."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import termios
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_LONGEST = 65536


class Left(Exception):
    """The person ended the conversation (end of file)."""


def wanted(env: Mapping[str, str], *, plain: bool) -> bool:
    """Whether lines are wanted where a screen could be: `--plain`, or ACCESSIBLE as set by some."""
    return plain or (bool(env.get("ACCESSIBLE")) and env.get("ACCESSIBLE") != "0")


def possible() -> bool:
    """Whether there is somebody to talk to."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def say(text: str = "") -> None:
    """Something to the person, wrapped at words; standard output is for data."""
    width = shutil.get_terminal_size().columns
    lines = [
        textwrap.fill(each, width, subsequent_indent=_indent(each)) for each in text.split("\n")
    ]
    print("\n".join(lines), file=sys.stderr, flush=True)


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


async def line(prompt: str, *, hidden: bool = False) -> str:
    """The next line without its end; raises Left at the end of file.

    Waits without a thread, so that ctrl+c ends it at once. What is typed at a
    hidden one is not shown.
    """
    file = sys.stdin.fileno()
    loop = asyncio.get_running_loop()
    with _unseen(file) if hidden else _as_it_is():
        print(prompt, end="", file=sys.stderr, flush=True)
        ready = asyncio.Event()
        loop.add_reader(file, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(file)
        told = os.read(file, _LONGEST)  # a terminal hands over one line at a time
    if hidden:
        say()
    if not told:
        say()
        raise Left
    return told.decode(errors="replace").rstrip("\r\n")


@contextmanager
def _unseen(file: int) -> Iterator[None]:
    """Nothing that is typed is shown meanwhile; what was typed before it was asked is dropped."""
    before = termios.tcgetattr(file)
    silent = list(before)
    silent[3] &= ~termios.ECHO
    try:
        termios.tcsetattr(file, termios.TCSAFLUSH, silent)
        yield
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield
