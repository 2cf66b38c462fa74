"""The whole way from a CRM to a dataset: seven pages over one set of answers, and one plan."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.api.errors import ApiTrouble
from aeptui.forms import base_connection, crm_flow, crm_parts
from aeptui.forms.fields import Answers, Value
from aeptui.forms.refusals import place
from aeptui.pipelines.events import Event
from aeptui.pipelines.here import plan_for, read_again
from aeptui.pipelines.journal import Entry
from aeptui.pipelines.plan import Made, Plan, Secrets
from aeptui.resources import registry
from aeptui.session import Session
from aeptui.ui.drawing import Piece
from aeptui.ui.palette import BOLD, DIM, PLAIN
from aeptui.ui.screens.answering import AnswerPage, Saying
from aeptui.ui.screens.confirm import Confirm
from aeptui.ui.screens.form import tried
from aeptui.ui.screens.login import LoginPage
from aeptui.ui.screens.plan import LookPage, RequestPage
from aeptui.ui.screens.recalling import in_words, stands_of, states_of
from aeptui.ui.screens.sheets import PageSheet, Sheet
from aeptui.ui.sending import PlanEnded, PlanTold, Stands, said, standing, tone_of, way_on
from aeptui.ui.unlocking import may_send
from aeptui.ui.widgets.field_list import FieldList
from aeptui.ui.widgets.plan_view import PlanView
from aeptui.ui.widgets.prompt import Prompt
from aeptui.ui.widgets.text_line import Rule, TextLine

log = logging.getLogger(__name__)

KEY = "crm-flow"
BASE = f"{base_connection.STEP}."
TABLE = 1
WIDE = 74
"""From here on every page has room for its name."""
REVIEW = len(crm_flow.PAGES) - 1


class WizardPage(AnswerPage):
    """Six pages of questions and a review; back and forth without losing an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "send", "next/send", id="send", tooltip="next page; on the last: send"),
        Binding(
            "ctrl+b", "previous", "page back", show=False, id="previous", tooltip="page before"
        ),
        Binding("escape", "back", "back (kept)", id="back", tooltip="a page back, at last out"),
        Binding("ctrl+x", "undo", "undo", show=False, id="undo", tooltip="take back what was made"),
        Binding("y", "copy", "copy as curl", show=False, id="copy", tooltip="copy the request"),
        Binding(
            "ctrl+e", "to_file", "to a file", id="to_file", tooltip="save it as a pipeline file"
        ),
    ]

    last = "Next page"
    intro = "From a CRM table to a dataset in seven pages. Nothing is sent before the last one."
    view = getters.query_one("#plan", PlanView)

    def __init__(self, session: Session) -> None:
        super().__init__(session, "", KEY)
        self._sheets = [PageSheet(page) for page in crm_flow.PAGES]
        self._at = 0
        self._left: Entry | None = None
        """How far the plan of these answers had come when it was left."""
        self._stands: Stands = ()
        self._turned_away: Made | None = None
        """A base connection that the plan made and that cannot log in."""
        self._busy = False

    def body(self) -> Iterable[Widget]:
        """The pages' names, the questions or the plan, a place for what is going on."""
        yield TextLine(id="heading")
        yield TextLine(id="pages")
        yield Rule()
        yield FieldList(last=self.last, id="fields")
        yield PlanView(id="plan")
        yield Saying()

    def on_mount(self) -> None:
        """Begin on the first page; go to the last one that was reached by the next keys."""
        self.view.display = False

    def taken_up(self, entry: Entry) -> None:
        """The plan is where it goes on."""
        self._left, self._stands = entry, stands_of(entry)
        self.saying.put(in_words(entry, "ctrl+r opens the plan, to go on"), "warn")
        self.refresh_bindings()

    def action_afresh(self) -> None:
        """Throw the answers away; what was made is the journal's."""
        self._left, self._stands, self._turned_away = None, (), None
        super().action_afresh()

    @property
    def sheet(self) -> Sheet:
        """The questions of the page that is open."""
        return self._sheets[self._at]

    @property
    def reviewing(self) -> bool:
        """Whether the review is open."""
        return self._at == REVIEW

    def show_heading(self) -> None:
        """Where one is, and which pages are complete."""
        where = f"page {self._at + 1} of {len(self._sheets)} "
        self.heading.put([(f" {crm_flow.TITLE}", BOLD)], [(where, DIM)])
        pieces: list[Piece] = [(" ", PLAIN)]
        for i, page in enumerate(crm_flow.PAGES):
            done = i < REVIEW and not self._page_faults(i) and (i <= self._reached)
            name = page.title.lower() if i == self._at or self.size.width >= WIDE else ""
            label = f"{'✓' if done else i + 1} {name}".rstrip()
            pieces.append((f"{label}  ", BOLD if i == self._at else DIM))
        self.query_one("#pages", TextLine).put(pieces)

    _reached = 0

    def _page_faults(self, i: int) -> dict[str, str]:
        return crm_flow.check(crm_flow.PAGES[i], self.answers, self.lookups)

    def show(self) -> None:
        """Draw the questions of the page, or the plan."""
        super().show()
        if self._drawn and self.reviewing and not self.over:
            self._show_plan()

    def why_not(self, action: str) -> str | None:
        """What makes no sense on this page."""
        if action == "test" and not self.sheet.looks and not self._logs_in:
            return "this page has nothing to preview"
        if action == "test" and self._at == TABLE and self._makes_base:
            return "the base connection is not made yet, so its rows cannot be seen"
        if action == "undo" and (self._busy or not self._stands):
            return "nothing was made that could be taken back"
        if action in ("send", "previous") and self._busy:
            return "it is being sent"
        if action == "previous" and self._at == 0:
            return "this is the first page"
        if action == "copy" and not self.reviewing:
            return "there is a request to copy on the last page"
        if action == "to_file" and not self.reviewing:
            return "the last page has the plan that can be saved"
        return super().why_not(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A letter is text on the pages; on the last one it is a key."""
        if action in ("copy", "to_file") and not self.reviewing:
            return False
        if action in ("test", "undo") and self.why_not(action):
            return False
        return super().check_action(action, parameters)

    # From page to page -----------------------------------------------------------------

    def action_send(self) -> None:
        """The next page, when this one is right; from the review, send."""
        if self._busy:
            self.saying.put("It is being sent already.", "busy")
        elif self.reviewing:
            self.send()
        elif self._settled_here():
            self.turn_to(self._at + 1)

    def action_previous(self) -> None:
        """The page before."""
        if not self._busy and self._at > 0:
            self.turn_to(self._at - 1)

    def action_back(self) -> None:
        """From a later page to the one before; from the first one out."""
        if self.stop_asking():
            return
        if self._at > 0 and not self._busy:
            self.turn_to(self._at - 1)
        else:
            self.keep()
            self.console.back()

    def turn_to(self, i: int, words: str = "") -> None:
        """Open a page."""
        self._at = i
        self._reached = max(self._reached, i)
        self.questions.display = not self.reviewing
        self.view.display = self.reviewing
        (self.view if self.reviewing else self.questions).focus()
        self.saying.put(words or self._nothing_here())
        self.keep()
        self.show()
        if not self.reviewing:
            self.questions.name_last("Next page")
            self.questions.go_first()

    def _nothing_here(self) -> str:
        """Why a page asks nothing yet; empty where it asks something."""
        if self.reviewing or self.sheet.fields(self.answers, self.lookups):
            return ""
        first = next(iter(self._page_faults(self._at).values()), "")
        return f"{first}; esc goes back." if first else ""

    def _settled_here(self) -> bool:
        """Whether nothing is wrong on this page; else the first fault is where the cursor is."""
        fields = self.sheet.fields(self.answers, self.lookups)
        self.touched |= {field.name for field in fields}
        here = {field.name for field in fields}
        self.refused = {name: text for name, text in self.refused.items() if name not in here}
        faults = self.faults(fields, every=True)
        self.show()
        for field in fields:
            if field.name in faults:
                self.questions.go_to(field.name)
                self.saying.put(f"Not yet: {faults[field.name]}.", "warn")
                return False
        return True

    def action_test(self) -> None:
        """Show what the page can show: whether one can log in, sample rows, fields, a row mapped."""
        if self._logs_in:
            self.log_in()
        elif self.sheet.looks:
            sheet = self.sheet
            page = LookPage(
                self.session, self.lookups, lambda: sheet.look(self.answers, self.lookups)
            )
            self.app.push_screen(page)

    # A new base connection -----------------------------------------------------------------

    @property
    def _makes_base(self) -> bool:
        own = crm_flow.answers_of(crm_parts.BASE, self.answers)
        return crm_parts.makes(crm_parts.BASE, own)

    @property
    def _logs_in(self) -> bool:
        """Whether this is the page on which a base connection can be made and tested."""
        return self._at == 0 and self._makes_base and not self._stands

    def answer(self, name: str, value: Value) -> None:
        """Take an answer; say what can be done about a base connection that is still to be made."""
        super().answer(name, value)
        if name == f"{BASE}make" and self._makes_base:
            self.saying.put(
                "It is made with the rest at the end, and its table and columns are typed; or"
                " ctrl+t makes and tests it now, and then they are chosen from lists."
            )

    def log_in(self) -> None:
        """Make and test the base connection now, or correct the one that was turned away."""
        own = crm_flow.answers_of(crm_parts.BASE, self.answers)
        page = LoginPage(self.session, own, self.take_base, self.base_made, self._turned_away)
        self.app.push_screen(page)

    def take_base(self, own: Answers, refused: Made | None) -> None:
        """The answers about the base connection, and the one that could not log in with them."""
        self._turned_away = refused or self._turned_away
        others = {k: v for k, v in self.answers.items() if not k.startswith(BASE)}
        self.answers = others | {f"{BASE}{name}": value for name, value in own.items()}
        self.keep()

    def base_made(self, made: Made) -> None:
        """A base connection can log in: go on with the plan that made it, or pick it."""
        self._turned_away = None
        if self._stands:
            words = "It can log in now. ctrl+g goes on with the rest."
        else:
            answers = crm_flow.change(self.answers, f"{BASE}make", crm_parts.EXISTING)
            self.answers = crm_flow.change(answers, f"{BASE}{crm_parts.PICK}", made.id)
            words = "It is made and can log in; its tables are on the next page."
        self.keep()
        self.know(made, words)

    @work(group="know")
    async def know(self, made: Made, words: str) -> None:
        """Show a base connection by its name, and say what became of it."""
        await read_again(self.session, "base-connections", made.id)
        self.show()
        self.saying.put(words, "good")

    async def lets_in(self, event: Event) -> str:
        """Why the plan stops here: the base connection that it just made cannot log in."""
        if event.step is None or event.made is None or event.step.name != base_connection.STEP:
            return ""
        try:
            result, made = await tried(self.session, event.made)
        except ApiTrouble as trouble:
            log.info("a base connection was made and not tested: %s", trouble)
            return ""
        if result.ok:
            return ""
        self._turned_away = made
        return f"The base connection is made, but {result.outcome}"

    def action_request(self) -> None:
        """The requests are on the last page, and from there on a page of their own."""
        plan = self.plan() if self.reviewing else None
        if plan is not None:
            self.app.push_screen(RequestPage(self.session, plan))
        else:
            self.turn_to(REVIEW)

    # The review ------------------------------------------------------------------------------

    def plan(self) -> Plan | None:
        """All writes in their order; None while something is wrong on a page."""
        if crm_flow.check_all(self.answers, self.lookups):
            return None
        steps = crm_flow.steps(self.answers, self.lookups)
        plan = plan_for(self.session, steps[-1].title.removeprefix("Create the "), steps)
        self.plan_id = self.plan_id or plan.id
        return replace(plan, id=self.plan_id)

    def _show_plan(self) -> None:
        plan = self.plan()
        self.view.show(plan, self._reused(), self._why_no_plan() if plan is None else "")
        if plan is not None and self._left is not None:
            self.view.recall(states_of(self._left), self._left.known())
            self._left = None
        if plan is not None and not self.saying.text:
            self.saying.put(_introduction(len(plan.steps), len(self._stands)))

    def _go_to_fault(self) -> None:
        """Open the first page that something is wrong on, with the cursor on it."""
        self.turn_to(next(i for i in range(REVIEW) if self._page_faults(i)))
        self._settled_here()

    def _why_no_plan(self) -> str:
        for i, page in enumerate(crm_flow.PAGES[:REVIEW]):
            for sentence in self._page_faults(i).values():
                where = f"Page {i + 1}, {page.title.lower()}"
                return f"{where}: {sentence}. ctrl+g opens that page."
        return ""

    def _reused(self) -> Sequence[tuple[str, str]]:
        found = []
        for what, id in crm_flow.reused(self.answers, self.lookups):
            kind = next((r.kind for r in registry.RESOURCES if r.name == what), "")
            row = self.session.mirror.get_now(kind, id) if kind else None
            found.append((what, row.name if row is not None and row.name else id))
        return found

    def action_copy(self) -> None:
        """Copy the request for a shell."""
        self.app.copy_to_clipboard(self.view.curl)
        self.say("Copied as curl; set AEP_TOKEN, AEP_API_KEY and the secrets in your shell.")

    def action_to_file(self) -> None:
        """Ask which file the plan goes to; it can be planned and applied from there."""
        plan = self.plan()
        if plan is None:
            self.saying.put(f"Nothing to save yet. {self._why_no_plan()}", "warn")
            return
        name = str(plan.step("flow").body["name"])
        stem = "-".join(re.findall(r"[a-z0-9]+", name.lower())) or "pipeline"
        self.open_prompt(Prompt("save as ", f"{stem}.toml", id="pipeline_file"))

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Write the file."""
        if self._prompt is None or self._prompt.id != "pipeline_file":
            super().on_prompt_answered(message)
        else:
            self.close_prompt()
            self.write_file(Path(message.text.strip()).expanduser())

    @work(exclusive=True, group="file")
    async def write_file(self, path: Path) -> None:
        """Say the plan as a file; one that is there already is a person's work and stays."""
        from aeptui.pipelines.chain import NotSayable
        from aeptui.pipelines.plan_file import text_of

        plan = self.plan()
        if plan is None:
            return
        reused = {
            noun.replace(" ", "_"): id for noun, id in crm_flow.reused(self.answers, self.lookups)
        }
        try:
            text = await text_of(plan, reused, await self.session.connected(), self.lookups)
            await asyncio.to_thread(_write_new, path, text)
        except FileExistsError:
            self.saying.put(f"{path} is there already; choose another name.", "warn")
        except OSError as reason:
            self.saying.put(f"{path} cannot be written: {reason.strerror or reason}.", "warn")
        except (ApiTrouble, NotSayable) as trouble:
            self.saying.put(f"It was not saved: {trouble}", "warn")
        else:
            words = f"Saved as {path}. aeptui plan and aeptui apply take it; no secret is in it."
            self.saying.put(words, "good")

    @work(exclusive=True, group="send")
    async def send(self) -> None:
        """Ask what has to be asked of a person, then hand the plan over."""
        plan = self.plan()
        if plan is None:
            self._go_to_fault()
            return
        if self._turned_away is not None and self._makes_base:
            self.log_in()
            return
        self._busy, sent = True, False
        try:
            if reason := await may_send(self, plan.title):
                self.saying.put(f"Nothing was sent: {reason}.", "warn")
                return
            secrets = crm_flow.secrets(self.answers, self.lookups)
            self.remember(plan.id)
            sending = self.console.doing.sending
            told = self.post_message
            sent = sending.begin(self.session, plan, secrets, told, checks=self.lets_in)
        finally:
            self._busy = sent
            self.refresh_bindings()

    def on_plan_told(self, message: PlanTold) -> None:
        """Say what happens, at its step and in words."""
        event = message.event
        self.view.tell(event)
        self._stands = standing(event, self._stands)
        self.saying.put(said(event), tone_of(event))

    def on_plan_ended(self, message: PlanEnded) -> None:
        """Go home with the new flow, or say what stands and what to do."""
        self._busy = False
        self.refresh_bindings()
        event = message.event
        made = next((made for step, made in event.stands if step.name == "flow"), None)
        if event.what == "finished" and made is not None:
            self.served()
            words = "The flow is made. Its first run appears in its list when it begins."
            others = [(step.kind, each.id) for step, each in event.stands if each is not made]
            self.console.doing.show_made(self, "flows", made.id, words, others)
        elif event.what == "finished":
            self.remember("")
            self._stands = ()
            self._turned_away = None
            self.saying.put(said(event), "good")
        else:
            self._failed(event)

    def _failed(self, event: Event) -> None:
        """Open the page that the refusal is about, with the sentence at its field."""
        stands = f" {_stands(len(self._stands))}" if self._stands else ""
        if self._turned_away is not None:
            self.log_in()
            return
        if event.what == "failed" and event.error is not None and event.step is not None:
            for i, sheet in enumerate(self._sheets):
                fields = sheet.fields(self.answers, self.lookups)
                if name := place(event.step.name, event.error, fields):
                    self.refused = {name: str(event.error)}
                    self.turn_to(i)
                    self.questions.go_to(name)
                    self.saying.put(
                        f"The platform refused it; your answers are all here.{stands}", "warn"
                    )
                    return
        self.saying.put(said(event, way_on(event) + stands), "warn")

    @work(exclusive=True, group="send")
    async def action_undo(self) -> None:
        """Take back what was made, newest first."""
        plan = self.plan() or self.view.plan
        if plan is None or not self._stands or self._busy:
            return
        made = ", ".join(step.title.removeprefix("Create the ") for step, _ in self._stands)
        question = Confirm("Undo what was made?", f"This deletes: {made}.")
        if await self.app.push_screen_wait(question):
            if not self.reviewing:
                self.turn_to(REVIEW)
            sending = self.console.doing.sending
            self._busy = sending.begin(self.session, plan, Secrets(), self.post_message, back=True)


def _write_new(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as out:
        out.write(text)


def _introduction(steps: int, stands: int) -> str:
    writes = "One write" if steps == 1 else f"{steps} writes, in this order"
    if stands:
        return f"{_stands(stands)} ctrl+g goes on with the rest."
    return (
        f"{writes}. Nothing has been sent. If one fails, those before it stay and can be gone on"
        " from, or undone."
    )


def _stands(count: int) -> str:
    made = "One write is" if count == 1 else f"{count} writes are"
    return f"{made} done and not repeated; ctrl+x undoes what was made."
