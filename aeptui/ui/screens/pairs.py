"""The rows of a mapping or of the identities of a schema, changed one at a time.

Both are lists of objects over the same fields of a schema, so one page edits
both; what a pair has beside an identity is its source.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual import getters, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen
from textual.strip import Strip

from aeptui.forms.fields import Choice, Field
from aeptui.ui.drawing import Piece, fit, line
from aeptui.ui.palette import BOLD, CURSOR, DIM, PLAIN, TONES
from aeptui.ui.screens.choosing import Chooser, among
from aeptui.ui.widgets.key_bar import Key, KeyBar
from aeptui.ui.widgets.painted import Painted
from aeptui.ui.widgets.prompt import Prompt
from aeptui.ui.widgets.text_line import Rule, TextLine

EXPRESSION = "\0expression"
STATIC = "\0static"
PLACE = {"pairs": "destination", "identities": "field"}
"""What each kind calls the field of the schema."""


class RowList(Painted, can_focus=True):
    """One line for each pair or identity, with why it was suggested and what it is."""

    DEFAULT_CSS = "RowList { height: 1fr; }"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup", "move(-10)", "up", show=False),
        Binding("pagedown", "move(10)", "down", show=False),
    ]

    def __init__(self, field: Field, rows: Iterable[dict[str, Any]]) -> None:
        super().__init__(id="rows")
        self.field = field
        self.rows = [dict(row) for row in rows]
        self.at = 0
        self._top = 0
        self._reasons = {
            (each.source, each.destination): f"{each.score} {each.reason}"
            for each in field.suggested
        }
        self._types = {each.value: each.help for each in field.targets}

    @property
    def row(self) -> dict[str, Any] | None:
        """The one under the cursor."""
        return self.rows[self.at] if self.at < len(self.rows) else None

    def action_move(self, delta: int) -> None:
        """Go to another one."""
        self.at = max(0, min(self.at + delta, len(self.rows) - 1))
        self.repaint()

    def lacking(self) -> list[str]:
        """Required fields that nothing fills yet."""
        if self.field.kind != "pairs":
            return []
        filled = {row.get("destination") for row in self.rows}
        return [e.value for e in self.field.targets if e.needed and e.value not in filled]

    def lines(self, width: int, height: int) -> list[Strip]:
        """A header, the rows around the cursor, and what is still lacking."""
        lacking = self.lacking()
        foot = []
        if lacking:
            words = f" Required and not filled: {', '.join(lacking)}"
            foot = [line([(words, TONES["warn"])], width)]
        pairs = self.field.kind == "pairs"
        source = min(26, width // 3) if pairs else 0
        place = min(40, width - source - 24)
        head = [(f" {fit('SOURCE', source)}  " if pairs else " ", DIM), (fit("FIELD", place), DIM)]
        made = [line([*head, ("  WHY" if pairs else "  IDENTITY", DIM)], width)]
        room = height - 1 - len(foot)
        if not self.rows:
            made.append(line([(" Nothing yet; n adds one.", DIM)], width))
        self._top = max(min(self._top, self.at), self.at - room + 1, 0)
        for i in range(self._top, min(self._top + room, len(self.rows))):
            made.append(self._line(self.rows[i], source, place, width, here=i == self.at))
        made += [Strip.blank(width)] * (height - len(made) - len(foot))
        return made + foot

    def _line(
        self, row: dict[str, Any], source: int, place: int, width: int, *, here: bool
    ) -> Strip:
        path = str(row.get(PLACE[self.field.kind]) or "")
        pieces: list[Piece] = [("▸" if here else " ", PLAIN)]
        if source:
            told = str(row.get("source") or "")
            if row.get("way") == "static":
                told = f'"{told}"'
            pieces += [(fit(told, source), PLAIN), ("→ ", DIM)]
        pieces.append((fit(path, place), PLAIN))
        pieces.append((f"  {self._note(row, path)}", DIM))
        return line(pieces, width, CURSOR if here else None)

    def _note(self, row: dict[str, Any], path: str) -> str:
        if row.get("namespace"):
            return f"{row['namespace']}{', primary' if row.get('primary') else ' identity'}"
        if row.get("way") == "expression":
            return "calculated"
        if row.get("way") == "static":
            return "always this text"
        why = self._reasons.get((str(row.get("source")), path), "")
        return why or self._types.get(path, "")


class RowsEditor(Screen[list[dict[str, Any]] | None]):
    """Leaves with the rows as they are then, or with None when nothing was changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "change", "change field", id="change"),
        Binding("n", "add", "add", id="add"),
        Binding("e", "source", "source", id="source"),
        Binding("x,delete", "drop", "remove", id="drop"),
        Binding("i", "identify", "identity", id="identify"),
        Binding("p", "primary", "primary", id="primary"),
        Binding("escape", "leave", "done", id="leave"),
    ]

    shown = getters.query_one("#rows", RowList)

    def __init__(self, field: Field, rows: Iterable[dict[str, Any]]) -> None:
        super().__init__()
        self.field = field
        self._rows = [dict(row) for row in rows]
        self._place = PLACE[field.kind]
        self._expression = ""

    def compose(self) -> ComposeResult:
        """Title, rows, keys."""
        count = f"   {len(self.field.targets):,} fields in the schema"
        yield TextLine([(f" {self.field.label}", BOLD), (count, DIM)])
        yield Rule()
        yield RowList(self.field, self._rows)
        yield KeyBar()

    def on_mount(self) -> None:
        """Say what the keys do."""
        self.shown.focus()
        pairs = self.field.kind == "pairs"
        self.query_one(KeyBar).show(
            [
                Key("enter", "field"),
                *([Key("e", "source")] if pairs else []),
                Key("n", "add"),
                Key("x", "remove"),
                Key("i", "identity" if pairs else "namespace"),
                Key("p", "primary"),
                Key("esc", "done"),
            ]
        )

    def action_leave(self) -> None:
        """Leave with the rows."""
        rows = self.shown.rows
        self.dismiss(None if rows == self._rows else rows)

    def action_drop(self) -> None:
        """Take the row under the cursor out."""
        if self.shown.row is not None:
            del self.shown.rows[self.shown.at]
            self.shown.action_move(0)
            self.shown.repaint()

    def action_primary(self) -> None:
        """Make the row under the cursor the primary identity, or let it be one of several."""
        row = self.shown.row
        if row is not None and row.get("namespace"):
            was = row.get("primary") is True
            for each in self.shown.rows:
                if each.get("namespace"):
                    each["primary"] = False
            row["primary"] = not was
            self.shown.repaint()
        else:
            self.query_one(KeyBar).say("Mark it as an identity first: i", "warn")

    @work(exclusive=True, group="edit")
    async def action_identify(self) -> None:
        """Mark the row under the cursor as an identity of a namespace, or unmark it."""
        row = self.shown.row
        if row is None:
            return
        if row.pop("namespace", "") and self.field.kind == "pairs":
            row.pop("primary", None)
        else:
            await self._namespace(row)
        self.shown.repaint()

    @work(exclusive=True, group="edit")
    async def action_change(self) -> None:
        """Choose another field of the schema for the row under the cursor."""
        row = self.shown.row
        if row is not None and (path := await self._target(str(row.get(self._place) or ""))):
            row[self._place] = path
            self.shown.repaint()

    @work(exclusive=True, group="edit")
    async def action_source(self) -> None:
        """Choose another source for the row under the cursor."""
        row = self.shown.row
        if row is not None and self.field.kind == "pairs" and (new := await self._source(row)):
            row.pop("way", None)
            row |= new
            self.shown.repaint()

    @work(exclusive=True, group="edit")
    async def action_add(self) -> None:
        """Add a row: a source and the field that it fills, or a field that identifies."""
        row: dict[str, Any] = {}
        if self.field.kind == "pairs":
            source = await self._source({})
            if not source:
                return
            row |= source
        path = await self._target("", str(row.get("source") or ""))
        if not path:
            return
        row[self._place] = path
        if self.field.kind == "identities" and not await self._namespace(row):
            return
        self.shown.rows.append(row)
        self.shown.at = len(self.shown.rows) - 1
        self.shown.repaint()

    async def _namespace(self, row: dict[str, Any]) -> bool:
        find = among([Choice(c.value, c.value, c.label) for c in self.field.namespaces])
        empty = "The platform has not told its namespaces."
        chosen = await self.app.push_screen_wait(Chooser("Namespace", find, empty=empty))
        if chosen:
            row["namespace"] = chosen[0]
            others = any(e.get("primary") for e in self.shown.rows if e is not row)
            row["primary"] = bool(row.get("primary")) or not others
        return bool(chosen)

    async def _target(self, now: str, source: str = "") -> str:
        """A field of the schema; those suggested for the source first, then the required ones."""
        likely = {e.destination: e.reason for e in self.field.suggested if e.source == source}
        choices = [
            Choice(
                each.value,
                each.value,
                f"likely: {likely[each.value]}" if each.value in likely else each.help,
                each.needed,
            )
            for each in self.field.targets
        ]
        choices.sort(key=lambda each: (each.value not in likely, not each.needed))
        chosen = await self.app.push_screen_wait(
            Chooser("Field", among(choices), chosen=[now] if now else [])
        )
        return chosen[0] if chosen else ""

    async def _source(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """A column, an expression or a fixed text."""
        used = {str(each.get("source")) for each in self.shown.rows}
        columns = [
            Choice(each.value, each.label, each.help + (", used" if each.value in used else ""))
            for each in self.field.choices
        ]
        columns.sort(key=lambda each: each.value in used)
        ways = [
            Choice(EXPRESSION, "an expression", 'such as concat(FirstName, " ", LastName)'),
            Choice(STATIC, "a fixed text", "the same in every row"),
        ]
        now = str(row.get("source") or "")
        chosen = await self.app.push_screen_wait(
            Chooser("Source", among([*columns, *ways]), chosen=[now] if now else [])
        )
        if not chosen:
            return None
        if chosen[0] not in (EXPRESSION, STATIC):
            return {"source": chosen[0]}
        way = "expression" if chosen[0] == EXPRESSION else "static"
        text = await self._typed(way, now if row.get("way") == way else "")
        return {"source": text, "way": way} if text else None

    async def _typed(self, way: str, text: str) -> str:
        return await self.app.push_screen_wait(TextAsked(f"{way}: ", text)) or ""


class TextAsked(ModalScreen[str]):
    """One line of text asked for on the bottom line; empty when it was left."""

    DEFAULT_CSS = "TextAsked { align: left bottom; }"

    def __init__(self, sign: str, text: str = "") -> None:
        super().__init__()
        self._sign = sign
        self._text = text

    def compose(self) -> ComposeResult:
        """The line."""
        yield Prompt(self._sign, self._text)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Prompt).focus()

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Leave with the text."""
        self.dismiss(message.text.strip())

    def on_prompt_left(self, _message: Prompt.Left) -> None:
        """Leave without one."""
        self.dismiss("")
