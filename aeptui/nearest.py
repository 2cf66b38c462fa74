"""The word that someone probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`, or an empty string when none is close."""
    from rapidfuzz import fuzz, process

    found = process.extractOne(
        word.lower(), list(known), scorer=fuzz.ratio, processor=str.lower, score_cutoff=55
    )
    return str(found[0]) if found else ""
