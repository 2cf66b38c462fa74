"""The console's side of a rehearsal: how far its world is, stopping and starting it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from aeptui.rehearsal import RehearsalError

if TYPE_CHECKING:
    from aeptui.rehearsal import Rehearsal
    from aeptui.ui.app import AepApp

LOOK_S = 1.0
"""How often the making of the world is asked after, while it is being made."""


class Rehearsing:
    """Follows the local platform of `aeptui demo` for the console."""

    def __init__(self, app: AepApp) -> None:
        self._app = app
        self.stopped = False
        self._turn = asyncio.Lock()
        """A platform that is being stopped is started only when it is gone."""

    @property
    def _rehearsal(self) -> Rehearsal:
        return cast("Rehearsal", self._app.session.rehearsal)

    def follow(self) -> None:
        """Say on the home page how far the world is, until it is made."""
        self._app.run_worker(self._follow(), group="making", exclusive=True)

    async def _follow(self) -> None:
        rehearsal = self._rehearsal
        if rehearsal.news:
            self._app.page.say(rehearsal.news)
        try:
            await rehearsal.serving()
            while (making := await rehearsal.making()) is not None:
                done, of = making
                self._app.home.show_making(f"Making the rehearsal: {done} of {of} runs")
                await asyncio.sleep(LOOK_S)
        except RehearsalError as reason:
            if not self.stopped:
                self._app.notice = f"{reason} `:emulator start` tries again."
                await self._app.page.look_safely()
            return
        if self._app.home.making:
            self._app.home.show_making("")
            self._app.session.sync.refresh()

    def command(self, verb: str) -> None:
        """Do what was asked for on the go-to line."""
        match verb:
            case "stop":
                self._app.run_worker(self._in_turn(self._stop), group="emulator")
            case "start":
                self._app.run_worker(self._in_turn(self._start), group="emulator")
            case _:
                self._app.page.say("`:emulator stop` and `:emulator start` are what there is.")

    async def _in_turn(self, work: Callable[[], Awaitable[None]]) -> None:
        async with self._turn:
            await work()

    async def _stop(self) -> None:
        self.stopped = True
        self._app.page.say("Stopping the local platform.", "dim")
        await self._rehearsal.stop()
        self._app.session.sync.refresh()
        await self._app.page.look_safely()
        self._app.page.say("The local platform is stopped; `:emulator start` starts it again.")

    async def _start(self) -> None:
        if self._rehearsal.running:
            self._app.page.say("The local platform is running.")
            return
        self._app.page.say("Starting the local platform.", "dim")
        try:
            await self._rehearsal.restart()
        except RehearsalError as reason:
            self._app.page.say(str(reason), "bad")
            return
        self.stopped, self._app.notice = False, ""
        self._app.session.sync.refresh()
        await self._app.page.look_safely()
        self._app.page.say("The local platform is running again.")
        self.follow()
