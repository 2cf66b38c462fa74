"""Causes: what goes wrong across flows, one line each; and one of them opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, cast

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from aeptui.api.errors import ApiTrouble
from aeptui.mirror.rows import Row
from aeptui.monitor.causes import WINDOW, Cause
from aeptui.resources import causes as told
from aeptui.resources.causes import CauseRow, FailingRow
from aeptui.resources.definition import Block, Prose, Tone
from aeptui.session import Session
from aeptui.ui.ages import Age
from aeptui.ui.fixed import FixedRows
from aeptui.ui.messages import OpenResource, OpenWhy
from aeptui.ui.palette import BOLD, DIM, TONES
from aeptui.ui.screens.minding import MindingCausesPage
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.detail_view import DetailView
from aeptui.ui.widgets.resource_table import ResourceTable
from aeptui.ui.widgets.text_line import Divider, Rule, TextLine

TESTED = 10
"""So many base connections are tested for one key."""


class CausesPage(MindingCausesPage):
    """Every cause of the last days, worst first; beside the list what is under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "why", id="why", tooltip="why the newest run with this cause failed"),
        Binding("t", "test", "test", id="test", tooltip="test the base connections behind it"),
        Binding("y", "copy", "copy", show=False, id="copy", tooltip="copy the code and the words"),
        Binding("tab", "pane", "other pane", show=False, id="pane", tooltip="to the detail"),
        Binding("shift+tab", "pane", "other pane", show=False),
    ]

    table = getters.query_one("#table", ResourceTable)
    heading = getters.query_one("#heading", TextLine)
    beside = getters.query_one("#beside", DetailView)

    def __init__(self, session: Session) -> None:
        super().__init__(session, "causes")
        self.kinds = ("flows", "runs")
        self.tested: dict[str, tuple[str, Tone]] = {}
        """What testing the base connections said, for as long as the page is open."""

    def body(self) -> Iterable[Widget]:
        """A heading, the causes, and the one under the cursor beside them."""
        yield TextLine(id="heading")
        yield Rule()
        with Horizontal(id="area"):
            yield ResourceTable(told.COLUMNS, self.session.moment, empty=told.EMPTY, id="table")
            yield Divider(id="divider")
            yield DetailView(titled=True, id="beside")

    def on_mount(self) -> None:
        """Give the keys to the list."""
        self.heading.put([(" causes ", BOLD)])
        self.marks_changed()
        self.table.focus()

    async def look(self) -> None:
        """Group what failed again."""
        causes = await told.known(self.session)
        book = self.session.config.code_book
        rows = FixedRows([told.row_of(cause, book) for cause in causes])
        self.table.read_from(rows, sorted_by="", reverse=False, keep=True)
        self.table.show(rows.window())
        said = told.summary(causes)
        self.heading.put(
            [(" causes ", BOLD), (f" {said}" if said else "", DIM)],
            [(f"{told.window_words(WINDOW)} ", DIM)],
        )
        self.show_beside()
        self.refresh_bindings()

    @property
    def cause(self) -> Cause | None:
        """The cause under the cursor."""
        row = self.table.row if self.is_mounted else None
        return row.cause if isinstance(row, CauseRow) else None

    def cause_at_hand(self) -> Cause | None:
        """The one under the cursor."""
        return self.cause

    def marks_changed(self) -> None:
        """Show which causes are calm."""
        self.table.set_calm(self.console.alerting.letters_of_causes())

    def show_beside(self) -> None:
        """Tell of the cause under the cursor, where there is room."""
        cause = self.cause
        if cause is None:
            self.beside.say("Nothing here to show.")
            return
        book, moment = self.session.config.code_book, self.session.moment()
        self.beside.show(told.detail(cause, book, moment, tested=self.tested))

    def on_age(self, age: Age) -> None:
        """Dim what may be out of date."""
        self.table.set_stale(age.stale)
        self.table.set_unread("" if age.read else "Not read yet.")

    def on_resource_table_moved(self, _message: ResourceTable.Moved) -> None:
        """Show what the cursor is on."""
        self.show_beside()
        self.refresh_bindings()

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Open the cause."""
        row = cast(CauseRow, message.row)
        self.app.push_screen(CausePage(self.session, row.cause, self.tested))

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        """Open what the detail names."""
        self.post_message(OpenResource(message.kind, message.id))

    def why_not(self, action: str) -> str | None:
        """Every key here is about the cause under the cursor."""
        if action in ("why", "test", "copy", "open") and self.cause is None:
            return "there is no cause under the cursor"
        if action == "test" and self.cause is not None and not self.cause.connections:
            return "no base connection is known behind it"
        if action == "pane" and not self.beside.display:
            return "the detail opens beside the list at 120 columns"
        if action == "causes":
            return "these are the causes"
        return super().why_not(action)

    def ever(self, action: str) -> bool:
        """The way here is not offered here."""
        return action != "causes" and super().ever(action)

    def action_why(self) -> None:
        """Explain the newest run that shows it."""
        if (cause := self.cause) is not None:
            newest = max(cause.failing, key=lambda each: each.last_seen)
            self.post_message(OpenWhy(newest.last_run_id, newest.flow_name or newest.flow_id))

    @work(exclusive=True, group="test")
    async def action_test(self) -> None:
        """Test the base connections behind it."""
        if (cause := self.cause) is not None:
            way = "enter opens the cause; E there changes the login."
            await test(self, cause, self.tested, way)
            self.show_beside()

    def action_copy(self) -> None:
        """Copy the code and the words."""
        if (cause := self.cause) is not None:
            copy(self, cause)

    def action_pane(self) -> None:
        """Give the keys to the other pane."""
        (self.beside if self.table.has_focus else self.table).focus()

    def action_back(self) -> None:
        """From the detail to the list, then leave."""
        if self.beside.has_focus:
            self.table.focus()
        else:
            super().action_back()


class CausePage(MindingCausesPage):
    """One cause: what it is and what to do, over the flows that it touches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "why", id="why", tooltip="why the flow's newest run with it failed"),
        Binding("d", "changes", "what changed", id="changes", tooltip="what changed before it"),
        Binding("t", "test", "test", id="test", tooltip="test the base connections behind it"),
        Binding(
            "E",
            "change",
            "change login",
            id="change",
            tooltip="give the flow's base connection other credentials",
        ),
        Binding("y", "copy", "copy", show=False, id="copy", tooltip="copy the code and the words"),
        Binding("tab", "pane", "other pane", id="pane", tooltip="between the facts and the flows"),
        Binding("shift+tab", "pane", "other pane", show=False),
    ]

    heading = getters.query_one("#heading", TextLine)
    detail = getters.query_one("#detail", DetailView)
    table = getters.query_one("#parts", ResourceTable)

    def __init__(self, session: Session, cause: Cause, tested: dict[str, tuple[str, Tone]]) -> None:
        super().__init__(session, "causes › one")
        self.kinds = ("flows", "runs")
        self.cause = cause
        self.tested = tested
        self._samples: Sequence[Block] = (
            (Prose("Asking the platform for rows that were lost; esc leaves.", tone="dim"),)
            if cause.lost
            else ()
        )

    def body(self) -> Iterable[Widget]:
        """A title, the facts, the flows."""
        yield TextLine(id="heading")
        yield Rule()
        yield DetailView(id="detail")
        yield Rule(id="flows_rule")
        yield ResourceTable(
            told.FLOW_COLUMNS, self.session.moment, empty="No flow shows it any more.", id="parts"
        )

    def on_mount(self) -> None:
        """Draw what is known, and ask for sample rows."""
        self.show()
        self.table.focus()
        self.ask_for_samples()

    def cause_at_hand(self) -> Cause | None:
        """The one that is shown."""
        return self.cause

    async def look(self) -> None:
        """Group again what failed; a cause that is no more stays as it was last."""
        for cause in await told.known(self.session):
            if cause.key == self.cause.key:
                self.cause = cause
        self.show()

    def show(self) -> None:
        """The facts and the flows."""
        cause, book = self.cause, self.session.config.code_book
        made = told.detail(
            cause, book, self.session.moment(), tested=self.tested, samples=self._samples
        )
        self.heading.put(
            [(f" {made.title}", BOLD)],
            [(f"{cause.code or 'no code'}  ", DIM), (f"{made.word} ", TONES[made.tone])],
        )
        self.detail.show(made)
        rows = FixedRows(told.flow_rows(cause))
        self.table.read_from(rows, sorted_by="", reverse=False, keep=True)
        self.table.show(rows.window())
        count = len(cause.failing)
        self.table.styles.max_height = count + 2  # the facts have the lines that it does not need
        self.query_one("#flows_rule", Rule).put("1 flow" if count == 1 else f"{count:,} flows")

    @work(exclusive=True, group="samples")
    async def ask_for_samples(self) -> None:
        """Ask the platform for rows that were lost; leaving the page ends the question."""
        if self.cause.lost:
            self._samples = await told.sample_blocks(self.session, self.cause)
            self.show()

    def on_age(self, age: Age) -> None:
        """Dim what may be out of date."""
        self.table.set_stale(age.stale)

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Open the flow; esc comes back to the same place."""
        self.post_message(OpenResource("flows", message.row.id))

    def on_detail_view_followed(self, message: DetailView.Followed) -> None:
        """Open what the facts name."""
        self.post_message(OpenResource(message.kind, message.id))

    def why_not(self, action: str) -> str | None:
        """Testing needs a base connection."""
        if action == "test" and not self.cause.connections:
            return "no base connection is known behind it"
        if action == "change":
            return self._why_not_change()
        return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that acts is always taken: when it cannot be done, it says why."""
        return True if action == "change" else super().check_action(action, parameters)

    def ever(self, action: str) -> bool:
        """Other credentials are offered where the ones there are were refused; the list is left."""
        if action == "change":
            return bool(self.cause.connections) and self.cause.whole
        return action != "causes" and super().ever(action)

    def _connection(self) -> Row | None:
        """The base connection of the flow under the cursor."""
        row = self.table.row if self.is_mounted else None
        id = row.failing.base_connection_id if isinstance(row, FailingRow) else ""
        return self.session.mirror.get_now("base-connections", id) if id else None

    def _why_not_change(self) -> str | None:
        from aeptui.pipelines.here import why_not_write
        from aeptui.ui.unlocking import with_the_way_out

        if self._connection() is None:
            return "No base connection is known behind the flow under the cursor"
        return with_the_way_out(self.session, why_not_write(self.session))

    def action_change(self) -> None:
        """Open the form that changes the base connection of the flow under the cursor."""
        from aeptui.resources import registry

        row, reason = self._connection(), self._why_not_change()
        if row is None or reason:
            self.say(f"{reason}.", "warn")
        else:
            self.console.doing.change(registry.BY_KIND["base-connections"], row)

    def action_why(self) -> None:
        """Explain the newest run with it of the flow under the cursor."""
        row = self.table.row
        if isinstance(row, FailingRow):
            self.post_message(OpenWhy(row.failing.last_run_id, row.name or row.id))

    def action_changes(self) -> None:
        """Show what was changed before the flow under the cursor began to fail."""
        from aeptui.ui.screens.changes import ChangesPage

        row = self.table.row
        if isinstance(row, FailingRow):
            self.app.push_screen(ChangesPage(self.session, row.id, row.failing.last_run_id))

    @work(exclusive=True, group="test")
    async def action_test(self) -> None:
        """Test the base connections behind it."""
        way = "E changes the login of the flow under the cursor."
        await test(self, self.cause, self.tested, way)
        self.show()

    def action_copy(self) -> None:
        """Copy the code and the words."""
        copy(self, self.cause)

    def action_pane(self) -> None:
        """Give the keys to the other pane."""
        (self.detail if self.table.has_focus else self.table).focus()


