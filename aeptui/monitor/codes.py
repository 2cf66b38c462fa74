"""The code book: what a code of the platform means and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code in plain words; `known` is false where all we have is the platform's message."""

    code: str
    text: str
    cause: str = ""
    remedy: str = ""
    known: bool = True


def meaning(code: str, message: str = "") -> Meaning: ...
