"""`:orphans`: what no flow uses, to be looked at and deleted one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from aeptui.api.errors import ApiTrouble
from aeptui.pipelines.orphans import NEEDED, Orphan, orphans
from aeptui.resources import registry
from aeptui.resources.formats import date_time
from aeptui.session import Session
from aeptui.ui.drawing import Piece, fit, line
from aeptui.ui.messages import OpenLinks, OpenResource
from aeptui.ui.palette import BOLD, CURSOR, DIM, PLAIN
from aeptui.ui.screens.acting import action_of
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.row_pane import RowPane
from aeptui.ui.widgets.text_line import Rule, TextLine

_ABOUT = "No flow uses these. A dataset may be filled or read by other means."


class OrphansPane(RowPane[Orphan]):
    """A line for each thing: its kind, its name, when it changed."""

    def __init__(self, session: Session) -> None:
        super().__init__("ORPHANS", empty="Everything is used by a flow.", id="orphans")
        self._session = session

    def draw(self, row: Orphan, width: int, *, here: bool) -> Strip:
        """Kind, name, note, time."""
        name = max(20, width - 54)
        begun: list[Piece] = [
            ("▸" if here else " ", PLAIN),
            (f"{fit(registry.BY_KIND[row.kind].name, 18)} ", DIM),
            (f"{fit(row.name or row.id, name)} ", PLAIN),
            (f"{fit(row.note, 16)} ", DIM),
            (date_time(row.changed_at, self._session.moment()), DIM),
        ]
        return line(begun, width, CURSOR if here else None)


class OrphansPage(Page):
    """Kept current while it is in front; it asks once for deletions, since those tell most."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="open", tooltip="open it"),
        Binding("u", "used_by", "used by", id="used_by", tooltip="what it uses, and what uses it"),
        Binding("X", "delete", "delete", id="drop", tooltip="delete it; asks first"),
        Binding("y", "copy", "copy id", show=False, id="copy", tooltip="copy the id"),
    ]

    kinds = NEEDED
    aged = ("flows",)
    pane = getters.query_one("#orphans", OrphansPane)
    heading = getters.query_one("#heading", TextLine)

    def __init__(self, session: Session) -> None:
        super().__init__(session, "orphans")

    def body(self) -> Iterable[Widget]:
        """What it is, and the list."""
        yield TextLine([(f" {_ABOUT}", BOLD)], id="heading")
        yield Rule()
        yield OrphansPane(self.session)

    def on_mount(self) -> None:
        """Show what is known, then ask for all that may use something."""
        self.pane.focus()
        self.ask()

    @work(exclusive=True, group="ask")
    async def ask(self) -> None:
        """Bring the mirror up to date, deletions among it."""
        self.pane.note = "asking what is there now"
        self.pane.repaint()
        try:
            await self.session.connected()
            await self.session.sync.once(NEEDED, gone=True)
        except ApiTrouble as trouble:
            self.say(f"This is what was known last: {trouble}", "warn")
        if self.query("#orphans"):
            self.pane.note = ""
            await self.look()

    async def look(self) -> None:
        """Read it from the mirror."""
        found = await orphans(self.session.mirror)
        if not self.query("#orphans"):
            return  # it was left meanwhile
        at = self.pane.row
        same = next((i for i, each in enumerate(found) if at and each.id == at.id), None)
        self.pane.put(found, same)

    def why_not(self, action: str) -> str | None:
        """Keys are about the row at the cursor."""
        if action not in ("open", "used_by", "delete", "copy"):
            return super().why_not(action)
        row = self.pane.row if self.is_mounted else None
        if row is None:
            return "there is nothing under the cursor"
        return self._refusal(row) if action == "delete" else None

    def _refusal(self, row: Orphan) -> str | None:
        action = action_of(row.kind, "delete")
        if action is None:
            return f"the platform has no way to delete {registry.BY_KIND[row.kind].plural}"
        held = self.session.mirror.get_now(row.kind, row.id)
        return action.refusal(self.session, held) if held is not None else "it is gone already"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that acts is always taken: when it cannot be done, it says why."""
        return True if action == "delete" else super().check_action(action, parameters)

    def on_row_pane_moved(self, _message: RowPane.Moved) -> None:
        """Keys depend on what is under the cursor."""
        self.refresh_bindings()

    def action_open(self) -> None:
        """Open it."""
        if (row := self.pane.row) is not None:
            self.post_message(OpenResource(row.kind, row.id))

    def action_used_by(self) -> None:
        """Show what it uses and what uses it."""
        if (row := self.pane.row) is not None:
            self.post_message(OpenLinks(row.kind, row.id, row.name or row.id))

    def action_delete(self) -> None:
        """Delete it, after a question; or say why not."""
        row = self.pane.row
        reason = self._refusal(row) if row is not None else "nothing is under the cursor"
        action = action_of(row.kind, "delete") if row is not None else None
        held = self.session.mirror.get_now(row.kind, row.id) if row is not None else None
        if reason or action is None or held is None:
            self.refuse(reason or "it is gone")
        else:
            self.console.doing.act(self, action, held)

    def action_copy(self) -> None:
        """Copy the id by way of the terminal."""
        if (row := self.pane.row) is not None:
            self.app.copy_to_clipboard(row.id)
            self.say(f"Copied {row.id}, if your terminal takes it.")

    def action_refresh(self) -> None:
        """Ask again."""
        self.ask()
