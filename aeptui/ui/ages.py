"""How old what is shown is, in words that change seldom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aeptui.mirror.troubles import TroubleKind
from aeptui.mirror.values import Freshness
from aeptui.moment import Moment
from aeptui.resources import formats
from aeptui.resources.definition import Tone

LIVELY = frozenset({"flows", "runs", "batches"})
"""Kinds that are asked for at each interval; the others change rarely."""

MEANT: Mapping[TroubleKind, str] = {
    "unreachable": "platform unreachable",
    "refused": "access refused",
    "limited": "slowed down by the platform",
    "settings": "the settings lack something",
    "unsupported": "not offered by the platform",
    "failing": "the platform has a problem",
    "disk": "the mirror cannot be written",
    "broken": "reading failed by our own bug",
}
"""What the top line calls each kind of trouble; the line below it has the sentence."""

PAUSE_S = 3.0
"""A shorter wait that the platform asked for is over before it is read."""


@dataclass(frozen=True, slots=True)
class Age:
    """What the top line says about the age of what is below it."""

    words: str
    tone: Tone = "dim"
    stale: bool = False
    notice: str = ""
    """What went wrong, in the platform's own words; empty while nothing did."""
    since: str = ""
    """From when the rows are, while they are stale."""
    read: bool = True
    """Whether the platform has told of them at all."""


def coarse(seconds: float) -> str:
    """A length of time in steps that need no repaint every second: `under 10 s`, `40 s`, `6 min`."""
    if seconds < 10:
        return "under 10 s"
    if seconds < 60:
        return f"{int(seconds // 10) * 10} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 2 * 86400:
        return f"{int(seconds // 3600)} h"
    return f"{int(seconds // 86400)} days"


def age_of(
    kinds: Collection[str],
    freshness: Mapping[str, Freshness],
    moment: Moment,
    *,
    interval: timedelta,
    slow: timedelta = timedelta(minutes=10),
    speed: float = 1.0,
    paused_until: datetime | None = None,
) -> Age:
    """How current the rows of `kinds` are; both intervals are those of the platform's clock.

    The oldest confirmation counts. `live` means younger than two intervals;
    kinds that are asked for more slowly are told by their age, and are not stale
    before two of their own. `paused_until` is when the platform wants to be asked again.
    """
    known = [freshness[kind] for kind in kinds if kind in freshness]
    confirmed = [fresh.confirmed_at for fresh in known if fresh.confirmed_at is not None]
    oldest = min(confirmed) if confirmed and len(confirmed) == len(kinds) else None
    age_s = max(0.0, (moment.now - oldest).total_seconds()) if oldest else 0.0
    since = ""
    if oldest is not None:
        since = f"What you see is from {formats.due(oldest, moment)}, {coarse(age_s)} ago."
    troubled = next((fresh for fresh in known if fresh.trouble), None)
    if troubled is not None and troubled.trouble:
        words = MEANT.get(troubled.trouble_kind or "failing", "not current")
        if troubled.next_try_at is not None:
            wait_s = (troubled.next_try_at - moment.now).total_seconds() / (speed or 1.0)
            words += f", trying again in {coarse(wait_s)}" if wait_s > 0 else ", trying again"
        return Age(words, "warn", True, troubled.trouble, since, oldest is not None)
    lively = age_s <= 2 * interval.total_seconds()
    pause_s = (paused_until - moment.now).total_seconds() / (speed or 1.0) if paused_until else 0.0
    if pause_s >= PAUSE_S:
        words = f"{MEANT['limited']}, trying again in {coarse(pause_s)}"
        return Age(words, "warn", not lively, "", "" if lively else since, oldest is not None)
    if oldest is None:
        return Age("not read yet", "dim", False, read=False)
    if lively:
        return Age("live", "good", False)
    if not LIVELY.intersection(kinds) and age_s <= 2 * slow.total_seconds():
        return Age(f"read {coarse(age_s)} ago", "dim", False)
    return Age(f"{coarse(age_s)} old", "warn" if age_s > 600 else "dim", True, "", since)
