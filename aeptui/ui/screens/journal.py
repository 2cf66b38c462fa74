"""The journal: plans that stopped half-way with the ways out of it, then every past write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, TypeAlias

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from aeptui.pipelines.here import journal_of
from aeptui.pipelines.journal import Entry, JournalError, Write
from aeptui.pipelines.plan import Secrets
from aeptui.resources.definition import Tone
from aeptui.resources.formats import date_time, full, plural
from aeptui.session import Session
from aeptui.ui.drawing import Piece, fit, line
from aeptui.ui.palette import BOLD, CURSOR, DIM, PLAIN, TONES
from aeptui.ui.screens.confirm import Confirm, SecretAsked
from aeptui.ui.screens.deleting import may_go_on_deleting
from aeptui.ui.screens.page import Page
from aeptui.ui.screens.recalling import stands_of, states_of
from aeptui.ui.screens.send import SendPage
from aeptui.ui.widgets.json_view import JsonView
from aeptui.ui.widgets.prompt import Prompt
from aeptui.ui.widgets.row_pane import RowPane
from aeptui.ui.widgets.text_line import Rule, TextLine

MOST = 500
"""So many writes are listed, newest first; a search finds older ones."""
Row: TypeAlias = Entry | Write
_TONES: dict[str, Tone] = {"done": "good", "undone": "off", "failed": "bad"}


class JournalPane(RowPane[Row]):
    """A line for each plan that is unfinished, then one for each write."""

    def __init__(self, session: Session) -> None:
        super().__init__(
            "JOURNAL", empty="Nothing was written from this computer yet.", id="journal"
        )
        self._session = session

    def draw(self, row: Row, width: int, *, here: bool) -> Strip:
        """When, what came of it, what it was, and where."""
        moment = self._session.moment()
        begun: list[Piece] = [("▸" if here else " ", PLAIN)]
        over = CURSOR if here else None
        if isinstance(row, Entry):
            plan = row.plan
            done = sum(1 for each in row.steps if each.state == "done")
            how = f"{done} of {plural(len(row.steps), 'write')} done"
            how += ", being worked on" if row.busy else ""
            begun += [
                (fit(date_time(plan.made_at, moment), 15), DIM),
                (fit("UNFINISHED", 11), TONES["warn"]),
                (f"{plan.title}  ", PLAIN),
                (f"{how}  {plan.profile} / {plan.sandbox}", DIM),
            ]
            return line(begun, width, over)
        word = "left" if row.outcome == "left" else row.outcome
        begun += [
            (fit(date_time(row.sent_at, moment), 15), DIM),
            (fit(word, 11), TONES[_TONES.get(row.outcome, "warn")]),
            (f"{'Undo: ' if row.undoes else ''}{row.title}  ", PLAIN),
            (f"{row.profile} / {row.sandbox}  {row.made_id}", DIM),
        ]
        return line(begun, width, over)


class JournalPage(Page):
    """Read from the disk, whatever the platform does. What goes on is asked before it is sent."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="open", tooltip="the plan, or the request of a write"),
        Binding("ctrl+g", "resume", "resume", id="send", tooltip="open the plan and go on with it"),
        Binding("ctrl+x", "roll_back", "roll back", id="undo", tooltip="open the plan and take back what it made"),
        Binding("x", "forget", "forget", id="drop", tooltip="let an unfinished plan be as it stands"),
        Binding("slash", "filter", "search", priority=True, id="filter", tooltip="search all writes"),
    ]  # fmt: skip

    aged = ("flows", "runs")
    kinds = ("sandboxes",)  # read from the disk: no news of the mirror is about it
    pane = getters.query_one("#journal", JournalPane)

    def __init__(self, session: Session) -> None:
        super().__init__(session, "journal")
        self.text = ""
        self._before = ""
        self._reading = asyncio.Lock()

    def body(self) -> Iterable[Widget]:
        """The list."""
        yield Rule()
        yield JournalPane(self.session)

    def on_mount(self) -> None:
        """Read when it is in front."""
        self.pane.focus()

    async def look(self) -> None:
        """Read it again; one reading at a time, so that the last one shown is the last one read."""
        async with self._reading:
            await self._look()

    async def _look(self) -> None:
        try:
            async with journal_of(self.session) as journal:
                entries = await journal.unfinished()
                writes = await journal.writes(MOST, self.text)
        except JournalError as trouble:
            self.say(f"The journal cannot be read: {trouble}", "bad")
            return
        self.console.tell_unfinished(len(entries))
        if not self.query("#journal"):
            return  # it was left meanwhile
        sought = self.text.lower()
        shown: list[Row] = [each for each in entries if sought in each.plan.title.lower()]
        self.pane.note = f"search {self.text}   esc clears it" if self.text else ""
        self.pane.empty = "No write says that." if self.text else "Nothing was written yet."
        self.pane.put([*shown, *writes])
        self.refresh_bindings()

    # The row at the cursor --------------------------------------------------------------

    @property
    def entry(self) -> Entry | None:
        """The unfinished plan at the cursor."""
        row = self.pane.row if self.is_mounted else None
        return row if isinstance(row, Entry) else None

    def why_not(self, action: str) -> str | None:
        """Most keys are for what is unfinished."""
        if action in ("resume", "roll_back", "forget"):
            if self.entry is None:
                return "only for a plan that is unfinished"
            if self.entry.busy:
                return "another aeptui is working on it"
        if action == "open" and (not self.is_mounted or self.pane.row is None):
            return "there is nothing under the cursor"
        return super().why_not(action)

    def on_row_pane_moved(self, _message: RowPane.Moved) -> None:
        """Keys depend on what is under the cursor."""
        self.refresh_bindings()

    def action_open(self) -> None:
        """Open the plan, or the request of the write."""
        match self.pane.row:
            case Entry() as entry:
                self._open(entry)
            case Write() as write:
                self.app.push_screen(WritePage(self.session, write))

    def action_resume(self) -> None:
        """Open the plan; it asks before it goes on."""
        if self.entry is not None:
            self._open(self.entry, then="send")

    def action_roll_back(self) -> None:
        """Open the plan; it asks before it takes anything back."""
        if self.entry is not None:
            self._open(self.entry, then="undo")

    def _open(self, entry: Entry, then: str = "") -> None:
        self.app.push_screen(ResumePage(self.session, entry, then))

    @work(exclusive=True, group="edit")
    async def action_forget(self) -> None:
        """Let a plan be as it stands, after a question that says how it stands."""
        entry = self.entry
        if entry is None:
            return
        made = [each.step.title for each in entry.steps if each.state in ("done", "left")]
        unsure = [each.step.title for each in entry.steps if each.state in ("sending", "unknown")]
        stays = f"Done and staying: {', '.join(made)}." if made else ""
        if unsure:
            stays += f" May have landed, and is not looked for any more: {', '.join(unsure)}."
        stays = stays.strip() or "Nothing of it was done."
        question = Confirm(
            f"Forget {entry.plan.title}?",
            f"{stays} Nothing is sent. It stays in this list as past.",
        )
        if not await self.app.push_screen_wait(question):
            return
        try:
            async with journal_of(self.session) as journal:
                forgotten = await journal.forget(entry.plan.id)
        except JournalError as trouble:
            self.say(f"It was not forgotten: {trouble}", "bad")
            return
        await self.look()
        if not forgotten:
            self.say("It was not forgotten: another aeptui is working on it.", "warn")

    # Searching ---------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Search what was written."""
        self._before = self.text
        self.open_prompt(Prompt("search ", self.text, id="search"))

    @work(exclusive=True, group="search")
    async def search(self, text: str) -> None:
        """Show what says so."""
        self.text = text.strip()
        await self.look()

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Search while it is typed."""
        if self._prompt is not None and self._prompt.id == "search":
            self.search(message.text)
        else:
            super().on_prompt_changed(message)

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """What was found stays."""
        if self._prompt is not None and self._prompt.id == "search":
            self.close_prompt()
        else:
            super().on_prompt_answered(message)

    def on_prompt_left(self, message: Prompt.Left) -> None:
        """Search for what was searched for before."""
        if self._prompt is not None and self._prompt.id == "search":
            self.search(self._before)
        super().on_prompt_left(message)

    def action_back(self) -> None:
        """A search goes first."""
        if self.text:
            self.search("")
        else:
            super().action_back()

    def action_refresh(self) -> None:
        """Read it again."""
        self.search(self.text)


class ResumePage(SendPage):
    """An unfinished plan: ctrl+g goes on, ctrl+x takes back; each says first what it will send."""

    def __init__(self, session: Session, entry: Entry, then: str = "") -> None:
        super().__init__(session, entry.plan, words=_how_it_stands(entry), done=self._ended)
        self._entry = entry
        self._then = then
        self.stands = stands_of(entry)

    def on_mount(self) -> None:
        """Draw how far it came; begin with the question that was asked for."""
        self.view.recall(states_of(self._entry), self._entry.known())
        match self._then:
            case "send":
                self.call_after_refresh(self.action_send)
            case "undo":
                self.call_after_refresh(self.action_undo)

    async def may_begin(self) -> bool:
        """Name what is sent, and ask for the secrets that the journal never had.

        What is deleted is weighed anew: it may have found other users since.
        """
        left = [each for each in self._entry.steps if each.state not in ("done", "undone")]
        unsure = any(each.state in ("sending", "unknown") for each in left)
        look = " What may have landed is looked for first, and not sent twice." if unsure else ""
        deletions = [each.step for each in left if each.step.purpose == "delete"]
        if deletions:
            return await may_go_on_deleting(self, deletions)
        titles = ", then ".join(each.step.title for each in left)
        question = Confirm(f"Go on with {self.plan.title}?", f"It sends: {titles}.{look}")
        if not await self.app.push_screen_wait(question):
            return False
        wanted = dict.fromkeys(name for each in left for name in each.step.secret_names())
        found = dict(self.secrets)
        for name in wanted:
            if name not in found:
                secret = await self.app.push_screen_wait(SecretAsked(name, self.plan.title))
                if secret is None:
                    self.saying.put(f"Nothing was sent: {name} was not given.", "warn")
                    return False
                found[name] = secret
        self.secrets = Secrets(found)
        return True

    @property
    def may_stand(self) -> bool:
        """What may have landed is looked for, and taken back as well."""
        unsure = any(each.state in ("sending", "unknown") for each in self._entry.steps)
        return super().may_stand or unsure

    def taking_back(self) -> str:
        """What is sent, and what is looked for first."""
        unsure = [e.step.title for e in self._entry.steps if e.state in ("sending", "unknown")]
        looked = f" Looked for first, and taken back where it landed: {', '.join(unsure)}."
        return super().taking_back() + (looked if unsure else "")

    def _ended(self, event: object) -> None:
        self.session.sync.refresh()
        words = self.saying.text
        self.console.back()
        self.console.page.say(words, "good")


class WritePage(Page):
    """One write: when, where, what was sent without its secrets, and what came back."""

    aged = ("flows", "runs")
    view = getters.query_one("#json", JsonView)

    def __init__(self, session: Session, write: Write) -> None:
        super().__init__(session, "write")
        self._write = write

    def body(self) -> Iterable[Widget]:
        """The title and the text."""
        yield TextLine([(f" {self._write.title}", BOLD)])
        yield Rule()
        yield JsonView(id="json")

    def on_mount(self) -> None:
        """Show it."""
        write, moment = self._write, self.session.moment()

        def when(time: datetime | None) -> str:
            return full(time, moment) if time else "no answer"

        facts = [
            ("outcome", write.outcome + (", taking back" if write.undoes else "")),
            ("says", write.sentence),
            ("sent", when(write.sent_at)),
            ("answered", when(write.answered_at)),
            ("plan", f"{write.plan_title}  {write.plan_id}"),
            ("where", f"{write.profile} / {write.sandbox}  {write.host}"),
            ("answer id", write.made_id),
            ("request id", write.request_id),
        ]
        told = "\n".join(f"{label:11}{text}" for label, text in facts if text)
        self.view.show_text(f"{told}\n\n{write.request}")
        self.view.focus()


def _how_it_stands(entry: Entry) -> str:
    done = sum(1 for each in entry.steps if each.state == "done")
    unsure = sum(1 for each in entry.steps if each.state in ("sending", "unknown"))
    words = f"It stopped with {done} of {plural(len(entry.steps), 'write')} done"
    words += f", {plural(unsure, 'write')} that may have landed" if unsure else ""
    return f"{words}. ctrl+g goes on, ctrl+x takes back what was done."
