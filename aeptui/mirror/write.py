"""Writing to the mirror: compare first, write only what differs, say what that was.

Everything here runs on the mirror's one writer thread.
"""

# ruff: noqa: S608  (the names in the SQL are those of our own tables; every value is bound)

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias, TypeVar
from zlib import crc32

from aeptui.api.models import Model, Run
from aeptui.mirror import earlier
from aeptui.mirror.bodies import Bodies, without_ids
from aeptui.mirror.failures import Failures
from aeptui.mirror.ids import pack_id, unpack_id
from aeptui.mirror.tables import JUDGED, KINDS, Kind, phase, to_ms
from aeptui.mirror.troubles import Trouble
from aeptui.mirror.values import FRESHNESS, NAMED, Changed, Marks
from aeptui.mirror.verdicts import Failure, FlowVerdict, RunVerdict

T = TypeVar("T")

_Fresh: TypeAlias = tuple[Model, tuple[Any, ...], Sequence[Failure]]
"""A model with its columns, and what went wrong where it is a run."""

CHUNK = 1_000
"""Rows a transaction."""

_CONFIRM_MS = 3_600_000
"""An unchanged row's `seen_at` moves in steps of an hour, so that confirming writes nothing."""

TRIMMED = 500
"""Rows that one trimming takes."""

GIVEN_BACK = 256
"""Free pages that are cut off the file at a time; fewer are left for what comes next."""

_FOREVER = 1 << 62

_KEPT = {
    "runs": "word NOT IN ('waiting', 'running') "
    "AND id NOT IN (SELECT last_run_id FROM flows WHERE last_run_id IS NOT NULL)",
    "batches": "1",
}
"""What may be trimmed, as SQL."""

_JOINED = ("name", "expires_at", "dataset_id", "table", "base_connection_id")
"""Columns that rows of other kinds show."""


