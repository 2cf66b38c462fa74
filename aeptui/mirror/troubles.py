"""What keeps the mirror from being current, as a sentence and one word for its kind."""

from __future__ import annotations

import sqlite3
from typing import Literal, NamedTuple, TypeAlias

from aeptui.api.errors import (
    ApiError,
    ApiTrouble,
    ApiUnreachable,
    AuthError,
    BadAnswer,
    Forbidden,
    NotEmulated,
    RateLimited,
    SettingsError,
)

TroubleKind: TypeAlias = Literal[
    "unreachable", "refused", "limited", "settings", "unsupported", "failing", "disk", "broken"
]
"""`unreachable`: nobody answered; `refused`: credentials or rights; `limited`: too many calls;
`settings`: nothing could be sent; `unsupported`: the platform does not do this; `failing`: it
answered with an error; `disk`: what it told could not be kept; `broken`: a bug of ours."""

_FULL, _DAMAGED = {sqlite3.SQLITE_FULL}, {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DISK = _FULL | {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
}


class Trouble(NamedTuple):
    """Why a reading did not go well."""

    sentence: str
    kind: TroubleKind


class StoreTrouble(Exception):
    """The mirror's file could not be written or read just now; `str()` is a sentence."""


def trouble_of(reason: ApiTrouble | StoreTrouble) -> Trouble:
    """The trouble that an exception means."""
    return Trouble(str(reason), _kind(reason))


def _kind(reason: ApiTrouble | StoreTrouble) -> TroubleKind:
    match reason:
        case StoreTrouble():
            return "disk"
        case ApiUnreachable():
            return "unreachable"
        case AuthError() | Forbidden():
            return "refused"
        case RateLimited():
            return "limited"
        case SettingsError():
            return "settings"
        case NotEmulated():
            return "unsupported"
        case ApiError() | BadAnswer():
            return "failing"
        case _:
            return "broken"


def is_damage(fault: sqlite3.Error) -> bool:
    """Whether `fault` says that the file itself is not a sound database."""
    return _code(fault) in _DAMAGED


def is_disk(fault: sqlite3.Error) -> bool:
    """Whether `fault` is about the disk or the file's rights, and may pass."""
    return _code(fault) in _DISK


def is_full(fault: sqlite3.Error) -> bool:
    """Whether there is no room left."""
    return _code(fault) in _FULL


def _code(fault: sqlite3.Error) -> int | None:
    """SQLite's primary result code; the extended one has it in its low byte."""
    code: int | None = getattr(fault, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
