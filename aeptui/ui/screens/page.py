"""What every screen of the console has: a top line, a bottom line, keys, and news."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import getters, work
from textual._styles_cache import StylesCache
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import DescendantFocus
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker, WorkType

from aeptui.mirror.values import FRESHNESS, Freshness
from aeptui.resources.definition import Tone
from aeptui.session import Session
from aeptui.ui.ages import LIVELY, Age, age_of
from aeptui.ui.goto import GotoWords
from aeptui.ui.leaving import ended_with, is_left
from aeptui.ui.messages import Asked
from aeptui.ui.widgets.context_bar import ContextBar
from aeptui.ui.widgets.key_bar import KeyBar, keys_of
from aeptui.ui.widgets.notice import Notice
from aeptui.ui.widgets.painted import Painted
from aeptui.ui.widgets.prompt import Prompt
from aeptui.ui.widgets.text_line import Rule, TooSmall, fits

if TYPE_CHECKING:
    from aeptui.ui.app import AepApp

log = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")

_OPENERS = frozenset(
    [
        "A",
        "An",
        "It",
        "Its",
        "No",
        "Nobody",
        "None",
        "Nothing",
        "Only",
        "Something",
        "The",
        "There",
        "These",
        "This",
        "What",
        "Whether",
    ]
)
"""Words that begin a reason and are neither a name nor a key."""

TICK_S = 10.0
"""How often words that depend on the time are made anew; only what differs is sent."""
CALM_S = 0.25
"""The least time between two looks while news pours in."""

BAR_ORDER = (
    "accept", "complete", "leave", "confirm", "send", "undo", "test", "change", "request", "previous",
    "to_file", "open", "follow", "choose", "source", "add", "drop", "take", "take_all",
    "identify", "try_now", "why", "causes", "changes", "retry", "mapping", "used_by", "pane",
    "raw", "filter", "goto", "new", "take_back", "stop_rest", "sort", "back", "refresh", "freeze", "copy",
    "quit", "help",
)  # fmt: skip
"""The ids of the bindings as the bottom line offers them, most useful first."""


def clause(reason: str) -> str:
    """A reason as it goes on behind a colon, though it may be a sentence of its own."""
    said = reason.rstrip(".")
    if said.partition(" ")[0] in _OPENERS:
        said = said[0].lower() + said[1:]
    return said


class Page(Screen[None]):
    """A screen that shows part of the mirror and is kept current while it is in front.

    A subclass yields its middle from `body`, says what it reads in `kinds`, and
    reads it in `look`. `why_not` gives the reason why an action is off. Workers may
    touch its widgets whenever an answer comes: those of a page that was left end there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # A key with priority acts before the next one is handed out, so that what is typed ahead
        # of a slow line lands on the line that it opened.
        Binding(
            "colon",
            "goto",
            "go to",
            priority=True,
            id="goto",
            tooltip="go to a list, a resource, a command",
        ),
        Binding("escape", "back", "back", id="back", tooltip="back to where you came from"),
        Binding("c", "causes", "causes", id="causes", tooltip="what goes wrong across flows"),
        Binding("r", "refresh", "refresh", show=False, id="refresh", tooltip="look again now"),
        Binding("z", "freeze", "freeze", show=False, id="freeze", tooltip="hold the screen still"),
        Binding(
            "question_mark", "help", "help", id="help", tooltip="every key, and why some are off"
        ),
    ]

    kinds: tuple[str, ...] = ()
    """The kinds of the mirror that this page shows."""
    aged: tuple[str, ...] = ()
    """The kinds whose age it tells, where those are fewer."""

    context = getters.query_one("#context", ContextBar)
    keys = getters.query_one("#keys", KeyBar)

    def __init__(self, session: Session, trail: str = "") -> None:
        super().__init__()
        self.session = session
        self.trail = trail
        self.frozen = False
        self._prompt: Prompt | None = None
        self._focus_before: Widget | None = None
        self._focus_last: Widget | None = None
        self._fronted = asyncio.Event()
        self._hastened = False

    # The frame ---------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The top line, the middle, the bottom line."""
        yield ContextBar(self.session, self.trail)
        yield Notice()
        yield from self.body()
        yield KeyBar()
        yield TooSmall(id="too-small")

    def body(self) -> Iterable[Widget]:
        """What stands between the top line and the bottom line."""
        yield Rule()

    @property
    def console(self) -> AepApp:
        """The app, as what it is."""
        return cast("AepApp", self.app)

    def on_mount(self) -> None:
        """Draw what is known, then keep the keys and the ages true."""
        self.show_age(self.session.mirror.freshness_now())
        self.bindings_updated_signal.subscribe(self, lambda _screen: self.show_keys())
        self.set_interval(TICK_S, self.tick)
        self.show_keys()

    def on_screen_resume(self) -> None:
        """Follow the news while this page is in front."""
        self._fronted.set()
        self.show_keys()
        if self.query("#keys"):  # else it is being taken down already
            self.marks_changed()
        self.follow()
        self.follow_age()

    async def comes_to_front(self) -> bool:
        """Wait until this page is in front, for what would leave it: help may be open over it.

        False when it was left instead.
        """
        while self.app.screen is not self and self in self.app.screen_stack:
            self._fronted.clear()
            await self._fronted.wait()
        return self.app.screen is self

    def on_screen_suspend(self) -> None:
        """Read nothing while another page is in front."""
        self.workers.cancel_group(self, "follow")
        self.workers.cancel_group(self, "age")
        self.keys.show(())

    def run_worker(self, work: WorkType[ResultT], *args: Any, **more: Any) -> Worker[ResultT]:
        """Run work that ends with this page."""
        return super().run_worker(partial(self._until_left, work), *args, **more)

    async def _until_left(self, work: Any) -> Any:
        with ended_with(self):
            return await (work() if callable(work) else work)

    @work(exclusive=True, group="follow")
    async def follow(self) -> None:
        """Look at once, then after each piece of news, at most every quarter of a second."""
        news = self.session.mirror.news(*self.kinds)
        try:
            await self.look_safely()
            async for _ in news:
                if not self.frozen:
                    await self.look_safely()
                await asyncio.sleep(CALM_S)
        finally:
            await news.aclose()

    async def look_safely(self) -> None:
        """Look; a bug of ours leaves what was there, says so, and goes to the log."""
        try:
            await self.look()
            fresh = await self.session.mirror.freshness()
            if not is_left(self):
                self.show_age(fresh)
        except Exception as bug:
            if is_left(self):
                return  # its widgets went while it read
            # The boundary of a view: the console goes on watching.
            log.error("reading for %s failed: %s", type(self).__name__, bug, exc_info=True)
            self.say("This view could not be read because of a bug of ours; see the log.", "bad")

    async def look(self) -> None:
        """Read what this page shows, and show it."""

    @work(exclusive=True, group="age")
    async def follow_age(self) -> None:
        """Notice when the platform stops to answer, or answers again."""
        news = self.session.mirror.news(FRESHNESS)
        try:
            async for _ in news:
                await self.look_at_age()
        finally:
            await news.aclose()

    def look_at_age_now(self) -> None:
        """Say how current this page is without waiting for news."""
        self.run_worker(self.look_at_age(), group="age now", exclusive=True)

    async def look_at_age(self) -> None:
        """Say how current this page is by now."""
        fresh = await self.session.mirror.freshness()
        if self.is_current and not is_left(self):
            self.show_age(fresh)

    def unmark(self) -> None:
        """Mark no rows any more; for pages with rows to mark."""

    def marks_changed(self) -> None:
        """Show which flows are acknowledged, snoozed or expected; for subclasses."""

    def tick(self) -> None:
        """Let the words that depend on the time come true again."""
        if not self.is_current:
            return
        self.look_at_age_now()
        if not self.frozen:
            for painted in self.query(Painted):
                painted.repaint()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Remember what had the keys, before all was hidden one after the other."""
        if fits(self.app.size):
            self._focus_last = event.widget

    def on_resize(self) -> None:
        """A page that was too small to be shown gives the keys back to what had them."""
        self.call_after_refresh(self._refocus)

    def _refocus(self) -> None:
        if self.focused is None and self._focus_last is not None and fits(self.app.size):
            self.set_focus(self._focus_last)

    def on_unmount(self) -> None:
        """Let go of what the widgets looked like, which a cache on their class would hold on to."""
        StylesCache.get_inner_outer.cache_clear()
        self._fronted.set()

    # Ages --------------------------------------------------------------------

    def _hasten(self, age: Age) -> None:
        """When the clock has jumped, as behind a closed lid, what is read rarely is read now, once."""
        rarely = [kind for kind in self.aged or self.kinds if kind not in LIVELY]
        if age.stale and not age.notice and rarely and not self._hastened:
            self.session.sync.refresh(*rarely)
        self._hastened = age.stale

    def show_age(self, freshness: Mapping[str, Freshness]) -> None:
        """Say how current this page is, and dim it when it is not."""
        session = self.session
        speed = session.services.clock.speed
        seconds = max(session.config.settings.sync_interval_s, speed)
        age = age_of(
            self.aged or self.kinds,
            freshness,
            session.moment(),
            interval=timedelta(seconds=seconds),
            slow=timedelta(seconds=max(600.0, speed)),
            speed=speed,
            paused_until=session.services.meter.limited_until,
        )
        self._hasten(age)
        age = self.console.age_in_words(age)
        self.context.show(age)
        trouble = self.console.notice or (age.notice if age.stale else "")
        said = trouble or self.console.unfinished
        since = age.since if age.stale else ""
        self.query_one(Notice).put(said, since)
        self.on_age(age)

    def on_age(self, age: Age) -> None:
        """Dim what is stale; for subclasses."""

    # Keys --------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Why `action` does nothing here just now, or None when it does something."""
        return None

    def ever(self, action: str) -> bool:
        """Whether the bar offers `action` on this page, where it does or may come to do something.

        The causes are offered where runs are told about, and open from anywhere.
        """
        return action != "causes" or "runs" in self.kinds

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action with a reason against it is shown as off; `:` and `/` are text on a line."""
        if action in ("goto", "filter") and self._prompt is not None:
            return False
        return None if self.why_not(action) else True

    def show_keys(self) -> None:
        """Offer the keys that do something, in their order."""
        if not self.is_mounted or not self.is_active:
            return
        order = {id: place for place, id in enumerate(BAR_ORDER)}
        active = [(found.binding, found.enabled) for found in self.active_bindings.values()]
        known = [pair for pair in active if pair[0].id in order and self.ever(pair[0].action)]
        self.keys.show(keys_of(sorted(known, key=lambda pair: order[pair[0].id or ""])))

    def say(self, sentence: str, tone: Tone = "bright") -> None:
        """Say something on the bottom line until the next key; a page that was left says nothing."""
        if not is_left(self):
            self.keys.say(sentence, tone)

    def refuse(self, reason: object, tone: Tone = "warn") -> None:
        """Say why something was not done; a reason that is a sentence goes on in small letters."""
        self.say(f"Not done: {clause(str(reason))}.", tone)

    def on_key(self) -> None:
        """What was said has been read."""
        self.keys.hush()

    def action_back(self) -> None:
        """Leave this page."""
        self.console.back()

    def action_refresh(self) -> None:
        """Ask the platform now: for what is shown, and for what is live."""
        self.session.sync.refresh()
        self.session.sync.refresh(*self.kinds)
        self.say("Looking again.", "dim")

    def action_causes(self) -> None:
        """Show what goes wrong across flows."""
        from aeptui.ui.screens.causes import CausesPage

        self.app.push_screen(CausesPage(self.session))

    def action_freeze(self) -> None:
        """Hold the screen still, or let it go on."""
        self.frozen = not self.frozen
        self.context.frozen = self.frozen
        self.context.repaint()
        if not self.frozen:
            self.follow()

    def action_help(self) -> None:
        """Show every key of this page."""
        self.console.open_help(self)

    # The line to type on -------------------------------------------------------

    def action_goto(self) -> None:
        """Type where to go."""
        words = self.console.going.words()
        prompt = Prompt(":", complete=words.complete, id="goto")
        self.open_prompt(prompt)
        prompt.hint(words.hint(""))

    def open_prompt(self, prompt: Prompt) -> None:
        """Put a line to type on in the place of the keys."""
        self.close_prompt()
        self._focus_before, self._prompt = self.focused, prompt
        self.keys.add_class("-typed-over")
        self.mount(prompt)
        # At once, not when it is drawn: over a slow line the next letters are here already.
        self.set_focus(prompt)

    def close_prompt(self) -> None:
        """Show the keys again and give them back to what had them."""
        prompt, self._prompt = self._prompt, None
        if prompt is not None:
            prompt.remove()
            self.keys.remove_class("-typed-over")
            self.set_focus(self._focus_before)
            self.call_after_refresh(self.show_keys)

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Say what the text would lead to."""
        if self._prompt is not None and self._prompt.id == "goto":
            self._prompt.hint(self.goto_words.hint(message.text))

    @property
    def goto_words(self) -> GotoWords:
        """What the go-to line knows here."""
        return self.console.going.words()

    def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Go where the text says."""
        if self._prompt is not None and self._prompt.id == "goto":
            self.close_prompt()
            if message.text.strip():
                self.post_message(Asked(message.text.strip()))

    def on_prompt_left(self, _message: Prompt.Left) -> None:
        """Stay."""
        self.close_prompt()
