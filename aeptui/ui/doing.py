"""What the console does to the platform: forms opened, actions carried out, writing unlocked.

All of it outlives the page it was asked on, so it hangs on the app.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from aeptui.api.errors import ApiTrouble
from aeptui.forms.choices import Choice
from aeptui.mirror.rows import Row
from aeptui.nearest import nearest
from aeptui.resources import registry
from aeptui.resources.definition import Action, Resource, Tone
from aeptui.session import Session
from aeptui.ui.screens.acting import CREATABLE, confirmed
from aeptui.ui.screens.choosing import Chooser, among
from aeptui.ui.screens.confirm import Confirm
from aeptui.ui.screens.resource import ListPage

if TYPE_CHECKING:
    from aeptui.ui.app import AepApp
    from aeptui.ui.screens.page import Page
    from aeptui.ui.sending import Sending
    from aeptui.ui.together import Together

CRM_FLOW = "crm-flow"
_WAYS = (
    Choice(CRM_FLOW, "New CRM flow", "everything from the source to the schedule, page by page"),
    Choice("flows", "New flow", "of connections and a mapping set that exist"),
)


class Doing:
    """The writing side of one console."""

    def __init__(self, app: AepApp) -> None:
        self._app = app
        self._acting: dict[str, str] = {}

    @cached_property
    def sending(self) -> Sending:
        """The plans under way; what sends comes with the first form, not with the first paint."""
        from aeptui.ui.sending import Sending

        return Sending()

    @cached_property
    def together(self) -> Together:
        """What is done for many rows at once."""
        from aeptui.ui.together import Together

        return Together(self._app, self._acting)

    async def finished(self, session: Session) -> None:
        """Until nothing more is sent in a session that is being left."""
        if "together" in self.__dict__:
            await self.together.finished(session)
        await self.sending.finished(session)

    # Forms ----------------------------------------------------------------------------

    def new(self, kind: str) -> None:
        """Open the form for a kind; flows have two ways."""
        self._app.run_worker(self._new(kind), group="new", exclusive=True)

    async def _new(self, kind: str) -> None:
        app = self._app
        if kind == "flows":
            chosen = await app.push_screen_wait(Chooser("New", among(_WAYS)))
            if not chosen:
                return
            kind = chosen[0]
        if kind == CRM_FLOW:
            from aeptui.ui.screens.wizard import WizardPage

            app.push_screen(WizardPage(app.session))
        else:
            from aeptui.forms.catalogue import FORMS
            from aeptui.ui.screens.form import FormPage

            app.push_screen(FormPage(app.session, FORMS[kind]))

    def asked_new(self, text: str) -> None:
        """`:new` with what was said behind it."""
        wanted = text.strip().lower()
        resource = registry.by_name(wanted) if wanted else None
        if wanted in ("crm flow", "crm-flow", "flow", "flows"):
            self.new(CRM_FLOW if "crm" in wanted else "flows")
        elif resource is not None and resource.kind in CREATABLE:
            self.new(resource.kind)
        else:
            near = nearest(wanted, [*CREATABLE, "crm flow"]) if wanted else ""
            hint = f"Did you mean :new {near}?" if near else f"There are {', '.join(CREATABLE)}."
            self._app.page.say(f"Nothing is made by :new {wanted}. {hint}", "warn")

    def open_mapping(self, mapping_set: str, flow: str) -> None:
        """Open the studio on a mapping set; `flow` is the one that it was asked for, if any."""
        from aeptui.ui.screens.remapping import ReadingPage

        session = self._app.session
        links = session.mirror.links_now("mapping-sets", mapping_set)
        flows = [link.id for link in links if link.kind == "flows" and link.relation == "used by"]
        if flow and flow not in flows:
            flows.insert(0, flow)
        self._app.push_screen(ReadingPage(session, mapping_set, flows, flow))

    def show_made(
        self, form: Page, kind: str, id: str, words: str, others: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Leave `form` for a list with the new row under the cursor.

        `others` are (kind, id) of what was made with it, and is named beside it.
        """
        work = self._show_made(form, kind, id, words, others)
        self._app.run_worker(work, group="made", exclusive=True)

    async def _show_made(
        self, form: Page, kind: str, id: str, words: str, others: Sequence[tuple[str, str]]
    ) -> None:
        from aeptui.pipelines.here import read_again

        app, session = self._app, self._app.session
        await asyncio.gather(*(read_again(session, *each) for each in (*others, (kind, id))))
        session.sync.refresh()
        if not await form.comes_to_front():
            self._say(words, "good")  # it was left meanwhile, and nobody is led elsewhere
            return
        app.back()
        page = app.page
        if not isinstance(page, ListPage) or page.resource.kind != kind:
            if kind == "flows":
                app.go_home()
                page = app.home
            else:
                page = ListPage(session, registry.BY_KIND[kind])
                await app.push_screen(page)
        await page.select(id)
        self._say(words, "good")

    # Acting -----------------------------------------------------------------------------

    def act(self, page: Page, action: Action, row: Row) -> None:
        """Ask, then do it; a second key for the same resource waits for the first."""
        name = row.name or row.id
        if row.id in self._acting:
            page.say(f"{name}: one thing at a time; the last one is under way.", "busy")
            return
        self._acting[row.id] = name
        self._app.run_worker(self._act(page, action, row, name), group="acting")

    async def _act(self, page: Page, action: Action, row: Row, name: str) -> None:
        session = page.session
        try:
            if await confirmed(page, action, row):
                self._say(f"{action.label.capitalize()}: {name} …", "busy")
                await self._perform(session, action, row)
        finally:
            del self._acting[row.id]

    async def _perform(self, session: Session, action: Action, row: Row) -> None:
        from aeptui.pipelines.journal import JournalError

        try:
            said = await action.perform(session, row)
        except (ApiTrouble, JournalError) as trouble:
            self._app.page.refuse(trouble, "bad")
        else:
            self._say(f"{said}.", "good")

    def change(self, resource: Resource, row: Row) -> None:
        """Open the form that changes a resource, on what the platform says of it now."""
        self._app.run_worker(self._change(resource, row), group="new", exclusive=True)

    async def _change(self, resource: Resource, row: Row) -> None:
        from aeptui.ui.screens.change import ChangePage, subject_of

        session = self._app.session
        self._say(f"Reading {row.name or row.id} …", "busy")
        try:
            subject = await subject_of(session, resource.kind, row.id)
        except ApiTrouble as trouble:
            self._say(f"It cannot be changed now: {trouble}", "warn")
            return
        if subject is None:
            self._say(f"This {resource.name} is gone from the platform.", "warn")
        else:
            self._app.page.keys.hush()  # it has been read
            self._app.push_screen(ChangePage(session, subject))

    def unmake(self, flow: Row) -> None:
        """Show what goes with a flow and what stays."""
        self._app.run_worker(self._unmake(flow), group="new", exclusive=True)

    async def _unmake(self, flow: Row) -> None:
        from aeptui.pipelines.unmaking_flow import parts_of
        from aeptui.ui.screens.unmake import UnmakePage

        session = self._app.session
        self._say(f"Looking what {flow.name or flow.id} stands on …", "busy")
        try:
            parts = await parts_of(await session.connected(), flow.id)
        except ApiTrouble as trouble:
            self._say(f"What uses what could not be asked: {trouble}", "warn")
            return
        if parts is None:
            self._say("This flow is gone from the platform.", "warn")
        else:
            self._app.push_screen(UnmakePage(session, parts))

    def _say(self, words: str, tone: Tone) -> None:
        """Say it on the page in front."""
        self._app.page.say(words, tone)

    # Writing ------------------------------------------------------------------------------

    def unlock(self, text: str) -> None:
        """`:unlock` with a length of time behind it."""
        self._app.run_worker(self._unlock(text), group="unlock", exclusive=True)

    async def _unlock(self, text: str) -> None:
        from aeptui.ui.unlocking import NoTime, minutes_of, unlock

        page, session = self._app.page, self._app.session
        if session.config.flags.read_only:
            page.say("This console was started with --read-only; nothing unlocks it.", "warn")
            return
        if session.may_write:
            page.say("Writing is open here already.")
            return
        try:
            minutes = minutes_of(text)
        except NoTime as wrong:
            page.say(str(wrong), "warn")
            return
        if await unlock(page, session, minutes):
            page.context.repaint()
            page.say(f"Writing is unlocked for {minutes} minutes.", "warn")

    # The end --------------------------------------------------------------------------------

    async def may_leave(self) -> bool:
        """Whether the console may be left: at once, or after a question while a plan is sent."""
        busy = [*self.sending.busy, *self._acting.values()]
        if not busy:
            return True
        question = Confirm(
            f"{busy[0]} is being sent. Leave all the same?",
            "It stops after the write that is under way. The journal says how far it came.",
        )
        agreed = await self._app.push_screen_wait(question)
        return agreed is True
