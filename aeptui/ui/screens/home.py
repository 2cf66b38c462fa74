"""Home: which flows need a person, worst first, and what is going on just now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.mirror.rows import FlowRow
from aeptui.mirror.values import Live, Summary
from aeptui.resources.flows import FLOWS
from aeptui.session import Session
from aeptui.ui.ages import Age
from aeptui.ui.palette import TONES
from aeptui.ui.screens.resource import ListPage, settle_s
from aeptui.ui.summary import summary_line
from aeptui.ui.widgets.live_panel import LivePanel
from aeptui.ui.widgets.resource_table import ResourceTable
from aeptui.ui.widgets.text_line import Rule

ENDED = 8
"""So many ended runs are read for the live panel; it shows those that fit."""
FEW = 5
"""Among so many of a flow's newest runs there is one that ended."""


class HomePage(ListPage):
    """The flows with their words and strips, over the live panel."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit", id="quit", tooltip="leave the console"),
    ]

    panel = getters.query_one("#live", LivePanel)
    live_rule = getters.query_one("#live_rule", Rule)

    def __init__(self, session: Session) -> None:
        super().__init__(session, FLOWS)
        self.kinds = ("flows", "runs")
        self.making = ""

    def body(self) -> Iterable[Widget]:
        """The list of flows, then what is going on."""
        yield from super().body()
        yield Rule(id="live_rule")
        yield LivePanel(self.session.moment)

    def on_mount(self) -> None:
        """Draw what was known when the console was last open, before anything is asked."""
        mirror = self.session.mirror
        self.show_summary(mirror.summary_now())
        self.show_live(mirror.live_now(ENDED))

    async def look(self) -> None:
        """Read flows, runs and figures again."""
        mirror = self.session.mirror
        await self.table.look()
        self.show_summary(await mirror.summary())
        self.show_live(await mirror.live(ENDED))
        await self.follow_held()
        self.show_beside()

    def show_heading(self) -> None:
        """The summary stands in the place of a heading, unless a filter narrows the list."""
        if self.listing.filter:
            super().show_heading()
        else:
            self.show_summary(self.session.mirror.summary_now())

    def show_summary(self, summary: Summary) -> None:
        """How many flows have which word, worst first."""
        if self.listing.filter:
            return
        if self.making:
            self.heading.put([(f" {self.making}", TONES["busy"])])
            return
        calm = len(self.console.alerting.letters)
        self.heading.put_fitting(partial(summary_line, summary, calm=calm))

    def show_live(self, live: Live) -> None:
        """The runs that are open, against what is usual, and those that ended last."""
        self.panel.show(live)
        self.live_rule.put(self.panel.title)

    def on_resource_table_moved(self, _message: ResourceTable.Moved) -> None:
        """The live panel follows the flow that the cursor comes to rest on."""
        self.follow_settled()

    @work(exclusive=True, group="followed")
    async def follow_settled(self) -> None:
        """Nothing is sent for the flows that the cursor only passes."""
        await asyncio.sleep(settle_s(self.console.round_trip_s))
        if self.query("#live"):
            await self.follow_held()

    async def follow_held(self) -> None:
        """Keep the flow under the cursor in sight of the live panel."""
        flow_id = self.table.held or ""
        runs = await self.session.mirror.runs_of(flow_id, FEW) if flow_id else []
        if not self.query("#live"):
            return  # the console was left meanwhile
        own = next((run for run in runs if run.completed_at), None)
        row = self.table.row
        if isinstance(row, FlowRow) and row.id == flow_id and not self.beside.display:
            self.panel.follow(flow_id, own, row)
        else:  # the detail beside the list has the reason
            self.panel.follow(flow_id, own)

    def show_making(self, words: str) -> None:
        """Say how far the making of the rehearsal is; an empty string when it is made."""
        if words != self.making:
            self.making = words
            self.table.empty = self.nothing
            self.table.refresh()
            self.show_heading()

    @property
    def nothing(self) -> str:
        """An empty world in the making will not stay so."""
        return "They come as the rehearsal is made." if self.making else super().nothing

    def on_age(self, age: Age) -> None:
        """Dim what may be out of date."""
        super().on_age(age)
        self.panel.set_stale(age.stale)

    def action_back(self) -> None:
        """Home is where back leads to; only a filter is cleared."""
        if self.listing.filter or self.beside.has_focus or self.table.marked:
            super().action_back()

    def why_not(self, action: str) -> str | None:
        """There is nowhere to go back to from home."""
        if action == "back" and not (self.listing.filter or self.table.marked):
            return "this is home; q quits"
        return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Home does not offer the way back at all while there is none."""
        if action == "back" and self.why_not(action):
            return False
        return super().check_action(action, parameters)

    async def action_quit(self) -> None:
        """Leave the console."""
        await self.app.action_quit()
