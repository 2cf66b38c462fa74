"""Making marks: who says it, until when, and about what."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo
from typing import NamedTuple

from aeptui.monitor.alerts import Mark, Marks, about_cause, about_flow
from aeptui.monitor.tones import NEEDS_A_PERSON

MORNING = time(8)
FURTHEST = timedelta(days=3660)
_LENGTH = re.compile(r"(\d{1,4})\s*(m|h|d|w)", re.IGNORECASE)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Subject(NamedTuple):
    """What somebody acknowledges or puts off: a flow or a cause."""

    about: str
    name: str
    word: str = ""
    """The flow's word, by which a worse one is known."""


def who() -> str:
    """The operating system's name for whoever runs this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def flow(id: str, name: str, word: str) -> Subject:
    """A flow as a subject."""
    return Subject(about_flow(id), name, word)


def cause(key: str, name: str) -> Subject:
    """A cause as a subject."""
    return Subject(about_cause(key), name)


def why_not(subject: Subject) -> str | None:
    """Why nobody has to know of it: a flow that needs no person."""
    if subject.word and subject.word not in NEEDS_A_PERSON:
        return f"{subject.name} is {subject.word}; only what needs a person is acknowledged"
    return None


def acknowledged(subjects: Iterable[Subject], marks: Marks, now: datetime) -> list[Mark]:
    """Marks that say: this is known, as it is now."""
    return [
        Mark(
            kind="acknowledged",
            about=subject.about,
            name=subject.name,
            who=who(),
            at=now,
            words=(subject.word,) if subject.word else (),
            causes=standing.causes if (standing := marks.standing_of(subject.about)) else (),
        )
        for subject in subjects
    ]


def snoozed(subjects: Iterable[Subject], until: datetime, now: datetime) -> list[Mark]:
    """Marks that say: not before then."""
    return [
        Mark(kind="snoozed", about=subject.about, name=subject.name, who=who(), at=now, until=until)
        for subject in subjects
    ]


def expected(
    flows: str, words: tuple[str, ...], until: datetime, reason: str, now: datetime
) -> Mark:
    """A rule that says: such flows may be so until then, and why."""
    return Mark(
        kind="expected",
        about=flows,
        name=flows,
        who=who(),
        at=now,
        until=until,
        note=reason,
        words=words,
    )


def ends(now: datetime, zone: tzinfo) -> list[tuple[str, datetime]]:
    """The lengths of a snooze that are offered."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return [
        ("15 minutes", now + timedelta(minutes=15)),
        ("1 hour", now + timedelta(hours=1)),
        ("8 hours", now + timedelta(hours=8)),
        ("until tomorrow 8:00", datetime.combine(tomorrow, MORNING, zone)),
    ]


def until(text: str, now: datetime, zone: tzinfo) -> datetime | None:
    """`3d`, `8h`, `2026-09-05` (to its end) or `2026-09-05 18:00`.

    None for anything else, what is past, and what is further off than anybody means.
    """
    length = _LENGTH.fullmatch(text.strip())
    if length:
        end = now + timedelta(**{_UNITS[length[2].lower()]: int(length[1])})
        return end if end < now + FURTHEST else None
    try:
        end = datetime.fromisoformat(text.strip())
        if len(text.strip()) <= len("2026-09-05"):
            end += timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    end = end if end.tzinfo else end.replace(tzinfo=zone)
    return end if now < end < now + FURTHEST else None
