"""The trends of a flow: rows brought and runs gone wrong over a day, a week and a month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from aeptui.mirror.trends import Hour
from aeptui.moment import Moment
from aeptui.monitor.usual import median
from aeptui.resources import formats
from aeptui.resources.definition import Plot, Plots

if TYPE_CHECKING:
    from aeptui.session import Session

SPANS = (("24 h", 24, 24), ("7 days", 7 * 24, 28), ("30 days", 30 * 24, 30))
"""Each with its hours and the number of its bars."""
LONGEST = timedelta(hours=SPANS[-1][1])

FAR = 4
"""So many times the median is far above the usual."""

_BARS = "▁▂▃▄▅▆▇█"


async def trends(session: Session, flow_id: str) -> Plots:
    """The trends of a flow as they are known here."""
    moment = session.moment()
    since = moment.now - LONGEST
    hours, reached = await session.mirror.ask(
        lambda reader: (reader.hours(flow_id, since), reader.reached("runs"))
    )
    return plots(hours, moment, reached)


def plots(hours: Sequence[Hour], moment: Moment, reached: datetime | None) -> Plots:
    """A plot of rows and, where any run went wrong, one of those runs, for each span.

    `hours` are counted from `LONGEST` ago; runs before `reached` were not read yet.
    """
    made: list[Plot] = []
    for label, length, bars in SPANS:
        first = SPANS[-1][1] - length
        within = [each for each in hours if each.number >= first]
        rows: list[float | None] = [None] * bars
        bad: list[float | None] = [None] * bars
        for each in within:
            place = min(bars - 1, (each.number - first) * bars // length)
            rows[place] = (rows[place] or 0) + each.ingested
            bad[place] = (bad[place] or 0) + each.bad
        runs, wrong = sum(each.runs for each in within), sum(each.bad for each in within)
        total = formats.plural(sum(each.ingested for each in within), "row")
        made.append(Plot(label, rows, total if runs else "no runs"))
        if wrong:
            made.append(Plot("", bad, f"{wrong:,} of {formats.plural(runs, 'run')} bad", "bad"))
    note = ""
    if reached is not None and reached > moment.now - LONGEST:
        note = f"Runs before {formats.date_time(reached, moment)} are not known here."
    return Plots("Trend", made, note)


def bars(values: Sequence[float | None], room: int) -> str:
    """A bar for each value, in at most `room` cells: a gap for none, a dot for nothing.

    Where there is less room, neighbours are added up. What is far above the
    usual, such as a first run that reads years, is drawn as high as there is
    room for: the others would be flat beside it.
    """
    if len(values) > room > 0:
        merged: list[float | None] = [None] * room
        for index, value in enumerate(values):
            if value is not None:
                place = index * room // len(values)
                merged[place] = (merged[place] or 0) + value
        values = merged
    some = sorted(value for value in values if value)
    most = min(some[-1], FAR * median(some)) if some else 0
    return "".join(
        " " if value is None else "·" if value <= 0 else _bar(value / most) for value in values
    )


def _bar(share: float) -> str:
    return _BARS[max(0, ceil(min(1.0, share) * len(_BARS)) - 1)]
