"""The platform's own answer for one resource, as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from textual import getters
from textual.widget import Widget

from aeptui.session import Session
from aeptui.ui.palette import BOLD, DIM
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.json_view import JsonView
from aeptui.ui.widgets.text_line import Rule, TextLine


class RawPage(Page):
    """Every key, also those that the console knows nothing of; secrets stay masked."""

    view = getters.query_one("#json", JsonView)

    def __init__(self, session: Session, kind: str, id: str, name: str) -> None:
        super().__init__(session, "raw")
        self.kinds = (kind,)
        self.kind, self.resource_id, self.resource_name = kind, id, name

    def body(self) -> Iterable[Widget]:
        """A title and the text."""
        name, id = self.resource_name, self.resource_id
        yield TextLine([(f" {name}", BOLD), (f"  {id}" if id != name else "", DIM)])
        yield Rule()
        yield JsonView(id="json")

    def on_mount(self) -> None:
        """Give the keys to the text."""
        self.view.focus()

    async def look(self) -> None:
        """Read the answer as the mirror keeps it."""
        body = await self.session.mirror.body(self.kind, self.resource_id)
        if body is None:
            self.view.say("The mirror does not hold this resource any more.")
        else:
            self.view.show(body)
