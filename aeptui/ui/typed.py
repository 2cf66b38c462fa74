"""Keys in the order in which they were typed, each when the one before it has done all it does.

Over a slow line, or by a person who knows the way, keys arrive while a page is
still being opened. Handed out at once they would reach the page that is about
to be left; so they wait until the page that they were meant for is there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from textual.app import App, ScreenStackError
from textual.events import Key, Paste
from textual.message import Message
from textual.widget import Widget

ROUNDS = 3
"""A key leads to an action, that to a message of a widget, and that to one of its page."""
MOVES = frozenset({"up", "down", "j", "k", "pageup", "pagedown", "home", "end", "left", "right"})
"""Keys that open nothing: what follows them need not wait so long."""
AT_ONCE = frozenset({"ctrl+c", "ctrl+q", "ctrl+z", "ctrl+l"})
"""Keys that wait for nothing: the ways out of whatever hangs."""
PATIENCE_S = 3.0
"""After so long the next key is handed out whatever is still being opened."""


class Passed(Message):
    """Follows a key on its way up: what came before it has been handled all along that way."""

    def __init__(self, arrived: asyncio.Event) -> None:
        super().__init__()
        self.arrived = arrived


class Typed:
    """What has been typed ahead; one for each app."""

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._waiting: deque[Key | Paste] = deque()
        self._due: Key | Paste | None = None
        self._settling: asyncio.Task[None] | None = None
        self._openings = 0

    def must_wait(self, event: Key | Paste) -> bool:
        """Whether `event` has to wait; then it is kept, and comes again when its turn is there."""
        if event is self._due:
            self._due = None
            return False
        if isinstance(event, Key) and event.key in AT_ONCE:
            return False
        if not (self._settling or self._openings or self._waiting or self._due):
            return False
        self._waiting.append(event)
        if self._due is None:  # else what is handed out next brings the others after it
            self._settle(ROUNDS)
        return True

    def handed_out(self, event: Key | Paste) -> None:
        """`event` is on its way to what has the keys: what comes next waits for all that it does."""
        self._settle(1 if isinstance(event, Key) and event.key in MOVES else ROUNDS)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Hold keys for as long as something is opened that takes its time."""
        self._openings += 1
        try:
            yield
        finally:
            self._openings -= 1

    def _settle(self, rounds: int) -> None:
        if self._settling is None:
            self._settling = asyncio.create_task(self._until_settled(rounds))
            self._settling.add_done_callback(self._settled)

    def _settled(self, _task: asyncio.Task[None]) -> None:
        self._settling = None
        if self._waiting:
            self._due = self._waiting.popleft()
            self._app.post_message(self._due)

    async def _until_settled(self, rounds: int) -> None:
        # A key that is late is better than one that is lost; and at the end there is no screen.
        with suppress(TimeoutError, ScreenStackError):
            async with asyncio.timeout(PATIENCE_S):
                await self._passed(rounds)

    async def _passed(self, rounds: int) -> None:
        done = 0
        while done < rounds:
            before = self._app.screen
            await _until(lambda: self._app.screen.is_mounted and not self._openings)
            await _way_up(self._app.focused or self._app.screen)
            # A page that was opened meanwhile has its own way to go.
            done = done + 1 if self._app.screen is before else 0


async def _way_up(widget: Widget) -> None:
    """Until everything on the way from `widget` up to the app has been handled, or it is gone."""
    arrived = asyncio.Event()
    widget.post_message(Passed(arrived))
    await _until(lambda: arrived.is_set() or not (widget.is_attached and widget.is_running))


async def _until(holds: Callable[[], bool]) -> None:
    """Let the app work until it holds; most often that is a matter of a few turns."""
    turns = 0
    while not holds():
        await asyncio.sleep(0 if turns < 50 else 0.002)
        turns += 1
