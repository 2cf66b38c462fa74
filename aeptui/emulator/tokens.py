"""The access tokens that the emulator gives out, and which of them still hold."""

import base64
import hashlib
import hmac
import json
import uuid
from typing import Any

from aeptui.emulator.world import CLIENT_ID, World

SCOPES = ("openid", "AdobeID", "read_organizations", "additional_info.projectedProductContext")


class Tokens:
    """Access tokens, JWT-shaped and signed, so that they outlive a restart of the emulator.

    They live by the emulated clock.
    """

    client_id = CLIENT_ID

    def __init__(self, world: World, ttl_s: int) -> None:
        self._world = world
        self.ttl_s = ttl_s

    def issue(self, now_ms: int) -> str:
        claims = {
            "id": str(uuid.uuid4()),  # not the world's: asking for tokens must not move its ids
            "type": "access_token",
            "client_id": self.client_id,
            "user_id": self._world.org,
            "as": "ims-na1",
            "scope": ",".join(SCOPES),
            "created_at": str(now_ms),
            "expires_in": str(self.ttl_s * 1000),
        }
        head = _encode({"alg": "HS256", "typ": "JWT"}) + "." + _encode(claims)
        return f"{head}.{self._signature(head)}"

    def valid(self, token: str, now_ms: int) -> bool:
        head, _, signature = token.rpartition(".")
        if not token.isascii() or not hmac.compare_digest(signature, self._signature(head)):
            return False
        claims = json.loads(_decode(head.partition(".")[2]))
        return now_ms < int(claims["created_at"]) + int(claims["expires_in"])

    def _signature(self, head: str) -> str:
        key = (self._world.recall("nonce") or "").encode()
        return _base64(hmac.digest(key, head.encode(), hashlib.sha256))


def _encode(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