async def test(page: Page, cause: Cause, tested: dict[str, tuple[str, Tone]], way: str) -> None:
    """Let the platform log in to each CRM behind a cause, and keep what came of it.

    `way` says where another login is given, for the one that was refused.
    """
    failed = refused = 0
    for number, each in enumerate(cause.connections[:TESTED], 1):
        name = each.name or each.id
        page.say(f"Testing {name} ({number} of {len(cause.connections[:TESTED])}) …", "busy")
        try:
            services = await page.session.connected()
            result = await services.flows.test_connection(each.id)
        except ApiTrouble as trouble:
            tested[each.id] = (f"not tested: {trouble}", "warn")
            failed += 1
            continue
        failed += not result.ok
        refused += not (result.ok or result.down)
        tested[each.id] = (
            ("can log in now", "good") if result.ok else (f"cannot: {result.sentence}", "bad")
        )
    if len(cause.connections) == 1:
        said, tone = tested[cause.connections[0].id]
        said = f"{cause.connections[0].name}: {said.rstrip('.')}."
    else:
        count = len(cause.connections[:TESTED])
        said, tone = f"{count - failed} of {count} can log in.", "warn" if failed else "good"
    page.say(f"{said} {way}" if refused else said, tone)


def copy(page: Page, cause: Cause) -> None:
    """Copy the code and the words by way of the terminal."""
    words = " ".join(part for part in (cause.code, cause.message) if part)
    page.app.copy_to_clipboard(words)
    page.say("Copied the code and the words, if your terminal takes it.")
