"""Reading JSON whose types cannot be trusted: one helper for each kind of value.

AEP.md 2.1 and 2.2: times are seconds, milliseconds, digits in strings or ISO
dates; counts are -1 when unknown; booleans come as words; any block may be
missing, null or something else. A helper answers with a clean value or with
nothing, and never raises for what a platform sent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from aeptui.api.calls import Answer
from aeptui.api.errors import BadAnswer
from aeptui.api.scrub import MAX_TEXT

Told: TypeAlias = dict[str, Any]

LONGEST_NAME = 1_000
_SECONDS_BELOW = 10**11
_LATEST_MS = 253_402_300_799_999  # the last that a datetime can hold
_EXACT_BELOW_MS = 8_000_000_000_000
"""Until the year 2223 a float of seconds still has each millisecond, and is quicker."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?"
)


# Envelopes ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """The objects of one page, each as its own bytes, and what leads on to the next."""

    items: list[bytes]
    next_href: str
    """Empty when `_links` is `{}`, missing, or has a null next."""
    next_start: str
    """The registry's `_page.next`, as text; empty at the end."""


def page(answer: Answer, key: str, *, grouped: bool = False) -> Page:
    """The objects under `key`, and the way on (AEP.md 2.3).

    A single object counts as a list of one, a bare array or object as its own
    wrapper; where they may be `grouped`, so do lists keyed by type (AEP.md 4.4).
    An answer that has none of these is a BadAnswer and not an empty list, since
    an empty list means that everything was deleted.
    """
    try:
        told = _documented(key).decode(answer.body)
        found = told.found
    except msgspec.DecodeError:
        told, found = _turning(answer), _found(answer, key, grouped)
    objects = [raw for item in found if (raw := bytes(item)).startswith(b"{")]
    return Page(objects, _next_href(told.links), _next_start(told.page))


def items(answer: Answer, key: str) -> list[bytes]:
    """The objects under `key`, as `page` finds them."""
    return page(answer, key).items


def keyed(answer: Answer) -> list[tuple[str, bytes]]:
    """Catalog's objects by id, in the order sent, each with its id put in (AEP.md 5.2)."""
    if not answer.body.lstrip().startswith(b"{"):
        raise unreadable(answer, "that is not an object of objects")
    parts = msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])
    found = []
    for id, part in parts.items():
        raw = bytes(part)
        if raw.startswith(b"{"):
            rest = raw[1:].lstrip()
            comma = b"" if rest.startswith(b"}") else b","
            found.append((id, b'{"id":' + msgspec.json.encode(id) + comma + rest))
    return found


def one(answer: Answer) -> bytes:
    """The one object that a look-up answers with."""
    body = answer.body.strip()
    if not body.startswith(b"{"):
        raise unreadable(answer, "that is not an object")
    return body


def unreadable(answer: Answer, how: str) -> BadAnswer:
    what = f"an answer {how}" if answer.body.strip() else "an empty answer"
    return BadAnswer(
        f"{answer.service.title} sent {what}",
        service=answer.service.title,
        status=answer.status,
        request_id=answer.request_id,
        remedy="nothing was changed here; try again later",
    )


class _Turning(msgspec.Struct):
    """What leads on to the next page; the rest of a page is passed over unread."""

    links: Any = msgspec.field(default=None, name="_links")
    page: Any = msgspec.field(default=None, name="_page")


@lru_cache
def _documented(key: str) -> msgspec.json.Decoder[Any]:
    """Reads a page of just the documented shape, all of it at once."""
    found = ("found", list[msgspec.Raw], msgspec.field(name=key))
    return msgspec.json.Decoder(
        msgspec.defstruct("_Documented", [found], bases=(_Turning,), kw_only=True)
    )


def _turning(answer: Answer) -> _Turning:
    if not answer.body.lstrip().startswith(b"{"):
        return _Turning()
    return msgspec.json.decode(answer.body, type=_Turning)


def _found(answer: Answer, key: str, grouped: bool) -> Sequence[bytes | msgspec.Raw]:
    """The objects of a page of another shape."""
    body = answer.body.lstrip()
    if body.startswith(b"{"):
        parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        if key in parts:
            body = bytes(parts[key])
            if body == b"null":
                return []
        elif grouped and all(bytes(part).startswith(b"[") for part in parts.values()):
            lists = (msgspec.json.decode(part, type=list[msgspec.Raw]) for part in parts.values())
            return [item for items in lists for item in items]
        elif not ("id" in parts or "$id" in parts):
            raise unreadable(answer, f"without {key}")
    match body[:1]:
        case b"[":
            return msgspec.json.decode(body, type=list[msgspec.Raw])
        case b"{":
            return [body]
        case _:
            raise unreadable(answer, f"without {key}")


