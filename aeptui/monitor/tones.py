"""How a word is meant and which letter stands for it, in one place."""

from __future__ import annotations

from typing import Literal, TypeAlias

from aeptui.mirror.verdicts import FLOW_WORDS

Tone: TypeAlias = Literal["", "bad", "warn", "good", "busy", "off", "dim", "bright"]

_TONES: dict[str, Tone] = {
    "failed": "bad",
    "partial": "warn",
    "stuck": "bad",
    "late": "warn",
    "silent": "warn",
    "odd": "warn",
    "expiring": "warn",
    "unknown": "warn",
    "running": "busy",
    "waiting": "busy",
    "clean": "good",
    "draft": "off",
    "off": "off",
}

_LETTERS = {
    "clean": ".",
    "partial": "p",
    "failed": "F",
    "running": ">",
    "waiting": "w",
    "unknown": "?",
    "missing": "-",
}

_MEANT = {letter: word for word, letter in _LETTERS.items()}

RANKED = FLOW_WORDS

NEEDS_A_PERSON = frozenset(RANKED[:8])
"""Words that somebody has to look at."""


def tone(word: str) -> Tone:
    """How `word` is meant; a word of the platform that is not ours has no tone."""
    return _TONES.get(word, "")


def rank(word: str) -> int:
    """The place of `word` among the words of flows, 0 the worst."""
    return RANKED.index(word)


def letter(word: str) -> str:
    """The letter of a run in the strip of the last twenty."""
    return _LETTERS.get(word, "?")


def letter_tone(mark: str) -> Tone:
    """How a letter of the strip is meant."""
    return "bad" if mark == "-" else tone(_MEANT.get(mark, ""))
