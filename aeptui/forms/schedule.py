"""When a flow runs: every rule of a schedule, said at the field that breaks it (AEP.md 3.9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from aeptui.forms.choices import Choice
from aeptui.forms.fields import Answers, Field, flag_of, text_of

LEAST_MINUTES = 15
ONCE = "once"
_FREQUENCIES = (
    Choice("minute", "every so many minutes", f"{LEAST_MINUTES} or more"),
    Choice("hour", "every so many hours"),
    Choice("day", "every so many days"),
    Choice("week", "every so many weeks"),
    Choice(ONCE, "once", "a dead end"),
)
_DEAD_END = (
    "Once is a dead end: the flow never runs by itself again, has no delta column and cannot be"
    " given a schedule later. It can still be run by hand."
)
_USUAL = {"minute": "30", "hour": "1", "day": "1", "week": "1"}
_UNITS = {"minute": "Minutes", "hour": "Hours", "day": "Days", "week": "Weeks"}
_LEAD = timedelta(minutes=5)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_DAY_AND_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d{1,2}):(\d\d)(?::(\d\d))?")
_TIME = re.compile(r"(\d{1,2}):(\d\d)")


def frequency_of(answers: Answers) -> str:
    return text_of(answers, "frequency", "minute")


def fields(answers: Answers, now: datetime, zone: tzinfo) -> tuple[Field, ...]:
    """The fields of a schedule; once has no interval and no backfill."""
    frequency = frequency_of(answers)
    found = [
        Field(
            "frequency",
            "Runs",
            "choice",
            required=True,
            help=_DEAD_END if frequency == ONCE else "",
            default="minute",
            choices=_FREQUENCIES,
        )
    ]
    if frequency in _UNITS:
        least = LEAST_MINUTES if frequency == "minute" else 1
        found.append(
            Field(
                "interval",
                f"{_UNITS[frequency]} between runs",
                "integer",
                required=True,
                help=f"{least} or more.",
                default=_USUAL[frequency],
                least=least,
                most=10_000,
            )
        )
    found.append(
        Field(
            "start",
            "First run",
            "time",
            required=True,
            help="2026-03-02 14:20, or 14:20 for the next time it is that late."
            " It cannot be moved once it has passed.",
            default=next_start(now).astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        )
    )
    if frequency != ONCE:
        found.append(
            Field(
                "backfill",
                "Backfill",
                "flag",
                help="Whether the first run takes what is there already. It stays as it is"
                " after the first run.",
                default=True,
            )
        )
    return tuple(found)


def faults(answers: Answers, now: datetime, zone: tzinfo) -> dict[str, str]:
    """What no field can tell by itself: that the start is a time, and still to come."""
    if not text_of(answers, "start"):
        return {}
    try:
        start = read_start(text_of(answers, "start"), now, zone)
    except ValueError as reason:
        return {"start": str(reason)}
    if start < now:
        return {"start": "This time has passed; a first run is still to come"}
    if start > _LATEST:
        return {"start": "This time is too far away"}
    return {}


def params(answers: Answers, now: datetime, zone: tzinfo) -> dict[str, str]:
    """`scheduleParams`; numbers and booleans go as text, as the tutorial sends them."""
    frequency = frequency_of(answers)
    typed = text_of(answers, "start")
    start = read_start(typed, now, zone) if typed else next_start(now)
    found = {"startTime": str(int(start.timestamp())), "frequency": frequency}
    if frequency != ONCE:
        found["interval"] = str(int(text_of(answers, "interval", _USUAL[frequency])))
        found["backfill"] = "true" if flag_of(answers, "backfill", True) else "false"
    return found


def in_words(answers: Answers) -> str:
    """`every 30 minutes`, `every hour`, `once`."""
    frequency = frequency_of(answers)
    if frequency == ONCE:
        return "once"
    interval = text_of(answers, "interval", _USUAL.get(frequency, "1"))
    return f"every {frequency}" if interval == "1" else f"every {interval} {frequency}s"


def next_start(now: datetime) -> datetime:
    """The next round five minutes that leave time to read a plan before it is sent."""
    wanted = now + _LEAD
    past = wanted.timestamp() % _LEAD.total_seconds()
    return wanted + timedelta(seconds=(_LEAD.total_seconds() - past) if past else 0)


def read_start(text: str, now: datetime, zone: tzinfo) -> datetime:
    """A time as people write it, in their zone; ValueError, with a sentence, when it is none."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and 9 <= len(text) <= 11:
        return datetime.fromtimestamp(int(text), UTC)
    try:
        if found := _TIME.fullmatch(text):
            local = now.astimezone(zone)
            day = local.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
            return day if day >= now else day + timedelta(days=1)
        if found := _DAY_AND_TIME.fullmatch(text):
            parts = [int(part or 0) for part in found.groups()]
            return datetime(*parts[:6], tzinfo=zone)  # type: ignore[arg-type, misc]
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ValueError("A time is written like 2026-03-02 14:20") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
