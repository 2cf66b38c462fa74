"""A list to choose from over a form: one of it or several, found by typing a part of a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key, Paste
from textual.screen import ModalScreen
from textual.strip import Strip

from aeptui.forms.choices import Choice
from aeptui.ui.drawing import Piece, cut, fit, line
from aeptui.ui.palette import BOLD, CURSOR, DIM, PLAIN
from aeptui.ui.widgets.field_text import TextEdit
from aeptui.ui.widgets.key_bar import Key as BarKey
from aeptui.ui.widgets.key_bar import KeyBar
from aeptui.ui.widgets.painted import Painted

Find = Callable[[str], Sequence[Choice]]
"""The choices that match what was typed."""


def among(choices: Sequence[Choice]) -> Find:
    """Looks for each typed word in names, values and explanations; whole beginnings first."""
    told = [(f"{each.label} {each.value} {each.help}".lower(), each) for each in choices]

    def find(text: str) -> Sequence[Choice]:
        words = text.lower().split()
        found = [each for words_of, each in told if all(word in words_of for word in words)]
        begun = text.lower()
        return sorted(found, key=lambda each: not each.label.lower().startswith(begun))

    return find


class ChoiceList(Painted, can_focus=True):
    """The line to type on and the choices below it."""

    DEFAULT_CSS = "ChoiceList { height: 1fr; }"

    def __init__(
        self, title: str, find: Find, *, several: bool, chosen: Sequence[str], empty: str
    ) -> None:
        super().__init__(id="choices")
        self.title = title
        self.several = several
        self.chosen = dict.fromkeys(chosen)
        self._find = find
        self._empty = empty
        self._edit = TextEdit()
        self.found: list[Choice] = list(find(""))
        self._at = 0
        if not several and chosen:
            self._at = next((i for i, c in enumerate(self.found) if c.value == chosen[0]), 0)
        self._top = 0

    @property
    def choice(self) -> Choice | None:
        """The one under the cursor."""
        return self.found[self._at] if self._at < len(self.found) else None

    def move(self, delta: int) -> None:
        """Go to another one."""
        self._at = max(0, min(self._at + delta, len(self.found) - 1))
        self.repaint()

    def mark(self) -> None:
        """Tick or untick the one under the cursor, and go on."""
        if (choice := self.choice) is not None:
            if choice.value in self.chosen:
                del self.chosen[choice.value]
            else:
                self.chosen[choice.value] = None
            self.move(1)

    def mark_all(self) -> None:
        """Tick all that are found, or untick them where all are ticked."""
        values = [choice.value for choice in self.found]
        if all(value in self.chosen for value in values):
            self.chosen = {value: None for value in self.chosen if value not in values}
        else:
            self.chosen |= dict.fromkeys(values)
        self.repaint()

    def on_key(self, event: Key) -> None:
        """Letters narrow the list; a space ticks where several may be chosen."""
        if self.several and event.key == "space":
            self.mark()
        elif event.key in ("home", "end", "left", "right") or not self._edit.key(event):
            return
        else:
            self._narrow()
        event.stop()
        event.prevent_default()

    def on_paste(self, event: Paste) -> None:
        """A pasted name is looked for."""
        event.stop()
        self._edit.paste(event.text)
        self._narrow()

    def _narrow(self) -> None:
        self.found = list(self._find(self._edit.text))
        self._at = self._top = 0
        self.repaint()

    def lines(self, width: int, height: int) -> list[Strip]:
        """The title with what is typed, then the choices around the cursor."""
        count = f"{len(self.chosen):,} chosen of " if self.several else ""
        head: list[Piece] = [
            (f" {self.title} ", BOLD),
            (f" {count}{len(self.found):,}   ", DIM),
            ("find ", DIM),
        ]
        head += self._edit.pieces(20)
        made = [line(head, width), Strip.blank(width)]
        room = height - len(made)
        if not self.found:
            words = "Nothing matches." if self._edit.text else self._empty
            return [*made, line([(f" {words}", DIM)], width)]
        self._top = max(min(self._top, self._at), self._at - room + 1, 0)
        name = min(width // 2, max(len(each.label) for each in self.found) + 2)
        for i in range(self._top, min(self._top + room, len(self.found))):
            made.append(self._choice(self.found[i], name, width, here=i == self._at))
        return made

    def _choice(self, choice: Choice, name: int, width: int, *, here: bool) -> Strip:
        tick = ("[x] " if choice.value in self.chosen else "[ ] ") if self.several else ""
        help = f"{choice.help}, required" if choice.needed else choice.help
        pieces: list[Piece] = [
            ("▸" if here else " ", PLAIN),
            (f"{tick}{fit(choice.label, name - 2)}  ", PLAIN),
            (cut(help, max(0, width - name - 6)), DIM),
        ]
        return line(pieces, width, CURSOR if here else None)


class Chooser(ModalScreen[list[str] | None]):
    """What was chosen: a list of one, of several, or None when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="leave"),
        Binding("enter", "take", "take", id="take"),
        Binding("up,shift+tab", "move(-1)", "up", id="up"),
        Binding("down,tab", "move(1)", "down", id="down"),
        Binding("pageup", "move(-10)", "page up", id="page_up"),
        Binding("pagedown", "move(10)", "page down", id="page_down"),
        Binding("home", "move(-100000)", "first", id="first"),
        Binding("end", "move(100000)", "last", id="last"),
        Binding("ctrl+a", "mark_all", "all", priority=True, id="mark_all"),
    ]

    choices = getters.query_one("#choices", ChoiceList)

    def __init__(
        self,
        title: str,
        find: Find,
        *,
        several: bool = False,
        chosen: Sequence[str] = (),
        empty: str = "There is nothing to choose from.",
    ) -> None:
        super().__init__(classes="-list")
        self._list = ChoiceList(title, find, several=several, chosen=chosen, empty=empty)

    def compose(self) -> ComposeResult:
        """The list and its keys."""
        with Vertical(id="choosing"):
            yield self._list
            yield KeyBar()

    def on_mount(self) -> None:
        """Say what the keys do."""
        self._list.focus()
        keys = [BarKey("enter", "take"), BarKey("esc", "leave it"), BarKey("a-z", "find")]
        if self._list.several:
            keys[:1] = [BarKey("space", "tick"), BarKey("ctrl+a", "all"), BarKey("enter", "done")]
        self.query_one(KeyBar).show(keys)

    def action_move(self, delta: int) -> None:
        """Go to another choice."""
        self._list.move(delta)

    def action_mark_all(self) -> None:
        """Tick all."""
        if self._list.several:
            self._list.mark_all()

    def action_take(self) -> None:
        """Leave with what is chosen."""
        if self._list.several:
            self.dismiss(list(self._list.chosen))
        elif (choice := self._list.choice) is not None:
            self.dismiss([choice.value])

    def action_leave(self) -> None:
        """Leave it as it was."""
        self.dismiss(None)
