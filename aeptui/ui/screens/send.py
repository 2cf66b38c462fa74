"""A plan before it is sent, and while it is: each request, what came of it, and the way back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar, TypeAlias

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from aeptui.api.conflicts import Difference, Outdated
from aeptui.api.errors import ApiTrouble
from aeptui.pipelines.events import Event
from aeptui.pipelines.plan import Plan, Secrets
from aeptui.session import Session
from aeptui.ui.palette import BOLD, DIM
from aeptui.ui.screens.answering import Saying
from aeptui.ui.screens.confirm import Confirm
from aeptui.ui.screens.page import Page
from aeptui.ui.sending import PlanEnded, PlanTold, Stands, said, standing, tone_of, way_on
from aeptui.ui.unlocking import may_send
from aeptui.ui.widgets.plan_view import PlanView
from aeptui.ui.widgets.text_line import Rule, TextLine

SHOWN = 4
"""So many differences are named in a question."""

Again: TypeAlias = Callable[[Outdated], Awaitable[Plan | None]]
"""The plan made anew over what stands there now; None where that cannot be."""


class SendPage(Page):
    """Nothing is sent before ctrl+g. `done` is called with the last event of a plan that ended well.

    When somebody else was faster, theirs and mine are shown, and `again` makes the
    plan that sets mine over theirs, if that is wanted.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "send", "send", id="send", tooltip="send it, or go on where it stopped"),
        Binding("ctrl+x", "undo", "undo", id="undo", tooltip="take back what was made, newest first"),
        Binding("y", "copy", "copy as curl", id="copy", tooltip="copy the request as curl"),
        Binding("escape", "back", "back", id="back", tooltip="back; what is being sent goes on"),
    ]  # fmt: skip

    aged = ("flows", "runs")
    view = getters.query_one("#plan", PlanView)
    saying = getters.query_one("#saying", Saying)

    def __init__(
        self,
        session: Session,
        plan: Plan,
        secrets: Secrets | None = None,
        *,
        words: str = "Nothing has been sent.",
        done: Callable[[Event], None],
        again: Again | None = None,
    ) -> None:
        super().__init__(session, "plan")
        self.plan = plan
        self.secrets = secrets or Secrets()
        self.words = words
        self.stands: Stands = ()
        self.busy = False
        self._done = done
        self._again = again

    def body(self) -> Iterable[Widget]:
        """The title, the steps and their requests, a place for what is going on."""
        count = len(self.plan.steps)
        writes = "one write" if count == 1 else f"{count:,} writes, in this order"
        yield TextLine([(f" {self.plan.title}", BOLD), (f"   {writes}", DIM)])
        yield Rule()
        yield PlanView(id="plan")
        yield Saying()

    def on_mount(self) -> None:
        """Show the first request."""
        self.view.show(self.plan)
        self.view.focus()
        self.saying.put(self.words)

    def why_not(self, action: str) -> str | None:
        """One thing at a time."""
        if action in ("send", "undo") and self.busy:
            return "it is being sent"
        if action == "undo" and not self.may_stand:
            return "nothing was made that could be taken back"
        return super().why_not(action)

    def action_copy(self) -> None:
        """Copy the request for a shell; the token and the secrets stay variables."""
        self.app.copy_to_clipboard(self.view.curl)
        self.say("Copied as curl; set AEP_TOKEN, AEP_API_KEY and the secrets in your shell.")

    def action_send(self) -> None:
        """Send it; a second press while it is under way does nothing."""
        if self.busy:
            self.saying.put("It is being sent already.", "busy")
        else:
            self.send()

    @work(exclusive=True, group="send")
    async def send(self) -> None:
        """Ask what has to be asked of a person, then hand the plan over."""
        if not await self.may_begin():
            return
        if reason := await may_send(self, self.plan.title):
            self.saying.put(f"Nothing was sent: {reason}.", "warn")
            return
        self._begin(back=False)

    async def may_begin(self) -> bool:
        """Whether it is still right to send it; for subclasses."""
        return True

    @work(exclusive=True, group="send")
    async def action_undo(self) -> None:
        """Take back what was made, newest first."""
        if self.busy or not self.may_stand:
            return
        question = Confirm("Take back what was done?", self.taking_back())
        if await self.app.push_screen_wait(question):
            self._begin(back=True)

    @property
    def may_stand(self) -> bool:
        """Whether there is something that could be taken back."""
        return bool(self.stands)

    def taking_back(self) -> str:
        """What is sent to take back what was done, newest first, and what stays for good."""
        sent = [
            f"{step.undo.method} for “{step.title}”"
            for step, _ in reversed(self.stands)
            if step.undo is not None
        ]
        stays = [f"“{step.title}”" for step, _ in self.stands if step.undo is None]
        words = f"It sends, newest first: {', '.join(sent)}." if sent else "It sends nothing."
        return words + (f" What cannot be taken back: {', '.join(stays)}." if stays else "")

    def _begin(self, *, back: bool) -> None:
        sending = self.console.doing.sending
        self.busy = sending.begin(
            self.session, self.plan, self.secrets, self.post_message, back=back
        )
        self.refresh_bindings()

    def on_plan_told(self, message: PlanTold) -> None:
        """Say what happens, at its step and in words."""
        event = message.event
        self.view.tell(event)
        self.stands = standing(event, self.stands)
        self.saying.put(said(event), tone_of(event))

    def on_plan_ended(self, message: PlanEnded) -> None:
        """Leave with what was done, or say what stands and what to press."""
        self.busy = False
        event = message.event
        self.refresh_bindings()
        if event.what == "finished":
            self._done(event)
        elif isinstance(event.error, Outdated) and self._again is not None:
            self.settle_conflict(event.error)
        else:
            stands = " ctrl+x takes back what was done." if self.stands else ""
            self.saying.put(said(event, way_on(event) + stands), "warn")

    @work(exclusive=True, group="send")
    async def settle_conflict(self, outdated: Outdated) -> None:
        """Show theirs and mine, and let the operator decide whose it is to be."""
        question = Confirm(
            "Somebody else changed it first. Set yours over theirs?",
            f"{in_words(outdated.differences)} Nothing was changed by you yet; no keeps theirs.",
        )
        if self._again is None or not await self.app.push_screen_wait(question):
            self.saying.put("Theirs was kept. esc leaves; your answers are kept.", "warn")
            return
        try:
            plan = await self._again(outdated)
        except ApiTrouble as trouble:
            self.saying.put(f"It could not be read again: {trouble}", "warn")
            return
        if plan is None:
            self.saying.put("It is gone, or of another kind now; leave and look again.", "warn")
            return
        self.plan = plan
        self.view.show(plan)
        self._begin(back=False)


def in_words(differences: Iterable[Difference]) -> str:
    """`name: theirs “A”, mine “B”.` for each of the first differences."""
    found = list(differences)
    told = [
        f"{each.path.strip('/').replace('/', '.')}: theirs {_value(each.now)}, "
        f"mine {_value(each.ours)}."
        for each in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        told.append(f"And {len(found) - SHOWN} more.")
    return " ".join(told) or "What you change is as you want it already; something else differs."


def _value(value: object) -> str:
    text = str(value)
    return f"“{text if len(text) <= 60 else text[:59] + '…'}”"
