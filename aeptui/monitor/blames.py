"""What a flow's last ended run failed by, as causes know it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from aeptui.api import decode
from aeptui.mirror.read import Reader
from aeptui.mirror.rows import RunRow
from aeptui.monitor.causes import normalised
from aeptui.monitor.events import BY_CAUSE, Blame


def blames(reader: Reader, runs: Sequence[RunRow]) -> tuple[Blame, ...]:
    """On the reader thread: the errors of the newest run that has ended, the weightiest first."""
    ended = next((run for run in runs if run.word in ("clean", "partial", "failed")), None)
    if ended is None or ended.word not in BY_CAUSE:
        return ()
    body = reader.body("runs", ended.id)
    if body is None:
        return ()
    found: dict[str, Blame] = {}
    for error in decode.run(msgspec.json.encode(body)).errors:
        key = "|".join((error.code, error.activity, "", normalised(error.message)))
        found.setdefault(key, Blame(key, error.code, error.message, error.rows))
    return tuple(sorted(found.values(), key=lambda blame: -(blame.rows or 0)))
