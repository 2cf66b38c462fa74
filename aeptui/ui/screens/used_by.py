"""What a resource uses, and what uses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from textual import getters
from textual.widget import Widget

from aeptui.mirror.rows import Row
from aeptui.mirror.values import Linked
from aeptui.resources import registry
from aeptui.resources.definition import Column
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


class LinksPage(Page):
    """Both directions of one resource in one list; enter goes on from there."""

    table = getters.query_one("#table", ResourceTable)

    def __init__(self, session: Session, kind: str, id: str, name: str) -> None:
        super().__init__(session, "used by")
        self.kind, self.resource_id, self.resource_name = kind, id, name
        self.kinds, self.aged = tuple(registry.BY_KIND), (kind,)

    def body(self) -> Iterable[Widget]:
        """A title and the list."""
        yield TextLine([(f" {self.resource_name}", BOLD)])
        yield Rule()
        yield ResourceTable(
            COLUMNS,
            self.session.moment,
            empty="It uses nothing that the mirror knows, and nothing uses it.",
            id="table",
        )

    def on_mount(self) -> None:
        """Draw the links that are known."""
        self._show(self.session.mirror.links_now(self.kind, self.resource_id))
        self.table.focus()

    async def look(self) -> None:
        """Read the links again."""
        self._show(await self.session.mirror.links(self.kind, self.resource_id))

    def _show(self, links: list[Linked]) -> None:
        rows = [_row(link) for link in links]
        self.table.read_from(FixedRows(rows), sorted_by="", reverse=False, keep=True)
        self.table.show(FixedRows(rows).window())

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Open the resource at the other end."""
        row = cast(LinkRow, message.row)
        self.post_message(OpenResource(row.kind, row.id.partition(" ")[2]))


def _row(link: Linked) -> LinkRow:
    resource = registry.BY_KIND.get(link.kind)
    return LinkRow(
        id=f"{link.relation.replace(' ', '-')}/{link.kind} {link.id}",
        name=link.name or link.id,
        state=link.state,
        relation=link.relation,
        kind=link.kind,
        kind_name=resource.name if resource else link.kind,
    )
