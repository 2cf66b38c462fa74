"""Whole answers of the platform, compressed.

Answers of one kind differ in little, so each kind compresses against a
dictionary made of the first answers that were seen of it, and ids that stand in
columns beside it are left out: ids hardly compress. A compressor that has the
dictionary in it is copied for each body: making one anew takes longer than
compressing, and so does copying a large one, which is why what comes by the
million has a window no wider than two of it.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence

_WINDOW = 32_768
"""zlib looks no further back than this."""

_ENOUGH = 4
"""A dictionary is not worth its row before there are so many answers."""

_RAW = -15
"""Deflate without zlib's frame, which would name the dictionary in each body."""

_NARROW = -13
MANY = ("runs", "batches")
"""Kinds that come by the million."""

_MARKS = (b"\x01", b"\x02", b"\x03")
"""Bytes that stand nowhere in JSON, for ids that are kept elsewhere."""

_LONG = 20
"""Shorter ids are as well off in the body."""


def without_ids(body: bytes, ids: Sequence[str]) -> bytes:
    """`body` with marks in the place of `ids`."""
    for mark, id in zip(_MARKS, ids, strict=False):
        if len(id) >= _LONG:
            # Half the time of `replace`, which counts the places before it fills them.
            body = mark.join(body.split(id.encode()))
    return body


class Bodies:
    """Compresses and restores the bodies of one connection's kinds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._by_kind: dict[str, tuple[int, zlib._Compress]] = {}
        self._by_number: dict[int, bytes] = {}

    def learn(self, kind: str, bodies: Sequence[bytes]) -> None:
        """Make the dictionary of `kind` from `bodies`, unless it has one or they are too few.

        They are as `without_ids` leaves them.
        """
        if len(bodies) < _ENOUGH or self._compressor(kind)[0]:
            return
        # Two examples do nearly as well as twelve: the longest has most of the keys.
        body = (max(bodies, key=len) + bodies[0])[-_WINDOW:]
        self._connection.execute("INSERT INTO dictionary (kind, body) VALUES (?, ?)", (kind, body))
        self.forget()

    def forget(self) -> None:
        """Read the dictionaries again, after a transaction that was undone."""
        self._by_kind.clear()
        self._by_number.clear()

    def pack(self, kind: str, body: bytes) -> tuple[int, bytes]:
        """The number of the dictionary (0 for none) and the compressed body."""
        number, compressor = self._compressor(kind)
        squeeze = compressor.copy()
        return number, squeeze.compress(body) + squeeze.flush()

    def unpack(self, number: int, packed: bytes, ids: Sequence[str]) -> bytes:
        """The body as it was, with `ids` put back."""
        if number and number not in self._by_number:
            found = self._connection.execute(
                "SELECT body FROM dictionary WHERE n = ?", (number,)
            ).fetchone()
            self._by_number[number] = found[0]
        restore = zlib.decompressobj(_RAW, zdict=self._by_number.get(number, b""))
        body = restore.decompress(packed) + restore.flush()
        for mark, id in zip(_MARKS, ids, strict=False):
            body = body.replace(mark, id.encode())
        return body

    def _compressor(self, kind: str) -> tuple[int, zlib._Compress]:
        if kind not in self._by_kind:
            found = self._connection.execute(
                "SELECT n, body FROM dictionary WHERE kind = ?", (kind,)
            ).fetchone()
            number, body = found or (0, b"")
            self._by_kind[kind] = (
                number,
                zlib.compressobj(
                    9,
                    wbits=_NARROW if kind in MANY else _RAW,
                    memLevel=7,
                    strategy=zlib.Z_FILTERED,  # what differs is digits: short repeats do not pay
                    zdict=body,
                ),
            )
        return self._by_kind[kind]
