"""Resources of several types in one list: what uses what, and what has a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from textual import getters
from textual.widget import Widget

from aeptui.mirror.rows import Row
from aeptui.mirror.values import Found, Linked
from aeptui.resources import registry
from aeptui.resources.definition import Column
from aeptui.resources.kinds import name_of
from aeptui.session import Session
from aeptui.ui.fixed import FixedRows
from aeptui.ui.messages import OpenResource
from aeptui.ui.palette import BOLD
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.resource_table import ResourceTable
from aeptui.ui.widgets.text_line import Rule, TextLine


class LinkRow(Row, frozen=True, kw_only=True):
    """A link as a row: the resource at its other end."""

    relation: str = ""
    kind: str = ""
    kind_name: str = ""


COLUMNS = (
    Column("", lambda row, moment: row.relation, width=7, tone=lambda row: "dim"),
    Column("TYPE", lambda row, moment: row.kind_name, width=18),
    Column("NAME", lambda row, moment: row.name or row.id, width=30, grow=True),
    Column("STATE", lambda row, moment: row.state, width=10, shed=1),
)


class NamedPage(Page):
    """A few resources of several types in one list; enter opens one."""

    table = getters.query_one("#table", ResourceTable)
    columns: Sequence[Column] = COLUMNS

    def __init__(self, session: Session, trail: str, title: str, empty: str) -> None:
        super().__init__(session, trail)
        self.title_text, self._empty = title, empty
        self.kinds = tuple(registry.BY_KIND)

    def body(self) -> Iterable[Widget]:
        """A title and the list."""
        yield TextLine([(f" {self.title_text}", BOLD)])
        yield Rule()
        yield ResourceTable(self.columns, self.session.moment, empty=self._empty, id="table")

    def on_mount(self) -> None:
        """Give the keys to the list."""
        self.table.focus()

    def show(self, links: Sequence[Linked | Found]) -> None:
        """List these."""
        rows = FixedRows([_row(link) for link in links])
        self.table.read_from(rows, sorted_by="", reverse=False, keep=True)
        self.table.show(rows.window())

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Open the resource."""
        row = cast(LinkRow, message.row)
        self.post_message(OpenResource(row.kind, row.id.partition(" ")[2]))


class LinksPage(NamedPage):
    """What a resource uses and what uses it; enter goes on from there."""

    def __init__(self, session: Session, kind: str, id: str, name: str) -> None:
        empty = "It uses nothing that the mirror knows, and nothing uses it."
        super().__init__(session, "used by", name, empty)
        self.kind, self.resource_id = kind, id
        self.aged = (kind,)

    def on_mount(self) -> None:
        """Draw the links that are known."""
        self.show(self.session.mirror.links_now(self.kind, self.resource_id))

    async def look(self) -> None:
        """Read the links again."""
        self.show(await self.session.mirror.links(self.kind, self.resource_id))


class FoundPage(NamedPage):
    """Every resource that matches a name, to choose from."""

    columns = COLUMNS[1:]  # they have no relation to each other

    def __init__(self, session: Session, text: str, found: Sequence[Found]) -> None:
        super().__init__(session, "found", f"{len(found)} called {text}", "Nothing is left of it.")
        self.kinds = tuple({hit.kind for hit in found})
        self._found = found

    def on_mount(self) -> None:
        """Draw what was found."""
        self.show(self._found)


def _row(link: Linked | Found) -> LinkRow:
    relation = link.relation if isinstance(link, Linked) else ""
    return LinkRow(
        id=f"{relation.replace(' ', '-')}/{link.kind} {link.id}",
        name=link.name or link.id,
        state=link.state,
        relation=relation,
        kind=link.kind,
        kind_name=name_of(link.kind),
    )
