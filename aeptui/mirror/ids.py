"""Ids as the mirror stores them: a UUID takes 16 bytes instead of 36, in every index it is in."""

from __future__ import annotations

import re

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def pack_id(id: str) -> str | bytes | None:
    """`id` as stored: bytes for a canonical UUID, None for no id, else the text itself."""
    if len(id) == 36 and _UUID.fullmatch(id):
        return bytes.fromhex(id.replace("-", ""))
    return id or None


def unpack_id(stored: str | bytes | None) -> str:
    """The id as the platform spells it."""
    if isinstance(stored, bytes):
        digits = stored.hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return stored or ""
