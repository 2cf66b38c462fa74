"""Regular expressions that callers write, and an end to how long each may take.

Python's matcher can neither be stopped nor timed, and a short pattern can keep it busy for
years. What cannot become slow is matched here; the rest in a process of its own, which ends
itself when one match has used its time. A pattern that did so is refused from then on.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

SECONDS = 1.0  # of processor time, so that a busy machine refuses nothing more
_SHORT = 2_000  # characters; a single repetition is quadratic at worst
_WAYS_TO_BACKTRACK = re.compile(r"[*+?{|]|\\[1-9]")

How = Literal["search", "fullmatch", "split"]


class RegexTrouble(ValueError):
    """What is no regular expression, or takes too long; the text says which."""


@dataclass(frozen=True, slots=True)
class Regex:
    """A pattern that compiles; its methods raise `RegexTrouble` when they take too long."""

    source: str

    def search(self, text: str) -> list[str | None] | None:
        """The first match and its groups."""
        found: list[str | None] | None = self._ask("search", text)
        return found

    def fullmatch(self, text: str) -> list[str | None] | None:
        """The whole text and its groups, if all of it matches."""
        found: list[str | None] | None = self._ask("fullmatch", text)
        return found

    def split(self, text: str) -> list[str | None]:
        found: list[str | None] = self._ask("split", text)
        return found

    def _ask(self, how: How, text: str) -> Any:
        if len(text) <= _SHORT and len(_WAYS_TO_BACKTRACK.findall(self.source)) < 2:
            return _answer(how, self.source, text)
        return _MATCHER.ask(how, self.source, text)


@lru_cache(maxsize=1024)
def regex(source: str) -> Regex:
    """A pattern, or the trouble with it."""
    try:
        re.compile(source)
    except (re.error, OverflowError, RecursionError) as reason:
        raise RegexTrouble(f"it is not a regular expression: {reason}") from None
    return Regex(source)


class _Matcher:
    """The other process, begun when it is first needed and again after it ended itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._slow: set[str] = set()

    def ask(self, how: How, source: str, text: str) -> Any:
        with self._lock:
            if source in self._slow:
                raise RegexTrouble("it takes too long to match")
            line = json.dumps([how, source, text]).encode() + b"\n"
            for _ in range(2):  # one that ended for another reason is begun once more
                answer, ended = self._exchange(line)
                if answer:
                    return json.loads(answer)
                if ended == -signal.SIGPROF:
                    self._slow.add(source)
                    break
            raise RegexTrouble("it takes too long to match")

    def _exchange(self, line: bytes) -> tuple[bytes, int | None]:
        """The answer to a line, or how the process ended instead."""
        process = self._process = self._process or subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        answer = b""
        if process.stdin is not None and process.stdout is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(line)
                process.stdin.flush()
                answer = process.stdout.readline()
        if answer:
            return answer, None
        self._process = None
        with contextlib.suppress(BrokenPipeError):
            process.communicate()  # closes the pipes, and waits
        return b"", process.returncode


_MATCHER = _Matcher()


def _answer(how: str, source: str, text: str) -> Any:
    compiled = re.compile(source)
    if how == "split":
        return compiled.split(text)
    found = compiled.search(text) if how == "search" else compiled.fullmatch(text)
    return None if found is None else [found.group(0), *found.groups()]


def _serve() -> None:
    """Answer line by line until the emulator hangs up; a match that is too slow ends it all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the emulator is told, and hangs up
    for line in sys.stdin.buffer:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        answer = json.dumps(_answer(*json.loads(line)))
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
