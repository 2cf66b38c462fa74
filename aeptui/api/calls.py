"""The shape of one call: what a service asks of the client, and what it gets back.

The services know only this; httpx stays behind `client.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeAlias

Params: TypeAlias = Sequence[tuple[str, str]]

MAX_BYTES = 64 * 1024 * 1024
"""No honest page is larger; an answer past it is refused rather than held in memory."""


class Service(Enum):
    """AEP's services: the path they live under and their name in sentences (AEP.md 1.1)."""

    FLOWS = ("/data/foundation/flowservice", "Flow Service")
    SCHEMAS = ("/data/foundation/schemaregistry", "Schema Registry")
    CATALOG = ("/data/foundation/catalog", "Catalog")
    DATA_PREP = ("/data/foundation/conversion", "Data Prep")
    DATA_ACCESS = ("/data/foundation/export", "Data Access")
    SANDBOXES = ("/data/foundation/sandbox-management", "Sandboxes")
    IDENTITIES = ("/data/core/idnamespace", "Identity Service")

    def __init__(self, path: str, title: str) -> None:
        self.path = path
        self.title = title


@dataclass(frozen=True, slots=True)
class Call:
    """One question. `path` is below the service's own path and already percent-encoded.

    `repeatable` says that repeating a POST does no harm (a search, a preview).
    `slow` waits as long as a CRM may need. Past `max_bytes` an answer is
    refused; one of JSON `lines` is cut there, and scrubbed by who reads it.
    """

    service: Service
    path: str
    method: str = "GET"
    params: Params = ()
    headers: Mapping[str, str] | None = None
    json: Any = None
    repeatable: bool = False
    slow: bool = False
    max_bytes: int = MAX_BYTES
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its body is scrubbed already when it is JSON."""

    status: int
    body: bytes
    request_id: str
    service: Service


class Caller(Protocol):
    """Whoever can put a question to AEP."""

    async def ask(self, call: Call) -> Answer:
        """The answer, or an `ApiTrouble`."""
        ...
