"""What needs nobody just now: expected failures, acknowledgements and snoozes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.mirror.rows import FlowRow, Row
from aeptui.mirror.values import Listing
from aeptui.moment import Moment
from aeptui.monitor.alerts import Mark, glob
from aeptui.monitor.tones import NEEDS_A_PERSON, RANKED
from aeptui.nearest import nearest
from aeptui.notes import marking
from aeptui.notes.file import NotesError
from aeptui.resources import formats
from aeptui.resources.definition import Column
from aeptui.session import Session
from aeptui.ui.fixed import FixedRows
from aeptui.ui.palette import BOLD, DIM
from aeptui.ui.screens.confirm import Confirm
from aeptui.ui.screens.page import Page
from aeptui.ui.widgets.prompt import Prompt
from aeptui.ui.widgets.resource_table import ResourceTable
from aeptui.ui.widgets.text_line import Rule, TextLine

MOST = 10_000
"""So many flows are held against a new rule to say how many it is about."""
EMPTY = (
    "Nothing is expected, acknowledged or snoozed. A rule says that some flows may fail until "
    "a date, and why: n makes one."
)


class MarkRow(Row, frozen=True, kw_only=True):
    """A mark as a row."""

    mark: Mark


class Asked(NamedTuple):
    """One question of a new rule."""

    sign: str
    hint: str


QUESTIONS = (
    Asked("flows: ", "a name, or a glob such as Salesforce *"),
    Asked("may be: ", "states such as failed,late; empty for all that need a person"),
    Asked("until: ", "a length such as 8h or 3d, or a day such as 2026-09-30"),
    Asked("because: ", "the reason, for whoever reads it later"),
)

COLUMNS = (
    Column("WHAT", lambda row, _: row.mark.kind, 12),
    Column("ABOUT", lambda row, _: row.name, 24, grow=True),
    Column("STATES", lambda row, _: ",".join(row.mark.words) or "all", 12, shed=1),
    Column("UNTIL", lambda row, moment: _until(row.mark, moment), 15),
    Column("WHY", lambda row, _: row.mark.note, 20, grow=True),
    Column("WHO", lambda row, _: row.mark.who, 8, shed=2),
)


def _until(mark: Mark, moment: Moment) -> str:
    return "it recovers" if mark.until is None else formats.due(mark.until, moment)


class RulesPage(Page):
    """All that keeps an alarm from ringing; one can be made here and taken back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "new rule", id="new", tooltip="make a rule; asks four things"),
        Binding("X", "take_back", "take back", id="take_back", tooltip="end it; asks first"),
    ]

    table = getters.query_one("#table", ResourceTable)

    def __init__(self, session: Session, flow: FlowRow | None = None) -> None:
        super().__init__(session, "rules")
        self.kinds = ("flows",)
        self._about = flow.name if flow is not None else ""
        self._answers: list[str] = []

    def body(self) -> Iterable[Widget]:
        """The marks that count."""
        yield TextLine([(" Known ", BOLD), (" rings no alarm", DIM)])
        yield Rule()
        yield ResourceTable(COLUMNS, self.session.moment, empty=EMPTY, id="table")

    def on_mount(self) -> None:
        """Give the keys to the list."""
        self.marks_changed()
        self.table.focus()

    def marks_changed(self) -> None:
        """List what counts now, rules first."""
        now = self.session.now()
        marks = [mark for mark in self.console.alerting.marks.all if mark.runs(now)]
        marks.sort(key=lambda mark: (mark.kind != "expected", mark.n))
        rows = FixedRows([MarkRow(id=str(mark.n), name=mark.name, mark=mark) for mark in marks])
        self.table.read_from(rows, sorted_by="", reverse=False, keep=True)
        self.table.show(rows.window())
        self.refresh_bindings()

    def why_not(self, action: str) -> str | None:
        """There has to be one to take back."""
        if action == "take_back" and (not self.is_mounted or self.table.row is None):
            return "there is nothing under the cursor"
        return super().why_not(action)

    def on_resource_table_moved(self, _message: ResourceTable.Moved) -> None:
        """Keys depend on what is under the cursor."""
        self.refresh_bindings()

    def on_resource_table_opened(self, message: ResourceTable.Opened) -> None:
        """Say all of it: a line may have no room for the reason."""
        if isinstance(message.row, MarkRow):
            self.say(_whole(message.row.mark, self.session.moment()))

    @work(group="take_back")
    async def action_take_back(self) -> None:
        """Ask, and end the one under the cursor."""
        row = self.table.row
        if not isinstance(row, MarkRow):
            return
        question = Confirm(
            f"Take back: {row.mark.kind} {row.name}?", "What goes wrong with it from now on alarms."
        )
        if not await self.console.push_screen_wait(question):
            return
        try:
            await self.session.notes.unmark([row.mark.n], self.session.now(), "taken back")
        except NotesError as reason:
            self.refuse(reason, "bad")
            return
        await self.console.alerting.look()
        self.say(f"{row.name}: not {row.mark.kind} any more.")

    # A new rule -----------------------------------------------------------------------

    def action_new(self) -> None:
        """Ask the four things of a rule."""
        self._answers = []
        self._ask(self._about)

    def _ask(self, text: str = "") -> None:
        asked = QUESTIONS[len(self._answers)]
        prompt = Prompt(asked.sign, text, id=f"rule-{len(self._answers)}")
        self.open_prompt(prompt)
        prompt.hint(asked.hint)

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """What was wrong with an answer is not said of the next one."""
        if self._prompt is None or not (self._prompt.id or "").startswith("rule-"):
            super().on_prompt_changed(message)
        else:
            self._prompt.hint(QUESTIONS[len(self._answers)].hint)

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Judge the answer, then ask the next thing or keep the rule."""
        if self._prompt is None or not (self._prompt.id or "").startswith("rule-"):
            super().on_prompt_answered(message)
            return
        answer = message.text.strip()
        if wrong := self._fault(answer):
            self._prompt.hint(wrong, "warn")
            return
        self._answers.append(answer)
        self.close_prompt()
        if len(self._answers) < len(QUESTIONS):
            self._ask()
        else:
            self.keep(*self._answers)

    def _fault(self, answer: str) -> str:
        match len(self._answers):
            case 1:
                return _strange(answer)
            case 2:
                moment = self.session.moment()
                if marking.until(answer, moment.now, moment.zone) is None:
                    return "that is no time to come; 8h, 3d or 2026-09-30 is"
            case place if not answer:
                return "which flows?" if place == 0 else "a rule needs its reason"
        return ""

    @work(group="keep")
    async def keep(self, flows: str, words: str, until: str, reason: str) -> None:
        """Keep the rule, and say how many flows it is about."""
        moment = self.session.moment()
        end = marking.until(until, moment.now, moment.zone)
        if end is None:
            self.refuse("its time is over already")
            return
        rule = marking.expected(flows, _states(words), end, reason, moment.now)
        try:
            await self.session.notes.mark([rule])
        except NotesError as reason_:
            self.refuse(reason_, "bad")
            return
        await self.console.alerting.look()
        known = await self.session.mirror.window(Listing("flows"), MOST)
        count = sum(glob(flows, row.name) for row in known.rows)
        self.say(f"Expected until {formats.due(end, moment)}: {formats.plural(count, 'flow')}.")


def _whole(mark: Mark, moment: Moment) -> str:
    """All that is known of a mark, in one sentence."""
    about = f"{mark.name} ({', '.join(mark.words)})" if mark.words else mark.name
    why = f": {mark.note.rstrip('.')}" if mark.note else ""
    return f"{about}: {mark.kind} by {mark.who} until {_until(mark, moment)}{why}."


def _states(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.lower().replace(",", " ").split() if word)


def _strange(text: str) -> str:
    known = [word for word in RANKED if word in NEEDS_A_PERSON]
    for word in _states(text):
        if word not in known:
            near = nearest(word, known)
            return (
                f"no state {word}; did you mean {near}?" if near else f"one of {', '.join(known)}"
            )
    return ""
