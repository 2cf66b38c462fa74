"""When something is read: what every word about a time is made from."""

from dataclasses import dataclass
from datetime import datetime, tzinfo


@dataclass(frozen=True, slots=True)
class Moment:
    """The platform's now and the zone in which an operator reads times."""

    now: datetime
    zone: tzinfo