def _next_href(links: Any) -> str:
    following = links.get("next") if isinstance(links, dict) else None
    if isinstance(following, dict):
        following = following.get("href")
    return following if isinstance(following, str) else ""


def _next_start(page: Any) -> str:
    start = page.get("next") if isinstance(page, dict) else None
    return str(start) if isinstance(start, str | int) and not isinstance(start, bool) else ""


# Values ---------------------------------------------------------------------


def told_by(raw: bytes) -> Told:
    """The object in `raw`; empty when it is none."""
    told = msgspec.json.decode(raw) if raw.lstrip().startswith(b"{") else None
    return told if isinstance(told, dict) else {}


def part(told: Told, *path: str) -> Told:
    """The object at `path`; empty where there is none."""
    value: Any = told
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def parts(told: Told, *keys: str) -> list[Told]:
    """The objects of the first of these lists that is there; one object counts as a list."""
    for key in keys:
        value = told.get(key)
        if isinstance(value, dict):
            return [value]
        if isinstance(value, list):
            return [item for item in value if isinstance(item, dict)]
    return []


def text(told: Told, *keys: str, limit: int = MAX_TEXT) -> str:
    """The first of these that is a text or a number, bounded in length."""
    for key in keys:
        value = told.get(key)
        if isinstance(value, str):
            return value if len(value) <= limit else value[: limit - 1] + "…"
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)[:limit]
    return ""


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list; a text alone counts as a list of one."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        return ()
    return tuple(str(item) for item in value if isinstance(item, str | int | float))


def number(value: Any) -> int | None:
    """An integer, also from digits in a string."""
    if value is None or isinstance(value, bool):
        return None
    if type(value) is int:
        return value if abs(value) < 2**63 else None
    if isinstance(value, float):
        return int(value) if abs(value) < 2**63 else None
    if isinstance(value, str) and len(value) < 20:
        if value.isdecimal():
            return int(value)
        if value.strip().lstrip("-").isdecimal():
            try:
                return int(value)
            except ValueError:  # such as "--1"
                return None
    return None


def count(value: Any) -> int | None:
    """How many; None when missing or negative, since -1 means unknown (AEP.md 3.5)."""
    known = number(value)
    return known if known is not None and known >= 0 else None


def first_count(key: str, *blocks: Told) -> int | None:
    """The first block's count that is known."""
    for block in blocks:
        known = count(block.get(key))
        if known is not None:
            return known
    return None


def fraction(value: Any) -> float | None:
    """A number that may have decimals, also as a text."""
    try:
        known = None if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return known if known is not None and math.isfinite(known) else None


def truth(value: Any) -> bool | None:
    """A boolean, also from the words that old flows have."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def when(value: Any) -> datetime | None:
    """A moment in UTC: below 10^11 a number is seconds, else milliseconds; or an ISO text."""
    if value is None:
        return None
    since_epoch = value if type(value) is int else number(value)
    if since_epoch is not None:
        if since_epoch < _SECONDS_BELOW:
            since_epoch *= 1000
        if 0 < since_epoch < _EXACT_BELOW_MS:
            return datetime.fromtimestamp(since_epoch / 1000, UTC)
        return (
            _EPOCH + timedelta(0, 0, since_epoch * 1000) if 0 < since_epoch <= _LATEST_MS else None
        )
    if not isinstance(value, str) or value.isdecimal():
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def first_when(values: Iterable[Any]) -> datetime | None:
    for value in values:
        if (moment := when(value)) is not None:
            return moment
    return None


def duration(value: Any) -> timedelta | None:
    """An ISO 8601 duration; a year is 365 days and a month 30."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups())
    try:
        return timedelta(
            days=years * 365 + months * 30 + weeks * 7 + days,
            hours=hours,
            minutes=minutes,
            seconds=seconds,
        )
    except OverflowError:
        return None


def shared_fields(told: Told, raw: bytes) -> dict[str, Any]:
    """What every model has, under the names that most services use (AEP.md 2.1)."""
    return {
        "id": text(told, "id"),
        "name": text(told, "name", limit=LONGEST_NAME),
        "state": text(told, "state"),
        "description": text(told, "description"),
        "created_at": when(told.get("createdAt")),
        "updated_at": when(told.get("updatedAt")),
        "created_by": text(told, "createdBy"),
        "updated_by": text(told, "updatedBy"),
        "etag": text(told, "etag", "eTag"),
        "body": raw,
    }
