"""The journal: every write before it is sent, and what came of it.

It outlives crashes: each change is one transaction that is on the disk before
the call returns, so a request that the platform may have seen is always named
here. There are no secrets in it. Several processes may use it; one at a time
works on a plan, which is what `Claim` is for.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from aeptui.api.writing import WriteRequest
from aeptui.mirror.lock import Lock
from aeptui.pipelines.journal_file import FILE, JournalError
from aeptui.pipelines.plan import Made, Plan, Step, dumps, loads
from aeptui.pipelines.request import as_text, preview

__all__ = ["Claim", "Entry", "Journal", "JournalError", "State", "StepEntry", "Write"]

T = TypeVar("T")

State: TypeAlias = Literal["planned", "sending", "done", "failed", "unknown", "undone", "left"]
"""Of a step. `failed` made nothing; `unknown` and `sending` may have; `left` could not be undone."""

Ended: TypeAlias = Literal["", "done", "failed", "undone", "forgotten"]
"""Of a plan; empty while there is something to resume or to undo."""


@dataclass(frozen=True, slots=True)
class StepEntry:
    """One step of a plan and how far it has come."""

    step: Step
    state: State = "planned"
    made: Made | None = None
    sentence: str = ""
    sent_at: datetime | None = None
    """When it was last sent, in the platform's time."""
    sent_ago_s: float | None = None
    """So many real seconds ago it was last sent."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A plan in the journal."""

    plan: Plan
    steps: tuple[StepEntry, ...]
    ended: Ended = ""
    busy: bool = False
    """Whether a process is working on it just now."""

    def known(self) -> dict[str, Made]:
        """What its steps made and still stands."""
        return {
            each.step.name: each.made
            for each in self.steps
            if each.state in ("done", "left") and each.made is not None
        }


@dataclass(frozen=True, slots=True)
class Write:
    """One request that was sent: what, where to, when, and what came back."""

    n: int
    plan_id: str
    plan_title: str
    profile: str
    host: str
    sandbox: str
    step: str
    title: str
    undoes: bool
    method: str
    path: str
    request: str
    """The request as text, with names in the place of secrets."""
    sent_at: datetime
    answered_at: datetime | None
    outcome: str
    made_id: str
    request_id: str
    sentence: str


@dataclass(slots=True)
class Claim:
    """The right to work on a plan; ends with `release` or with the process."""

    _lock: Lock = field(repr=False)
    _path: Path

    def release(self, *, ended: bool) -> None:
        """Let others in. A plan that has ended needs no lock file any more."""
        if ended:
            self._path.unlink(missing_ok=True)
        self._lock.release()


class AlreadyBegun(Exception):
    """The step is not in a state in which it may be sent."""


