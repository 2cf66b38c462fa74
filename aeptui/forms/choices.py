"""What is offered as an answer: one thing of several, or a pair that is likely meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: what is sent, what is shown, and what is worth knowing of it."""

    value: str
    label: str
    help: str = ""
    needed: bool = False
    """Whether it cannot do without: a field that the schema requires."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A pair that is likely meant, how likely (0 to 100), and why in a few words."""

    source: str
    destination: str
    score: int
    reason: str
