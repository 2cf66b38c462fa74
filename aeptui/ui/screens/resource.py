"""Any resource type as a list: one class for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

import msgspec
from textual import getters, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from aeptui.mirror.filter import FilterError
from aeptui.mirror.rows import FlowRow, Row, RunRow
from aeptui.mirror.values import Listing
from aeptui.notes.marking import Subject
from aeptui.resources.definition import Column, Detail, Plots, Prose, Resource
from aeptui.resources.runs import RUNS
from aeptui.session import Session
from aeptui.ui.ages import Age
from aeptui.ui.listing import MirrorRows
from aeptui.ui.messages import OpenLinks, OpenRaw, OpenResource, OpenWhy
from aeptui.ui.palette import BOLD, DIM, PLAIN
from aeptui.ui.screens.acting import CREATABLE, ActingPage
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.prompt import Prompt
from aeptui.ui.widgets.resource_table import ResourceTable
from aeptui.ui.widgets.text_line import Divider, Rule, TextLine

SETTLE_S = 0.12
"""How long the cursor rests on a row before its detail is read beside the list."""
QUICK_SETTLE_S = 0.04
"""The same where the terminal is near: longer than a held key takes to come again."""
PATIENCE_S = 0.3
"""After this a detail that has to ask the platform says so, in place of the last one."""
EXPLAINED = ("flows", "runs")
"""The kinds that have a why."""
FIRST = 60
"""Rows drawn by the first paint, before the size of the terminal is known."""


class ListPage(ActingPage):
    """Rows of one resource, filtered, sorted and opened; beside them the detail where it fits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "filter",
            "filter",
            priority=True,
            id="filter",
            tooltip="words, !word, field:value, n>5",
        ),
        Binding("w", "why", "why", id="why", tooltip="why the run (or the last one) went wrong"),
        Binding("u", "used_by", "used by", id="used_by", tooltip="what it uses, and what uses it"),
        Binding("v", "raw", "raw", show=False, id="raw", tooltip="the platform's own JSON"),
        Binding("s", "sort", "sort", show=False, id="sort", tooltip="sort by the next column"),
        Binding(
            "S", "reverse", "reverse", show=False, id="reverse", tooltip="turn the order round"
        ),
        Binding("y", "copy", "copy id", show=False, id="copy", tooltip="copy the id"),
        Binding("tab", "pane", "other pane", show=False, id="pane", tooltip="to the detail"),
        Binding("shift+tab", "pane", "other pane", show=False),
    ]

    table = getters.query_one("#table", ResourceTable)
    heading = getters.query_one("#heading", TextLine)
    beside = getters.query_one("#beside", DetailView)

    def __init__(self, session: Session, resource: Resource, trail: str = "") -> None:
        super().__init__(session, trail)
        self.resource = resource
        self.kinds = (resource.kind,)
        self.listing = Listing(resource.kind)
        self._filter_before = ""
        self._beside: Row | None = None
        self._keys_due = False

    def columns(self) -> Sequence[Column]:
        """The columns of the list."""
        return self.resource.columns

    def body(self) -> Iterable[Widget]:
        """A heading, the table, and the detail beside it."""
        yield TextLine(id="heading")
        yield Rule()
        with Horizontal(id="area"):
            yield ResourceTable(self.columns(), self.session.moment, empty=self.nothing, id="table")
            yield Divider(id="divider")
            yield DetailView(titled=True, id="beside")

    def on_mount(self) -> None:
        """Draw the last-known rows at once."""
        self.read(MirrorRows(self.session.mirror, self.listing))
        self.table.focus()
        self.show_heading()
        self.marks_changed()

    def marks_changed(self) -> None:
        """Show which flows are calm, and what was said of the one beside the list."""
        if self.resource.kind == "flows" and self.query("#table"):
            self.table.set_calm(self.console.alerting.letters)
            self.show_heading()
            self._beside = None
            self.show_beside()

    def read(self, rows: MirrorRows) -> None:
        """Show these rows from their beginning."""
        order = self.listing.order or self.resource.order
        reverse = self.resource.reverse if self.listing.reverse is None else self.listing.reverse
        first = rows.first_now(FIRST)
        if first is not None:
            self.table.read_from(rows, sorted_by=order, reverse=reverse, first=first)
        else:
            self.table.read_from(rows, sorted_by=order, reverse=reverse, until=rows.searching)
            self.search()

    @work(exclusive=True, group="search", exit_on_error=False)
    async def search(self) -> None:
        """Find the first rows of a list that no index has."""
        await self.look()
        self._hint_matches()

    @property
    def at_hand(self) -> Row | None:
        """The row under the cursor."""
        return self.table.row

    @property
    def chosen(self) -> Sequence[Row]:
        """What is marked, else the row under the cursor."""
        if not self.table.marked:
            return super().chosen
        held = {row.id: row for row in self.table.chosen}
        asked = (
            held.get(id) or self.session.mirror.get_now(self.resource.kind, id)
            for id in sorted(self.table.marked)
        )
        return [*held.values(), *(row for row in asked if row and row.id not in held)]

    @property
    def marking(self) -> bool:
        """Whether rows are marked."""
        return self.is_mounted and bool(self.table.marked)

    def unmark(self) -> None:
        """Mark no rows any more."""
        self.table.unmark()

    def act(self, name: str) -> None:
        """Act on the row under the cursor, which goes with it where that changes the order."""
        self.table.stay()
        super().act(name)

    async def minded(self) -> list[Subject]:
        """The same for what is known or put off."""
        self.table.stay()
        return await super().minded()

    def target(self, name: str) -> tuple[Resource, Row | None]:
        """The row under the cursor; a retry of a flow is one of its last run."""
        resource, row = super().target(name)
        if name == "retry" and isinstance(row, FlowRow):
            run = self._to_retry(row)
            return (RUNS, run) if isinstance(run, RunRow) else (resource, row)
        return resource, row

    def _refusal(self, name: str) -> str | None:
        row = self.at_hand if self.is_mounted else None
        run = self._to_retry(row) if name == "retry" and isinstance(row, FlowRow) else None
        return run if isinstance(run, str) else super()._refusal(name)

    def _to_retry(self, flow: FlowRow) -> RunRow | str:
        from aeptui.pipelines.many import LOOKED, to_retry

        return to_retry(self.session.mirror.runs_of_now(flow.id, LOOKED))

    async def select(self, id: str) -> None:
        """Put the cursor on a resource; a filter that hides it goes."""
        if self.listing.filter:
            self.narrow("")
        await self.table.seek(id)

    async def look(self) -> None:
        """Read the rows around the cursor again."""
        await self.table.look()
        self.show_heading()
        self.show_beside()

    def on_age(self, age: Age) -> None:
        """Dim rows that may be out of date."""
        self.table.set_stale(age.stale)
        self.table.set_unread("" if age.read else "Not read yet.")

    def show_heading(self) -> None:
        """Say what is listed and how it was narrowed."""
        total = self.table.total
        left = [(f" {self.resource.plural} ", BOLD), (f" {total}" if total else "", DIM)]
        if self.listing.filter:
            left += [("   filter ", DIM), (self.listing.filter, PLAIN), ("   esc clears it", DIM)]
        self.heading.put(left)

    def on_resize(self) -> None:
        """Wider shows more."""
        self.call_after_refresh(self.show_beside)

    # The row under the cursor ----------------------------------------------------

    def on_resource_table_moved(self, _message: ResourceTable.Moved) -> None:
        """Show what the cursor comes to rest on, and which keys do something there."""
        self._keys_due = True
        self.show_beside()

    @work(exclusive=True, group="beside", exit_on_error=False)
    async def show_beside(self) -> None:
        """Read the detail of the row under the cursor, once the cursor rests."""
        if self.table.touched:
            await asyncio.sleep(settle_s(self.console.round_trip_s))
        if self._keys_due:
            self._keys_due = False
            self.refresh_bindings()
        if not self.has_class("-wide") and not self.has_class("-very-wide"):
            return
        row = self.table.row
        if row is None:
            self._beside = None
            self.beside.say("Nothing here to show.")
            return
        if told_before(self._beside, row):
            return
        self._beside = None
        reading = asyncio.ensure_future(self.resource.detail(self.session, row))
        try:
            await asyncio.wait([reading], timeout=PATIENCE_S)
            if not reading.done():
                self.beside.say(f"{row.name or self.resource.name}: asking the platform.")
            self.beside.show(_trend_first(await reading))
            self._beside = row
        finally:
            reading.cancel()

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Open the row."""
        self.post_message(OpenResource(self.resource.kind, message.row.id))

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        """Open what the detail names."""
        self.post_message(OpenResource(message.kind, message.id))

    # Actions -------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Most keys need a row under the cursor."""
        row = self.table.row if self.is_mounted else None
        if action in ("why", "used_by", "raw", "copy", "open") and row is None:
            return f"there is no {self.resource.name} under the cursor"
        if action == "why":
            return why_not_asked(row)
        if action == "pane" and not self.beside.display:
            return "the detail opens beside the list at 120 columns"
        return super().why_not(action)

    def ever(self, action: str) -> bool:
        """Only flows and runs have a why."""
        return super().ever(action) if action != "why" else self.resource.kind in EXPLAINED

    async def action_why(self) -> None:
        """Explain the run under the cursor, or the flow's last one that lost something."""
        row = self.table.row
        if isinstance(row, RunRow):
            self.post_message(OpenWhy(row.id, row.flow_name or row.flow_id))
        elif isinstance(row, FlowRow):
            run_id = await telling_run(self.session, row)
            if run_id:
                self.post_message(OpenWhy(run_id, row.name or row.id))
            else:
                self.say(no_runs(row))

    def action_used_by(self) -> None:
        """Show what the row uses and what uses it."""
        if (row := self.table.row) is not None:
            self.post_message(OpenLinks(self.resource.kind, row.id, row.name or row.id))

    def action_raw(self) -> None:
        """Show the platform's own answer."""
        if (row := self.table.row) is not None:
            self.post_message(OpenRaw(self.resource.kind, row.id, row.name or row.id))

    def action_copy(self) -> None:
        """Copy the id by way of the terminal."""
        if (row := self.table.row) is not None:
            self.app.copy_to_clipboard(row.id)
            self.say(f"Copied {row.id}, if your terminal takes it.")

    def action_pane(self) -> None:
        """Give the keys to the other pane."""
        (self.beside if self.table.has_focus else self.table).focus()

    def action_back(self) -> None:
        """Clear the filter first, then leave."""
        if self.beside.has_focus:
            self.table.focus()
        elif self.table.marked:
            self.table.unmark()
        elif self.listing.filter:
            self.narrow("")
        else:
            super().action_back()

    # Order and filter ------------------------------------------------------------

    def action_sort(self) -> None:
        """Sort by the next column that can be sorted by."""
        orders = [column.order for column in self.columns() if column.order]
        if not orders:
            return
        now = self.listing.order or self.resource.order
        following = orders[(orders.index(now) + 1) % len(orders)] if now in orders else orders[0]
        self.relist(order=following, reverse=False)

    def action_reverse(self) -> None:
        """Turn the order round."""
        reverse = self.resource.reverse if self.listing.reverse is None else self.listing.reverse
        self.relist(order=self.listing.order or self.resource.order, reverse=not reverse)

    def relist(self, *, order: str | None, reverse: bool | None) -> None:
        """Show the same rows in another order."""
        self.listing = self.listing._replace(order=order, reverse=reverse)
        self.read(MirrorRows(self.session.mirror, self.listing))
        self.show_heading()

    @property
    def nothing(self) -> str:
        """What an empty list says: what would be in it, and which key makes one."""
        makes = " n makes one." if self.resource.kind in CREATABLE else ""
        return self.resource.empty + makes

    def action_filter(self) -> None:
        """Type what the rows have to match; they follow as you type."""
        self._filter_before = self.listing.filter
        prompt = Prompt("/", self.listing.filter, id="filter")
        self.open_prompt(prompt)
        prompt.hint("words, !word, field:value, field>n, state:failed,late")

    def narrow(self, expression: str) -> str:
        """Keep the rows that match; what is wrong with the expression comes back as a sentence."""
        listing = self.listing._replace(filter=expression.strip())
        rows = MirrorRows(self.session.mirror, listing)
        try:
            self.session.mirror.search_now(listing)
        except FilterError as wrong:
            return str(wrong)
        self.listing = listing
        empty = f"No {self.resource.name} matches {expression!r}."
        self.table.empty = empty if listing.filter else self.nothing
        self.read(rows)
        self.show_heading()
        return ""

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Narrow the list with each letter."""
        if self._prompt is None or self._prompt.id != "filter":
            super().on_prompt_changed(message)
            return
        if wrong := self.narrow(message.text):
            self._prompt.hint(wrong, "warn")
        else:
            self._hint_matches()

    def _hint_matches(self) -> None:
        """Say beside what is typed how many rows match, once that is known."""
        if self._prompt is not None and self._prompt.id == "filter":
            known = f"{self.table.total} match" if self.table.total else "looking for matches"
            self._prompt.hint(known if self.listing.filter else "", "dim")

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Keep the filter."""
        if self._prompt is None or self._prompt.id != "filter":
            super().on_prompt_answered(message)
            return
        self.close_prompt()
        if wrong := self.narrow(message.text):
            self.say(wrong, "warn")

    def on_prompt_left(self, message: Prompt.Left) -> None:
        """Put back the filter that there was."""
        if self._prompt is not None and self._prompt.id == "filter":
            self.narrow(self._filter_before)
        super().on_prompt_left(message)


