"""How the JSON of runs and batches is kept, of which a world has ever more.

They all say nearly the same, so a dictionary of usual ones leaves a fifth of each. What is
kept cannot be read without the very same dictionary: who changes it counts `kept.FORMAT` up.
"""

import zlib
from functools import cache
from importlib.resources import files

_LEVEL = 6


@cache
def _dictionary() -> bytes:
    return files("aeptui.emulator").joinpath("data/documents.dict").read_bytes()


def pack(text: str) -> bytes:
    packing = zlib.compressobj(_LEVEL, zdict=_dictionary())
    return packing.compress(text.encode()) + packing.flush()


def unpack(packed: bytes) -> bytes:
    return zlib.decompressobj(zdict=_dictionary()).decompress(packed)
