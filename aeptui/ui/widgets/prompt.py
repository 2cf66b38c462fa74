"""A line to type on, in the place of the key bar: the filter and the go-to line."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Key, Paste
from textual.message import Message
from textual.strip import Strip

from aeptui.resources.definition import Tone
from aeptui.ui.drawing import both_ends, cut
from aeptui.ui.palette import BOLD, PLAIN, TONES
from aeptui.ui.widgets.field_text import MASK
from aeptui.ui.widgets.painted import Painted

CURSOR = Style(reverse=True)


class Prompt(Painted, can_focus=True):
    """One line of text with a sign before it and a hint behind it.

    `complete` gives what tab would add to what was typed. A masked one is never drawn as it is. A cursor that does
    not blink, and a line of ours rather than a stock input, because a key here
    is to cost one line on the wire.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer", "accept", id="accept", tooltip="take what was typed"),
        Binding("escape", "leave", "leave", id="leave", tooltip="leave it as it was"),
        Binding("tab", "complete", "complete", id="complete", tooltip="complete the word"),
    ]

    class Changed(Message):
        """The text is another one."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Answered(Message):
        """Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Escape was pressed."""

    def __init__(
        self,
        sign: str,
        text: str = "",
        *,
        complete: Callable[[str], str] | None = None,
        masked: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.sign = sign
        self.text = text
        self._place = len(text)
        self._complete = complete
        self._masked = masked
        self._hint: tuple[str, Tone] = ("", "dim")

    def hint(self, words: str, tone: Tone = "dim") -> None:
        """Say this at the right end."""
        self._hint = (words, tone)
        self.repaint()

    def set_text(self, text: str) -> None:
        """Put this in place of what was typed."""
        self.text, self._place = text, len(text)
        self._told()

    def action_answer(self) -> None:
        """Say that the text is complete."""
        self.post_message(self.Answered(self.text))

    def action_leave(self) -> None:
        """Say that nothing is to change."""
        self.post_message(self.Left())

    def action_complete(self) -> None:
        """Add what the text is the beginning of."""
        if self._complete is not None and (whole := self._complete(self.text)):
            self.set_text(whole)

    def on_key(self, event: Key) -> None:
        """Edit the text; every key with a character of its own is text here."""
        match event.key:
            case "left":
                self._place = max(0, self._place - 1)
            case "right":
                self._place = min(len(self.text), self._place + 1)
            case "home" | "ctrl+a":
                self._place = 0
            case "end" | "ctrl+e":
                self._place = len(self.text)
            case "backspace":
                self._replace(max(0, self._place - 1), self._place, "")
            case "delete":
                self._replace(self._place, self._place + 1, "")
            case "ctrl+u":
                self._replace(0, self._place, "")
            case "ctrl+w":
                kept = self.text[: self._place].rstrip().rpartition(" ")
                self._replace(len(kept[0] + kept[1]), self._place, "")
            case _ if event.is_printable and event.character:
                self._replace(self._place, self._place, event.character)
            case _:
                return
        event.stop()
        event.prevent_default()
        self.repaint()

    def on_paste(self, event: Paste) -> None:
        """A pasted text is typed, on one line and without what cannot be seen."""
        event.stop()
        text = "".join(c if c.isprintable() else " " for c in event.text)
        self._replace(self._place, self._place, " ".join(text.split()))

    def _replace(self, start: int, end: int, text: str) -> None:
        self.text = self.text[:start] + text + self.text[end:]
        self._place = start + len(text)
        self._told()

    def _told(self) -> None:
        self.repaint()
        self.post_message(self.Changed(self.text))

    def lines(self, width: int, height: int) -> list[Strip]:
        """The one line."""
        text = MASK * len(self.text) if self._masked else self.text
        before, at, after = (
            text[: self._place],
            text[self._place : self._place + 1] or " ",
            text[self._place + 1 :],
        )
        room = max(10, width // 2)
        if len(before) > room:
            before = "…" + before[-room:]
        words, tone = self._hint
        left = [(f" {self.sign}", BOLD), (before, PLAIN), (at, CURSOR), (after, PLAIN)]
        spare = width - sum(cell_len(text) for text, _ in left) - 2
        hint = cut(words, spare - 1) if spare > 8 else ""
        return [both_ends(left, [(f"{hint} ", TONES[tone])], width)]
