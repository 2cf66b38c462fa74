"""Changing a thing that exists: what it is now, what may be another, and whose change it is."""

from __future__ import annotations

import logging
from dataclasses import replace

from textual import work

from aeptui.api.conflicts import Difference, Outdated
from aeptui.api.errors import ApiTrouble
from aeptui.forms import changing
from aeptui.forms.changing import PROFILE, WITH_ETAG, Subject
from aeptui.forms.fields import Answers
from aeptui.forms.lookups import Lookups
from aeptui.pipelines.events import Event
from aeptui.pipelines.here import plan_for, read_again
from aeptui.pipelines.journal import JournalError
from aeptui.pipelines.looking import current
from aeptui.pipelines.plan import Plan, Secrets
from aeptui.pipelines.rotating import try_out
from aeptui.resources import registry
from aeptui.session import Session
from aeptui.ui.screens.confirm import Confirm, TypedName
from aeptui.ui.screens.form import FormPage
from aeptui.ui.screens.plan import RequestPage
from aeptui.ui.screens.send import in_words
from aeptui.ui.screens.sheets import FormSheet
from aeptui.ui.unlocking import may_send

log = logging.getLogger(__name__)


async def subject_of(session: Session, kind: str, id: str) -> Subject | None:
    """A thing as the platform has it now; None when it is gone. Raises ApiTrouble."""
    model = await current(await session.connected(), kind, id)
    if model is None:
        return None
    body = model.raw()
    etag = body.get("etag")
    noun = registry.BY_KIND[kind].name
    return Subject(kind, id, model.name, noun, body, etag if isinstance(etag, str) else "")


class ChangeSheet(FormSheet):
    """The form over a thing; its own name is not one that is taken."""

    def remarks(self, answers: Answers, lookups: Lookups) -> dict[str, str]:
        """That a name is taken, where it is another one than now."""
        return super().remarks(answers, lookups) if answers.get("name") else {}


