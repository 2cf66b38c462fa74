"""Small questions over a page: yes or no, and which one of a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.strip import Strip

from aeptui.api.settings import Secret
from aeptui.mirror.rows import Row
from aeptui.moment import Moment
from aeptui.resources.definition import Column
from aeptui.session import Session
from aeptui.ui.drawing import line, wrap
from aeptui.ui.fixed import FixedRows
from aeptui.ui.palette import BOLD, DIM, PLAIN
from aeptui.ui.widgets.key_bar import Key, KeyBar
from aeptui.ui.widgets.painted import Painted
from aeptui.ui.widgets.prompt import Prompt
from aeptui.ui.widgets.resource_table import ResourceTable


class Question(Painted):
    """A question with its consequence, and the keys that answer it."""

    DEFAULT_CSS = "Question { height: auto; min-height: 5; }"

    def __init__(self, question: str, consequence: str, how: str = "") -> None:
        super().__init__(id="question")
        self.question = question
        self.consequence = consequence
        self.how = how

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many lines as the words need."""
        return len(self.lines(width, 100))

    def lines(self, width: int, height: int) -> list[Strip]:
        """The question, what follows from it, the keys."""
        return [
            *(line([(text, BOLD)], width) for text in wrap(self.question, width)),
            *(line([(text, PLAIN)], width) for text in wrap(self.consequence, width)),
            Strip.blank(width),
            line([(self.how, DIM)], width)
            if self.how
            else line([("y", BOLD), (" yes   ", DIM), ("esc", BOLD), (" no", DIM)], width),
        ]


class Confirm(ModalScreen[bool]):
    """Yes or no; anything that is not a yes is a no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", id="confirm"),
        Binding("n,escape,q", "answer(False)", "no", id="leave"),
    ]

    def __init__(self, question: str, consequence: str) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence

    def compose(self) -> ComposeResult:
        """The question."""
        yield Question(self._question, self._consequence)

    def action_answer(self, yes: bool) -> None:
        """Leave with the answer."""
        self.dismiss(yes)


class TypedName(ModalScreen[bool]):
    """Yes only by typing a name: for what a single key should not do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "no", id="leave", priority=True),
    ]

    def __init__(self, question: str, consequence: str, name: str) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence
        self._name = name

    def compose(self) -> ComposeResult:
        """The question and the line to type on."""
        with Vertical(id="typed"):
            yield Question(
                self._question, self._consequence, f"Type {self._name} and press enter; esc is no."
            )
            yield Prompt(f"{self._name}: ", id="name")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Prompt).focus()

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Yes, if it is the name; else it is asked again."""
        message.stop()
        if message.text.strip() == self._name:
            self.dismiss(True)
        else:
            self.query_one(Prompt).hint("that is another name", "warn")

    def on_prompt_left(self, message: Prompt.Left) -> None:
        """No."""
        message.stop()
        self.dismiss(False)

    def action_leave(self) -> None:
        """No."""
        self.dismiss(False)


class SecretAsked(ModalScreen[Secret | None]):
    """A secret that is needed once more, since none is ever kept; None when it was left."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__()
        self._name = name
        self._what = what

    def compose(self) -> ComposeResult:
        """What it is for, and the line to type on."""
        with Vertical(id="typed"):
            yield Question(
                f"{self._name} is needed again.",
                f"{self._what} sends it, and it is kept nowhere.",
                "Type it and press enter; esc leaves it.",
            )
            yield Prompt(f"{self._name}: ", masked=True, id="name")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Prompt).focus()

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Leave with it."""
        message.stop()
        self.dismiss(Secret(message.text) if message.text else None)

    def on_prompt_left(self, message: Prompt.Left) -> None:
        """Leave without it."""
        message.stop()
        self.dismiss(None)


SANDBOX_COLUMNS = (
    Column("SANDBOX", lambda row, moment: row.id, width=16),
    Column("TITLE", lambda row, moment: row.title or row.name, width=20, grow=True),
    Column("TYPE", lambda row, moment: row.type, width=12, shed=1),
)


class SandboxChooser(ModalScreen[str]):
    """Which sandbox to open; the empty string for none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "leave", id="leave", tooltip="stay where you are"),
    ]

    table = getters.query_one("#chooser", ResourceTable)

    def __init__(self, session: Session, rows: Sequence[Row]) -> None:
        super().__init__()
        self._session = session
        self._rows = rows

    def compose(self) -> ComposeResult:
        """The sandboxes that these credentials can see."""
        with Vertical(id="choice"):
            yield ResourceTable(
                SANDBOX_COLUMNS,
                self._moment,
                empty="No sandbox is known yet. `:sandbox NAME` opens one by its name.",
                held=self._session.sandbox,
                id="chooser",
            )
            yield KeyBar()

    def _moment(self) -> Moment:
        return self._session.moment()

    def on_mount(self) -> None:
        """Begin on the sandbox that is open."""
        rows = FixedRows(self._rows)
        self.table.read_from(rows, sorted_by="", reverse=False, first=rows.window())
        self.table.focus()
        self.query_one(KeyBar).show([Key("enter", "open"), Key("esc", "stay")])

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Leave with the choice."""
        message.stop()
        self.dismiss(message.row.id)

    def action_leave(self) -> None:
        """Leave without one."""
        self.dismiss("")
