"""What a flow's last ended run failed by, as causes know it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from aeptui.mirror.read import Reader
from aeptui.mirror.rows import RunRow
from aeptui.mirror.verdicts import Failure
from aeptui.monitor.causes import failures_of
from aeptui.monitor.events import BY_CAUSE
from aeptui.monitor.state import ENDED

REMEMBERED = 5_000
"""Runs whose failures are remembered, so that a look at every flow decodes no run again."""

_State: TypeAlias = tuple[datetime | None, str, int | None]


class Blames:
    """Finds the failures of runs, and remembers them for as long as a run stays as it was."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._known: dict[str, tuple[_State, tuple[Failure, ...]]] = {}

    def of(self, reader: Reader, runs: Sequence[RunRow]) -> tuple[Failure, ...]:
        """On the reader thread: the failures of the newest run that has ended, what says most first."""
        ended = next((run for run in runs if run.word in ENDED), None)
        if ended is None or ended.word not in BY_CAUSE:
            return ()
        state = (ended.updated_at, ended.word, ended.lost)
        known = self._known.pop(ended.id, None)
        if known is None or known[0] != state:
            known = (state, _read(reader, ended))
        self._known[ended.id] = known  # what was asked for last is forgotten last
        if len(self._known) > self._remembered:
            del self._known[next(iter(self._known))]
        return known[1]


def _read(reader: Reader, run: RunRow) -> tuple[Failure, ...]:
    body = reader.body("runs", run.id)
    if body is None:
        return ()
    from aeptui.api import decode

    return failures_of(decode.run(msgspec.json.encode(body)), run.word, run.lost)
