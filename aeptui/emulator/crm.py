"""The CRM behind every base connection: seeded, changing as time passes, spoken to per vendor.

One SQLite file of its own. The tables are ours (`crm_rows`); each vendor's flavour sees them as
views with that vendor's table and column names (`crm_vendors`).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from aeptui.emulator import crm_changes, crm_rows
from aeptui.emulator.crm_rows import Account, Maker
from aeptui.emulator.crm_vendors import (
    FLAVOURS,
    Column,
    CrmRefused,
    Flavour,
    Table,
    View,
    flavour_of,
    refusal,
    views,
)
from aeptui.emulator.row_filters import compile_filter
from aeptui.emulator.store import opened

__all__ = [
    "Column",
    "Crm",
    "CrmRefused",
    "DeletedRow",
    "Flavour",
    "Table",
    "flavour_of",
    "refusal",
    "seal",
]

# Changes scatter over the file: many at once touch each page once.
_WRITTEN_AT_ONCE = 5000
_CACHE_KB = 24_000
_EXPIRES_MS = 24 * 3600 * 1000
_SPOILED = {
    "date": "2026-02-30",
    "date-time": "2026-02-30T25:61:00.000Z",
    "boolean": "perhaps",
    "integer": "many",
    "number": "a lot",
}
_OVERLONG = "This note was pasted in from a chat and nobody shortened it. " * 6


class DeletedRow(dict[str, Any]):
    """A row that the CRM reports as deleted; every other extracted row is a plain dict."""


def seal(secret: str, salt: str) -> str:
    """A salted digest to keep instead of the secret ("" stays "")."""
    if not secret:
        return ""
    return f"{salt}:{hashlib.sha256(f'{salt}:{secret}'.encode()).hexdigest()}"


def _is(sealed: str, secret: str) -> bool:
    return sealed == seal(secret, sealed.partition(":")[0])


class Crm:
    """The CRM. Not thread-safe: callers hold the world's lock.

    The same seed, `start_ms` and calls of `advance` to the same moment give the same rows.
    """

    def __init__(self, path: Path | None, seed: int, start_ms: int) -> None:
        """Opens the file, or makes it; its rows are those that the CRM held at `start_ms`."""
        self._seed = seed
        self._now_ms = self._wanted_ms = start_ms
        self._sizes: dict[str, int] = {}
        self._unwritten = 0
        self._db = opened(path, _CACHE_KB)
        self._db.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT)")
        if self._recall("seed") == str(seed):
            self._open()
        else:
            self.begin(seed, start_ms)

    def begin(self, seed: int, start_ms: int) -> None:
        """Forget every row and hold what a CRM of this seed holds at `start_ms`.

        The rows are made when they are first asked for: many a world never reads one.
        """
        self.keep()
        with _Transaction(self._db):
            self._drop()
            for statement in crm_rows.create_statements():
                self._db.execute(statement)
            for flavour in FLAVOURS:
                for view in views(flavour).values():
                    self._db.execute(view.sql())
            for name, value in (("seed", seed), ("now_ms", start_ms)):
                self._remember(name, str(value))
        self._open()

    def close(self) -> None:
        self.keep()
        self._db.close()

    def advance(self, to_ms: int) -> None:
        """Apply the changes that this seed holds up to then; going back is ignored.

        They are written by `keep`, or when they are many.
        """
        self._wanted_ms = max(self._wanted_ms, to_ms)
        if self._sizes:
            self._change(self._wanted_ms)

    def _change(self, to_ms: int) -> None:
        if to_ms <= self._now_ms:
            return
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")
        try:
            for change in crm_changes.changes(self._seed, self._now_ms, to_ms):
                self._apply(change)
                self._unwritten += 1
            self._remember("now_ms", str(to_ms))
            self._now_ms = to_ms
        except BaseException:
            self._db.execute("ROLLBACK")
            self._open()  # as it was when it was last written
            raise
        if self._unwritten >= _WRITTEN_AT_ONCE:
            self.keep()

    def keep(self) -> None:
        """Write what has changed; what a crash takes away before that comes again as it was."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        self._unwritten = 0

    def check_credentials(
        self, spec_id: str, auth_spec: str, secrets: Mapping[str, str], *, made_ms: int, now_ms: int
    ) -> None:
        """Raises `CrmRefused`; `secrets` are sealed, by parameter name.

        Any secret opens the CRM but `wrong`, and `expired` 24 hours after `made_ms`.
        """
        flavour = flavour_of(spec_id)
        if not secrets or any(not each or _is(each, "wrong") for each in secrets.values()):
            raise refusal(flavour, "auth", auth_spec)
        stale = now_ms - made_ms >= _EXPIRES_MS
        if stale and any(_is(each, "expired") for each in secrets.values()):
            raise refusal(flavour, "expired", auth_spec)

    def tables(self, flavour: Flavour) -> list[Table]:
        return [view.table for view in views(flavour).values()]

    def columns(self, flavour: Flavour, table: str) -> list[Column]:
        """Raises `CrmRefused` (table)."""
        return list(_view(flavour, table).columns)

    def preview(
        self,
        flavour: Flavour,
        table: str,
        limit: int = 10,
        filters: dict[str, Any] | None = None,
        dropped: Collection[str] = (),
    ) -> list[dict[str, Any]]:
        """The first rows; raises `CrmRefused`, `row_filters.FilterRefused`."""
        self._need_rows()
        view = _view(flavour, table)
        columns = [each for each in view.columns if each.name not in dropped]
        condition, parameters = _filtered(filters, columns)
        cursor = self._db.execute(
            f"SELECT {_listed(columns)} FROM {view.sql_name} "  # noqa: S608
            f"WHERE _deleted = 0 AND {condition} ORDER BY _pk LIMIT ?",
            [*parameters, limit],
        )
        return [_shown(columns, row) for row in cursor]

    def extract(
        self,
        flavour: Flavour,
        table: str,
        columns: Sequence[str] | None,
        delta_column: str | None,
        after_ms: int | None,
        until_ms: int | None,
        filters: dict[str, Any] | None = None,
        *,
        dropped: Collection[str] = (),
        volume_share: float = 1.0,
        corrupt_share: float = 0.0,
        corrupt_columns: Sequence[str] = (),
    ) -> Iterator[dict[str, Any]]:
        """Rows whose delta column lies in (after, until], oldest first, as they are at this call.

        A refusal is raised by the call itself, not by the first `next`. `volume_share` keeps a
        share of the rows. `corrupt_share` spoils a share: one of `corrupt_columns` (default the
        key) is emptied if it is the key, else overlong, malformed or impossible, after its type.
        The same arguments spoil and keep the same rows.
        """
        self._need_rows()
        view = _view(flavour, table)
        there = {each.name: each for each in view.columns if each.name not in dropped}
        wanted = list(there) if not columns else list(columns)
        for name in (*wanted, *((delta_column,) if delta_column else ())):
            if name not in there:
                raise refusal(flavour, "column", name)
        chosen = [there[name] for name in wanted]
        where, parameters = _filtered(filters, list(there.values()))
        window, bounds, order = _window(view, delta_column, after_ms, until_ms)
        found = self._db.execute(
            f"SELECT _pk, _deleted, {_listed(chosen)} FROM {view.sql_name} "  # noqa: S608
            f"WHERE {window} AND {where} ORDER BY {order}, _pk",
            [*bounds, *parameters],
        ).fetchall()
        if volume_share < 1:
            found = [row for row in found if self._lot(row[0], "volume") < volume_share]
        spoiled = [there[name] for name in corrupt_columns or (view.table.key,) if name in wanted]
        return self._rows(found, chosen, view.table.key, corrupt_share if spoiled else 0, spoiled)

    def count(self, flavour: Flavour, table: str) -> int:
        """How many rows the table has, the deleted ones included."""
        self._need_rows()
        view = _view(flavour, table)
        found = self._db.execute(f"SELECT count(*) FROM {view.base}").fetchone()  # noqa: S608
        return int(found[0])

    # -- rows on their way out

    def _rows(
        self,
        found: list[tuple[Any, ...]],
        chosen: list[Column],
        key: str,
        corrupt_share: float,
        spoiled: list[Column],
    ) -> Iterator[dict[str, Any]]:
        names = [column.name for column in chosen]
        flags = [column.name for column in chosen if column.type == "boolean"]
        for pk, deleted, *values in found:
            row = dict(zip(names, values, strict=True))
            for name in flags:
                row[name] = bool(row[name])
            if corrupt_share and self._lot(pk, "corrupt") < corrupt_share:
                column = spoiled[int(self._lot(pk, "column") * len(spoiled))]
                row[column.name] = _spoil(column, row[column.name], key)
            yield DeletedRow(row) if deleted else row

    def _lot(self, pk: int, purpose: str) -> float:
        """A number in [0, 1) that belongs to this row, this purpose and this seed."""
        drawn = hashlib.blake2b(f"{self._seed}:{purpose}:{pk}".encode(), digest_size=4).digest()
        return int.from_bytes(drawn, "big") / 2**32

    # -- making and changing rows

    def _open(self) -> None:
        self._unwritten = 0
        self._seed = int(self._recall("seed") or 0)
        self._now_ms = self._wanted_ms = int(self._recall("now_ms") or 0)
        self._owners = _owners(self._seed)
        self._measure()

    def _measure(self) -> None:
        """The size of each table; nothing at all when no row was made yet."""
        found = {
            table: self._db.execute(f"SELECT max(pk) FROM {table}").fetchone()[0]  # noqa: S608
            for table in crm_rows.SIZES
        }
        self._sizes = {table: int(size) for table, size in found.items() if size is not None}

    def _need_rows(self) -> None:
        if not self._sizes:
            with _Transaction(self._db):
                self._fill(self._seed, self._now_ms)
            self._measure()
            self._change(self._wanted_ms)

    def _drop(self) -> None:
        kinds = self._db.execute(
            "SELECT type, name FROM sqlite_master WHERE type IN ('view', 'table') "
            "AND name <> 'meta' ORDER BY type DESC"
        ).fetchall()
        for kind, name in kinds:
            self._db.execute(f'DROP {kind} "{name}"')
        self._db.execute("DELETE FROM meta")

    def _fill(self, seed: int, start_ms: int) -> None:
        random = Random(f"crm:{seed}")  # noqa: S311  (play, not secrecy)
        accounts: list[Account] = []
        maker = Maker(random, _owners(seed), lambda chosen: chosen.choice(accounts))
        for table, size in crm_rows.SIZES.items():
            rows = [
                maker.row(table, pk, *crm_rows.moments(random, start_ms))
                for pk in range(1, size + 1)
            ]
            self._db.executemany(crm_rows.insert_statement(table), rows)
            if table == "account":
                accounts = [Account(row[1], row[2], row[3]) for row in rows]

    def _apply(self, change: crm_changes.Change) -> None:
        random = Random(change.seed)  # noqa: S311  (play, not secrecy)
        size = self._sizes[change.table]
        if change.kind == "insert":
            maker = Maker(random, self._owners, self._any_account)
            row = maker.row(change.table, size + 1, change.at_ms, change.at_ms)
            self._db.execute(crm_rows.insert_statement(change.table), row)
            self._sizes[change.table] = size + 1
            return
        values: dict[str, Any] = {"deleted": 1}
        if change.kind == "update":
            values = crm_changes.update(change.table, random)
        values["modified"] = change.at_ms
        setting = ", ".join(f"{name} = ?" for name in values)
        self._db.execute(
            f"UPDATE {change.table} SET {setting} WHERE pk = ? AND deleted = 0",  # noqa: S608
            (*values.values(), 1 + int(change.place * size)),
        )

    def _any_account(self, random: Random) -> Account:
        pk = 1 + int(random.random() * self._sizes["account"])
        found = self._db.execute("SELECT sf_id, guid, name FROM account WHERE pk = ?", (pk,))
        return Account(*found.fetchone())

    def _remember(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def _recall(self, name: str) -> str | None:
        found = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")


def _owners(seed: int) -> list[tuple[str, str]]:
    random = Random(f"owners:{seed}")  # noqa: S311  (play, not secrecy)
    return [
        (crm_rows.salesforce_id("user", 7_000_001 + place), crm_rows.guid_of(random))
        for place in range(12)
    ]


def _view(flavour: Flavour, table: str) -> View:
    found = views(flavour).get(table)
    if found is None:
        raise refusal(flavour, "table", table)
    return found


def _listed(columns: list[Column]) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)