class Writer:
    """One connection that writes; `run_verdict` gives each run its word as it comes in."""

    def __init__(
        self, connection: sqlite3.Connection, run_verdict: Callable[[Run], RunVerdict]
    ) -> None:
        self._connection = connection
        # What a transaction of `CHUNK` touches: pages that do not fit are written more than once.
        connection.execute("PRAGMA cache_size = -4000")
        self._bodies = Bodies(connection)
        self._failures = Failures(connection)
        self._run_verdict = run_verdict
        self._version = self._data_version()
        self._revisions = self._read_revisions()
        self._revisions_stale = False
        self._counted: dict[tuple[str, str], int] = {}
        self._shared: dict[str, int] = {}

    def upsert(
        self,
        kind: Kind,
        models: Sequence[Model],
        seen_at: datetime,
        marks: Marks,
    ) -> list[Changed]:
        """Write what differs; the news is about `kind` first, then about kinds that join it."""
        ids: set[str] = set()
        flows: set[str] = set()
        joined = False
        for chunk in _chunks(list({model.id: model for model in _oldest_first(models)}.values())):
            with self._transaction():
                changed, touches = self._upsert_chunk(kind, chunk, to_ms(seen_at) or 0)
                self._bump(kind, bool(changed), touches)
            ids |= {model.id for model in changed}
            flows |= {model.flow_id for model in changed if isinstance(model, Run)} - {""}
            joined |= touches
        with self._transaction(wanted=marks != Marks()):
            if marks.complete_at:
                gone = self._prune(kind, {model.id for model in models}, seen_at)
                ids |= gone
                joined |= bool(gone)
                self._bump(kind, bool(gone), bool(gone))
            if marks != Marks():
                self._note_reading(kind, marks)
        news = [_changed(kind.name, ids, ids if kind.name == "flows" else flows)]
        if joined:
            news += [Changed(other, all=True) for other in kind.shown_in]
        return news

    def prune(self, kind: Kind, keep: Collection[str], seen_at: datetime) -> list[Changed]:
        """The kind was read whole since `seen_at` and had only `keep`: the rest is gone."""
        with self._transaction():
            gone = self._prune(kind, set(keep), seen_at)
            self._bump(kind, bool(gone), bool(gone))
            self._note_reading(kind, Marks(complete_at=seen_at))
        news = [_changed(kind.name, gone, gone if kind.name == "flows" else ())]
        return news + [Changed(other, all=True) for other in kind.shown_in if gone]

    def forget(self, kind: Kind, ids: Collection[str]) -> list[Changed]:
        """The platform no longer knows these."""
        with self._transaction():
            held = self._connection.execute(
                f'SELECT n, id FROM "{kind.table}" WHERE id IN ({", ".join("?" * len(ids))})',
                [pack_id(id) for id in ids],
            ).fetchall()
            self._delete(kind, held)
            self._bump(kind, bool(held), bool(held))
        gone = {unpack_id(key) for _, key in held}
        news = [_changed(kind.name, gone, gone if kind.name == "flows" else ())]
        return news + [Changed(other, all=True) for other in kind.shown_in if held]

    def judge(self, verdicts: Sequence[FlowVerdict]) -> list[Changed]:
        kind = KINDS["flows"]
        fields = [kind.by_name[name] for name in JUDGED]
        names = ", ".join(f'"{name}"' for name in JUDGED)
        marks = ", ".join(f'"{name}" = ?' for name in JUDGED)
        ids: set[str] = set()
        for chunk in _chunks(verdicts):
            with self._transaction():
                for verdict in chunk:
                    new = tuple(each.store(getattr(verdict, each.name)) for each in fields)
                    key = pack_id(verdict.flow_id)
                    old = self._connection.execute(
                        f"SELECT check_at, {names} FROM flows WHERE id = ?", (key,)
                    ).fetchone()
                    check_at = to_ms(verdict.check_at)
                    if old is None or old == (check_at, *new):
                        continue
                    self._connection.execute(
                        f"UPDATE flows SET {marks}, check_at = ? WHERE id = ?",
                        (*new, check_at, key),
                    )
                    if old[1:] != new:
                        ids.add(verdict.flow_id)
                        self._count(kind, old[1], -1)
                        self._count(kind, new[0], 1)
                self._bump(kind, bool(ids), False)
        return [_changed("flows", ids)]

    def calm(self, flow_ids: Collection[str]) -> list[Changed]:
        """These flows need nobody just now, though their word may say so; all others do again."""
        wanted = {pack_id(id) for id in flow_ids}
        held = {id for (id,) in self._connection.execute("SELECT id FROM flows WHERE calm")}
        with self._transaction():
            for value, ids in ((1, wanted - held), (None, held - wanted)):
                self._connection.executemany(
                    "UPDATE flows SET calm = ? WHERE id = ?", [(value, id) for id in ids]
                )
            self._bump(KINDS["flows"], wanted != held, False)
        return [_changed("flows", {unpack_id(id) for id in wanted ^ held})]

    def note(
        self, kind: str, at: datetime, trouble: Trouble | None, next_try_at: datetime
    ) -> list[Changed]:
        confirmed = None if trouble else to_ms(at)
        self._connection.execute(
            "INSERT INTO known (kind, confirmed_at, trouble, trouble_kind, next_try_at) "
            "VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET trouble = excluded.trouble, "
            "trouble_kind = excluded.trouble_kind, next_try_at = excluded.next_try_at, "
            "confirmed_at = coalesce(excluded.confirmed_at, confirmed_at)",
            (kind, confirmed, *(trouble or (None, None)), to_ms(next_try_at)),
        )
        return [Changed(FRESHNESS, frozenset({kind}))]

    def trim(self, kind: Kind, before: datetime | None) -> list[Changed]:
        """Some of the oldest rows, but neither what is open nor a flow's last run."""
        held = self._connection.execute(
            f'SELECT n, id, created_at FROM "{kind.table}" '
            f"WHERE created_at < ? AND {_KEPT[kind.name]} ORDER BY created_at, id LIMIT {TRIMMED}",
            (to_ms(before) if before else _FOREVER,),
        ).fetchall()
        with self._transaction(wanted=bool(held)):
            self._delete(kind, [(row, key) for row, key, _ in held])
            self._bump(kind, bool(held), False)
            if held:
                self._connection.execute(
                    "UPDATE known SET reached = max(reached, ?) WHERE kind = ?",
                    (held[-1][2] + 1, kind.name),
                )
        return [_changed(kind.name, {unpack_id(key) for _, key, _ in held})]

    def give_back(self) -> bool:
        """Cut some free pages off the file; whether there may be more."""
        before = self._free_pages()
        if before < GIVEN_BACK:
            return False
        self._connection.execute(f"PRAGMA incremental_vacuum({GIVEN_BACK})").fetchall()
        return self._free_pages() < before

    def _free_pages(self) -> int:
        pages: int = self._connection.execute("PRAGMA freelist_count").fetchone()[0]
        return pages

    def completed(self, kind: Kind, marks: Marks) -> list[Changed]:
        self._note_reading(kind, marks)
        return [Changed(FRESHNESS, frozenset({kind.name}))]

    def news_of_others(self) -> list[Changed]:
        """Kinds that another process has written to since we looked last."""
        version = self._data_version()
        if version == self._version:
            return []
        self._version = version
        before, self._revisions = self._revisions, self._read_revisions()
        if self._revisions_stale:
            before, self._revisions_stale = {}, False
        moved = [
            Changed(kind, all=True, every=True)
            for kind, revision in self._revisions.items()
            if revision != before.get(kind, 0)
        ]
        return [*moved, Changed(FRESHNESS, all=True)]

    def _upsert_chunk(
        self, kind: Kind, models: Sequence[Model], seen: int
    ) -> tuple[list[Model], bool]:
        keys = [pack_id(model.id) for model in models]
        held = self._held(kind, keys)
        changed: list[Model] = []
        fresh: list[_Fresh] = []
        joined = False
        at, word = kind.places["updated_at"], kind.places.get(kind.word)
        shown = [kind.places[name] for name in _JOINED if name in kind.places]
        for key, model in zip(keys, models, strict=True):
            values, failures = self._values(kind, model)
            digest = _digest(model.body)
            old = held.get(key)
            if old is None:
                fresh.append((model, (digest, seen, *values), failures))
                self._count(kind, values[word] if word is not None else None, 1)
            else:
                row, old_digest, old_seen, *old_values = old
                if (values[at] or 0, seen) < (old_values[at] or 0, old_seen or 0):
                    continue  # an answer that was overtaken by a later one
                if digest == old_digest and old_values == values:
                    if seen - (old_seen or 0) >= _CONFIRM_MS:
                        sql = f'UPDATE "{kind.table}" SET seen_at = ? WHERE n = ?'
                        self._connection.execute(sql, (seen, row))
                    continue
                if kind.name in earlier.DEFINITIONS and old_values[at] != values[at]:
                    was = self._body(kind, row, key)
                    made_at = old_values[at] or old_seen or 0
                    earlier.keep(self._connection, kind.name, key, made_at, was, model.body)
                self._update(kind, row, model, (digest, seen, *values))
                if isinstance(model, Run):
                    self._failures.forget([row])
                    self._failures.keep(row, model, failures)
                if word is not None and old_values[word] != values[word]:
                    self._count(kind, old_values[word], -1)
                    self._count(kind, values[word], 1)
                joined |= any(old_values[n] != values[n] for n in shown)
            if kind.uses:
                self._link(kind, model, kind.uses(model))
            changed.append(model)
        if fresh:
            self._insert(kind, fresh)
            joined = True
        return changed, joined and bool(kind.shown_in)

    def _count(self, kind: Kind, word: str | None, by: int) -> None:
        """Add to the rows of `kind` with that word, when the transaction ends.

        Rows are counted as they are written: counting a million takes 200 ms.
        """
        key = (kind.name, word or "")
        self._counted[key] = self._counted.get(key, 0) + by

    def _write_counts(self) -> None:
        self._connection.executemany(
            "INSERT INTO counter VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
            [(*key, by) for key, by in self._counted.items() if by],
        )
        self._counted.clear()

    def _values(self, kind: Kind, model: Model) -> tuple[list[Any], Sequence[Failure]]:
        """The columns of `model`, those of the monitor and the shared ones among them; its failures."""
        values = kind.values(model)
        failures: Sequence[Failure] = ()
        places = kind.places
        if isinstance(model, Run):
            verdict = self._run_verdict(model)
            values[places["word"]] = verdict.word
            values[places["lost"]] = verdict.lost
            values[places["phase"]] = phase(model, verdict.word) or None
            failures = verdict.failures
            if failures and failures[0].message:  # of several errors the one that says most
                values[places["code"]] = failures[0].code or None
                values[places["message"]] = failures[0].message
        for name in kind.shared:
            place = places[name]
            value = values[place]
            values[place] = (self._shared.get(value) or self._share(value)) if value else None
        return values, failures

    def _share(self, value: str) -> int:
        """The number of an id or text that many rows have in common."""
        stored = (pack_id(value),)
        self._connection.execute("INSERT OR IGNORE INTO shared (value) VALUES (?)", stored)
        found = self._connection.execute("SELECT n FROM shared WHERE value = ?", stored)
        number: int = found.fetchone()[0]
        self._shared[value] = number
        return number

    def _held(self, kind: Kind, keys: Sequence[Any]) -> dict[Any, tuple[Any, ...]]:
        columns = ", ".join(f'"{each.name}"' for each in kind.written)
        sql = (
            f'SELECT id, n, digest, seen_at, {columns} FROM "{kind.table}" '
            f"WHERE id IN ({', '.join('?' * len(keys))})"
        )
        return {key: tuple(rest) for key, *rest in self._connection.execute(sql, keys)}

    def _insert(self, kind: Kind, fresh: Sequence[_Fresh]) -> None:
        columns = ["n", "digest", "seen_at", *(each.name for each in kind.written)]
        names = ", ".join(f'"{name}"' for name in columns)
        first = self._connection.execute(f'SELECT max(n) FROM "{kind.table}"').fetchone()[0] or 0
        rows = list(enumerate(fresh, first + 1))
        self._connection.executemany(
            f'INSERT INTO "{kind.table}" ({names}) VALUES ({", ".join("?" * len(columns))})',
            [(row, *values) for row, (_, values, _) in rows],
        )
        bare = [(row, _bare(kind, model)) for row, (model, _, _) in rows]
        self._bodies.learn(kind.name, [body for _, body in bare])
        self._connection.executemany(
            f'INSERT INTO "{kind.table}_body" VALUES (?, ?, ?)',
            [(row, *self._bodies.pack(kind.name, body)) for row, body in bare],
        )
        for row, (model, _, failures) in rows:
            if failures and isinstance(model, Run):
                self._failures.keep(row, model, failures)

    def _update(self, kind: Kind, row: int, model: Model, values: tuple[Any, ...]) -> None:
        columns = ["digest", "seen_at", *(each.name for each in kind.written)]
        marks = ", ".join(f'"{name}" = ?' for name in columns)
        self._connection.execute(f'UPDATE "{kind.table}" SET {marks} WHERE n = ?', (*values, row))
        number, packed = self._bodies.pack(kind.name, _bare(kind, model))
        sql = f'UPDATE "{kind.table}_body" SET dictionary = ?, body = ? WHERE n = ?'
        self._connection.execute(sql, (number, packed, row))

    def _body(self, kind: Kind, row: int, key: Any) -> bytes:
        """The body of the definition in `row`, as the platform sent it."""
        number, packed = self._connection.execute(
            f'SELECT dictionary, body FROM "{kind.table}_body" WHERE n = ?', (row,)
        ).fetchone()
        return self._bodies.unpack(number, packed, [unpack_id(key)])

    def _link(self, kind: Kind, model: Model, used: Iterable[tuple[str, str]]) -> None:
        key = pack_id(model.id)
        uses = {(to, pack_id(id)) for to, id in used if id}
        had = set(
            self._connection.execute(
                "SELECT to_kind, to_id FROM link WHERE kind = ? AND id = ?", (kind.name, key)
            )
        )
        self._connection.executemany(
            "DELETE FROM link WHERE kind = ? AND id = ? AND to_kind = ? AND to_id = ?",
            [(kind.name, key, *each) for each in had - uses],
        )
        self._connection.executemany(
            "INSERT INTO link VALUES (?, ?, ?, ?)", [(kind.name, key, *each) for each in uses - had]
        )

    def _prune(self, kind: Kind, keep: set[str], seen_at: datetime) -> set[str]:
        """Rows that were not among those read, unless they came in after the reading began."""
        sql = f'SELECT n, id FROM "{kind.table}" WHERE coalesce(seen_at, 0) < ?'
        gone = [
            (row, key)
            for row, key in self._connection.execute(sql, (to_ms(seen_at),))
            if unpack_id(key) not in keep
        ]
        self._delete(kind, gone)
        return {unpack_id(key) for _, key in gone}

    def _delete(self, kind: Kind, held: Sequence[tuple[int, Any]]) -> None:
        rows = [(row,) for row, _ in held]
        for row in rows:
            word = self._connection.execute(
                f'SELECT "{kind.word}" FROM "{kind.table}" WHERE n = ?', row
            ).fetchone()
            self._count(kind, word[0], -1)
        self._connection.executemany(f'DELETE FROM "{kind.table}" WHERE n = ?', rows)
        self._connection.executemany(f'DELETE FROM "{kind.table}_body" WHERE n = ?', rows)
        self._connection.executemany(
            "DELETE FROM link WHERE kind = ? AND id = ?", [(kind.name, key) for _, key in held]
        )
        if kind.name == "runs":
            self._failures.forget(row for row, _ in held)
        if kind.name in earlier.DEFINITIONS:
            for _, key in held:
                earlier.forget(self._connection, kind.name, key)

    def _note_reading(self, kind: Kind, marks: Marks) -> None:
        self._connection.execute(
            "INSERT INTO known (kind, complete_at, watermark, reached) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET "
            "complete_at = coalesce(excluded.complete_at, complete_at), "
            "watermark = max(coalesce(watermark, 0), coalesce(excluded.watermark, watermark, 0)), "
            "reached = min(coalesce(reached, excluded.reached), coalesce(excluded.reached, reached))",
            (kind.name, to_ms(marks.complete_at), to_ms(marks.watermark), to_ms(marks.reached)),
        )

    def _bump(self, kind: Kind, changed: bool, joined: bool) -> None:
        """Count a change, inside its transaction, so that other processes notice."""
        kinds = ([kind.name] if changed else []) + (list(kind.shown_in) if joined else [])
        for each in kinds:
            found = self._connection.execute(
                "INSERT INTO known (kind, revision) VALUES (?, 1) "
                "ON CONFLICT DO UPDATE SET revision = revision + 1 RETURNING revision",
                (each,),
            ).fetchone()
            self._revisions[each] = found[0]

    def _data_version(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def _read_revisions(self) -> dict[str, int]:
        return dict(self._connection.execute("SELECT kind, revision FROM known"))

    @contextmanager
    def _transaction(self, wanted: bool = True) -> Iterator[None]:
        """Everything inside, or nothing of it; a transaction that changes nothing writes nothing."""
        if not wanted:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._write_counts()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # on a full disk SQLite has undone it itself
                self._connection.execute("ROLLBACK")
            self._bodies.forget()
            self._counted.clear()
            self._shared.clear()
            self._revisions_stale = True
            raise


def _bare(kind: Kind, model: Model) -> bytes:
    """The body without the ids that its row has anyway."""
    return without_ids(model.body, [getattr(model, name) for name in kind.named])


def _digest(body: bytes) -> int:
    """Tells only whether a body differs that has the same columns: 4 bytes, and signed to be stored in 4."""
    return crc32(body) - (1 << 31)


def _oldest_first(models: Sequence[Model]) -> list[Model]:
    """So that of two versions in one answer the newer wins."""
    return sorted(models, key=lambda model: to_ms(model.updated_at) or 0)


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _changed(kind: str, ids: set[str], flows: Collection[str] = ()) -> Changed:
    unnamed = len(ids) > NAMED
    return Changed(kind, frozenset() if unnamed else frozenset(ids), unnamed, frozenset(flows))
