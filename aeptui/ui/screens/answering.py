"""What a form and a page of the wizard have in common: questions, answers, and their keeping.

The answers have one home here; widgets report them and are told what to show.
What has to be asked of the platform is asked behind the keys, in words, and
esc stops it. Answers are kept on disk as they are given, without secrets.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from aeptui.forms.answers import KeptAnswers
from aeptui.forms.choices import Choice
from aeptui.forms.fields import Field, Value, answer_to, is_empty
from aeptui.forms.lookups import Lookups
from aeptui.mirror.filter import FilterError
from aeptui.mirror.values import Listing
from aeptui.pipelines.journal import Entry
from aeptui.resources.definition import Tone
from aeptui.session import Session
from aeptui.ui.drawing import line, wrap
from aeptui.ui.leaving import is_left
from aeptui.ui.palette import TONES
from aeptui.ui.screens.choosing import Chooser, among
from aeptui.ui.screens.page import Page
from aeptui.ui.screens.recalling import in_words, recalled
from aeptui.ui.screens.sheets import Sheet
from aeptui.ui.widgets.field_list import FieldList
from aeptui.ui.widgets.painted import Painted
from aeptui.ui.widgets.text_line import Rule, TextLine

log = logging.getLogger(__name__)

KEEP_S = 1.0
"""So long after the last key the answers are written down."""
_AGAIN = "Asking again."
PICKS_MOST = 300
"""So many resources are offered at once; typing finds the others."""


class Saying(Painted):
    """The lines under a form for what is going on, or what went wrong: two, more when needed."""

    DEFAULT_CSS = "Saying { height: auto; min-height: 2; max-height: 6; }"

    def __init__(self) -> None:
        super().__init__(id="saying")
        self.text = ""
        self._tone: Tone = "dim"

    def put(self, text: str, tone: Tone = "dim") -> None:
        """Say this."""
        before = len(self.lines(self.size.width, 0)) if self.size.width else 0
        self.text, self._tone = text, tone
        if self.size.width and len(self.lines(self.size.width, 0)) != before:
            self.refresh(layout=True)
        self.repaint()

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """As many lines as the words need."""
        return len(self.lines(width, 0))

    def lines(self, width: int, height: int) -> list[Strip]:
        """The sentence, wrapped."""
        told = list(wrap(self.text, width - 2)) if self.text else []
        return [line([(f" {each}", TONES[self._tone])], width) for each in told]


class AnswerPage(Page):
    """A page of questions over one set of answers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "test", "try", id="test", tooltip="test or preview; nothing is written"),
        Binding(
            "ctrl+r", "request", "request", id="request", tooltip="the requests as they would go"
        ),
        Binding("ctrl+g", "send", "send", id="send", tooltip="send it"),
        Binding("ctrl+n", "afresh", "afresh", show=False, id="afresh", tooltip="clear the answers"),
        Binding("escape", "back", "leave (kept)", id="back", tooltip="leave; answers are kept"),
        Binding("f1", "help", "help", id="form_help", tooltip="every key"),
    ]

    questions = getters.query_one("#fields", FieldList)
    saying = getters.query_one("#saying", Saying)
    heading = getters.query_one("#heading", TextLine)

    aged = ("flows", "runs")
    last = "Create"
    intro = ""
    recalls = True
    """Whether its plan is kept with its answers, for the next time that it is opened."""

    def __init__(self, session: Session, trail: str, key: str) -> None:
        super().__init__(session, trail)
        zone = session.config.settings.zone()
        self.lookups = Lookups(session.connected, session.now, zone, self._taken)
        self.kept = KeptAnswers(
            session.config.state_dir, session.profile.name, session.sandbox, key
        )
        self.answers: dict[str, Value] = self.kept.read()
        self.touched: set[str] = set(self.answers)
        self.refused: dict[str, str] = {}
        self.resumed = bool(self.answers)
        self.begun = False
        """Whether something was sent: from then on the journal knows what is whose."""
        self.plan_id = ""
        """The plan of these answers, the same for every try: what it made is not made again."""
        self.over = False
        """Whether the answers have served: they are not kept any more."""
        self._names: dict[str, str] = {}
        self._stopped = False
        self._changed = False
        self._drawn = False

    # For subclasses ----------------------------------------------------------------

    @property
    def sheet(self) -> Sheet:
        """The questions that are shown."""
        raise NotImplementedError

    def show_heading(self) -> None:
        """Say which form this is, and where."""

    def body(self) -> Iterable[Widget]:
        """A heading, the fields, a place for what is going on."""
        yield TextLine(id="heading")
        yield Rule()
        yield FieldList(last=self.last, id="fields")
        yield Saying()

    def on_mount(self) -> None:
        """Draw what is known, then ask."""
        self._drawn = True
        self.questions.focus()
        self.set_interval(KEEP_S, self._keep_changed)
        if self.resumed:
            self.saying.put(
                "Your answers of last time are here, but for secrets. ctrl+n begins afresh."
            )
            if self.recalls:
                self.recall()
        else:
            self.saying.put(self.intro)
        self.show()

    @work(group="recall")
    async def recall(self) -> None:
        """Say what was made of the answers of last time; sending goes on with that plan."""
        entry = await recalled(self.session, self.kept)
        if entry is None or self.begun:
            return
        self.plan_id = entry.plan.id
        if any(each.state not in ("planned", "failed") for each in entry.steps):
            self.begun = True
            self.show()
            self.taken_up(entry)

    def taken_up(self, entry: Entry) -> None:
        """A plan was begun with these answers: say how far it came."""
        self.saying.put(in_words(entry, "ctrl+g goes on"), "warn")

    def remember(self, plan_id: str) -> None:
        """Something is about to be sent: these answers belong to that plan from now on."""
        self.plan_id, self.begun = plan_id, bool(plan_id)
        if not self.recalls:
            return
        try:
            self.kept.begun(plan_id)
        except OSError as reason:
            log.warning("the plan of the answers could not be kept: %s", reason)

    def on_unmount(self) -> None:
        """Leaving, by a key or because the terminal vanished, loses nothing."""
        self.keep()

    # Answers -----------------------------------------------------------------------

    def show(self) -> None:
        """Draw the questions with their answers, and ask for what they lack."""
        if not self._drawn or self.over or not self.query("#fields"):
            return  # a late answer of the platform, for a page that is being left
        self.show_heading()
        self.lookups.start_over()  # the heading may read more than this page asks for
        fields = self.sheet.fields(self.answers, self.lookups)
        if self.session.rehearsal is not None:
            fields = tuple(map(_rehearsed, fields))
        remarks = self.sheet.remarks(self.answers, self.lookups)
        faults = self.faults(fields)
        self.questions.put(fields, self.answers, faults, remarks, self._names_of(fields))
        self.refresh_bindings()
        if self.lookups.missing() and not self._stopped and not self.asking:
            self.asking = True
            self.ask()

    def _taken(self, kind: str, name: str) -> bool:
        """Whether a name is taken: not by what this page itself made, or has begun to."""
        return not self.begun and bool(self.session.mirror.named_now(kind, name))

    def faults(self, fields: Sequence[Field], *, every: bool = False) -> dict[str, str]:
        """What is wrong, at the fields that were left already; the platform's own word first."""
        waiting = {field.name for field in fields if field.waits or field.trouble}
        found = {
            name: sentence
            for name, sentence in self.sheet.check(self.answers, self.lookups).items()
            if every or (name in self.touched and name not in waiting)
        }
        return found | self.refused

    def answer(self, name: str, value: Value) -> None:
        """Take an answer; what the platform said of the old one is said no more."""
        self.answers = self.sheet.change(self.answers, name, value)
        self.refused.pop(name, None)
        self._stopped = False
        self._changed = True
        self.saying.put("")
        self.show()

    def keep(self) -> None:
        """Write the answers down, if there are any and they have not served."""
        self._changed = False
        if self.over:
            return
        try:
            if any(not is_empty(value) for value in self.answers.values()):
                self.kept.keep(self.answers)
            else:
                self.kept.forget()
        except OSError as reason:
            log.warning("the answers could not be kept: %s", reason)

    def served(self) -> None:
        """The answers have become something; they are not offered again."""
        self.over = True
        self.kept.forget()

    def _keep_changed(self) -> None:
        if self._changed:
            self.keep()

    def action_afresh(self) -> None:
        """Throw the answers away."""
        self.answers, self.refused, self.touched = {}, {}, set()
        self.remember("")
        self._changed = True
        self.saying.put("Begun afresh.")
        self.show()

    # Questions to the platform --------------------------------------------------------

    @work(group="ask")
    async def ask(self) -> None:
        """Put what is missing, and again while the answers raise more; one round at a time."""
        try:
            while self.is_mounted and not self._stopped:
                self.lookups.start_over()
                self.sheet.fields(self.answers, self.lookups)
                self.sheet.check(self.answers, self.lookups)
                if not await self.lookups.ask_missing():
                    break
                self.asked()
                self.show()
        except asyncio.CancelledError:
            self._stopped = True
            raise
        except Exception as bug:
            if is_left(self):
                return  # its widgets went while it asked
            # The boundary of a form: what was answered stays, and the console goes on.
            self._stopped = True
            log.error("asking for a form failed: %s", type(bug).__name__, exc_info=True)
            self.saying.put("This could not be asked because of a bug of ours; see the log.", "bad")
        finally:
            self.asking = False
        if self.saying.text == _AGAIN:
            self.saying.put("")
        self.show()
        if self._onward and self.query("#fields"):
            self._go_onward()

    asking = False
    _onward = ""

    def asked(self) -> None:
        """The platform answered; for subclasses."""

    def stop_asking(self) -> bool:
        """Stop what is being asked; False when nothing was."""
        if not self.asking:
            return False
        self.workers.cancel_group(self, "ask")
        self._stopped, self.asking = True, False
        self.saying.put("Stopped asking. Enter on the field asks again.")
        return True

    # Fields with a list of their own ----------------------------------------------------

    def on_field_list_answered(self, message: FieldList.Answered) -> None:
        """Take what was typed or turned."""
        self.answer(message.name, message.value)

    def on_field_list_left(self, message: FieldList.Left) -> None:
        """A field that was left is checked at once."""
        self.touched.add(message.name)
        self.keep()
        self.show()

    def on_field_list_sent(self, _message: FieldList.Sent) -> None:
        """Enter on the last line sends."""
        self.action_send()

    def on_field_list_opened(self, message: FieldList.Opened) -> None:
        """Choose from a list, or ask again."""
        field = message.field
        if field.waits or field.trouble:
            self._stopped = False
            self.lookups.forget()
            self.saying.put(_AGAIN)
            self.show()
        else:
            self.choose(field)

    @work(exclusive=True, group="choose")
    async def choose(self, field: Field) -> None:
        """Let the operator choose, tick or pair; leaving it changes nothing."""
        value = await self._chosen(field)
        self.touched.add(field.name)
        if value is not None:
            self.answer(field.name, value)
            self._onward = field.name
            if not self.asking:
                self._go_onward()
        else:
            self.show()

    def _go_onward(self) -> None:
        """To the field after the one that was chosen, once all that the choice brings is there."""
        at = self.questions.field
        if at is not None and at.name == self._onward:
            self.questions.action_go(1)
        self._onward = ""

    async def _chosen(self, field: Field) -> Any:
        now = answer_to(field, self.answers)
        match field.kind:
            case "pairs":
                return await self._paired(field, now or ())
            case "identities":
                return await self._identified(field, now or ())
            case "many" | "columns":
                find = among(field.choices)
                told = await self.app.push_screen_wait(
                    Chooser(field.label, find, several=True, chosen=now or ())
                )
                if told is None:
                    return None
                order = {choice.value: i for i, choice in enumerate(field.choices)}
                return sorted(told, key=lambda value: order.get(value, len(order)))
            case "pick":
                told = await self.app.push_screen_wait(self._picker(field, now))
            case _:
                told = await self.app.push_screen_wait(
                    Chooser(field.label, among(field.choices), chosen=[now] if now else [])
                )
        return told[0] if told else None

    async def _identified(self, field: Field, now: Sequence[dict[str, Any]]) -> Value:
        """The identities as they are when their page is left."""
        from aeptui.ui.screens.identifying import IdentitiesPage

        page = IdentitiesPage(self.session, field, now)
        await self.app.push_screen_wait(page)
        return page.rows if page.changed else None

    async def _paired(self, field: Field, now: Sequence[dict[str, Any]]) -> Value:
        """The pairs as they are when the studio is left; each change is kept on the way."""
        from aeptui.forms.workbench import Bench, Workbench
        from aeptui.ui.screens.studio import StudioPage

        bench = Workbench(field.bench or Bench(), now)

        def told(pairs: list[dict[str, Any]]) -> None:
            self.answers = {**self.answers, field.name: pairs}
            self._changed = True

        await self.app.push_screen_wait(StudioPage(self.session, bench, told))
        return bench.answer() if bench.revision else None

    def _picker(self, field: Field, now: Value) -> Chooser:
        mirror, kind = self.session.mirror, field.picks

        def find(text: str) -> Sequence[Choice]:
            try:
                rows = mirror.window_now(Listing(kind, filter=text), PICKS_MOST).rows
            except FilterError:
                return ()
            choices = [Choice(row.id, row.name or row.id, _told(row)) for row in rows]
            self._names |= {choice.value: choice.label for choice in choices}
            return choices

        words = f"None is known here yet; n on :{kind} makes one."
        return Chooser(field.label, find, chosen=[now] if now else [], empty=words)

    def _names_of(self, fields: Sequence[Field]) -> dict[str, str]:
        for field in fields:
            value = answer_to(field, self.answers) if field.kind == "pick" else None
            if isinstance(value, str) and value and value not in self._names:
                row = self.session.mirror.get_now(field.picks, value)
                if row is not None:
                    self._names[value] = row.name or row.id
        return self._names

    # Keys --------------------------------------------------------------------------------

    def ever(self, action: str) -> bool:
        """The way out goes before the way elsewhere, which `?` still tells."""
        return action != "goto" and super().ever(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters belong to the answers; nothing here is refreshed or frozen."""
        if action in ("refresh", "freeze", "causes"):
            return False
        if action == "goto" and self.is_mounted and self.questions.typing:
            return False
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Stop asking first, then leave; the answers are kept."""
        if not self.stop_asking():
            self.keep()
            super().action_back()

    def action_test(self) -> None:
        """Try it; for subclasses."""

    def action_request(self) -> None:
        """Show the requests; for subclasses."""

    def action_send(self) -> None:
        """Send; for subclasses."""


def _rehearsed(field: Field) -> Field:
    """A field as the rehearsal asks for it: which secrets its CRM takes."""
    hint = "In the rehearsal any will do, but wrong is refused, and expired after a day."
    return replace(field, help=hint) if field.kind == "secret" else field


def _told(row: Any) -> str:
    """What tells one resource from another of nearly the same name."""
    parts = [getattr(row, name, "") for name in ("state", "table", "dataset_name", "schema_title")]
    made = getattr(row, "created_at", None)
    return ", ".join(
        [*(str(part) for part in parts if part), *([f"{made:%Y-%m-%d}"] if made else [])]
    )
