"""Names of properties as words: `environmentUrl` is `Environment URL`."""

from __future__ import annotations

import re
from functools import lru_cache

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_ALWAYS = {
    "api": "API",
    "aws": "AWS",
    "id": "id",
    "jwt": "JWT",
    "rest": "REST",
    "sql": "SQL",
    "uri": "URI",
    "url": "URL",
}


@lru_cache(maxsize=4096)
def parts(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: `LastName`, `last_name` and `lastname__c` have two or one."""
    return tuple(part.lower() for part in _PARTS.findall(name))


def label(name: str) -> str:
    """A name as a label, its first letter large."""
    words = [_ALWAYS.get(part, part) for part in parts(name)]
    if not words:
        return name
    first = words[0]
    return " ".join([first[:1].upper() + first[1:], *words[1:]])


def listed(names: list[str], most: int = 3) -> str:
    """`a, b and c`; past `most`, `a, b, c and 4 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most:,} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
