"""How the answer to a field is shown while it is not being typed: a few words on one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aeptui.api.settings import Secret
from aeptui.forms.fields import Answers, Field, answer_to, is_empty
from aeptui.forms.told import in_words
from aeptui.ui.drawing import Piece
from aeptui.ui.palette import BOLD, DIM, PLAIN
from aeptui.ui.widgets.field_text import MASK

TYPED = frozenset({"text", "secret", "integer", "number", "json", "time"})
"""The kinds that are answered by typing."""
INLINE_MOST = 3
"""So many choices stand on the line itself; more are chosen from a list."""
MASK_LENGTH = 16
"""A secret is always as long as this, so that its length is none of anybody's business."""
YES_NO: tuple[tuple[Any, str], ...] = ((True, "yes"), (False, "no"))


def options(field: Field) -> tuple[tuple[Any, str], ...]:
    """The answers that stand on the line itself, beside each other; none for other fields."""
    if field.kind == "flag":
        return YES_NO
    if field.kind == "choice" and 0 < len(field.choices) <= INLINE_MOST:
        told = tuple((each.value, each.label) for each in field.choices)
        return told if sum(len(label) + 5 for _, label in told) <= 50 else ()
    return ()


def shown(field: Field, answers: Answers, names: Mapping[str, str], width: int) -> list[Piece]:
    """The answer in words; `names` are those of picked resources by their ids."""
    value = answer_to(field, answers)
    answered = answers.get(field.name) is not None
    style = PLAIN if answered else DIM
    if field.waits:
        return [(f"asking for {field.waits} …", DIM)]
    if field.trouble:
        return [("could not be asked; enter asks again", DIM)]
    if told := options(field):
        return _beside(told, value)
    if is_empty(value):
        return [(in_words(field, value, names), DIM)]
    if field.kind == "secret":
        typed = isinstance(value, Secret)
        return [(MASK * min(MASK_LENGTH, width) if typed else "", style), ("   typed", DIM)]
    return [(in_words(field, value, names), style)]


def _beside(told: tuple[tuple[Any, str], ...], value: Any) -> list[Piece]:
    pieces: list[Piece] = []
    for each, label in told:
        here = each == value
        pieces += [("◉ " if here else "○ ", BOLD if here else DIM)]
        pieces += [(f"{label}   ", PLAIN if here else DIM)]
    return pieces
