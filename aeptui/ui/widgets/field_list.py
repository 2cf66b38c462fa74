"""The questions of a form, one below the other, answered where they stand.

The widget owns where the cursor is and what is being typed there; answers,
faults and fields are given to it, and what was answered goes up as a message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.events import Key, Paste
from textual.message import Message
from textual.strip import Strip

from aeptui.api.settings import Secret
from aeptui.forms.fields import Answers, Field, answer_to
from aeptui.ui.drawing import Piece, both_ends, fit, line, wrap
from aeptui.ui.palette import BOLD, DIM, PLAIN, TONES
from aeptui.ui.widgets.field_text import TextEdit
from aeptui.ui.widgets.field_words import TYPED, options, shown
from aeptui.ui.widgets.painted import Painted

LABEL_MOST = 26
SEND = "send"
"""Stands for the last line in the place of a field's name."""


class FieldList(Painted, can_focus=True):
    """Label, answer, and below it the fault, a remark or, at the cursor, the help.

    Whatever a key does here changes one answer at most; nothing is sent.
    """

    DEFAULT_CSS = "FieldList { height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,shift+tab", "go(-1)", "previous", show=False, id="up", tooltip="field above"),
        Binding("down,tab", "go(1)", "next", show=False, id="down", tooltip="field below"),
        Binding("pageup", "go(-6)", "up", show=False, id="page_up", tooltip="six fields up"),
        Binding("pagedown", "go(6)", "down", show=False, id="page_down", tooltip="six fields down"),
        Binding("enter", "take", "take", show=False, id="take", tooltip="choose, or go on"),
        Binding("space", "take", "take", show=False),
        Binding("left", "turn(-1)", "other", show=False, id="turn", tooltip="another answer"),
        Binding("right", "turn(1)", "other", show=False),
    ]

    class Answered(Message):
        """A field has another answer."""

        def __init__(self, name: str, value: Any) -> None:
            super().__init__()
            self.name = name
            self.value = value

    class Left(Message):
        """The cursor left a field."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Opened(Message):
        """A field is to be answered from a list of its own, or asked for again."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    class Sent(Message):
        """Enter was pressed on the last line."""

    def __init__(self, *, last: str = "Create", id: str | None = None) -> None:
        super().__init__(id=id)
        self._fields: Sequence[Field] = ()
        self._answers: Answers = {}
        self._faults: Mapping[str, str] = {}
        self._remarks: Mapping[str, str] = {}
        self._names: Mapping[str, str] = {}
        self._last = last
        self._at = ""
        self._edit: TextEdit | None = None
        self._top = 0
        self._begun = False

    # What it is given ------------------------------------------------------------

    def put(
        self,
        fields: Sequence[Field],
        answers: Answers,
        faults: Mapping[str, str],
        remarks: Mapping[str, str],
        names: Mapping[str, str],
    ) -> None:
        """Show these; the cursor stays on its field for as long as that is asked."""
        before = self.field
        self._fields, self._answers = fields, answers
        self._faults, self._remarks, self._names = faults, remarks, names
        if self._at not in self.order or (self._at == SEND and not self._begun):
            self._at = self.order[0]
        self._begun = self._begun or bool(fields)
        now = self.field
        typed = self._edit.text if self._edit is not None else None
        if now is None or before is None or before.name != now.name or typed != self._text(now):
            self._begin()
        self.repaint()

    def name_last(self, label: str) -> None:
        """What the last line does."""
        self._last = label
        self.repaint()

    @property
    def order(self) -> list[str]:
        """Where the cursor can be, from top to bottom."""
        return [field.name for field in self._fields] + [SEND]

    @property
    def field(self) -> Field | None:
        """The field at the cursor; None on the last line."""
        return next((field for field in self._fields if field.name == self._at), None)

    @property
    def typing(self) -> bool:
        """Whether a letter is text here."""
        return self._edit is not None

    def go_to(self, name: str) -> None:
        """Put the cursor on a field."""
        if name in self.order and name != self._at:
            self._leave()
            self._at = name
            self._begin()
            self.repaint()

    def go_first(self) -> None:
        """Put the cursor on the first field."""
        self._at, self._top = self.order[0], 0
        self._begin()
        self.repaint()

    # Keys ---------------------------------------------------------------------------

    def action_go(self, delta: int) -> None:
        """To another field."""
        order = self.order
        place = order.index(self._at) if self._at in order else 0
        self.go_to(order[max(0, min(place + delta, len(order) - 1))])

    def action_take(self) -> None:
        """Open what has a list of its own, turn what stands beside each other, else go on."""
        field = self.field
        if field is None:
            self.post_message(self.Sent())
        elif field.fixed:
            self.action_go(1)
        elif field.trouble or field.waits or (not options(field) and field.kind not in TYPED):
            self.post_message(self.Opened(field))
        elif options(field):
            self.action_turn(1)
        else:
            self.action_go(1)

    def action_turn(self, delta: int) -> None:
        """Another of the answers that stand beside each other."""
        field = self.field
        if field is None or field.fixed or not (told := options(field)):
            return
        values = [value for value, _ in told]
        now = answer_to(field, self._answers)
        place = (values.index(now) + delta) % len(values) if now in values else 0
        self.post_message(self.Answered(field.name, values[place]))

    def on_key(self, event: Key) -> None:
        """Every key that means something to a text is for the text, while there is one."""
        field, edit = self.field, self._edit
        if edit is None or field is None or not edit.key(event):
            return
        event.stop()
        event.prevent_default()
        self._typed(field, edit)

    def on_paste(self, event: Paste) -> None:
        """A pasted text is typed."""
        field, edit = self.field, self._edit
        if edit is not None and field is not None:
            event.stop()
            edit.paste(event.text)
            self._typed(field, edit)

    def _typed(self, field: Field, edit: TextEdit) -> None:
        self.repaint()
        value = Secret(edit.text) if field.kind == "secret" else edit.text
        if value != answer_to(field, self._answers):
            self.post_message(self.Answered(field.name, value))

    def _begin(self) -> None:
        field = self.field
        self._edit = None
        if field is None or field.fixed:
            return
        if field.kind in TYPED and not (field.waits or field.trouble):
            self._edit = TextEdit.of(self._text(field), masked=field.kind == "secret")

    def _leave(self) -> None:
        if self.field is not None:
            self.post_message(self.Left(self._at))

    def _text(self, field: Field) -> str:
        value = answer_to(field, self._answers)
        if isinstance(value, Secret):
            return value.reveal()
        return "" if value is None else str(value)

    # Drawing ------------------------------------------------------------------------

    def lines(self, width: int, height: int) -> list[Strip]:
        """The fields in sight; the one at the cursor always is, with what is below it."""
        labels = [cell_len(field.label) for field in self._fields]
        room = min(LABEL_MOST, max(labels, default=0)) + 4
        made: list[Strip] = []
        first = last = 0
        for field in self._fields:
            here = field.name == self._at
            begun = len(made)
            made += self._field(field, here, room, width)
            if here:
                first, last = begun, len(made)
        made.append(Strip.blank(width))
        here = self._at == SEND
        if here:
            first, last = len(made) - 1, len(made) + 1
        made.append(
            line([("▸" if here else " ", PLAIN), (self._last, BOLD), ("   ctrl+g", DIM)], width)
        )
        return self._in_sight(made, first, last, width, height)

    def _in_sight(
        self, made: list[Strip], first: int, last: int, width: int, height: int
    ) -> list[Strip]:
        if len(made) <= height:
            self._top = 0
            return made
        room = height - 1
        self._top = min(self._top, first, len(made) - room)
        if last > self._top + room:
            self._top = last - room
        self._top = max(0, self._top)
        below = len(made) - self._top - room
        words = f"{below} more below ↓ " if below > 0 else "more above ↑ "
        shown_now = made[self._top : self._top + room]
        return [*shown_now, line([(fit(words, width, "right"), DIM)], width)]

    def _field(self, field: Field, here: bool, room: int, width: int) -> list[Strip]:
        label = f" {field.label}" if not here else f"▸{field.label}"
        begun: list[Piece] = [(fit(label, room - 1) + " ", BOLD if here else PLAIN)]
        space = width - room - 1
        hint: list[Piece] = []
        if here and self._edit is not None:
            typed = space if self._edit.masked is False else space - 12
            pieces = self._edit.pieces(min(typed, 56))
        else:
            pieces = shown(field, self._answers, self._names, space)
            hint = self._hint(field, here)
        made = [both_ends([*begun, *pieces], hint, width)]
        fault = field.trouble or self._faults.get(field.name, "")
        if fault:
            made += self._below(f"▲ {fault}.", room, width, TONES["warn"])
        elif remark := self._remarks.get(field.name):
            made += self._below(f"{remark}.", room, width, TONES["warn"])
        elif here and (field.fixed or field.help):
            made += self._below(field.fixed or field.help, room, width, DIM)
        return made

    def _below(self, text: str, room: int, width: int, style: Any) -> list[Strip]:
        text = text.replace("..", ".").replace("?.", "?")
        told = list(wrap(text, max(20, width - room - 1)))
        return [line([(" " * room, PLAIN), (each, style)], width) for each in told[:5]]

    def _hint(self, field: Field, here: bool) -> list[Piece]:
        if field.fixed:
            return [("fixed ", DIM)]
        if not here or field.waits or field.trouble:
            return []
        return [("← → ", DIM)] if options(field) else [("enter chooses ", DIM)]
