"""A text under a cursor: what a key does to it, whichever widget draws it."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from textual.events import Key

from aeptui.ui.drawing import ELLIPSIS, Piece, cut
from aeptui.ui.palette import PLAIN

AT = Style(reverse=True)
TYPED = Style(underline=True)
MASK = "•"


@dataclass(slots=True)
class TextEdit:
    """One line of text and the place in it; a masked one is never drawn as it is."""

    text: str = ""
    place: int = 0
    masked: bool = False

    @classmethod
    def of(cls, text: str, *, masked: bool = False) -> TextEdit:
        """A text with the cursor at its end."""
        return cls(text, len(text), masked)

    def key(self, event: Key) -> bool:
        """Do what the key does to the text; False when it is no key for a text."""
        match event.key:
            case "left":
                self.place = max(0, self.place - 1)
            case "right":
                self.place = min(len(self.text), self.place + 1)
            case "home" | "ctrl+a":
                self.place = 0
            case "end" | "ctrl+e":
                self.place = len(self.text)
            case "backspace":
                self._replace(max(0, self.place - 1), self.place, "")
            case "delete":
                self._replace(self.place, self.place + 1, "")
            case "ctrl+u":
                self._replace(0, self.place, "")
            case "ctrl+w":
                kept = self.text[: self.place].rstrip().rpartition(" ")
                self._replace(len(kept[0] + kept[1]), self.place, "")
            case _ if event.is_printable and event.character:
                self._replace(self.place, self.place, event.character)
            case _:
                return False
        return True

    def paste(self, text: str) -> None:
        """A pasted text is typed: on one line, without what cannot be seen.

        A secret keeps its spaces; a line end behind it is no part of it.
        """
        if self.masked:
            told = "".join(letter for letter in text.strip("\r\n") if letter.isprintable())
        else:
            told = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        self._replace(self.place, self.place, told)

    def _replace(self, start: int, end: int, text: str) -> None:
        self.text = self.text[:start] + text + self.text[end:]
        self.place = start + len(text)

    def pieces(self, width: int) -> list[Piece]:
        """The text with its cursor, in exactly `width` cells; long text shows the part at the cursor."""
        shown = MASK * len(self.text) if self.masked else self.text
        before, at, after = (
            shown[: self.place],
            shown[self.place : self.place + 1] or " ",
            shown[self.place + 1 :],
        )
        room = max(4, width - 2 - min(cell_len(after), width // 3))
        if cell_len(before) > room:
            while cell_len(before) > room - 1:
                before = before[max(1, (cell_len(before) - room) // 2) :]
            before = ELLIPSIS + before
        after = cut(after, max(0, width - cell_len(before) - cell_len(at)))
        rest = max(0, width - cell_len(before) - cell_len(at) - cell_len(after))
        return [(before, TYPED), (at, AT), (after, TYPED), (" " * rest, TYPED if rest else PLAIN)]
