"""Keeps what the watch sees as events, and hands on those that are new.

Of several processes on one mirror only the one that syncs it records. The first
look at what the platform tells now is quiet: what it shows was already so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aeptui.monitor.alerts import Mark, Marks, awake, outlived
from aeptui.monitor.events import Event, Look, Standing, Touch, happened, touched
from aeptui.notes.file import NotesError

if TYPE_CHECKING:
    from aeptui.mirror.values import Freshness
    from aeptui.notes.store import Kept, Notes

_log = logging.getLogger(__name__)

AT_ONCE = 500
"""A look at more flows is worked out on a thread, so that the loop that draws is not held up."""

Told = Callable[[Sequence[Event], Marks], Awaitable[None]]
"""Hears of events that are new, with the marks that count at their time."""


class Recorder:
    """Hears of each look of a watch, and of each change of freshness."""

    def __init__(
        self,
        notes: Notes,
        clock: Callable[[], datetime],
        *,
        leading: Callable[[], bool] = lambda: True,
        patience: Callable[[], timedelta] = lambda: timedelta(seconds=30),
        told: Told | None = None,
    ) -> None:
        self._notes = notes
        self._clock = clock
        self._leading = leading
        self._patience = patience
        self.told = told
        """Whoever delivers them; set by the front end."""
        self._caught_up = False
        self._standings: dict[str, Standing] | None = None
        self._touch: Touch | None = None
        self._revision: tuple[int, int] | None = None
        self._dated: list[Mark] = []
        """Snoozes and rules, which end by time."""
        self._missed: Look | None = None
        """What was seen and could not be kept; nobody judges those flows again for our sake."""
        self.trouble = ""
        """Why nothing is recorded just now, as a sentence."""

    async def looked(self, look: Look) -> None:
        """Keep what `look` shows to have happened."""
        if look.current:
            seen = _together(self._missed, look) if self._missed else look
            if await self._safely(self._look(seen)):
                self._missed, self._caught_up = None, self._caught_up or seen.whole
            else:
                self._missed = seen

    async def asked(self, freshness: Mapping[str, Freshness]) -> None:
        """Keep whether the platform is in touch."""
        if self._missed is not None:
            await self.looked(self._missed)
        await self._safely(self._ask(freshness))

    async def _safely(self, work: Coroutine[None, None, None]) -> bool:
        """Notes that cannot be used end no watch: words are still kept, and `trouble` says why."""
        try:
            await work
        except NotesError as reason:
            if str(reason) != self.trouble:
                _log.warning("%s", reason)
            self.trouble = str(reason)
            return False
        self.trouble = ""
        return True

    async def _look(self, look: Look) -> None:
        quiet = not self._caught_up
        if not self._leading():
            self._standings = None  # whoever leads writes them: they are read again when we do
            return
        before = await self._before()
        if len(look.flows) > AT_ONCE:
            done = await asyncio.to_thread(happened, before, look, quiet=quiet)
        else:
            done = happened(before, look, quiet=quiet)
        if not done.standings and not done.events:
            return
        after = {**before, **{id: each for id, each in done.standings.items() if each}}
        for id in (id for id, each in done.standings.items() if each is None):
            after.pop(id, None)
        marks = await self._notes.marks()
        ended = outlived(marks.all, before, after, done.events)
        kept = await self._notes.happened(done.events, done.standings, ended, look.at)
        self._standings = after
        await self._hand_on(kept)

    async def _ask(self, freshness: Mapping[str, Freshness]) -> None:
        if not self._leading():
            self._standings = None
            return
        await self._before()
        if self._caught_up:  # before, what stands may be from long ago
            await self._wake()
        event, after = touched(
            self._touch,
            freshness,
            self._clock(),
            patience=self._patience(),
            quiet=not self._caught_up,
        )
        if event is None and after == self._touch:
            return
        kept = await self._notes.touched(event, after)
        self._touch = after
        await self._hand_on(kept)

    async def _wake(self) -> None:
        """End the snoozes and rules that have run out, and tell of what is still wrong."""
        revision = await self._notes.revision()
        if revision != self._revision:
            self._revision, marks = revision, (await self._notes.marks()).all
            self._dated = [mark for mark in marks if mark.until is not None]
        now = self._clock()
        over = [mark for mark in self._dated if not mark.runs(now)]
        if over:
            events = [awake(mark, await self._before(), now) for mark in over]
            kept = await self._notes.happened(
                [event for event in events if event], {}, {mark.n: "over" for mark in over}, now
            )
            await self._hand_on(kept)

    async def _before(self) -> dict[str, Standing]:
        if self._standings is None:
            await self._notes.trim(self._clock())
            self._touch = await self._notes.touch()
            self._standings = await self._notes.standings()
        return self._standings

    async def _hand_on(self, kept: Sequence[Kept]) -> None:
        if kept and self.told is not None:
            await self.told([each.event for each in kept], await self._notes.marks())


def _together(missed: Look, look: Look) -> Look:
    """Two looks as one, with the newer word for each flow."""
    if look.whole:
        return look
    flows = {seen.id: seen for seen in (*missed.flows, *look.flows) if seen.id not in look.gone}
    gone = (set(missed.gone) | set(look.gone)) - set(flows)
    return look._replace(flows=tuple(flows.values()), gone=sorted(gone), whole=missed.whole)
