"""Sample rows on disk, where `keep_samples = true` allows it: they are personal data.

One file for each run whose lost rows were looked at, for its owner's eyes only.
So few, so small and so young that the folder stays within `MOST` times `LARGEST`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import msgspec

from aeptui.api.models import RowError
from aeptui.state_folder import private_dir

MOST = 200
"""Rows of so many runs are kept in a sandbox, the newest."""
LARGEST = 128 * 1024
"""Bytes of one run's rows; rows that do not fit are left out."""


class Kept(msgspec.Struct, frozen=True):
    """The rows of one run as the platform told them then."""

    at: datetime
    rows: tuple[RowError, ...]


class KeptSamples:
    """The sample rows of one sandbox, on disk; raises OSError where the disk refuses."""

    def __init__(self, state_dir: Path, place: str) -> None:
        """`place` is the name of the sandbox's mirror."""
        self._above = state_dir / "samples"
        self._folder = self._above / place

    def keep(self, run_id: str, rows: Sequence[RowError], at: datetime, days: int) -> None:
        """Write the rows of a run down in the place of earlier ones; forget what is over `days` old."""
        private_dir(self._above)
        private_dir(self._folder)
        fitting = _fitting(rows, at)
        if fitting:
            self._write(self._path(run_id), msgspec.json.encode(Kept(at, fitting)), at)
        self._trim(at - timedelta(days=days))

    def read(self, run_id: str) -> Kept | None:
        """The rows of a run, as long as they are kept."""
        try:
            return msgspec.json.decode(self._path(run_id).read_bytes(), type=Kept)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def forget(self) -> None:
        """Delete all that was kept of the sandbox."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, run_id: str) -> Path:
        # An id is the platform's word, and no name for a file.
        return self._folder / f"{blake2b(run_id.encode(), digest_size=16).hexdigest()}.json"

    def _write(self, path: Path, body: bytes, at: datetime) -> None:
        beside = path.with_suffix(f".{os.getpid()}.new")
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(body)
        told = at.timestamp()  # the platform's time, as all that is compared
        os.utime(beside, (told, told))
        beside.replace(path)

    def _trim(self, before: datetime) -> None:
        aged: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another console was faster
                aged.append((path.stat().st_mtime, path))
        for number, (kept_at, path) in enumerate(sorted(aged, reverse=True)):
            if number >= MOST or kept_at < before.timestamp():
                path.unlink(missing_ok=True)


def _fitting(rows: Sequence[RowError], at: datetime) -> tuple[RowError, ...]:
    """The first rows, as many as `LARGEST` bytes have room for."""
    size = len(msgspec.json.encode(Kept(at, ())))
    for number, row in enumerate(rows):
        size += len(msgspec.json.encode(row)) + (1 if number else 0)  # and the comma before it
        if size > LARGEST:
            return tuple(rows[:number])
    return tuple(rows)
