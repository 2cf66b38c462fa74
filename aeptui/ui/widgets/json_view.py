"""JSON to read: the platform's own answer, whole."""

from __future__ import annotations

import json
import re
from typing import Any

from rich.cells import cell_len
from textual.strip import Strip

from aeptui.ui.drawing import Piece, line
from aeptui.ui.palette import DIM, PLAIN
from aeptui.ui.widgets.scroller import Scroller

_KEY = re.compile(r'^( *)("(?:[^"\\]|\\.)*")(: ?)(.*)$')


class JsonView(Scroller):
    """A JSON value, indented; a long line goes on in the next one, so that nothing is hidden."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = ""
        self.words = "Not read yet."

    def show(self, value: Any) -> None:
        """Draw this value."""
        self.text = json.dumps(value, indent=2, ensure_ascii=False)
        self.remake()

    def show_text(self, text: str) -> None:
        """Draw a text that has JSON in it."""
        self.text = text
        self.remake()

    def say(self, words: str) -> None:
        """Say this in place of a value."""
        self.text, self.words = "", words
        self.remake()

    def body(self, width: int) -> list[Strip]:
        """Every line of the text, keys dim."""
        if not self.text:
            return [line([(" " + self.words, DIM)], width)]
        made: list[Strip] = []
        for text in self.text.split("\n"):
            matched = _KEY.match(text)
            pieces: list[Piece] = [(" ", PLAIN)]
            if matched:
                indent, key, colon, value = matched.groups()
                pieces += [(indent + key + colon, DIM), (value, PLAIN)]
            else:
                pieces.append((text, PLAIN))
            made += _folded(pieces, width)
        return made


def _folded(pieces: list[Piece], width: int) -> list[Strip]:
    """The pieces on as many lines as they need."""
    made: list[Strip] = []
    row: list[Piece] = []
    used = 0
    for text, style in pieces:
        while used + cell_len(text) > width:
            at = _fitting(text, width - used)
            row.append((text[:at], style))
            made.append(line(row, width))
            text, row, used = text[at:], [("   ", PLAIN)], 3
        row.append((text, style))
        used += cell_len(text)
    return [*made, line(row, width)]


def _fitting(text: str, room: int) -> int:
    """How many characters of `text` fit into `room` cells, at least one."""
    used = 0
    for i, character in enumerate(text):
        used += cell_len(character)
        if used > room:
            return max(1, i)
    return len(text)
