"""Mirror: what we know of one sandbox, in one SQLite file.

One thread writes and one reads; the event loop waits for neither. Opening
needs no event loop and asks nothing of a network, so the first screen can be
painted from the `..._now` twins before anything else has been imported.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from aeptui.api.models import Model, Run
from aeptui.mirror.connected import Connected, Lent, Place
from aeptui.mirror.file import prepare
from aeptui.mirror.query import COUNTED, Query, looks_through
from aeptui.mirror.read import Reader
from aeptui.mirror.rows import AnyRow, RunRow
from aeptui.mirror.stirred import Stirred
from aeptui.mirror.tables import KINDS
from aeptui.mirror.troubles import StoreTrouble, Trouble, TroubleKind, store_trouble
from aeptui.mirror.values import (
    BEGUN_AGAIN,
    FRESHNESS,
    Anchor,
    Changed,
    Found,
    Freshness,
    Linked,
    Listing,
    Live,
    Marks,
    Summary,
    Window,
)
from aeptui.mirror.verdicts import FlowVerdict, RunVerdict

if TYPE_CHECKING:
    from aeptui.mirror.news import Hub, News
    from aeptui.mirror.threads import Thread
    from aeptui.mirror.write import Writer

T = TypeVar("T")

_READING: ContextVar[int | None] = ContextVar("reading", default=None)


class Mirror:
    """What we know of one sandbox.

    Writing compares and reports only what differs. Every read has a twin,
    `..._now`, that answers at once on the caller's thread. A read that finds
    nothing answers None or an empty list; a filter that cannot be meant raises
    `FilterError`.
    """

    def __init__(
        self,
        path: Path,
        *,
        run_verdict: Callable[[Run], RunVerdict],
        clock: Callable[[], datetime],
        notice: str,
    ) -> None:
        self.path = path
        self.notice = notice
        """What happened to the file when it was opened, in a sentence; empty when nothing did."""
        self._run_verdict = run_verdict
        self._clock = clock
        self._begun = 0
        self._unwritten: dict[str, Freshness] = {}
        self._place = Place(path, self._renewed)
        self._glance: Connected[Reader] = Connected(self._place, Reader)
        self._stirred = Stirred(path)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        run_verdict: Callable[[Run], RunVerdict],
        clock: Callable[[], datetime],
    ) -> Mirror:
        """Open the mirror at `path`, made if it is missing.

        A file that is damaged, not ours or newer than we are is set aside and
        begun again; `notice` says so. Raises StoreTrouble where the disk refuses.
        """
        try:
            notice = prepare(path)
        except (sqlite3.OperationalError, OSError) as fault:
            trouble = store_trouble(fault, path.parent)
            if trouble is None:
                raise
            raise trouble from fault
        return cls(path, run_verdict=run_verdict, clock=clock, notice=notice)

    def close(self) -> None:
        """Finish what is being written, leave what is being read, and close the file."""
        for name in ("_reading", "_searching", "_writing"):
            thread = self.__dict__.pop(name, None)
            if thread is not None:
                thread.close(interrupt=name != "_writing")
        self._glance.close()

    # Threads and news are made when they are first needed: the first paint needs none.

    @cached_property
    def _hub(self) -> Hub:
        from aeptui.mirror.news import Hub

        return Hub()

    @cached_property
    def _reading(self) -> Thread[Reader]:
        from aeptui.mirror.threads import Thread

        return Thread("mirror-reads", self._place, Reader)

    @cached_property
    def _searching(self) -> Thread[Reader]:
        """For what may look through millions of rows: short questions do not wait behind it."""
        from aeptui.mirror.threads import Thread

        return Thread("mirror-searches", self._place, Reader)

    @cached_property
    def _writing(self) -> Thread[Writer]:
        from aeptui.mirror.threads import Thread
        from aeptui.mirror.write import Writer

        return Thread("mirror-writes", self._place, lambda own: Writer(own, self._run_verdict))

    def _renewed(self, notice: str) -> None:
        """Another file stands where ours was: whoever reads asks again, sync begins again."""
        self.notice = notice or self.notice
        self._begun += 1
        everything = (*KINDS, FRESHNESS, BEGUN_AGAIN)
        self._hub.publish([Changed(kind, all=True, every=True) for kind in everything])

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Answers that belong together: if the file is lost meanwhile, the rest is refused.

        Else the later ones would be taken for all there are.
        """
        token = _READING.set(self._begun)
        try:
            yield
        finally:
            _READING.reset(token)

    async def _tell(self, work: Callable[[Writer], list[Changed]]) -> Changed | None:
        """Do `work` on the writer thread, which publishes before anybody can be cancelled."""
        hub = self._hub
        begun = _READING.get()

        def write(writer: Writer) -> Changed | None:
            if begun not in (None, self._begun):
                raise StoreTrouble("What was known was lost while it was read; it is read again")
            news = work(writer)
            hub.publish(news)
            return news[0] if news else None

        return await self._writing.run(write)

    # Writing

    async def upsert(
        self,
        kind: str,
        models: Sequence[Model],
        *,
        seen_at: datetime,
        watermark: datetime | None = None,
        reached: datetime | None = None,
        complete: bool = False,
    ) -> Changed:
        """Write what differs of `models`, as the platform gave them at `seen_at`.

        An older version never replaces a newer one. With `complete`, `models`
        are all there are: what is missing among them is gone. Everything up to
        `watermark`, and back to `reached`, is known once they are written.
        """
        marks = Marks(watermark, reached, seen_at if complete else None)
        news = await self._tell(lambda writer: writer.upsert(KINDS[kind], models, seen_at, marks))
        return news or Changed(kind)

    async def prune(self, kind: str, keep: Collection[str], *, seen_at: datetime) -> Changed:
        """The kind was read whole, beginning at `seen_at`, and had only `keep`: forget the rest."""
        news = await self._tell(lambda writer: writer.prune(KINDS[kind], keep, seen_at))
        return news or Changed(kind)

    async def completed(self, kind: str, *, at: datetime, reached: datetime | None = None) -> None:
        """As much of the history of `kind` has been read as is wanted, back to `reached`."""
        marks = Marks(None, reached, at)
        await self._tell(lambda writer: writer.completed(KINDS[kind], marks))

    async def trim(self, kind: str, *, before: datetime | None = None) -> Changed:
        """Forget some of the oldest rows, at most those made before `before`; false when none is left.

        What has not ended, and the last run of each flow, is kept.
        """
        news = await self._tell(lambda writer: writer.trim(KINDS[kind], before))
        return news or Changed(kind)

    async def give_back(self) -> None:
        """Make the file as small as what is in it."""
        while await self._writing.run(lambda writer: writer.give_back()):
            pass

    async def forget(self, kind: str, ids: Collection[str]) -> Changed:
        """The platform no longer knows these."""
        news = await self._tell(lambda writer: writer.forget(KINDS[kind], ids))
        return news or Changed(kind)

    async def judge(self, verdicts: Sequence[FlowVerdict]) -> Changed:
        """Keep the monitor's words for flows; flows that are gone meanwhile are passed over."""
        news = await self._tell(lambda writer: writer.judge(verdicts))
        return news or Changed("flows")

    async def calm(self, flow_ids: Collection[str]) -> None:
        """Sort these flows behind the others that need a person: somebody knows of them."""
        await self._tell(lambda writer: writer.calm(flow_ids))

    async def note(
        self,
        kind: str,
        *,
        at: datetime,
        trouble: str | None,
        next_in_s: float,
        trouble_kind: TroubleKind = "failing",
    ) -> None:
        """Keep how asking for `kind` went at `at`, and when it is asked again; news of freshness."""
        next_try_at = at + timedelta(seconds=next_in_s)
        told = Trouble(trouble, trouble_kind) if trouble else None
        try:
            await self._tell(lambda writer: writer.note(kind, at, told, next_try_at))
            self._unwritten.pop(kind, None)
        except StoreTrouble:
            # That the disk is full cannot be written to it, but has to be said.
            self._unwritten[kind] = Freshness(
                None if told else at, trouble, next_try_at, None, told.kind if told else None
            )
            self._hub.publish([Changed(FRESHNESS, frozenset({kind}))])

    async def notice_others(self) -> None:
        """Publish what other processes have written to this mirror since the last look."""
        if self._stirred.again():
            await self._tell(lambda writer: writer.news_of_others())

    # Reading

    def news(self, *kinds: str) -> News:
        """News of these kinds, or of all, from now on; ask the mirror again for what it is.

        `"freshness"` tells of each answer or refusal of the platform, for whoever shows ages.
        """
        return self._hub.join(kinds)

    async def window(self, listing: Listing, height: int, at: Anchor | None = None) -> Window:
        """At most `height` rows of `listing` from `at`, or from its beginning."""
        now = self._clock()
        thread = self._searching if looks_through(listing) else self._reading
        return await thread.ask(lambda reader: reader.window(listing, height, at, now))

    def search_now(self, listing: Listing) -> int:
        """How many rows a window on `listing` may have to look through; 0 where one is at hand.

        Raises FilterError where the listing cannot be meant.
        """
        Query(listing, self._clock())
        if not looks_through(listing):
            return 0
        held = self._glance.run(lambda reader: reader.held(listing.kind))
        return held if held > COUNTED else 0

    async def get(self, kind: str, id: str) -> AnyRow | None:
        return await self.ask(lambda reader: reader.get(kind, id))

    async def body(self, kind: str, id: str) -> dict[str, Any] | None:
        """The platform's whole answer."""
        return await self.ask(lambda reader: reader.body(kind, id))

    async def links(self, kind: str, id: str) -> list[Linked]:
        """What it uses, then what uses it; a resource that we have not seen has no name."""
        return await self.ask(lambda reader: reader.links(kind, id))

    async def runs_of(self, flow_id: str, newest: int) -> list[RunRow]:
        """The newest runs of a flow, newest first."""
        return await self.ask(lambda reader: reader.runs_of(flow_id, newest))

    async def summary(self) -> Summary:
        now = self._clock()
        return await self.ask(lambda reader: reader.summary(now))

    async def freshness(self) -> Mapping[str, Freshness]:
        """By kind; a kind that was never asked for is absent."""
        return self._with_unwritten(await self.ask(lambda reader: reader.freshness()))

    def _with_unwritten(self, known: Mapping[str, Freshness]) -> Mapping[str, Freshness]:
        told = dict(known)
        for kind, fresh in list(self._unwritten.items()):
            before = told.get(kind, Freshness())
            told[kind] = msgspec.structs.replace(
                fresh,
                confirmed_at=fresh.confirmed_at or before.confirmed_at,
                complete_at=before.complete_at,
            )
        return told

    async def live(self, limit: int) -> Live:
        return await self.ask(lambda reader: reader.live(limit))

    async def find(self, text: str, limit: int = 50) -> list[Found]:
        """Resources of any kind by id or by a part of their name, exact ones first."""
        return await self.ask(lambda reader: reader.find(text, limit))

    async def ask(self, question: Callable[[Reader], T]) -> T:
        """Any other question, answered on the reader thread."""
        return await self._reading.ask(question)

    async def glancing(self, question: Callable[[Mirror], T]) -> T:
        """A question of several glances, answered on the reader thread: the loop waits for none."""

        def there(reader: Reader) -> T:
            aside = copy(self)
            aside._glance = Lent(reader)
            return question(aside)

        return await self.ask(there)

    def window_now(self, listing: Listing, height: int, at: Anchor | None = None) -> Window:
        now = self._clock()
        return self._glance.run(lambda reader: reader.window(listing, height, at, now))

    def get_now(self, kind: str, id: str) -> AnyRow | None:
        return self._glance.run(lambda reader: reader.get(kind, id))

    def body_now(self, kind: str, id: str) -> dict[str, Any] | None:
        return self._glance.run(lambda reader: reader.body(kind, id))

    def links_now(self, kind: str, id: str) -> list[Linked]:
        return self._glance.run(lambda reader: reader.links(kind, id))

    def runs_of_now(self, flow_id: str, newest: int) -> list[RunRow]:
        return self._glance.run(lambda reader: reader.runs_of(flow_id, newest))

    def summary_now(self) -> Summary:
        now = self._clock()
        return self._glance.run(lambda reader: reader.summary(now))

    def freshness_now(self) -> Mapping[str, Freshness]:
        return self._with_unwritten(self._glance.run(lambda reader: reader.freshness()))

    def live_now(self, limit: int) -> Live:
        return self._glance.run(lambda reader: reader.live(limit))

    def named_now(self, kind: str, name: str) -> list[str]:
        return self._glance.run(lambda reader: reader.named(kind, name))

    def find_now(self, text: str, limit: int = 50) -> list[Found]:
        return self._glance.run(lambda reader: reader.find(text, limit))
