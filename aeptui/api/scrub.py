"""Text from outside is data: what could steer a terminal is made visible, here and once.

C0 becomes its picture (ESC is `␛`), C1, bidirectional and zero-width characters
become `�`. A page that has none of them, which is nearly every page, is told
apart by a few searches over its bytes, and is neither read nor touched.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

MAX_TEXT = 4_000
"""The longest text that a model holds; the whole of it stays in `body`."""

_REPLACEMENT = "\ufffd"

_INVISIBLE = (
    (0x80, 0x9F),  # C1
    (0xAD, 0xAD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x0600, 0x0605),  # signs that reach over what follows
    (0x061C, 0x061C),  # Arabic letter mark
    (0x06DD, 0x06DD),
    (0x070F, 0x070F),
    (0x0890, 0x0891),
    (0x08E2, 0x08E2),
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian selectors and separators
    (0x200B, 0x200F),  # zero width, marks of direction
    (0x2028, 0x202E),  # line and paragraph separators, embeddings and overrides
    (0x2060, 0x206F),  # joiners, isolates, deprecated format characters
    (0x3164, 0x3164),  # Hangul filler
    (0xD800, 0xDFFF),  # lone surrogates, which no terminal can be sent
    (0xFEFF, 0xFEFF),  # zero width no-break space
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFFB),  # interlinear annotation
    (0x110BD, 0x110BD),
    (0x110CD, 0x110CD),
    (0x13430, 0x1343F),  # hieroglyph format controls
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE0FFF),  # tags
)

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f"
    + "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in _INVISIBLE)
    + "]"
)

# In JSON a control character can only come escaped; \" \\ and \/ are harmless.
_ESCAPE = re.compile(rb"\\[unrtbf]")

# To find a number with an exponent, or one of hundreds of digits, without reading the others:
# of a page is kept what separates values and quotes texts, and what tells the e of an
# exponent from those of true and false.
_DROPPED = bytes(set(range(256)) - set(b',:[]{}"eEul'))
_AROUND_NUMBERS = bytes.maketrans(b":[]{}E", b",,,,,e")
_EXPONENT = re.compile(rb",e,")
_SAMPLED = 28
_DIGITS = bytes.maketrans(b"123456789", b"000000000")


class NotJson(ValueError):
    """These bytes are not JSON, by any reading."""


def _visible(unsafe: re.Match[str]) -> str:
    code = ord(unsafe[0])
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else _REPLACEMENT


def scrub_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` without anything that a terminal obeys, at most `limit` characters long."""
    if not text.isascii() or not text.isprintable():
        text = _UNSAFE.sub(_visible, text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def scrub_json(raw: bytes) -> bytes:
    """The JSON text `raw` with every string scrubbed, keys included; the same bytes if clean.

    A number that its readers cannot hold becomes its own text. Raises NotJson when it is
    not JSON.
    """
    if _is_clean(raw):
        try:
            # Passed over, JSON is checked as if it were read, but for the size of its numbers.
            msgspec.json.decode(raw, type=Any if _may_have_huge_numbers(raw) else msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            pass  # perhaps Python's reader, which minds less, can make sense of it
        else:
            return raw
    try:
        whole = raw.decode("utf-8-sig", "replace")
        value = json.loads(
            whole, strict=False, parse_int=_integer, parse_float=_real, parse_constant=str
        )
        return msgspec.json.encode(_scrubbed(value))
    except (ValueError, RecursionError, msgspec.EncodeError) as reason:
        raise NotJson(str(reason)) from None


def _is_clean(raw: bytes) -> bool:
    if b"\x7f" in raw or _ESCAPE.search(raw):
        return False
    if raw.isascii():
        return True
    try:
        return _UNSAFE_IN_JSON.search(raw.decode()) is None
    except UnicodeDecodeError:
        return False


def _may_have_huge_numbers(raw: bytes) -> bool:
    """Whether a number may be beyond what its readers can hold; few pages without one say so.

    Such a number has an exponent, and is an `e` alone between separators when
    all digits are gone; or it has more than 300 digits, ten samples in a row.
    """
    if _EXPONENT.search(b",%b," % raw.translate(_AROUND_NUMBERS, _DROPPED)):
        return True
    return b"0" * 10 in raw[::_SAMPLED].translate(_DIGITS)


# Outside of strings JSON has line ends and tabs; inside them they come escaped.
_UNSAFE_IN_JSON = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "", 1))


def _integer(digits: str) -> int | str:
    """A number, or the text of one that is too large to be held."""
    number = int(digits) if len(digits) <= 20 else 2**64
    return number if -(2**63) <= number < 2**64 else digits


def _real(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _scrubbed(value: Any) -> Any:
    match value:
        case str():
            return _UNSAFE.sub(_visible, value)
        case dict():
            return {_scrubbed(key): _scrubbed(part) for key, part in value.items()}
        case list():
            return [_scrubbed(part) for part in value]
        case _:
            return value
