"""Writes: a request sent exactly as it was shown, at most once, and what it answered.

AEP has no idempotency keys (AEP.md 2.5), so a write goes again only when the
platform cannot have acted on it. Whatever leaves that open is a `MayHaveLanded`,
and whoever sent it has to look before sending anything like it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote

from aeptui.api.calls import Service
from aeptui.api.errors import ApiError
from aeptui.api.settings import Secret, struck_out


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One write.

    `path` is whole, below the host, with its query, and already percent-encoded.
    `body` may hold secrets and is not part of the repr; `secrets` are those, so that
    they can be struck out of a refusal that repeats them.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    secrets: tuple[Secret, ...] = ()

    @property
    def service(self) -> Service:
        """The service that the path belongs to; ValueError when it is none of them."""
        for service in Service:
            if self.path.startswith(service.path + "/"):
                return service
        raise ValueError(f"{self.path} belongs to no service of AEP")

    def redacted(self, body: bytes) -> bytes:
        """`body` without the secrets that were sent."""
        return struck_out(body, self.secrets)


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

    `made` is the id that the platform named, where so much of its answer arrived.
    """

    made: str = ""


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


def read_answer(
    status: int, body: bytes, *, etag: str, location: str, request_id: str
) -> WriteAnswer:
    """A yes in any of the forms that services have; ValueError when `body` is not JSON.

    Flow Service says `{id, etag}` (AEP.md 3.1), and for runs also `{items: [that]}`; Catalog
    `["@/dataSets/ID"]` (AEP.md 5.1); the registry `$id`, or `@id` for a descriptor (AEP.md
    4.1); Data Prep `{id, version}` (AEP.md 6.1). Without a word of it, `Location` has it.
    """
    told: Any = json.loads(body) if body.strip() else None
    if isinstance(told, dict) and isinstance(told.get("items"), list):
        told = told["items"]
    if isinstance(told, list):
        told = told[0] if told else None
    if isinstance(told, str):
        told = {"id": id_at_end(told)}
    told = told if isinstance(told, dict) else {}
    version = told.get("version")
    return WriteAnswer(
        status,
        id=_text(told, "$id", "@id", "id") or id_at_end(location),
        etag=_text(told, "etag", "eTag") or etag,
        version=version if isinstance(version, str | int) else None,
        location=location,
        request_id=request_id,
        body=body,
    )


def id_at_end(where: str) -> str:
    """The id at the end of `@/dataSets/ID` or of a Location."""
    return unquote(where.partition("?")[0].rstrip("/").rpartition("/")[2])


def _text(told: Mapping[str, Any], *keys: str) -> str:
    return next((told[key] for key in keys if isinstance(told.get(key), str)), "")
