"""What was asked of the emulator, newest last, with secrets masked; a bounded memory."""

import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from starlette.types import Scope

KEPT = 20_000
CONTROL = "/_emulator"

_SECRET = re.compile(r"(?i)((?:secret|token|password|key|credential|jwt)[^=&]*=)[^&]*")


@dataclass(slots=True)
class Seen:
    """One request; `status` is None until it is answered, and 0 if it never was."""

    n: int
    at_ms: int
    method: str
    path: str
    request_id: str
    status: int | None = None

    def wire(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "at_ms": self.at_ms,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "request_id": self.request_id,
        }


class RequestLog:
    """Requests in the order of their arrival, numbered from 1; control calls are not among them."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=KEPT)
        self._number = 0

    def begin(self, scope: Scope, request_id: str, at_ms: int) -> Seen:
        path = scope.get("raw_path", b"").split(b"?")[0].decode("latin-1") or scope["path"]
        query = scope.get("query_string", b"").decode("latin-1")
        if query:
            path += "?" + _SECRET.sub(r"\1***", query)
        seen = Seen(self._number + 1, at_ms, scope["method"], path[:4000], request_id)
        if not scope["path"].startswith(CONTROL):
            self._number = seen.n
            self._seen.append(seen)
        return seen

    def since(self, number: int) -> list[dict[str, Any]]:
        """Those with a greater number."""
        return [seen.wire() for seen in tuple(self._seen) if seen.n > number]
