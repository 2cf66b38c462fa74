"""The notes of one sandbox: what happened, what stands, and what people said about it.

Several consoles and commands share the file. An event has a key of its own, so
that two processes which notice the same keep one; each change is one
transaction that is on the disk before the call returns.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from aeptui.mirror.stirred import Stirred
from aeptui.mirror.tables import from_ms, to_ms
from aeptui.monitor.alerts import Mark, Marks
from aeptui.monitor.events import Event, Standing, Touch
from aeptui.monitor.tones import NEEDS_A_PERSON
from aeptui.notes.file import FILE, NotesError

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

_BAD = "AND json_extract(body, '$.word') IN ({})".format(
    ", ".join(f"'{word}'" for word in sorted(NEEDS_A_PERSON))
)
"""Of thousands of flows only these matter to an alarm."""

KEPT = timedelta(days=400)
"""Events and marks that ended are kept so long."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An event with its number, which grows with each that is kept."""

    n: int
    event: Event


class Notes:
    """The notes about one place, which is the name of its mirror; NotesError where they fail.

    Nothing is opened before something is asked.
    """

    def __init__(self, state_dir: Path, place: str) -> None:
        self._path = state_dir / "notes.sqlite"
        self._place = place
        self._connection: sqlite3.Connection | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._own = 0
        self._version: int | None = None
        self._stirred = Stirred(self._path)
        self._closed = False

    def close(self) -> None:
        """What has begun is finished; whoever asks later is refused."""
        self._closed = True
        if self._executor is not None:
            self._executor.shutdown(wait=True)
        if self._connection is not None:
            self._connection.close()

    # What the monitor keeps -------------------------------------------------------

    async def standings(self) -> dict[str, Standing]:
        """What stands for each flow."""
        return await self._run(self._standings)

    async def touch(self) -> Touch | None:
        """Whether the platform is out of touch."""

        def work(db: sqlite3.Connection) -> Touch | None:
            found = db.execute("SELECT body FROM touch WHERE place = ?", (self._place,)).fetchone()
            return msgspec.json.decode(found[0], type=Touch) if found else None

        return await self._run(work)

    async def happened(
        self,
        events: Sequence[Event],
        standings: Mapping[str, Standing | None],
        ended: Mapping[int, str],
        at: datetime,
    ) -> list[Kept]:
        """Keep events, what stands after them, and which marks they ended; those that are new."""

        def work(db: sqlite3.Connection) -> list[Kept]:
            for flow, standing in standings.items():
                if standing is None:
                    db.execute(
                        "DELETE FROM standing WHERE place = ? AND flow = ?", (self._place, flow)
                    )
                else:
                    db.execute(
                        "INSERT OR REPLACE INTO standing VALUES (?, ?, ?)",
                        (self._place, flow, _json(standing)),
                    )
            for n, why in ended.items():
                self._end(db, n, why, at)
            return self._keep(db, events)

        return await self._write(work)

    async def touched(self, event: Event | None, touch: Touch | None) -> list[Kept]:
        """Keep whether the platform is out of touch, and the event that says so."""

        def work(db: sqlite3.Connection) -> list[Kept]:
            db.execute("DELETE FROM touch WHERE place = ?", (self._place,))
            if touch is not None:
                db.execute("INSERT INTO touch VALUES (?, ?)", (self._place, _json(touch)))
            return self._keep(db, [event] if event else [])

        return await self._write(work)

    def _keep(self, db: sqlite3.Connection, events: Sequence[Event]) -> list[Kept]:
        kept = []
        for event in events:
            done = db.execute(
                "INSERT OR IGNORE INTO event (place, key, at, body) VALUES (?, ?, ?, ?)",
                (self._place, event.key, to_ms(event.at), _json(event)),
            )
            if done.rowcount:
                kept.append(Kept(done.lastrowid or 0, event))
        return kept

    async def trim(self, now: datetime) -> None:
        """Forget what is older than anybody asks for."""
        before = to_ms(now - KEPT)

        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM event WHERE place = ? AND at < ?", (self._place, before))
            db.execute("DELETE FROM mark WHERE place = ? AND ended_at < ?", (self._place, before))

        await self._write(work)

    # What happened ----------------------------------------------------------------

    async def events(
        self, *, since: datetime | None = None, after: int = 0, newest: int = 1000
    ) -> list[Kept]:
        """Events since then, and behind the number `after`; the newest of them, newest first."""

        def work(db: sqlite3.Connection) -> list[Kept]:
            found = db.execute(
                "SELECT n, body FROM event WHERE place = ? AND at >= ? AND n > ? "
                "ORDER BY n DESC LIMIT ?",
                (self._place, to_ms(since) if since else -(1 << 62), after, newest),
            )
            return [Kept(n, msgspec.json.decode(body, type=Event)) for n, body in found]

        return await self._run(work)

    async def last(self) -> int:
        """The number of the newest event."""

        def work(db: sqlite3.Connection) -> int:
            found = db.execute(
                "SELECT max(n) FROM event WHERE place = ?", (self._place,)
            ).fetchone()
            return found[0] or 0

        return await self._run(work)

    async def looked(self, who: str) -> tuple[int, datetime | None]:
        """Up to which event somebody has looked, and when that was."""

        def work(db: sqlite3.Connection) -> tuple[int, datetime | None]:
            found = db.execute(
                "SELECT n, at FROM looked WHERE place = ? AND who = ?", (self._place, who)
            ).fetchone()
            return (found[0], from_ms(found[1])) if found else (0, None)

        return await self._run(work)

    async def look(self, who: str, n: int, at: datetime) -> None:
        """Somebody has seen what happened up to the event `n`."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT OR REPLACE INTO looked VALUES (?, ?, ?, ?)",
                (self._place, who, n, to_ms(at)),
            )

        await self._write(work)

    # What people said -------------------------------------------------------------

    async def marks(self) -> Marks:
        """The marks that have not been ended, and what stands for the flows they are about."""

        def work(db: sqlite3.Connection) -> Marks:
            found = db.execute(
                "SELECT n, body FROM mark WHERE place = ? AND ended_at IS NULL ORDER BY n",
                (self._place,),
            )
            marks = [_mark(n, body) for n, body in found]
            return Marks(marks, self._standings(db, _BAD))

        return await self._run(work)

    async def marked(self, since: datetime) -> list[Mark]:
        """Marks that were made or ended since then, oldest first."""

        def work(db: sqlite3.Connection) -> list[Mark]:
            found = db.execute(
                "SELECT n, body, ended_at, ended FROM mark WHERE place = ? "
                "AND (at >= ? OR ended_at >= ?) ORDER BY n",
                (self._place, to_ms(since), to_ms(since)),
            )
            return [
                msgspec.structs.replace(_mark(n, body), ended_at=from_ms(ended_at), ended=ended)
                for n, body, ended_at, ended in found
            ]

        return await self._run(work)

    async def mark(self, marks: Sequence[Mark]) -> None:
        """Keep marks, each in the place of an open one of its kind about the same."""

        def work(db: sqlite3.Connection) -> None:
            for mark in marks:
                for (n,) in db.execute(
                    "SELECT n FROM mark WHERE place = ? AND kind = ? AND about = ? "
                    "AND ended_at IS NULL",
                    (self._place, mark.kind, mark.about),
                ).fetchall():
                    self._end(db, n, "replaced", mark.at)
                db.execute(
                    "INSERT INTO mark (place, kind, about, body, at) VALUES (?, ?, ?, ?, ?)",
                    (self._place, mark.kind, mark.about, _json(mark), to_ms(mark.at)),
                )

        await self._write(work)

    async def unmark(self, numbers: Sequence[int], at: datetime, why: str) -> None:
        """End marks; they stay in what was done."""

        def work(db: sqlite3.Connection) -> None:
            for n in numbers:
                self._end(db, n, why, at)

        await self._write(work)

    async def revision(self) -> tuple[int, int]:
        """Another value when the file was changed, by us or by another process."""
        if self._stirred.again() or self._version is None:
            self._version = None  # what fails is tried again
            self._version = await self._run(
                lambda db: int(db.execute("PRAGMA data_version").fetchone()[0])
            )
        return self._own, self._version

    # ------------------------------------------------------------------------------

    def _standings(self, db: sqlite3.Connection, where: str = "") -> dict[str, Standing]:
        found = db.execute(
            f"SELECT flow, body FROM standing WHERE place = ? {where}",  # noqa: S608  (our own words)
            (self._place,),
        )
        return {flow: msgspec.json.decode(body, type=Standing) for flow, body in found}

    def _end(self, db: sqlite3.Connection, n: int, why: str, at: datetime) -> None:
        db.execute(
            "UPDATE mark SET ended_at = ?, ended = ? "
            "WHERE n = ? AND place = ? AND ended_at IS NULL",
            (to_ms(at), why, n, self._place),
        )

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._own += 1
        return await self._run(work, begin="BEGIN IMMEDIATE")

    async def _run(self, work: Callable[[sqlite3.Connection], T], begin: str = "BEGIN") -> T:
        """Do `work` as one transaction on the thread of the notes."""
        from concurrent.futures import ThreadPoolExecutor  # not needed by the first paint

        if self._closed:
            raise NotesError("The notes of a sandbox that was left are not asked any more")
        if self._executor is None:
            self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="notes")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._transaction, work, begin)

    def _transaction(self, work: Callable[[sqlite3.Connection], T], begin: str) -> T:
        try:
            if self._connection is None:
                self._connection = FILE.connect(self._path)
            with self._connection as db:
                db.execute(begin)
                return work(db)
        except sqlite3.DatabaseError as fault:
            raise NotesError(f"The notes {self._path} cannot be used just now ({fault})") from fault


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


def _mark(n: int, body: str) -> Mark:
    mark: Any = msgspec.json.decode(body, type=Mark)
    return msgspec.structs.replace(mark, n=n)  # type: ignore[no-any-return]