class ChangePage(FormPage):
    """Sends one patch of what differs; two operators are shown each other before one gives way."""

    last = "Save"
    recalls = False  # what has landed shows in the thing itself, read anew each time

    def __init__(self, session: Session, subject: Subject) -> None:
        self.subject = subject
        form = changing.form_of(subject)
        super().__init__(session, form, key=f"change-{subject.kind}-{subject.id}")
        self._sheet = ChangeSheet(form)
        self._tested: object = None
        """The credentials that have logged in."""

    def why_not(self, action: str) -> str | None:
        """Credentials alone can be tried before they are saved."""
        if action == "test" and self._trial() is None:
            return "there are no other credentials to try"
        if action == "test":
            return "it is being sent" if self._busy else None
        return super().why_not(action)

    def ever(self, action: str) -> bool:
        """Only credentials are tried before they are saved."""
        return super().ever(action) and (
            action != "test" or self.subject.kind == "base-connections"
        )

    def plan(self) -> Plan:
        """What the answers come to; no step at all when nothing differs."""
        steps = changing.steps(self.subject, self.answers, self.lookups)
        title = steps[0].title if steps else "Nothing"
        plan = plan_for(self.session, title, steps)
        return replace(plan, id=self.plan_id) if self.plan_id else plan

    def _ready(self) -> bool:
        if not super()._ready():
            return False
        if not self.plan().steps:
            self.saying.put("Nothing was changed, so there is nothing to send.")
            return False
        return True

    def action_request(self) -> None:
        """Show the request, if something differs."""
        if self._ready():
            self.app.push_screen(RequestPage(self.session, self.plan()))

    # Before it is sent ---------------------------------------------------------------------

    async def _tried(self) -> bool:
        """Whether a person, and the CRM where credentials are others, agree."""
        if not await self._agreed():
            return False
        if self._trial() is not None and self._tested != self._login():
            return await self._try_credentials()
        return self.subject.kind in WITH_ETAG or await self._is_current()

    async def _agreed(self) -> bool:
        """What can never be taken back is confirmed by typing the name."""
        if self.answers.get(PROFILE) is not True or self.subject.kind not in (
            "datasets",
            "schemas",
        ):
            return True
        field = next(e for e in self.sheet.fields(self.answers, self.lookups) if e.name == PROFILE)
        if field.fixed:
            return True
        name = self.subject.name or self.subject.id
        question = TypedName(f"Enable {name} for Profile, for good?", field.help, name)
        agreed = await self.app.push_screen_wait(question)
        if not agreed:
            self.saying.put("Nothing was sent: it was not confirmed.", "warn")
        return agreed is True

    async def _is_current(self) -> bool:
        """Where no etag says so: whether what is changed is still as it was read."""
        try:
            now = await subject_of(self.session, self.subject.kind, self.subject.id)
        except ApiTrouble as trouble:
            self.saying.put(f"Nothing was sent: {trouble}", "warn")
            return False
        if now is None:
            self.saying.put(f"Nothing was sent: this {self.subject.noun} is gone.", "warn")
            return False
        theirs = _theirs(self.subject, now, self.plan())
        self.subject = now
        if not theirs:
            return True
        return await self._mine_over(theirs)

    async def _mine_over(self, theirs: list[Difference]) -> bool:
        question = Confirm(
            "Somebody else changed it first. Set yours over theirs?", in_words(theirs)
        )
        agreed = await self.app.push_screen_wait(question)
        if not agreed:
            self.saying.put(
                "Theirs was kept; nothing was sent. ctrl+n shows it as it is now.", "warn"
            )
        return agreed is True

    # Credentials -----------------------------------------------------------------------------

    def _trial(self) -> object:
        if self.subject.kind != "base-connections":
            return None
        return changing.trial(self.subject, self.answers, self.lookups)

    def _login(self) -> object:
        return {name: value for name, value in self.answers.items() if name != "name"}

    def action_test(self) -> None:
        """Try the other credentials beside those in use; nothing else is changed by it."""
        if not self._busy and self._trial() is not None and self._ready():
            self.try_credentials()

    @work(exclusive=True, group="test")
    async def try_credentials(self) -> None:
        """Make them, test them, remove them."""
        if reason := await may_send(self, "Try other credentials"):
            self.saying.put(f"Nothing was tried: {reason}.", "warn")
            return
        self._busy = True
        try:
            if await self._try_credentials():
                self.saying.put("They can log in. ctrl+g saves them.", "good")
        finally:
            self._busy = False
            self.refresh_bindings()

    async def _try_credentials(self) -> bool:
        step = changing.trial(self.subject, self.answers, self.lookups)
        if step is None:
            return True
        self.saying.put("Trying them on a connection of their own …", "busy")
        try:
            tried = await try_out(self.session, step, self._secrets())
        except (ApiTrouble, JournalError) as trouble:
            self.saying.put(f"They could not be tried: {trouble}. Nothing was changed.", "warn")
            return False
        left = f" {tried.left}." if tried.left else ""
        if not tried.ok:
            words = (
                f"They cannot log in: {tried.sentence.rstrip('.')}. Those in use were not touched."
            )
            self.saying.put(words + left, "warn")
            return False
        self._tested = self._login()
        if left:
            self.saying.put(f"They can log in.{left}", "warn")
        return True

    def _secrets(self) -> Secrets:
        return changing.secrets(self.subject, self.answers, self.lookups)

    # After it was sent -----------------------------------------------------------------------

    def _finished(self, event: Event) -> None:
        """Back to where it was asked for, with the row as it is now."""
        self.served()
        self.run_worker(self._leave(f"{event.plan.title}: done."), group="made")

    async def _leave(self, words: str) -> None:
        await read_again(self.session, self.subject.kind, self.subject.id)
        self.session.sync.refresh(self.subject.kind)
        console = self.console
        if await self.comes_to_front():
            console.back()
        console.page.say(words, "good")

    def _failed(self, event: Event) -> None:
        if isinstance(event.error, Outdated):
            self.settle_conflict(event.error)
        else:
            super()._failed(event)

    @work(exclusive=True, group="send")
    async def settle_conflict(self, outdated: Outdated) -> None:
        """Show theirs and mine, and let the operator decide whose it is to be."""
        theirs = list(outdated.differences)
        try:
            now = await subject_of(self.session, self.subject.kind, self.subject.id)
        except ApiTrouble as trouble:
            self.saying.put(f"{outdated}. It could not be read again: {trouble}", "warn")
            return
        if now is None:
            self.saying.put(f"This {self.subject.noun} is gone.", "warn")
            return
        others = outdated.since(self.subject.body)
        log.info("%s was changed meanwhile: %s", self.subject.id, [each.path for each in others])
        self.subject = now
        self.form = changing.form_of(now)
        self._sheet = ChangeSheet(self.form)
        self.show()
        if await self._mine_over(theirs):
            self.action_send()


def _theirs(read: Subject, now: Subject, plan: Plan) -> list[Difference]:
    """What somebody else changed of what the plan changes: theirs beside mine."""
    found = []
    for step in plan.steps:
        for each in step.body:
            key = str(each["path"]).split("/")[1]
            if read.body.get(key) != now.body.get(key):
                found.append(Difference(str(each["path"]), each.get("value"), now.body.get(key)))
    return found
