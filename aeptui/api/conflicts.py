"""A change that came too late: what stands there now, beside what was wanted (AEP.md 3.10).

A refused PATCH alone says only that the etag is old. `Outdated` brings the
version of now with it and what differs, so that an operator can decide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aeptui.api.decode import MASK, masked
from aeptui.api.errors import Conflict

Version = Mapping[str, Any]

_BOOKKEEPING = frozenset({"etag", "eTag", "version", "_links", "lastOperation", "lastRunDetails"})
"""What differs between any two versions and tells nobody anything; so do the `updated...`."""
_SHOWN = 3
_LONGEST = 60


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT = _Absent()
"""Stands where one of two versions has no value at all."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of a thing, by its JSON pointer: what we have, and what stands there now."""

    path: str
    ours: Any
    now: Any

    def __str__(self) -> str:
        name = self.path.strip("/").replace("/", ".")
        return f"{name} is {_shown(self.now)} there, and {_shown(self.ours)} was wanted"


class Outdated(Conflict):
    """Somebody changed it first, and nothing was done.

    `now` is the thing as it stands, its credentials masked; `differences` are
    the values that were wanted and are otherwise there.
    """

    now: Version
    differences: tuple[Difference, ...]

    def since(self, read: Version) -> tuple[Difference, ...]:
        """What somebody else changed since `read`, the version that the change was made from."""
        return tuple(_compared("", read, self.now))


def outdated(refused: Conflict, patch: bytes | None, now: Version) -> Outdated:
    """`refused`, with the version of now beside what `patch` wanted."""
    now = {**now, "auth": masked(now["auth"])} if "auth" in now else now
    differences = tuple(
        Difference(path, wanted, there)
        for path, wanted in _wanted(patch)
        if (there := _at(now, path)) != wanted
    )
    told = "; ".join(str(each) for each in differences[:_SHOWN])
    error = Outdated(
        f"{refused.service} did not change it, since somebody else did so first"
        + (f": {told}" if told else ""),
        service=refused.service,
        status=refused.status,
        code=refused.code,
        request_id=refused.request_id,
        remedy="look at it again, then change it if it should still be so",
    )
    error.now, error.differences = now, differences
    return error


def _wanted(patch: bytes | None) -> Iterator[tuple[str, Any]]:
    """Path and value of each operation that sets one; `remove` wants nothing there."""
    operations = json.loads(patch) if patch else []
    for each in operations if isinstance(operations, list) else [operations]:
        if not isinstance(each, dict) or not isinstance(path := each.get("path"), str):
            continue
        operation = str(each.get("op", "")).lower()
        if operation == "remove":
            yield path, ABSENT
        elif operation in ("add", "replace") and not path.endswith("/-"):
            value = each.get("value")
            inside_auth = path.split("/")[1:2] == ["auth"]
            yield path, MASK if inside_auth else masked(value)


def _at(version: Any, path: str) -> Any:
    """The value at a JSON pointer; ABSENT where there is none."""
    value = version
    for step in path.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ABSENT
    return value


def _compared(path: str, ours: Any, now: Any) -> Iterator[Difference]:
    if isinstance(ours, Mapping) and isinstance(now, Mapping):
        for key in {**ours, **now}:
            if key not in _BOOKKEEPING and not key.startswith("updated"):
                step = key.replace("~", "~0").replace("/", "~1")
                yield from _compared(f"{path}/{step}", ours.get(key, ABSENT), now.get(key, ABSENT))
    elif isinstance(ours, list) and isinstance(now, list) and len(ours) == len(now):
        for index, (left, right) in enumerate(zip(ours, now, strict=True)):
            yield from _compared(f"{path}/{index}", left, right)
    elif ours != now:
        yield Difference(path, ours, now)


def _shown(value: Any) -> str:
    if value is ABSENT:
        return repr(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f"“{text}”" if isinstance(value, str) else text
