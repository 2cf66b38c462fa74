"""The identities of a schema, changed one at a time: which field, of which namespace, and which is primary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import getters, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from aeptui.forms.choices import Choice
from aeptui.forms.fields import Field
from aeptui.session import Session
from aeptui.ui.drawing import fit, line
from aeptui.ui.palette import BOLD, CURSOR, DIM, PLAIN
from aeptui.ui.screens.choosing import Chooser, among
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.row_pane import RowPane
from aeptui.ui.widgets.text_line import Rule, TextLine


async def namespace_of(app: App[Any], namespaces: Sequence[Choice]) -> str:
    """The namespace that was chosen; empty when it was left."""
    find = among([Choice(each.value, each.value, each.label) for each in namespaces])
    empty = "The platform has not told its namespaces."
    chosen = await app.push_screen_wait(Chooser("Namespace", find, empty=empty))
    return chosen[0] if chosen else ""


class IdentityPane(RowPane[dict[str, Any]]):
    """One line for each identity."""

    def draw(self, row: dict[str, Any], width: int, *, here: bool) -> Strip:
        """The field, its namespace, whether it is the primary one."""
        place = min(48, width - 24)
        word = "primary" if row.get("primary") else "identity"
        told = f"  {row.get('namespace') or 'no namespace'}, {word}"
        begun = [("▸" if here else " ", PLAIN), (fit(str(row.get("field") or ""), place), PLAIN)]
        return line([*begun, (told, DIM)], width, CURSOR if here else None)


class IdentitiesPage(Page):
    """Leaves `rows` as they are then; `changed` says whether they differ from those it was given."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "field", id="choose", tooltip="choose another field"),
        Binding("n", "add", "add", id="add", tooltip="add an identity"),
        Binding("x,delete", "drop", "remove", id="drop", tooltip="take the identity out"),
        Binding("i", "identify", "namespace", id="identify", tooltip="choose another namespace"),
        Binding("p", "primary", "primary", id="primary", tooltip="make it the primary one, or one of several"),
        Binding("escape", "back", "done", id="back", tooltip="leave; the identities are kept"),
    ]  # fmt: skip

    aged = ("flows", "runs")
    pane = getters.query_one("#identities", IdentityPane)

    def __init__(self, session: Session, field: Field, rows: Iterable[dict[str, Any]]) -> None:
        super().__init__(session, "identities")
        self.field = field
        self.rows = [dict(row) for row in rows]
        self._before = [dict(row) for row in self.rows]

    @property
    def changed(self) -> bool:
        """Whether something is another one now."""
        return self.rows != self._before

    def body(self) -> Iterable[Widget]:
        """A title and the identities."""
        count = f"   {len(self.field.targets):,} fields in the schema"
        yield TextLine([(f" {self.field.label}", BOLD), (count, DIM)])
        yield Rule()
        yield IdentityPane("IDENTITIES", empty="Nothing yet; n adds one.", id="identities")

    def on_mount(self) -> None:
        """Show them."""
        self.pane.put(self.rows)
        self.pane.focus()

    def action_back(self) -> None:
        """Leave with the rows."""
        self.dismiss(None)

    def action_drop(self) -> None:
        """Take the one at the cursor out."""
        if self.pane.row is not None:
            del self.rows[self.pane.at]
            self.pane.put(self.rows)

    def action_primary(self) -> None:
        """Make the one at the cursor the primary identity, or let it be one of several."""
        row = self.pane.row
        if row is not None:
            was = row.get("primary") is True
            for each in self.rows:
                each["primary"] = False
            row["primary"] = not was
            self.pane.repaint()

    @work(exclusive=True, group="edit")
    async def action_identify(self) -> None:
        """Choose another namespace for the one at the cursor."""
        row = self.pane.row
        if row is not None and await self._named(row):
            self.pane.repaint()

    @work(exclusive=True, group="edit")
    async def action_choose(self) -> None:
        """Choose another field for the one at the cursor."""
        row = self.pane.row
        if row is not None and (path := await self._target(str(row.get("field") or ""))):
            row["field"] = path
            self.pane.repaint()

    @work(exclusive=True, group="edit")
    async def action_add(self) -> None:
        """Add one: its field, then its namespace."""
        row: dict[str, Any] = {"field": await self._target("")}
        if row["field"] and await self._named(row):
            self.rows.append(row)
            self.pane.put(self.rows, len(self.rows) - 1)

    async def _named(self, row: dict[str, Any]) -> bool:
        namespace = await namespace_of(self.app, self.field.namespaces)
        if namespace:
            row["namespace"] = namespace
            others = any(each.get("primary") for each in self.rows if each is not row)
            row["primary"] = bool(row.get("primary")) or not others
        return bool(namespace)

    async def _target(self, now: str) -> str:
        choices = sorted(self.field.targets, key=lambda each: not each.needed)
        find = among([Choice(each.value, each.value, each.help, each.needed) for each in choices])
        chooser = Chooser("Field", find, chosen=[now] if now else [])
        chosen = await self.app.push_screen_wait(chooser)
        return chosen[0] if chosen else ""
