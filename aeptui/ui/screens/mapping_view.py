"""A mapping as it stands: columns with samples, pairs, fields, and what the platform makes of them.

Narrow, one pane is in sight and tab leads to the next; wide, they stand beside
each other. What is changed here is the mapping studio's; this is how it looks,
how one moves in it, and when the platform is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget

from aeptui.api.errors import ApiTrouble
from aeptui.api.mappingtrials import Function
from aeptui.forms.field_tree import FieldTree
from aeptui.forms.pairs import Pair
from aeptui.forms.source_connection import cell_text
from aeptui.forms.trial import Trial, trials, value_at
from aeptui.forms.workbench import Workbench, typed, unknown_function
from aeptui.session import Session
from aeptui.ui.drawing import Piece
from aeptui.ui.palette import BOLD, DIM, PLAIN, TONES
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.mapping_panes import (
    ColumnsPane,
    FieldsPane,
    PairRow,
    PairsPane,
    SamplePane,
    told_field,
    value_pieces,
)
from aeptui.ui.widgets.prompt import Prompt
from aeptui.ui.widgets.row_pane import RowPane
from aeptui.ui.widgets.text_line import Divider, Rule, TextLine

SETTLE_S = 0.4
"""So long after the last change the platform is asked what comes of it."""
WIDE = 120


@dataclass(frozen=True, slots=True)
class Pick:
    """A question that the next enter in a pane answers: which column, or which field."""

    question: str
    pane: str
    done: Callable[[str], None]


class MappingView(Page):
    """The panes over one `Workbench`; whoever opened it is told of each change, and keeps it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "pane(1)", "other pane", id="pane", tooltip="columns, pairs, fields"),
        Binding("shift+tab", "pane(-1)", "other pane", show=False),
        Binding("slash", "filter", "find", priority=True, id="filter", tooltip="find in this pane"),
        Binding("left", "fold(-1)", "fold", show=False, id="fold", tooltip="fold the object"),
        Binding("right", "fold(1)", "unfold", show=False, id="unfold", tooltip="unfold the object"),
        Binding("ctrl+r", "try_now", "try now", id="try_now", tooltip="ask the platform now what comes of the pairs"),
    ]  # fmt: skip

    aged = ("flows", "runs")
    columns = getters.query_one("#columns", ColumnsPane)
    pairs = getters.query_one("#pairs", PairsPane)
    fields = getters.query_one("#fields", FieldsPane)
    sample = getters.query_one("#sample", SamplePane)
    heading = getters.query_one("#heading", TextLine)
    rule = getters.query_one("#about", Rule)

    def __init__(
        self,
        session: Session,
        bench: Workbench,
        told: Callable[[list[dict[str, Any]]], None],
        *,
        trail: str = "mapping",
    ) -> None:
        super().__init__(session, trail)
        self.work = bench
        self.field_tree = FieldTree(bench.bench.fields)
        self.trial = Trial(-1)
        self.trouble = ""
        self.trying = False
        self.pick: Pick | None = None
        self.functions: Sequence[Function] = ()
        self._told = told
        self._alarm: Timer | None = None
        self._found: dict[str, str] = {}
        self._front = "pairs"

    # The frame -------------------------------------------------------------------------

    def body(self) -> Iterable[Widget]:
        """A heading, three panes, and five rows of what is at the cursor."""
        yield TextLine(id="heading")
        yield Rule()
        with Horizontal(id="panes"):
            yield ColumnsPane(self.work)
            yield Divider(id="left_divider")
            yield PairsPane(self.work, lambda at: self.fault_of(at) or self.doubt_of(at))
            yield Divider(id="right_divider")
            yield FieldsPane(self.work, lambda path: path in self.field_tree.open)
        yield Rule(id="about")
        yield SamplePane()

    def on_mount(self) -> None:
        """Begin with the pairs; those that are required first."""
        self.lay_out()
        self.redraw()
        self.show_pane("pairs" if self.work.pairs or self.work.lacking else "columns")
        self.settle()

    def on_resize(self) -> None:
        """One pane, or all of them beside each other."""
        super().on_resize()
        self.lay_out()

    def lay_out(self) -> None:
        """Show what there is room for."""
        wide = self.size.width >= WIDE
        for pane in self.panes:
            pane.display = wide or pane.id == self._front
        for divider in self.query(Divider):
            divider.display = wide

    @property
    def panes(self) -> tuple[RowPane[Any], ...]:
        """From left to right."""
        return (self.columns, self.pairs, self.fields)

    @property
    def front(self) -> RowPane[Any]:
        """The pane that has the keys."""
        return next(pane for pane in self.panes if pane.id == self._front)

    def show_pane(self, name: str) -> None:
        """Give the keys to a pane."""
        self._front = name
        self.lay_out()
        self.set_focus(self.front)  # at once: a line to type on may follow
        self.about_the_cursor()
        self.refresh_bindings()

    # What is drawn ------------------------------------------------------------------------

    def fault_of(self, at: int) -> str:
        """What is wrong with a pair: what we can tell, or else what the platform said."""
        if wrong := self.work.faults.get(at, ""):
            return wrong
        pair = self.work.pairs[at] if 0 <= at < len(self.work.pairs) else None
        if pair is None:
            return ""
        if pair.way == "expression" and (unknown := unknown_function(pair.source, self.functions)):
            return unknown
        return self.trial.faults.get(at, "") if self.trial.revision == self.work.revision else ""

    def doubt_of(self, at: int) -> str:
        """What is odd about a pair and does not keep it from working."""
        pair = self.work.pairs[at] if 0 <= at < len(self.work.pairs) else None
        return self.work.unknown_name(pair) if pair is not None else ""

    def redraw(self) -> None:
        """Draw the panes again after a change of the pairs or of what was searched."""
        work, found = self.work, self._found
        names = [c for c in work.columns if _matches(found.get("columns", ""), c.name, c.word)]
        self.columns.empty = self._no_columns()
        self.columns.put(names)
        sought = found.get("pairs", "")
        rows = [
            PairRow(-1, lacking=field) for field in work.lacking if _matches(sought, field.path)
        ]
        rows += [
            PairRow(at, pair)
            for at, pair in enumerate(work.pairs)
            if _matches(sought, pair.source, pair.destination)
        ]
        self.pairs.put(rows)
        self.field_tree.find = found.get("fields", "")
        self.fields.count = None if self.field_tree.find else len(self.field_tree.fields)
        self.fields.put(self.field_tree.rows())
        for pane in self.panes:
            pane.note = f"find {found[pane.id]}" if pane.id and found.get(pane.id) else ""
        self.show_heading()
        self.about_the_cursor()

    def show_heading(self) -> None:
        """How far it is, or the question that the next enter answers."""
        if self.pick is not None:
            self.heading.put([(f" {self.pick.question}", BOLD)], [("esc leaves it ", DIM)])
            return
        work = self.work
        wrong = sum(1 for at in range(len(work.pairs)) if self.fault_of(at))
        left: list[Piece] = [(f" {self.what}", BOLD), (f"   {len(work.pairs):,} pairs", PLAIN)]
        if work.columns:
            left.append((f", {len(work.by_column):,} of {len(work.columns):,} columns", DIM))
        if work.lacking:
            left.append((f"   {len(work.lacking):,} required open", TONES["warn"]))
        if wrong:
            verb = "does" if wrong == 1 else "do"
            left.append((f"   {wrong:,} {verb} not work", TONES["warn"]))
        self.heading.put(left, self._standing())

    what = "Mapping"

    def _standing(self) -> list[Piece]:
        """What the platform has been asked, at the right of the heading."""
        if self.trying:
            return [("trying … ", TONES["busy"])]
        if self.trouble:
            return [("not tried ", TONES["warn"])]
        if self.trial.revision != self.work.revision or not self.trial.whole:
            return [("ctrl+r tries it ", DIM)]
        return [("tried " if self.work.bench.schema else "no schema yet ", DIM)]

    def _no_columns(self) -> str:
        if self._found.get("columns"):
            return "No column matches."
        return "The columns of the source are not known; e types one."

    def about_the_cursor(self) -> None:
        """Say below what the row at the cursor is, with five sampled values."""
        front = self.front
        row = front.row
        if front is self.columns and row is not None:
            self._about_column(row.name, row.word)
        elif front is self.fields and row is not None and row.field is not None:
            self.rule.put(row.path)
            at = self.work.by_field.get(row.path)
            self.sample.show(
                (), (), told_field(row.field) + (self._filled(at) if at is not None else [])
            )
        elif front is self.pairs and row is not None and row.pair is not None:
            self._about_pair(row.pair)
        elif front is self.pairs and row is not None and row.lacking is not None:
            self.rule.put(row.lacking.path)
            words = "Every row is refused without it. enter chooses a column, n calculates it."
            self.sample.show((), (), [(words, TONES["warn"]), *told_field(row.lacking)])
        else:
            self.rule.put("")
            self.sample.show((), ())

    def _filled(self, at: int) -> list[Piece]:
        return [(f"Filled by {typed(self.work.pairs[at])}", DIM)]

    def _about_column(self, name: str, word: str) -> None:
        work = self.work
        self.rule.put(f"{name}   {word}")
        proposal = work.proposed.get(name)
        words: list[Piece] = []
        if not work.rows:
            words = [(work.bench.no_rows or "There are no sample rows.", DIM)]
        says = (
            f"{proposal.destination}, {proposal.score}: {proposal.reason}; space takes it"
            if proposal
            else ""
        )
        read = [work.pairs[at].destination for at in work.by_column.get(name, ())]
        header = ("VALUE", says or (f"fills {', '.join(read)}" if read else "not mapped"))
        rows = [[(cell_text(row.get(name)), PLAIN), ("", DIM)] for row in work.rows]
        self.sample.show(header if work.rows else (), rows, words)

    def _about_pair(self, pair: Pair) -> None:
        work, trial = self.work, self.trial
        why = work.reasons.get((pair.source, pair.destination))
        says = f"   {why.score} {why.reason}" if why and pair.way == "attribute" else ""
        self.rule.put(f"{typed(pair)} → {pair.destination}{says}")
        if not work.rows:
            words: list[Piece] = [(work.bench.no_rows or "There are no sample rows.", DIM)]
            self.sample.show((), (), words + self._trouble_words())
            return
        reads = work.read_by(pair)
        current = trial.revision == work.revision
        rows = []
        for number, row in enumerate(work.rows):
            becomes: Piece = (self._pending(current), DIM)
            if number < len(trial.records):
                record = trial.records[number]
                wrong = dict(record.faults).get(pair.destination, "") if current else ""
                value = cell_text(value_at(record.record, pair.destination))
                style = TONES["warn"] if wrong else PLAIN if current else DIM
                becomes = (wrong or value or "nothing", style)
            rows.append([(value_pieces(row, reads), PLAIN), becomes])
        stale = "BECAME BEFORE THE CHANGE"
        stale += f"; not tried: {self.trouble}" if self.trouble else ""
        becomes_now = "BECOMES" if current or not trial.records else stale
        if not work.bench.schema:
            becomes_now = "BECOMES: told once the schema is made"
        self.sample.show(("VALUE" if len(reads) < 2 else "VALUES", becomes_now), rows)

    def _pending(self, current: bool) -> str:
        if self.trouble:
            return f"not tried: {self.trouble}"
        if not self.work.bench.schema:
            return ""
        if current and self.trial.note:
            return self.trial.note
        return "asking …" if self.trying else "not asked yet"

    def _trouble_words(self) -> list[Piece]:
        return [(f"It was not tried: {self.trouble}", TONES["warn"])] if self.trouble else []

    def on_row_pane_moved(self, _message: RowPane.Moved) -> None:
        """Say what the cursor came to."""
        self.about_the_cursor()

    # Trying ---------------------------------------------------------------------------------

    def changed(self, at: int | None = None) -> None:
        """The pairs are others: tell it, draw it, and have it tried when the keys rest."""
        self._told(self.work.answer())
        self.redraw()
        if at is not None:
            self._hold(at)
        self.settle()

    def _hold(self, at: int) -> None:
        """Put the cursor of the pairs on a pair."""
        place = next((i for i, row in enumerate(self.pairs.rows) if row.at == at), None)
        if place is not None:
            self.pairs.go_to(place)

    def settle(self) -> None:
        """Ask what comes of it once nothing was changed for a while."""
        if self._alarm is not None:
            self._alarm.stop()
        self._alarm = self.set_timer(SETTLE_S, self.try_out)

    def action_try_now(self) -> None:
        """Ask now, whatever the budget can spare."""
        self.try_out(frugal=False)

    @work(exclusive=True, group="try")
    async def try_out(self, frugal: bool = True) -> None:
        """Let the platform judge the pairs and map the sample rows; esc or a change ends it."""
        if self.trial.revision == self.work.revision and self.trial.whole and not self.trouble:
            if frugal:
                return
            self.trial = Trial(-1)
        if not self.query("#pairs"):
            return
        self.trying, self.trouble = True, ""
        self.show_heading()
        try:
            services = await self.session.connected()
            async with aclosing(trials(self.work, services, frugal=frugal)) as told:
                async for self.trial in told:
                    self._tried()
        except ApiTrouble as trouble:
            self.trouble = str(trouble)
        finally:
            self.trying = False
            self._tried()

    def _tried(self) -> None:
        if not self.query("#pairs"):
            return  # a late answer, for a page that is being left
        self.pairs.repaint()
        self.show_heading()
        self.about_the_cursor()

    @work(exclusive=True, group="functions")
    async def learn_functions(self) -> None:
        """Ask for the functions once; without them an expression is typed all the same."""
        try:
            services = await self.session.connected()
            self.functions = await services.trials.functions()
        except ApiTrouble:
            return
        if self.query("#pairs"):
            self.redraw()

    # Panes and searching ------------------------------------------------------------------------

    def action_pane(self, delta: int) -> None:
        """To the next pane."""
        names = [pane.id or "" for pane in self.panes]
        self.show_pane(names[(names.index(self._front) + delta) % len(names)])

    def action_fold(self, delta: int) -> None:
        """Fold or unfold the object at the cursor of the fields."""
        row = self.fields.row if self.front is self.fields else None
        folds = row is not None and row.field is None
        if row is not None and folds and (row.path in self.field_tree.open) != (delta > 0):
            self.field_tree.toggle(row.path)
            self.fields.put(self.field_tree.rows())

    def action_filter(self) -> None:
        """Find in the pane that has the keys."""
        before = self._found.get(self._front, "")
        self._sought_before = before
        self.open_prompt(Prompt("find ", before, id="find"))

    _sought_before = ""

    def _search(self, text: str) -> None:
        self._found[self._front] = text.strip()
        self.front.at = 0
        self.redraw()

    # Lines to type on -----------------------------------------------------------------------

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Search while it is typed."""
        if self._prompt is not None and self._prompt.id == "find":
            self._search(message.text)
        else:
            super().on_prompt_changed(message)

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """What was found stays."""
        if self._prompt is not None and self._prompt.id == "find":
            self.close_prompt()
        else:
            super().on_prompt_answered(message)

    def on_prompt_left(self, message: Prompt.Left) -> None:
        """Search for what was searched for before."""
        if self._prompt is not None and self._prompt.id == "find":
            self._search(self._sought_before)
        super().on_prompt_left(message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here comes by itself, so nothing is refreshed or frozen."""
        if action in ("refresh", "freeze"):
            return False
        return super().check_action(action, parameters)


def _matches(text: str, *told: str) -> bool:
    return not text or all(word in " ".join(told).lower() for word in text.lower().split())