class Journal:
    """The journal at `path`; JournalError when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = FILE.connect(path)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    @classmethod
    def open(cls, state_dir: Path) -> Journal:
        """The journal of a state folder."""
        return cls(state_dir / "journal.sqlite")

    def close(self) -> None:
        """What has begun is finished."""
        self._executor.shutdown(wait=True)
        self._connection.close()

    # Working on a plan --------------------------------------------------------

    def claim(self, plan_id: str) -> Claim | None:
        """The right to work on a plan, or None while another holds it; never waits."""
        path = self._path.with_name(f"{self._path.stem}.{plan_id}.lock")
        lock = Lock(path)
        return Claim(lock, path) if lock.take() else None

    async def begin(self, plan: Plan) -> Entry:
        """Write `plan` down, or bring what is written into line with it.

        Steps of it that were sent already stay as they are; JournalError when one of
        those is not in the plan any more, or would be another request now.
        """
        return await self._run(lambda db: _begin(db, plan))

    async def sending(
        self, plan: Plan, step: Step, request: WriteRequest, at: datetime, *, undoes: bool = False
    ) -> int:
        """Note that `request` (without secrets) is about to be sent; answers the write's number.

        AlreadyBegun unless the step is to be sent (or, with `undoes`, was done).
        """
        return await self._run(lambda db: _sending(db, plan, step, request, at, undoes))

    async def settle(
        self,
        plan: Plan,
        step: Step,
        state: State,
        at: datetime,
        *,
        write: int | None = None,
        made: Made | None = None,
        request_id: str = "",
        sentence: str = "",
    ) -> None:
        """Note what came of a step, and of the request with the number `write`."""

        def work(db: sqlite3.Connection) -> None:
            _settle(db, plan.id, step.name, state, made, sentence)
            if write is not None:
                db.execute(
                    'UPDATE "write" SET outcome = ?, answered_at = ?, made_id = ?,'
                    " request_id = ?, sentence = ? WHERE n = ?",
                    (state, _ms(at), made.id if made else "", request_id, sentence, write),
                )

        await self._run(work)

    async def forget(self, plan_id: str) -> bool:
        """Let a plan be as it stands; False while a process works on it, or when it has ended.

        What it made stays on the platform and in here.
        """
        claim = self.claim(plan_id)
        if claim is None:
            return False
        entry = await self.entry(plan_id)
        is_open = entry is not None and not entry.ended
        if is_open:
            await self.end(plan_id, "forgotten")
        claim.release(ended=is_open)
        return is_open

    async def end(self, plan_id: str, ended: Ended) -> None:
        """Close a plan: there is nothing more to resume; `""` opens it again."""
        await self._run(
            lambda db: db.execute("UPDATE plan SET ended = ? WHERE id = ?", (ended, plan_id))
        )

    # Looking ------------------------------------------------------------------

    async def entry(self, plan_id: str) -> Entry | None:
        """A plan and its steps."""
        found = await self._run(lambda db: _entry(db, plan_id))
        return found and self._marked(found)

    async def unfinished(self) -> list[Entry]:
        """Plans with something to resume, to undo or to forget; newest first."""

        def work(db: sqlite3.Connection) -> list[Entry]:
            ids = db.execute("SELECT id FROM plan WHERE ended = '' ORDER BY made_at DESC, id")
            return [entry for (id,) in ids.fetchall() if (entry := _entry(db, id)) is not None]

        return [self._marked(entry) for entry in await self._run(work)]

    async def begun_with(self, prefix: str) -> list[Entry]:
        """The plans whose id begins with `prefix`, newest first."""

        def work(db: sqlite3.Connection) -> list[Entry]:
            ids = db.execute(
                "SELECT id FROM plan WHERE substr(id, 1, length(:prefix)) = :prefix"
                " ORDER BY made_at DESC, id LIMIT 100",
                {"prefix": prefix},
            )
            return [entry for (id,) in ids.fetchall() if (entry := _entry(db, id)) is not None]

        return [self._marked(entry) for entry in await self._run(work)]

    async def writes(
        self, limit: int = 100, text: str = "", since: datetime | None = None, plan_id: str = ""
    ) -> list[Write]:
        """The newest requests: those with `text` in what they say, sent `since`, of one plan."""
        return await self._run(lambda db: _writes(db, limit, text, since, plan_id))

    async def made(self, ids: Sequence[str]) -> set[str]:
        """Those of `ids` that a step in here has made."""

        def work(db: sqlite3.Connection) -> set[str]:
            return {id for (id,) in db.execute(_MADE, (json.dumps(list(ids)),))}

        return await self._run(work)

    # How ----------------------------------------------------------------------

    def _marked(self, entry: Entry) -> Entry:
        if entry.ended:
            return entry
        claim = self.claim(entry.plan.id)
        if claim is not None:
            claim.release(ended=False)
        return Entry(entry.plan, entry.steps, entry.ended, busy=claim is None)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do `work` in the journal's thread, as one transaction."""

        def whole() -> T:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(self._connection)
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            return result

        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, whole)
        except sqlite3.Error as reason:
            raise JournalError(
                f"The journal {self._path} cannot be written ({reason}); nothing more is sent"
            ) from None


_MADE = "SELECT made_id FROM step WHERE made_id IN (SELECT value FROM json_each(?))"
_SENT = ("sending", "done", "unknown", "undone", "left")
"""Steps of which a request went out and may have had an effect."""
_SENDABLE = ("planned", "failed", "unknown", "sending")
_UNDOABLE = ("done", "left", "unknown")


_COLUMNS = tuple(Write.__dataclass_fields__)
_WRITES = """
SELECT w.n, w.plan, p.title, p.profile, p.host, p.sandbox, w.step, w.title, w.undoes, w.method,
  w.path, w.request, w.sent_at, w.answered_at, w.outcome, w.made_id, w.request_id, w.sentence
FROM "write" w JOIN plan p ON p.id = w.plan
WHERE (:plan = '' OR w.plan = :plan) AND w.sent_at >= :since AND (:text = ''
  OR instr(lower(p.title || ' ' || p.profile || ' ' || p.sandbox || ' ' || w.title
  || ' ' || w.request || ' ' || w.made_id || ' ' || w.request_id || ' ' || w.sentence || ' '
  || w.outcome), lower(:text)))
ORDER BY w.n DESC LIMIT :limit
"""


