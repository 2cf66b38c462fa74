"""One form, from the first answer to the new resource."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work

from aeptui.api.errors import ApiTrouble
from aeptui.forms import base_connection
from aeptui.forms.form import NOTHING, Form
from aeptui.forms.refusals import place, place_login
from aeptui.pipelines.events import Event
from aeptui.pipelines.here import plan_for, read_again
from aeptui.pipelines.journal import Entry
from aeptui.pipelines.plan import Made, Plan, Secrets
from aeptui.session import Session
from aeptui.ui.palette import BOLD
from aeptui.ui.screens.answering import AnswerPage
from aeptui.ui.screens.plan import LookPage, RequestPage
from aeptui.ui.screens.sheets import FormSheet, Sheet
from aeptui.ui.sending import PlanEnded, PlanTold, said, tone_of
from aeptui.ui.unlocking import may_send

if TYPE_CHECKING:
    from aeptui.api.flowservice import TestResult


class FormPage(AnswerPage):
    """The questions for one kind; sending makes it, and its list shows the new row."""

    def __init__(self, session: Session, form: Form, *, key: str = "") -> None:
        super().__init__(session, "", key or form.kind)
        self.form = form
        self.intro = f"{form.intro} Nothing is sent before ctrl+g."
        self._sheet = FormSheet(form)
        self._mending: Made | None = None
        """A connection that was made and could not log in."""
        self._busy = False

    @property
    def sheet(self) -> Sheet:
        """The form's questions."""
        return self._sheet

    def show_heading(self) -> None:
        """The form and what it is for."""
        self.heading.put([(f" {self.form.title}", BOLD)])

    def why_not(self, action: str) -> str | None:
        """Some forms have nothing to try; while it is being sent nothing else is."""
        if action == "test" and self.form.kind != "base-connections" and not self.form.looks:
            return "there is nothing to try before it is made"
        if action in ("send", "test") and self._busy:
            return "it is being sent"
        return super().why_not(action)

    def taken_up(self, entry: Entry) -> None:
        """A base connection that is made is not made again: it is corrected until it can log in."""
        super().taken_up(entry)
        if self.form.kind != "base-connections" or entry.ended != "done":
            return
        made = entry.known()[self.form.step]
        if self.session.mirror.get_now(self.form.kind, made.id) is None:
            self.remember("")
            self.saying.put("Your answers of last time are here, but for secrets.")
        else:
            self.turned_away(made)
            self.saying.put(
                "It is made, and has not logged in yet. ctrl+t tests it; ctrl+g replaces its"
                " credentials and tests again.",
                "warn",
            )

    def action_afresh(self) -> None:
        """Throw the answers away; what was made of them stays where it is."""
        if self.recalls:
            self._mending = None
            self.questions.name_last(self.last)
        super().action_afresh()

    # Looking and testing ---------------------------------------------------------------

    def action_test(self) -> None:
        """Show what the form can show; of a base connection, test what was made."""
        if self._mending is not None:
            self.test_made(self._mending)
        elif self.form.kind == "base-connections":
            wrong = self._first_fault()
            words = (
                f"Not yet: {wrong}."
                if wrong
                else (
                    "The answers are complete. The platform can test only what exists: "
                    "ctrl+g creates it and tests it at once."
                )
            )
            self.saying.put(words, "warn" if wrong else "")
        elif self.form.looks:
            page = LookPage(
                self.session,
                self.lookups,
                lambda: self.sheet.look(self.answers, self.lookups),
            )
            self.app.push_screen(page)

    def action_request(self) -> None:
        """Show the request, if the answers come to one."""
        if self._ready():
            self.app.push_screen(RequestPage(self.session, self.plan()))

    def _first_fault(self) -> str:
        """Touch every field; go to the first one that needs a look and answer with why."""
        fields = self.sheet.fields(self.answers, self.lookups)
        self.touched |= {field.name for field in fields}
        self.refused = {}
        faults = self.faults(fields, every=True)
        self.show()
        for field in fields:
            if field.name in faults:
                self.questions.go_to(field.name)
                return faults[field.name]
        return next(iter(faults.values()), "")

    def _ready(self) -> bool:
        wrong = self._first_fault()
        if wrong:
            self.saying.put(f"Nothing was sent: {wrong}.", "warn")
        return not wrong

    # Sending -----------------------------------------------------------------------------

    def plan(self) -> Plan:
        """What the answers come to."""
        if self._mending is not None:
            made = self._mending
            steps = base_connection.mend(self.answers, self.lookups, made.id, made.etag)
            return plan_for(self.session, steps[0].title, steps)
        steps = self.form.steps(self.answers, self.lookups, NOTHING)
        plan = plan_for(self.session, steps[0].title, steps)
        return replace(plan, id=self.plan_id) if self.plan_id else plan

    def action_send(self) -> None:
        """Check, then send; a second press while it is under way does nothing."""
        if self._busy:
            self.saying.put("It is being sent already.", "busy")
        elif self._ready():
            self.begin()

    @work(exclusive=True, group="send")
    async def begin(self) -> None:
        """Ask what has to be asked of a person, then hand the plan over."""
        self._busy = True
        sent = False
        try:
            if not await self._tried():
                return
            if reason := await may_send(self, self.plan().title):
                self.saying.put(f"Nothing was sent: {reason}.", "warn")
                return
            plan, secrets = self.plan(), self._secrets()
            if self._mending is None:
                self.remember(plan.id)
            sent = self.console.doing.sending.begin(self.session, plan, secrets, self.post_message)
        finally:
            self._busy = sent
            self.refresh_bindings()

    async def _tried(self) -> bool:
        """Let the platform try a mapping before it is kept; True when it has nothing against it."""
        if self.form.kind != "mapping-sets":
            return True
        self.saying.put("Letting the platform try the mapping …", "busy")
        while True:
            self.lookups.start_over()
            found = self.sheet.look(self.answers, self.lookups)
            if found is None or not found.waits or not await self.lookups.ask_missing():
                break
        wrong = (found.faults if found else {}) or (
            {"pairs": found.trouble} if found and found.trouble else {}
        )
        if wrong:
            self._refuse(
                dict(wrong), "The platform tried the mapping and minds it. Nothing was sent."
            )
        return not wrong

    def _secrets(self) -> Secrets:
        return self.form.secrets(self.answers, self.lookups, NOTHING)

    def on_plan_told(self, message: PlanTold) -> None:
        """Say what happens."""
        self.saying.put(said(message.event), tone_of(message.event))

    def on_plan_ended(self, message: PlanEnded) -> None:
        """Go to what was made, or say at its field why it was not."""
        self._busy = False
        self.refresh_bindings()
        event = message.event
        if event.what == "finished":
            self._finished(event)
        else:
            self._failed(event)

    def _finished(self, event: Event) -> None:
        if self._mending is not None:
            self.test_made(self._mending)
            return
        made = next((made for step, made in event.stands if step.name == self.form.step), None)
        if made is None:
            self.saying.put(said(event), "good")
        elif self.form.kind == "base-connections":
            self.test_made(made)
        else:
            self.leave_for(made, f"{event.stands[0][0].title}: done.")

    def leave_for(self, made: Made, words: str) -> None:
        """Leave for the list with the new row under the cursor."""
        self.served()
        self.console.doing.show_made(self, self.form.kind, made.id, words)

    def _failed(self, event: Event) -> None:
        fields = self.sheet.fields(self.answers, self.lookups)
        reason = str(event.error) if event.error is not None else event.sentence
        about = ""
        if event.what == "failed" and event.error is not None and event.step is not None:
            about = place(event.step.name, event.error, fields)
        more = ""
        if event.what == "failed":
            more = "The platform refused it; your answers are all here. ctrl+g sends again."
        elif event.what == "refused" and event.stands:
            more = "What was asked for is made all the same; ctrl+g finds it."
        elif event.what == "unknown":
            more = "ctrl+g looks for it again before anything is sent."
        self._refuse({about: reason} if about else {}, more if about else said(event, more))

    def _refuse(self, faults: dict[str, str], words: str) -> None:
        self.refused = faults
        self.show()
        for name in faults:
            self.questions.go_to(name)
        self.saying.put(words, "warn")

    def turned_away(self, made: Made) -> None:
        """From now on the answers correct what is made, and make nothing new."""
        self._mending = made
        self.questions.name_last("Correct and test again")

    # A base connection is accepted when it can log in --------------------------------------

    @work(exclusive=True, group="test")
    async def test_made(self, made: Made) -> None:
        """Let the platform log in with what was made; the CRM's own word when it cannot."""
        self._busy = True
        self.saying.put("It is made. Testing whether it can log in …", "busy")
        try:
            result, made = await tried(self.session, made)
        except ApiTrouble as trouble:
            self._mending = made
            self.saying.put(
                f"It is made, but was not tested: {trouble}. ctrl+t tests again.", "warn"
            )
            return
        finally:
            self._busy = False
            self.refresh_bindings()
        if result.ok:
            self.leave_for(made, "It is made, and can log in.")
            return
        self.turned_away(made)
        fields = self.sheet.fields(self.answers, self.lookups)
        params = [field for field in fields if field.name.startswith(base_connection.PARAM)]
        about = place_login(result.sentence, params)
        why = "cannot log in" if about else result.outcome
        self._refuse(
            {about: result.sentence} if about else {},
            f"It is made, but {why}. Correct the answers; ctrl+g replaces its credentials and"
            " tests again. Or leave, and delete it with X in its list.",
        )
        # What was typed blindly is what is most often wrong.
        blind = next((field.name for field in params if field.kind == "secret"), "")
        self.questions.go_to(about or blind)
        await read_again(self.session, "base-connections", made.id)


async def tried(session: Session, made: Made) -> tuple[TestResult, Made]:
    """Whether the platform can log in with a base connection, and under which etag it is now."""
    services = await session.connected()
    result = await services.flows.test_connection(made.id)
    body = (await services.flows.get_base_connection(made.id)).raw()
    return result, replace(made, etag=str(body.get("etag") or made.etag))