def settle_s(round_trip_s: float | None) -> float:
    """How long the cursor rests before anything is sent for it over a link like this."""
    if round_trip_s is None:
        return SETTLE_S
    return min(SETTLE_S, max(QUICK_SETTLE_S, round_trip_s / 2))


def told_before(told: Row | None, row: Row) -> bool:
    """Whether a detail made of `told` is true of `row`; when it was last confirmed is no news.

    A detail may cost a call of the platform, so it is made once for each state of a row.
    """
    return told is not None and msgspec.structs.replace(told, seen_at=row.seen_at) == row


def no_runs(row: Row) -> str:
    """What `w` says of a flow that has none."""
    told = "This flow has no runs yet."
    if isinstance(row, FlowRow) and row.word and row.reason:
        told += f" It is {row.word}: {row.reason}."
    return told


def why_not_asked(row: Row | None) -> str | None:
    """Why a row has no why: only runs and flows go wrong."""
    if not isinstance(row, RunRow | FlowRow):
        return "only flows and runs have a why"
    return None


async def telling_run(session: Session, flow: FlowRow) -> str:
    """The run that tells most of why a flow has its word: its last one, unless an earlier went wrong.

    Where the word is about the flow, such as late, an earlier failure says nothing of it.
    """
    from aeptui.resources.flow_words import MEANINGS

    return flow.last_run_id if flow.word in MEANINGS else await gone_wrong(session, flow)


async def gone_wrong(session: Session, flow: FlowRow) -> str:
    """The newest run of a flow that failed or lost rows, else the newest."""
    runs = await session.mirror.runs_of(flow.id, 20)
    for run in runs:
        if run.word in ("failed", "partial"):
            return run.id
    return runs[0].id if runs else ""


def _trend_first(detail: Detail) -> Detail:
    """Beside a list there are few lines: a trend, seen at a glance, goes before what is looked up."""
    lead = [block for block in detail.blocks[:1] if isinstance(block, Prose)]
    plots = [block for block in detail.blocks if isinstance(block, Plots)]
    rest = [block for block in detail.blocks if block not in lead and block not in plots]
    return replace(detail, blocks=[*lead, *plots, *rest])
