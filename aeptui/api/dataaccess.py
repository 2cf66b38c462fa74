"""Data Access: the rows of a batch that were refused, and the files that failed (AEP.md 5.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

from aeptui.api import wire
from aeptui.api.calls import Call, Caller, Service
from aeptui.api.errors import NotFound
from aeptui.api.models import RowError
from aeptui.api.paging import offset_pages, own_query
from aeptui.api.rowerrors import read_row_errors

_SAMPLE_BYTES = 1024 * 1024
"""Enough for any sample that a person reads; the rest of a file stays where it is."""

# AEP.md 5.4: runs and the specification spell the sample's name differently.
_SAMPLE_NAMES = ("row_error_samples.json", "row_errors_sample.json")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file that Data Access names."""

    name: str
    size_bytes: int | None


class DataAccess:
    """Reads what the platform kept of a batch, for the 30 days that it keeps it."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def row_errors(
        self, batch_id: str, limit: int = 20, sample_path: str = ""
    ) -> list[RowError]:
        """At most `limit` refused rows of a batch.

        Raises NotFound when the platform keeps none: diagnostics were off, or
        have expired. `sample_path` is a run's own pointer to its sample.
        """
        found: list[RowError] = []
        async for name in self._row_error_files(batch_id):
            found += await self._rows(batch_id, name, limit - len(found))
            if len(found) >= limit:
                return found
        if found:
            return found
        return await self._sample(batch_id, sample_path, limit)

    async def failed_files(self, batch_id: str) -> list[StoredFile]:
        """The files of a batch that could not be read."""
        call = Call(Service.DATA_ACCESS, f"/batches/{quote(batch_id, safe='')}/failed")
        files: list[StoredFile] = []
        async for items in offset_pages(self._caller, call, "data"):
            files += [_stored(item) for item in items]
        return files

    async def _row_error_files(self, batch_id: str) -> AsyncIterator[str]:
        call = Call(Service.DATA_ACCESS, _meta(batch_id), params=(("path", "row_errors"),))
        try:
            async for items in offset_pages(self._caller, call, "data"):
                for item in items:
                    name = _stored(item).name
                    yield name if name.startswith("row_errors/") else f"row_errors/{name}"
        except NotFound:
            return

    async def _rows(self, batch_id: str, path: str, limit: int) -> list[RowError]:
        call = Call(
            Service.DATA_ACCESS,
            _meta(batch_id),
            params=(("path", path),),
            max_bytes=_SAMPLE_BYTES,
            lines=True,
        )
        return read_row_errors((await self._caller.ask(call)).body, limit)

    async def _sample(self, batch_id: str, sample_path: str, limit: int) -> list[RowError]:
        named = own_query(sample_path).get("path", "")
        for name in (*([named] if named else []), *_SAMPLE_NAMES):
            try:
                return await self._rows(batch_id, name, limit)
            except NotFound:
                continue
        raise NotFound(
            f"The platform keeps no refused rows of batch {batch_id}",
            service=Service.DATA_ACCESS.title,
            status=404,
            remedy="error diagnostics were off for this run, or its 30 days are over",
        )


def _meta(batch_id: str) -> str:
    return f"/batches/{quote(batch_id, safe='')}/meta"


def _stored(item: bytes) -> StoredFile:
    told = wire.told_by(item)
    return StoredFile(wire.text(told, "name"), wire.count(told.get("length")))
