"""Unmaking a flow: what goes and in which order, what stays and why, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import getters
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from aeptui.mirror.rows import FlowRow
from aeptui.pipelines import blast
from aeptui.pipelines.events import Event
from aeptui.pipelines.here import plan_for
from aeptui.pipelines.plan import Plan
from aeptui.pipelines.unmaking import Going, step_of
from aeptui.pipelines.unmaking_flow import FOR_GOOD, USUAL, FlowParts
from aeptui.resources.formats import plural
from aeptui.session import Session
from aeptui.ui.drawing import Piece, fit, line, wrap
from aeptui.ui.palette import BOLD, CURSOR, DIM, PLAIN, TONES
from aeptui.ui.screens.deleting import may_delete
from aeptui.ui.screens.page import Page
from aeptui.ui.screens.send import SendPage
from aeptui.ui.widgets.row_pane import RowPane
from aeptui.ui.widgets.text_line import Rule, TextLine


class GoingPane(RowPane[Going]):
    """A line for each part: whether it goes, what it is, and what goes along or keeps it."""

    def __init__(self) -> None:
        super().__init__("IN THIS ORDER", id="going")

    def draw(self, row: Going, width: int, *, here: bool) -> Strip:
        """A tick, the noun, the name, the consequence."""
        goes = not row.stays
        begun: list[Piece] = [
            ("▸" if here else " ", PLAIN),
            (f"[{'x' if goes else ' '}] ", BOLD if goes else DIM),
            (fit(row.noun, 18), DIM),
            (fit(row.name, max(16, width // 3)), PLAIN if goes else DIM),
        ]
        words = row.reach if goes else f"stays: {row.stays}"
        begun.append((f"  {words}", TONES["warn"] if goes and row.reach and not here else DIM))
        return line(begun, width, CURSOR if here else None)

    def below(self, row: Going, width: int) -> list[Strip]:
        """The consequence whole, where its line was too short for it."""
        words = row.reach if not row.stays else f"It stays: {row.stays}."
        room = width - 26 - max(16, width // 3)
        told = list(wrap(words, width - 6)) if len(words) > room else []
        return [line([("     ", PLAIN), (each, DIM)], width) for each in told]


class UnmakePage(Page):
    """Ticks decide; nothing is sent before the plan was seen and confirmed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "tick", "tick", id="choose", tooltip="let it go, or let it stay"),
        Binding("ctrl+g", "send", "show the plan", id="send", tooltip="the requests, in their order; sent from there"),
    ]  # fmt: skip

    aged = ("flows", "runs")
    pane = getters.query_one("#going", GoingPane)
    heading = getters.query_one("#heading", TextLine)

    def __init__(self, session: Session, parts: FlowParts) -> None:
        super().__init__(session, "delete")
        self.parts = parts
        self.ticked = set(USUAL)

    def body(self) -> Iterable[Widget]:
        """What it is about, the parts, and what is reached."""
        yield TextLine(id="heading")
        yield Rule()
        yield GoingPane()

    def on_mount(self) -> None:
        """Weigh it."""
        self.weigh()
        self.pane.focus()

    def weigh(self) -> None:
        """What goes and what stays, with these ticks."""
        self.pane.put(self.parts.weighed(self.ticked))
        going = sum(1 for each in self.pane.rows if not each.stays)
        row = self.session.mirror.get_now("flows", self.parts.flow.id)
        flow = self.parts.flow.name
        due = blast.with_next(self.session, [row]) if isinstance(row, FlowRow) else flow
        stay = len(self.pane.rows) - going
        left = [(f" Delete the flow {due}", BOLD)]
        self.heading.put(left, [(f"{plural(going, 'thing')} go, {stay} stay ", DIM)])

    def action_tick(self) -> None:
        """Let the part at the cursor go, or let it stay."""
        row = self.pane.row
        if row is None:
            return
        if row.part in ("flow", "mapping_set"):
            words = FOR_GOOD if row.part == "mapping_set" else "the flow itself always goes"
            self.say(f"{words[:1].upper()}{words[1:]}.", "warn")
            return
        self.ticked ^= {row.part}
        self.weigh()
        now = next(each for each in self.pane.rows if each.part == row.part)
        if row.part in self.ticked and now.stays:
            self.say(f"It stays: {now.stays}.", "warn")

    def action_send(self) -> None:
        """Show the requests."""
        going = [each for each in self.pane.rows if not each.stays]
        steps = [step_of(each) for each in going]
        plan = plan_for(self.session, f"Delete the flow {self.parts.flow.name}", steps)
        self.app.push_screen(UnmakePlan(self.session, plan, going, list(self.pane.rows)))


class UnmakePlan(SendPage):
    """The deletions. Rows that go for good are confirmed by typing the flow's name."""

    def __init__(
        self, session: Session, plan: Plan, going: list[Going], every: list[Going]
    ) -> None:
        self._going = going
        self._left = [f"{each.noun} {each.name}" for each in every if each.stays]
        stays = f" What stays: {', '.join(self._left)}." if self._left else ""
        words = f"Nothing has been sent. What is deleted cannot be brought back.{stays}"
        super().__init__(session, plan, words=words, done=self._gone)

    async def may_begin(self) -> bool:
        """Name what is lost, once more; what others use by now is not taken from them."""
        return await may_delete(self, self._going)

    def _gone(self, event: Event) -> None:
        """Say what is left behind."""
        self.session.sync.refresh()
        console = self.console
        console.go_home()
        left = f" {', '.join(self._left)} stay." if self._left else ""
        console.page.say(f"{event.plan.title}: done.{left}", "good")
