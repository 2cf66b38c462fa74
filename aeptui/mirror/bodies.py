"""Whole answers of the platform, compressed.

Answers of one kind differ in little, so each kind compresses against a
dictionary made of the first answers that were seen of it: a run of four
kilobytes takes some 300 bytes instead of 1,400.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence

_WINDOW = 32_768
"""zlib looks no further back than this."""

_SAMPLES = 12


class Bodies:
    """Compresses and restores the bodies of one connection's kinds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._by_kind: dict[str, tuple[int, bytes]] = {}
        self._by_number: dict[int, bytes] = {}

    def learn(self, kind: str, bodies: Sequence[bytes]) -> None:
        """Make the dictionary of `kind` from `bodies`, unless it has one or they are too few."""
        if self._dictionary(kind)[0] or len(bodies) < _SAMPLES:
            return
        # The end of a dictionary is the cheapest to refer to; the samples are all alike.
        body = b"".join(bodies[:_SAMPLES])[-_WINDOW:]
        cursor = self._connection.execute(
            "INSERT INTO dictionary (kind, body) VALUES (?, ?)", (kind, body)
        )
        self._by_kind[kind] = (cursor.lastrowid or 0, body)

    def forget(self) -> None:
        """Read the dictionaries again, after a transaction that was undone."""
        self._by_kind.clear()

    def pack(self, kind: str, body: bytes) -> tuple[int, bytes]:
        """The number of the dictionary (0 for none) and the compressed body."""
        number, dictionary = self._dictionary(kind)
        squeeze = zlib.compressobj(level=6, zdict=dictionary)
        return number, squeeze.compress(body) + squeeze.flush()

    def unpack(self, number: int, packed: bytes) -> bytes:
        if number and number not in self._by_number:
            found = self._connection.execute(
                "SELECT body FROM dictionary WHERE n = ?", (number,)
            ).fetchone()
            self._by_number[number] = found[0]
        restore = zlib.decompressobj(zdict=self._by_number.get(number, b""))
        return restore.decompress(packed) + restore.flush()

    def _dictionary(self, kind: str) -> tuple[int, bytes]:
        if kind not in self._by_kind:
            found = self._connection.execute(
                "SELECT n, body FROM dictionary WHERE kind = ?", (kind,)
            ).fetchone()
            if not found:
                return 0, b""
            self._by_kind[kind] = found
        return self._by_kind[kind]
