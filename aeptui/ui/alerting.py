"""Events and marks in the console: it rings, shows what is known, and takes acknowledgements.

What it hears comes from the session's recorder while this console is the one that
syncs; marks are read again whenever any process has changed the notes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from aeptui.forms.choices import Choice
from aeptui.mirror.troubles import StoreTrouble
from aeptui.monitor.alerts import Mark, Marks
from aeptui.monitor.events import Event
from aeptui.monitor.said import tally
from aeptui.notes import marking
from aeptui.notes.file import NotesError
from aeptui.notes.marking import Subject
from aeptui.notify import Notifier, notification
from aeptui.resources.formats import due, plural
from aeptui.session import Session, api_settings
from aeptui.ui.screens.choosing import Chooser, among

if TYPE_CHECKING:
    from aeptui.ui.app import AepApp
    from aeptui.ui.screens.page import Page

LOOK_S = 2.0
"""How often it is asked whether the notes were changed."""
LETTERS = {"acknowledged": "a", "snoozed": "z", "expected": "x"}
"""The mark behind the word of a flow that is calm."""
_AWAKE = "awake"


class Alerting:
    """One for each console; it follows the session that is open."""

    def __init__(self, app: AepApp) -> None:
        self._app = app
        self._session: Session | None = None
        self._notifier: Notifier | None = None
        self._revision: tuple[int, int] | None = None
        self._trouble = ""
        self._before = 0
        self.marks = Marks((), {})
        self.letters: dict[str, str] = {}
        """By flow: that it is acknowledged, snoozed or expected."""

    async def follow(self, session: Session) -> None:
        """Hear what happens in `session` from now on, and nothing of the one before."""
        await self.close()
        config, profile = session.config, session.profile
        self._session, self._revision = session, None
        self._notifier = Notifier(
            config.settings.alerts,
            lambda: api_settings(config, profile),
            config.code_book,
            ring=self._ring,
            complain=lambda sentence: self._say(f"{sentence}."),
            hidden=config.secret_variables(),
        )
        session.recorder.told = self._told
        self._before = await self._last(session)
        await self.look()

    async def _last(self, session: Session) -> int:
        try:
            return await session.notes.last()
        except NotesError:
            return 0

    async def _told(self, events: Sequence[Event], marks: Marks) -> None:
        """Deliver what alarms; say what had happened before this console began to look."""
        already = [event for event in events if event.quiet]
        words = tally(already) if self._before else ""
        if words:
            self._say(f"While nobody looked: {words}. :events lists them.")
        if self._notifier is not None:
            await self._notifier(events, marks)

    async def close(self) -> None:
        """Deliver nothing more."""
        if self._notifier is not None:
            await self._notifier.close()

    async def look(self) -> None:
        """Read the marks again where they may differ; what is put off ends by time."""
        session = self._session
        if session is None:
            return
        trouble, marks, revision = session.recorder.trouble, None, self._revision
        try:
            revision = await session.notes.revision()
            if revision != self._revision:
                marks = await session.notes.marks()
        except NotesError as reason:
            trouble = str(reason)
        if session is not self._session:
            return  # another sandbox was opened meanwhile: this is about the one that was left
        if marks is not None:
            self.marks, self._revision = marks, revision
        if trouble and trouble != self._trouble:
            self._say(f"{trouble}.")
        self._trouble = trouble
        calm = self.marks.calm(session.now())
        letters = {id: LETTERS[mark.kind] for id, mark in calm.items()}
        if (marks is not None or letters != self.letters) and session is self._app.session:
            self.letters = letters
            if (page := self._front) is not None:
                page.marks_changed()
            with suppress(StoreTrouble):  # what cannot be written is told by the sync
                await session.mirror.calm(letters.keys())

    @property
    def _front(self) -> Page | None:
        """The page in front; None while the console is being left."""
        if not self._app.is_running or not self._app.screen_stack:
            return None
        page = self._app.page
        return page if page.is_attached and page.query("#keys") else None

    def _say(self, words: str) -> None:
        if (page := self._front) is not None:
            page.say(words, "warn")

    def letters_of_causes(self) -> dict[str, str]:
        """By the key of a cause: that it is acknowledged, snoozed or expected."""
        now = self._app.session.now()
        keys = {key for each in self.marks.standings.values() for key in each.causes}
        found = {key: self.marks.of_cause(key, now) for key in keys}
        return {key: LETTERS[mark.kind] for key, mark in found.items() if mark is not None}

    def _ring(self, sentence: str) -> None:
        """The bell, and the terminal's own notification where it has one."""
        session, driver = self._session, self._app._driver
        if session is None or driver is None:
            return
        self._app.bell()
        if not self._app.is_headless:
            driver.write(notification(f"aeptui {session.sandbox}: {sentence}", os.environ))

    # What people say ------------------------------------------------------------------

    def acknowledge(self, page: Page, subjects: Sequence[Subject]) -> None:
        """Say that these are known; those that are already are taken back instead."""
        self._app.run_worker(self._acknowledge(page, subjects), group="marks")

    async def _acknowledge(self, page: Page, subjects: Sequence[Subject]) -> None:
        now = page.session.now()
        known = [each for each in subjects if self._open(each, "acknowledged", now)]
        if len(known) == len(subjects):
            if await self._unmark(page, known, "acknowledged"):
                page.say(f"{_named(subjects)}: not acknowledged any more.")
            return
        marks = marking.acknowledged(
            [each for each in subjects if each not in known], self.marks, now
        )
        if await self._mark(page, marks):
            page.say(f"{_named(subjects)}: acknowledged; a takes it back.", "good")

    def snooze(self, page: Page, subjects: Sequence[Subject]) -> None:
        """Ask for how long, and put these off."""
        self._app.run_worker(self._snooze(page, subjects), group="marks")

    async def _snooze(self, page: Page, subjects: Sequence[Subject]) -> None:
        session = page.session
        moment = session.moment()
        offered = dict(marking.ends(moment.now, moment.zone))
        choices = [Choice(label, label, due(end, moment)) for label, end in offered.items()]
        asleep = [each for each in subjects if self._open(each, "snoozed", moment.now)]
        if asleep:
            choices.insert(0, Choice(_AWAKE, "wake it now", "it alarms again"))
        chosen = await self._app.push_screen_wait(
            Chooser(f"Snooze {_named(subjects)}", among(choices))
        )
        if not chosen:
            return
        if chosen[0] == _AWAKE:
            if await self._unmark(page, asleep, "snoozed"):
                page.say(f"{_named(asleep)}: awake.")
            return
        end = offered[chosen[0]]
        if await self._mark(page, marking.snoozed(subjects, end, moment.now)):
            page.say(f"{_named(subjects)}: snoozed until {due(end, moment)}; i wakes it.", "good")

    def _open(self, subject: Subject, kind: str, now: datetime) -> Mark | None:
        return next(
            (
                mark
                for mark in self.marks.all
                if mark.about == subject.about and mark.kind == kind and mark.runs(now)
            ),
            None,
        )

    async def _mark(self, page: Page, marks: Sequence[Mark]) -> bool:
        try:
            await page.session.notes.mark(marks)
        except NotesError as reason:
            page.refuse(reason, "bad")
            return False
        await self.look()
        return True

    async def _unmark(self, page: Page, subjects: Sequence[Subject], kind: str) -> bool:
        now = page.session.now()
        numbers = [mark.n for each in subjects if (mark := self._open(each, kind, now))]
        try:
            await page.session.notes.unmark(numbers, now, "taken back")
        except NotesError as reason:
            page.refuse(reason, "bad")
            return False
        await self.look()
        return True


def _named(subjects: Sequence[Subject]) -> str:
    return subjects[0].name if len(subjects) == 1 else plural(len(subjects), "item")
