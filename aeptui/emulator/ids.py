"""Ids and etags: the same seed and the same calls give the same ones."""

import hashlib
import threading

from aeptui.emulator.clock import Clock

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Ids:
    """Ids drawn from a seed and a counter; `counter` is what has to be kept of them."""

    def __init__(self, clock: Clock, seed: int, counter: int) -> None:
        self._clock = clock
        self._seed = seed
        self._lock = threading.Lock()
        self.counter = counter

    def uuid(self) -> str:
        digits = self.hex(32)
        variant = "89ab"[int(digits[16], 16) % 4]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def hex(self, length: int) -> str:
        """Lower-case hexadecimal digits, at most 64."""
        return self._digest().hex()[:length]

    def ulid(self) -> str:
        """A batch id: its first ten characters are the time, the others the counter's."""
        digest = int.from_bytes(self._digest()[:10], "big")
        return base32((self._clock.now_ms() << 80) | digest)

    def etag(self) -> str:
        """A fresh etag; its quotes belong to the value, as the platform's do."""
        return f'"{self.hex(8)}-0000-0200-0000-{self._clock.now_ms() // 1000:08x}0000"'

    def _digest(self) -> bytes:
        with self._lock:
            self.counter += 1
            return hashlib.sha256(f"{self._seed}:{self.counter}".encode()).digest()


def first_ulid(at_ms: int) -> str:
    """What the batch ids of a moment and later ones are not less than."""
    return base32(at_ms << 80)


def base32(number: int) -> str:
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
