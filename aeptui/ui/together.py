"""Acting on many marked rows: one question, then one after another on a page of its own."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING

from aeptui.mirror.rows import Row
from aeptui.pipelines import many as doing
from aeptui.pipelines.many import Many
from aeptui.resources.definition import Action, Tone
from aeptui.ui.screens.acting import agreed
from aeptui.ui.screens.many import ManyPage

if TYPE_CHECKING:
    from aeptui.session import Session
    from aeptui.ui.app import AepApp
    from aeptui.ui.screens.page import Page


class Together:
    """Starts what is done for many; `acting` holds what is under way in this console, by id."""

    def __init__(self, app: AepApp, acting: MutableMapping[str, str]) -> None:
        self._app = app
        self._acting = acting
        self._running: dict[asyncio.Event, tuple[Session, Many]] = {}

    def act(self, page: Page, action: Action, kind: str, rows: Sequence[Row]) -> None:
        """Ask once, then do `action` for each of `rows` that can."""
        self._app.run_worker(self._weigh(page, action, kind, rows), group="acting")

    async def _weigh(self, page: Page, action: Action, kind: str, rows: Sequence[Row]) -> None:
        many = await doing.acting(page.session, action, kind, rows)
        for item in many.ready:
            if item.row.id in self._acting:
                item.came, item.said = "skipped", "Something is under way with it already"
        reason = doing.why_not(page.session, many)
        if reason:
            page.refuse(reason)
        else:
            await self._ask(page, action, many)

    def test(self, page: Page, rows: Sequence[Row]) -> None:
        """Test the connections behind `rows`; that changes nothing, so nobody is asked."""
        self._app.run_worker(self._test(page, rows), group="acting")

    async def _test(self, page: Page, rows: Sequence[Row]) -> None:
        many = await doing.testing(page.session, rows)
        if many.ready:
            await self._run(page, many)
        else:
            page.refuse("no base connection is known behind what is marked")

    async def finished(self, session: Session) -> None:
        """Stop what is done in a session that is left after the write that is under way."""
        for over, (of, many) in list(self._running.items()):
            if of is session:
                many.stop("another sandbox was opened")
                await over.wait()

    async def _ask(self, page: Page, action: Action, many: Many) -> None:
        asked = doing.question(page.session, many, action)
        taken = {item.row.id: item.name for item in many.ready}
        self._acting.update(taken)
        try:
            if await agreed(page, asked.question, asked.consequence):
                await self._run(page, many)
        finally:
            for id in taken:
                self._acting.pop(id, None)

    async def _run(self, page: Page, many: Many) -> None:
        page.unmark()
        over = asyncio.Event()
        self._running[over] = (page.session, many)
        try:
            await self._app.push_screen(ManyPage(page.session, many))
            await many.run()
        finally:
            del self._running[over]
            over.set()
        front = self._app.page
        if not (isinstance(front, ManyPage) and front.many is many):
            tone: Tone = "warn" if many.count("failed") or many.stopped else "good"
            front.say(f"{many.title.capitalize()}: {many.summary}.", tone)
