"""Writes: a request sent exactly as it was shown, at most once, and what it answered.

AEP has no idempotency keys (AEP.md 2.5), so a write goes again only when the
platform cannot have acted on it. Whatever leaves that open is a `MayHaveLanded`,
and whoever sent it has to look before sending anything like it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aeptui.api.calls import Service
from aeptui.api.errors import ApiError


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One write; `body` may hold secrets and is not part of the repr.

    `path` is whole, below the host, with its query, and already percent-encoded.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)

    @property
    def service(self) -> Service | None:
        """The service that the path belongs to."""
        return next((each for each in Service if self.path.startswith(each.path + "/")), None)


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """A yes: the id (and etag or version) of what was made or changed, in whichever form told.

    `id` is empty where the answer names none, as a deletion's does.
    """

    status: int
    id: str = ""
    etag: str = ""
    version: int | str | None = None
    location: str = ""
    request_id: str = ""
    body: bytes = field(default=b"", repr=False)


class MayHaveLanded(ApiError):
    """The request went out and no clear answer came back; it is never repeated.

    `location` is where the platform said that it made something, where that much arrived.
    """

    location: str = ""


class Writer(Protocol):
    """Whoever can send a write."""

    async def write(self, request: WriteRequest) -> WriteAnswer:
        """The answer; raises ApiTrouble, and MayHaveLanded where the outcome is open."""
        ...


class Writing:
    """The writing side of the services."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def send(self, request: WriteRequest) -> WriteAnswer:
        """Send `request` byte for byte; raises ApiTrouble, MayHaveLanded where that is open."""
        return await self._writer.write(request)
