"""The bottom line: the keys that do something here, or a sentence about what just happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.binding import Binding
from textual.strip import Strip

from aeptui.resources.definition import Tone
from aeptui.ui.drawing import Piece, line, wrap
from aeptui.ui.palette import BOLD, DIM, PLAIN, TONES
from aeptui.ui.widgets.painted import Painted

KEY_NAMES = {
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "space": "space",
}


ALWAYS = ("esc", "?")
"""The way back and the help page are named on every line that has them."""
MOST = 4
"""A sentence takes so many lines at most."""


class Key(NamedTuple):
    """A key as it is shown, and whether it does something just now."""

    key: str
    label: str
    on: bool = True


def key_name(key: str) -> str:
    """How a key is written on the screen."""
    return KEY_NAMES.get(key, key.replace("ctrl+", "ctrl+"))


def keys_of(bindings: Sequence[tuple[Binding, bool]]) -> list[Key]:
    """The keys that a bar shows, in their order, each action once."""
    shown: dict[str, Key] = {}
    for binding, on in bindings:
        if binding.show and binding.action not in shown:
            shown[binding.action] = Key(key_name(binding.key), binding.description, on)
    return list(shown.values())


class KeyBar(Painted):
    """The way out, always: most useful first; keys that are off are dim and say why on `?`.

    A sentence that was said here stays until the next key.
    """

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._keys: Sequence[Key] = ()
        self._said: Piece | None = None
        self._taken = 1

    def show(self, keys: Sequence[Key]) -> None:
        """Offer these keys."""
        self._keys = keys
        self.repaint()

    def say(self, sentence: str, tone: Tone = "bright") -> None:
        """Say something once, in place of the keys."""
        self._said = (sentence, TONES[tone])
        self._take(len(self._sentence(self.size.width or 80)))

    def hush(self) -> None:
        """Show the keys again."""
        if self._said is not None:
            self._said = None
            self._take(1)

    def _sentence(self, width: int) -> list[Strip]:
        words, style = self._said or ("", PLAIN)
        made = [line([(f" {text}", style)], width) for text in wrap(words, max(10, width - 2))]
        return made[:MOST]

    def _take(self, lines: int) -> None:
        if self._taken != lines:
            self.styles.height = self._taken = lines
        self.repaint()

    @property
    def text(self) -> str:
        """What it says."""
        return " ".join(strip.text for strip in self.lines(self.size.width or 80, MOST))

    def lines(self, width: int, height: int) -> list[Strip]:
        """The keys on one line, or a sentence on as many as it needs.

        Keys that do not fit are left to the help page, which is always named, as is the way back.
        """
        if self._said is not None:
            return self._sentence(width)
        last = [key for key in self._keys if key.key in ALWAYS]
        room = width - 1 - sum(_width(key) for key in last)
        pieces: list[Piece] = [(" ", PLAIN)]
        for key in self._keys:
            if key in last:
                continue
            room -= _width(key)
            if room < 0:
                break
            pieces += _drawn(key)
        for key in last:
            pieces += _drawn(key)
        return [line(pieces, width)]


def _width(key: Key) -> int:
    return cell_len(key.key) + cell_len(key.label) + 3


def _drawn(key: Key) -> list[Piece]:
    return [(key.key, BOLD if key.on else DIM), (f" {key.label}  ", DIM)]