def _filtered(filters: dict[str, Any] | None, columns: list[Column]) -> tuple[str, list[Any]]:
    if not filters:
        return "1", []
    return compile_filter(filters, {column.name for column in columns})


def _window(
    view: View, delta_column: str | None, after_ms: int | None, until_ms: int | None
) -> tuple[str, list[Any], str]:
    """A condition, its parameters and an order. Without a delta column everything is inside."""
    if delta_column is None:
        return "1", [], "_pk"
    moment = view.moments.get(delta_column)
    name = moment or f'"{delta_column}"'
    conditions, bounds = ["1"], []
    for sign, bound_ms in ((">", after_ms), ("<=", until_ms)):
        if bound_ms is not None:
            conditions.append(f"{name} {sign} ?")
            bounds.append(bound_ms if moment else _iso(bound_ms))
    return " AND ".join(conditions), bounds, name


def _iso(moment_ms: int) -> str:
    moment = datetime.fromtimestamp(moment_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(columns: list[Column], row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        column.name: bool(value) if column.type == "boolean" else value
        for column, value in zip(columns, row, strict=True)
    }


def _spoil(column: Column, value: Any, key: str) -> Any:
    if column.name == key:
        return None
    if column.xdm_type in _SPOILED:
        return _SPOILED[column.xdm_type]
    if isinstance(value, str) and "@" in value:
        return value.replace("@", " at ")
    return _OVERLONG
