"""The console: screens over one session, keys one by one, and a clean end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment, Segments
from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Event, Key, Paste
from textual.worker import WorkerFailed

from aeptui import saved_screen
from aeptui.config import Config
from aeptui.resources import registry
from aeptui.resources.formats import full
from aeptui.session import Session
from aeptui.ui.ages import Age
from aeptui.ui.alerting import LOOK_S, Alerting
from aeptui.ui.doing import Doing
from aeptui.ui.driver import distrust, driver_named, end_within, picture_of, round_trip_of
from aeptui.ui.going import Going
from aeptui.ui.messages import (
    Asked,
    NewWanted,
    OpenLinks,
    OpenRaw,
    OpenResource,
    OpenWhy,
    TerminalGone,
)
from aeptui.ui.rehearsing import Rehearsing
from aeptui.ui.screens.home import HomePage
from aeptui.ui.screens.page import Page
from aeptui.ui.typed import AT_ONCE, Passed, Typed
from aeptui.ui.widgets.text_line import LEAST_COLUMNS, LEAST_LINES, fits

if TYPE_CHECKING:
    from textual.filter import LineFilter

log = logging.getLogger(__name__)

OWN_BUG = 70
"""The exit code of a bug of ours."""
TWICE_S = 2.0
"""Two ctrl+c within this time quit."""
FIRST_ANSWER_S = 2.0
"""So long a console that has just begun waits for an answer before it dims what it knows."""


class AepApp(App[int]):
    """One session at a time; another sandbox is another session with another home."""

    CSS_PATH = "aeptui.tcss"
    ENABLE_COMMAND_PALETTE = False
    DEFAULT_MODE = "sandbox-1"
    # Of the app, since questions are hidden in a window that is too small like pages.
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (LEAST_COLUMNS, "-normal"),
        (120, "-wide"),
        (160, "-very-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-short"),
        (LEAST_LINES, "-normal-height"),
        (32, "-tall"),
    ]

    # With priority, they hold over a question as well.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+q",
            "quit",
            "quit",
            show=False,
            priority=True,
            id="quit_now",
            tooltip="leave the console",
        ),
        Binding(
            "ctrl+c",
            "interrupt",
            "quit",
            show=False,
            priority=True,
            id="interrupt",
            tooltip="twice: quit",
        ),
        Binding(
            "ctrl+z",
            "suspend_process",
            "suspend",
            show=False,
            id="suspend",
            tooltip="to the shell",
        ),
        Binding(
            "ctrl+l",
            "redraw",
            "repaint",
            show=False,
            priority=True,
            id="redraw",
            tooltip="draw it all anew",
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(driver_class=driver_named(session.config.settings.driver))
        self.session = session
        self.notice = ""
        self.unfinished = ""
        self.rehearsing = Rehearsing(self) if session.rehearsal is not None else None
        self.doing = Doing(self)
        self.going = Going(self)
        self.alerting = Alerting(self)
        self.typed = Typed(self)
        self._worn = _theme_named(session.config.settings.theme)
        self._interrupted = float("-inf")
        self._beginning = True
        self._sandboxes = 1
        self._begun_with = (session.profile, session.sandbox)

        # A sandbox is a mode of the app: a stack of pages that goes as a whole.
        self.add_mode(self.DEFAULT_MODE, self._new_home)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """The theme, under what the terminal asks for, such as no colours at all."""
        return [*self._worn, *super().get_line_filters()]

    def _new_home(self) -> HomePage:
        return HomePage(self.session)

    def on_mount(self) -> None:
        """Wake the network behind the first paint, and be ready to be told to end."""
        loop = asyncio.get_running_loop()
        self.set_keymap(dict(self.session.config.settings.keys))
        if not self.is_headless:
            for sign in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(sign, self.end, 128 + sign)
        self.call_after_refresh(self.begin)

    @work(group="begin")
    async def begin(self) -> None:
        """Start to sync; what the configuration or the mirror has to say is said once."""
        gc.freeze()  # what the first paint needed stays: later collections need not look at it
        gc.enable()
        await self.alerting.follow(self.session)
        self._hear_limits()
        self.session.start()
        self.set_timer(FIRST_ANSWER_S, self._begun)
        self.set_interval(LOOK_S, self.alerting.look)
        if self.rehearsing is not None:
            self.rehearsing.follow()
        for sentence in (*self.session.config.warnings, self.session.mirror.notice):
            if sentence:
                self.page.say(sentence, "warn")
        if keys := self.session.config.settings.keys:
            from aeptui.ui import rebinding

            for sentence in await asyncio.to_thread(rebinding.faults, keys):
                self.page.say(sentence, "warn")

        await self._look_for_unfinished()

    def _begun(self) -> None:
        """From now on rows that nobody has confirmed are shown as out of date."""
        gc.freeze()  # what the first answer needed was loaded since, and stays as well
        self._beginning = False
        if self.screen_stack:  # it may be leaving already
            self.page.tick()

    async def _look_for_unfinished(self) -> None:
        """Say so when a plan stopped half-way, here or in an earlier console."""
        if (self.session.config.state_dir / "journal.sqlite").exists():
            from aeptui.pipelines.here import journal_of
            from aeptui.pipelines.journal import JournalError

            try:
                async with journal_of(self.session) as journal:
                    entries = await journal.unfinished()
            except JournalError as trouble:
                self.page.say(f"The journal cannot be read: {trouble}", "warn")
            else:
                self.tell_unfinished(sum(not entry.busy for entry in entries))

    def tell_unfinished(self, count: int) -> None:
        """Say on every page that plans are unfinished, and where they are."""
        plans = "One plan is" if count == 1 else f"{count:,} plans are"
        self.unfinished = f"{plans} unfinished; :journal shows how each stands." if count else ""

    @property
    def page(self) -> Page:
        """The page in front, or the one under a question."""
        return next(page for page in reversed(self.screen_stack) if isinstance(page, Page))

    @property
    def home(self) -> HomePage:
        """The page that everything leads back to."""
        return cast(HomePage, self.screen_stack[0])

    @property
    def round_trip_s(self) -> float | None:
        """How far away the terminal is, where that is known."""
        return round_trip_of(self._driver)

    def _hear_limits(self) -> None:
        """What the platform asks for is said while calls wait for it, not when they give up."""
        self.session.services.meter.limited = self._look_at_age

    def _look_at_age(self) -> None:
        if self.is_running and self.screen_stack and self.page.is_attached:
            self.page.look_at_age_now()

    def age_in_words(self, age: Age) -> Age:
        """What the top line says about `age`; the local platform says some of it itself.

        A world in the making lives through days in seconds: ages mean nothing then. At the
        start the age alone is told: rows dimmed until the first answer would be sent twice.
        """
        if self.home.making:
            return Age("being made", "busy")
        if self.rehearsing is not None and self.rehearsing.stopped:
            return replace(age, words="local platform stopped", tone="warn", stale=True, notice="")
        if self._beginning and not age.notice:
            return replace(age, stale=False)
        return age

    # Going somewhere -----------------------------------------------------------

    def back(self) -> None:
        """Leave the page in front, unless it is home."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def go_home(self) -> None:
        """Leave every page but home."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def open_help(self, page: Page) -> None:
        """Show the keys of `page`."""
        from aeptui.ui.screens.help import HelpPage

        if not isinstance(page, HelpPage):
            self.push_screen(HelpPage(page))

    @on(OpenResource)
    async def open_resource(self, message: OpenResource) -> None:
        """Open one resource, if it is known."""
        from aeptui.ui.screens.detail import DetailPage

        resource = registry.BY_KIND.get(message.kind)
        row = await self.session.mirror.get(message.kind, message.id) if resource else None
        if resource is None or row is None:
            self.page.say(f"The mirror does not hold {message.id} yet.", "warn")
        else:
            self.push_screen(DetailPage(self.session, resource, row))

    @on(OpenWhy)
    def open_why(self, message: OpenWhy) -> None:
        """Explain a run."""
        from aeptui.ui.screens.why import WhyPage

        self.push_screen(WhyPage(self.session, message.run_id, message.title))

    @on(OpenRaw)
    def open_raw(self, message: OpenRaw) -> None:
        """Show JSON."""
        from aeptui.ui.screens.raw import RawPage

        self.push_screen(RawPage(self.session, message.kind, message.id, message.name))

    @on(OpenLinks)
    def open_links(self, message: OpenLinks) -> None:
        """Show what uses what."""
        from aeptui.ui.screens.used_by import LinksPage

        self.push_screen(LinksPage(self.session, message.kind, message.id, message.name))

    @on(NewWanted)
    def open_form(self, message: NewWanted) -> None:
        """Show the form for a kind."""
        self.doing.new(message.kind)

    @on(Asked)
    async def answer(self, message: Asked) -> None:
        """Go where the text says."""
        await self.going.answer(message.text)

    async def open_session(self, opened: Session) -> None:
        """Take `opened` in the place of the session that there was, with a home of its own."""
        left, self.session = self.session, opened
        mode, self._sandboxes = self.current_mode, self._sandboxes + 1
        following = f"sandbox-{self._sandboxes}"
        self.add_mode(following, self._new_home)
        await self.switch_mode(following)
        await self.remove_mode(mode)
        await self.alerting.follow(opened)
        self._hear_limits()
        opened.start()
        self.run_worker(self._close(left), group="close")

    async def _close(self, left: Session) -> None:
        await self.doing.finished(left)
        await left.close()

    # What is typed -----------------------------------------------------------------

    async def on_event(self, event: Event) -> None:
        """Hand keys out one by one, each when the one before has done all it does.

        In a window that is too small nobody sees what they would do; they do nothing there.
        """
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            await super().on_event(event)
        elif not self.typed.must_wait(event):
            if fits(self.size) or (isinstance(event, Key) and event.key in AT_ONCE):
                await super().on_event(event)
            self.typed.handed_out(event)

    @on(Passed)
    def passed(self, message: Passed) -> None:
        """All that was before it on its way has been handled."""
        message.arrived.set()

    # The end ---------------------------------------------------------------------

    def action_interrupt(self) -> None:
        """Quit at the second ctrl+c; the first says so."""
        now = time.monotonic()
        if now - self._interrupted < TWICE_S:
            self.leave()
        else:
            self._interrupted = now
            self.page.say("Press ctrl+c again to quit.")

    def action_redraw(self) -> None:
        """Send the whole screen again."""
        distrust(self._driver)
        self.refresh(repaint=True, layout=True)

    async def action_quit(self) -> None:
        """Leave the console."""
        self.leave()

    @work(group="leave", exclusive=True)
    async def leave(self) -> None:
        """Leave, after a question while a plan is being sent."""
        if await self.doing.may_leave():
            self.keep_screen()
            self.exit(0, 0)

    def keep_screen(self) -> None:
        """Keep home as it is for the next start, where that is wanted; any other page stays private."""
        session = self.session
        if not session.config.settings.saved_screen:
            saved_screen.forget()
            return
        shown = picture_of(self._driver)
        begun_with = (session.profile, session.sandbox) == self._begun_with
        if begun_with and session.rehearsal is None and self.screen is self.home and shown:
            moment = session.moment()
            saved_screen.keep(session.config, *shown, full(moment.now, moment))

    @on(TerminalGone)
    def terminal_gone(self) -> None:
        """Nobody is there to watch or to type."""
        self.end(128 + signal.SIGHUP)

    def end(self, code: int) -> None:
        """End with `code`, within a second whatever hangs."""
        end_within(1.0, code, self._driver)
        self.keep_screen()
        self.exit(code, code)

    def _fatal_error(self) -> None:
        """A bug of ours ends the console with a sentence; the log has it, without locals."""
        bug: BaseException | None = self._exception
        if isinstance(bug, WorkerFailed):
            bug = bug.error
        log.error("the console ended by a bug: %s", bug, exc_info=bug)
        if self._exit_renderables:
            return  # one bug is enough to say so; those that follow from it are in the log
        folder = self.session.config.state_dir / "log"
        sentence = f"aeptui ended because of a bug of its own; the details are in {folder}.\n"
        self._exit_renderables.append(Segments([Segment(sentence)]))
        self._return_code = OWN_BUG
        self._close_messages_no_wait()


def _theme_named(name: str) -> list[LineFilter]:
    """What lays the theme over the lines; the default needs nothing."""
    if name == "default":
        return []
    from aeptui.ui.themes import THEMES, Worn

    return [Worn(THEMES[name])]


async def run_console(session: Session) -> int:
    """The console on `session` until it is left; the exit code. Closes the session that is open last."""
    app = AepApp(session)
    try:
        await app.run_async(mouse=False)
    finally:
        await app.doing.sending.stop()
        await app.alerting.close()
        await app.session.close()
    return app.return_code or 0


def run_first_screen(config: Config) -> str:
    """Ask how to begin where nothing is configured: `demo`, or an empty string to leave."""
    from aeptui.ui.screens.first import FirstApp

    return FirstApp(config).run(mouse=False) or ""
