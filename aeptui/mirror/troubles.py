"""What keeps the mirror from being current, as a sentence and one word for its kind."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
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

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
}


_LEAST_BYTES = 1 << 18
"""A disk with less free than this is full to SQLite, which makes files of so many bytes."""


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


def store_trouble(fault: sqlite3.OperationalError | OSError, folder: Path) -> StoreTrouble | None:
    """What the disk refused; None where the disk is not to blame."""
    code = _code(fault) if isinstance(fault, sqlite3.Error) else None
    if isinstance(fault, sqlite3.Error) and code not in _DISK:
        return None
    # Making a file of shared memory on a full disk is an "I/O error" to SQLite.
    if code == sqlite3.SQLITE_FULL or _free_bytes(folder) < _LEAST_BYTES:
        return StoreTrouble(
            f"There is no room on the disk to keep what the platform tells; make some in {folder}"
        )
    return StoreTrouble(f"What the platform tells cannot be kept in {folder} just now ({fault})")


def _free_bytes(folder: Path) -> int:
    try:
        room = os.statvfs(folder)
    except OSError:
        return _LEAST_BYTES
    return room.f_bavail * room.f_frsize


def _code(fault: sqlite3.Error) -> int | None:
    """SQLite's primary result code; the extended one has it in its low byte."""
    code: int | None = getattr(fault, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