def _begin(db: sqlite3.Connection, plan: Plan) -> Entry:
    before = _entry(db, plan.id)
    if before is None:
        db.execute(
            "INSERT INTO plan (id, title, profile, host, org, sandbox, document, made_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(plan.id, plan.title, plan.profile, plan.host, plan.org, plan.sandbox),
                *(dumps(plan), _ms(plan.made_at)),
            ),
        )
    else:
        if before.ended == "undone":
            raise JournalError("This plan was rolled back; make a new one")
        _check_unchanged(before, plan)
        db.execute(
            "UPDATE plan SET title = ?, document = ?, ended = '' WHERE id = ?",
            (plan.title, dumps(plan), plan.id),
        )
        gone = [each.step.name for each in before.steps if each.state not in _SENT]
        db.executemany(
            "DELETE FROM step WHERE plan = ? AND name = ?", [(plan.id, name) for name in gone]
        )
    for position, step in enumerate(plan.steps):
        db.execute(
            "INSERT INTO step (plan, name, position, state) VALUES (?, ?, ?, 'planned')"
            " ON CONFLICT DO UPDATE SET position = excluded.position",
            (plan.id, step.name, position),
        )
    entry = _entry(db, plan.id)
    if entry is None:
        raise JournalError("The plan was not kept")
    return entry


def _check_unchanged(before: Entry, plan: Plan) -> None:
    now = {step.name: step for step in plan.steps}
    for each in before.steps:
        if each.state not in _SENT:
            continue
        step = now.get(each.step.name)
        if step is None or as_text(preview(step)) != as_text(preview(each.step)):
            raise JournalError(
                f"“{each.step.title}” was sent already and cannot be changed or left out; "
                "roll the plan back first"
            )


def _sending(
    db: sqlite3.Connection,
    plan: Plan,
    step: Step,
    request: WriteRequest,
    at: datetime,
    undoes: bool,
) -> int:
    wanted = _UNDOABLE if undoes else _SENDABLE
    found = db.execute(
        "UPDATE step SET state = iif(?, state, 'sending'), sent_at = ?, sent_ticks = ?"
        " WHERE plan = ? AND name = ? AND state IN (SELECT value FROM json_each(?))",
        (undoes, _ms(at), time.time(), plan.id, step.name, json.dumps(wanted)),
    )
    if found.rowcount != 1:
        raise AlreadyBegun(f"“{step.title}” is being sent already, or has been")
    row = db.execute(
        'INSERT INTO "write" (plan, step, title, undoes, method, path, request, sent_at, outcome)'
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'sending') RETURNING n",
        (
            *(plan.id, step.name, step.title, undoes, request.method, request.path),
            *(as_text(request), _ms(at)),
        ),
    ).fetchone()
    return int(row[0])


def _settle(
    db: sqlite3.Connection, plan: str, name: str, state: State, made: Made | None, sentence: str
) -> None:
    db.execute(
        "UPDATE step SET state = ?, sentence = ? WHERE plan = ? AND name = ?",
        (state, sentence, plan, name),
    )
    if made is not None:
        db.execute(
            "UPDATE step SET made_id = ?, etag = ?, version = ? WHERE plan = ? AND name = ?",
            (made.id, made.etag, json.dumps(made.version), plan, name),
        )


def _entry(db: sqlite3.Connection, plan_id: str) -> Entry | None:
    row = db.execute("SELECT document, ended FROM plan WHERE id = ?", (plan_id,)).fetchone()
    if row is None:
        return None
    plan = loads(row[0])
    states = {
        name: rest
        for name, *rest in db.execute(
            "SELECT name, state, made_id, etag, version, sentence, sent_at, sent_ticks"
            " FROM step WHERE plan = ?",
            (plan_id,),
        )
    }
    steps = tuple(
        _step_entry(step, states[step.name]) for step in plan.steps if step.name in states
    )
    return Entry(plan, steps, row[1])


def _step_entry(step: Step, told: list[Any]) -> StepEntry:
    state, made_id, etag, version, sentence, sent_at, sent_ticks = told
    return StepEntry(
        step,
        state,
        Made(made_id, etag, json.loads(version) if version else None)
        if state in ("done", "undone", "left")
        else None,
        sentence,
        _from_ms(sent_at),
        None if sent_ticks is None else max(0.0, time.time() - sent_ticks),
    )


def _writes(
    db: sqlite3.Connection, limit: int, text: str, since: datetime | None, plan_id: str
) -> list[Write]:
    after = _ms(since) if since is not None else 0
    values = {"text": text, "limit": limit, "since": after, "plan": plan_id}
    rows = db.execute(_WRITES, values)
    return [_write(row) for row in rows]


def _write(row: tuple[Any, ...]) -> Write:
    values = dict(zip(_COLUMNS, row, strict=True))
    for key in ("sent_at", "answered_at"):
        values[key] = _from_ms(values[key])
    return Write(**(values | {"undoes": bool(values["undoes"])}))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _from_ms(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
