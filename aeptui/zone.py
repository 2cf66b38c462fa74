"""The zone in which an operator reads times."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """The machine's own zone, right on both sides of a change to summer time.

    `datetime.astimezone()` without a zone gives the offset of one instant; a
    console that is left open for weeks needs the rule.
    """

    def fromutc(self, dt: datetime) -> datetime:
        seconds = dt.replace(tzinfo=UTC).timestamp()
        offset = timedelta(seconds=time.localtime(seconds).tm_gmtoff)
        shifted = dt + offset
        earlier = time.localtime(seconds - 3600).tm_gmtoff
        repeated = earlier > time.localtime(seconds).tm_gmtoff
        return shifted.replace(tzinfo=self, fold=1 if repeated else 0)

    def _at(self, dt: datetime | None) -> time.struct_time:
        if dt is None:
            return time.localtime()
        return time.localtime(dt.replace(tzinfo=None).timestamp())

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(seconds=self._at(dt).tm_gmtoff)

    def dst(self, dt: datetime | None) -> timedelta:
        return timedelta(hours=1) if self._at(dt).tm_isdst else timedelta(0)

    def tzname(self, dt: datetime | None) -> str:
        return self._at(dt).tm_zone


def zone_named(name: str) -> tzinfo:
    """`local`, or a zone of the tz database; KeyError when there is no such zone."""
    if name == "local":
        return LocalZone()
    if name.upper() == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as reason:
        raise KeyError(name) from reason
