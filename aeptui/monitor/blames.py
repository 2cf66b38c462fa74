"""What a flow's last ended run failed by, as causes know it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from aeptui.mirror.read import Reader
from aeptui.mirror.rows import RunRow
from aeptui.mirror.verdicts import Failure
from aeptui.monitor.causes import failures_of
from aeptui.monitor.events import BY_CAUSE
from aeptui.monitor.state import ENDED


def blames(reader: Reader, runs: Sequence[RunRow]) -> tuple[Failure, ...]:
    """On the reader thread: the failures of the newest run that has ended, what says most first."""
    ended = next((run for run in runs if run.word in ENDED), None)
    if ended is None or ended.word not in BY_CAUSE:
        return ()
    body = reader.body("runs", ended.id)
    if body is None:
        return ()
    from aeptui.api import decode

    return failures_of(decode.run(msgspec.json.encode(body)), ended.word, ended.lost)
