"""Times, counts, sizes and durations in words.

Pure functions of values and a `Moment`: the platform's now and the operator's
zone. What is not known is a dash; relative until a day, dated after.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from aeptui.moment import Moment
from aeptui.monitor import tones

DASH = "–"

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def said(word: str) -> str:
    """A word as it is shown: in capitals when it needs a person or is at work."""
    return word.upper() if tones.tone(word) in ("bad", "warn", "busy") else word


def count(number: int | None) -> str:
    """`12,400`, or a dash."""
    return DASH if number is None else f"{number:,}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(number: int | None) -> str:
    """Bytes in the largest unit that leaves a figure of at least one."""
    if number is None:
        return DASH
    amount, unit = float(number), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:,.0f} {unit}" if unit == "B" or amount >= 99.95 else f"{amount:.1f} {unit}"


def share(part: int, whole: int) -> str:
    """A percentage with one decimal; never 0.0 % or 100.0 % where it is not quite so."""
    if whole <= 0:
        return DASH
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if percent < 100 and percent > 99.9:
        return "over 99.9 %"
    return f"{percent:.1f} %"


def span(seconds: float) -> str:
    """A length of time: `4s`, `1m02`, `2h05`, `3d 4h`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    return f"{whole // 86400}d {whole % 86400 // 3600}h"


def coarse(seconds: float) -> str:
    """A length of time in its largest unit: `40s`, `11m`, `5h`, `3d`."""
    whole = max(0, int(seconds))
    for unit, letter in ((86400, "d"), (3600, "h"), (60, "m")):
        if whole >= unit:
            return f"{whole // unit}{letter}"
    return f"{whole}s"


def about(seconds: float) -> str:
    """A length of time as people say it, rounded: `40s`, `2m`, `5h`."""
    if seconds < 57.5:
        return f"{max(5, round(seconds / 5) * 5)}s"
    if seconds < 3570:
        return f"{round(seconds / 60)}m"
    return f"{round(seconds / 3600)}h"


def took(start: datetime | None, end: datetime | None, moment: Moment | None = None) -> str:
    """From start to end; with a moment, something still open is counted to now."""
    if start is None or (end is None and moment is None):
        return DASH
    until = end if end is not None else moment.now if moment else start
    return span((until - start).total_seconds())


def clock_time(when: datetime | None, moment: Moment) -> str:
    """`14:12`, in the operator's zone."""
    return DASH if when is None else f"{when.astimezone(moment.zone):%H:%M}"


def day(when: datetime, moment: Moment) -> str:
    """`today`, `tomorrow`, `yesterday`, a weekday within six days back, else a date."""
    local, now = when.astimezone(moment.zone), moment.now.astimezone(moment.zone)
    apart = (local.date() - now.date()).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if apart in near:
        return near[apart]
    if -7 < apart < 0:
        return DAYS[local.weekday()]
    year = "" if local.year == now.year else f" {local.year}"
    return f"{local.day} {MONTHS[local.month - 1]}{year}"


def date_time(when: datetime | None, moment: Moment) -> str:
    """A day and a time of day: `today 13:58`, `2 Sep 13:58`."""
    return DASH if when is None else f"{day(when, moment)} {clock_time(when, moment)}"


def full(when: datetime | None, moment: Moment) -> str:
    """Date, time to the second, and zone: for details, where nothing is rounded."""
    if when is None:
        return DASH
    local = when.astimezone(moment.zone)
    return f"{local.day} {MONTHS[local.month - 1]} {local.year} {local:%H:%M:%S %Z}".rstrip()


def ago(when: datetime | None, moment: Moment) -> str:
    """`just now`, `12m ago`, `5h ago`; dated after a day."""
    if when is None:
        return DASH
    seconds = (moment.now - when).total_seconds()
    if -60 < seconds < 60:
        return "just now"
    if 0 < seconds < 86400:
        return f"{coarse(seconds)} ago"
    return day(when, moment)


def due(when: datetime | None, moment: Moment) -> str:
    """When something is next expected: a clock time, with its day unless that is today."""
    if when is None:
        return DASH
    local = when.astimezone(moment.zone)
    if local.date() == moment.now.astimezone(moment.zone).date():
        return clock_time(when, moment)
    return date_time(when, moment)


def brief(when: datetime | None, moment: Moment) -> str:
    """A time for a narrow column: `02:10` within half a day, `Thu 02:10` within six, `24 Sep`."""
    if when is None:
        return DASH
    away, local = abs(when - moment.now), when.astimezone(moment.zone)
    if away < timedelta(hours=12):
        return clock_time(when, moment)
    if away < timedelta(days=6):
        return f"{DAYS[local.weekday()]} {local:%H:%M}"
    return f"{local.day} {MONTHS[local.month - 1]}"


def overdue(when: datetime | None, moment: Moment) -> str:
    """How long ago something should have come."""
    if when is None:
        return "overdue"
    return f"{coarse((moment.now - when).total_seconds())} overdue"


def left(when: datetime, moment: Moment) -> str:
    """How long until `when`: `5d left`, or `past`."""
    remains = when - moment.now
    return f"{coarse(remains.total_seconds())} left" if remains > timedelta(0) else "past"


def every(frequency: str, interval: int | None) -> str:
    """A schedule's beat: `every 30 min`, `every hour`, `once`."""
    units = {"minute": "min", "hour": "hour", "day": "day", "week": "week"}
    unit = units.get(frequency)
    if unit is None:
        return frequency or DASH
    if interval in (None, 1):
        return f"every {'minute' if unit == 'min' else unit}"
    return f"every {interval} {unit}{'' if unit == 'min' else 's'}"


def strip(letters: str) -> str:
    """The last runs, oldest first, as they are shown."""
    return letters.replace(".", "·")
