"""Windows on a kind: rows after or before a key, under a filter and an order; never an offset.

A listing is two runs of rows: those that have a key, by (key, id), and those
that have none, by id. Each is read along an index where there is one, so a
place in the middle of a million rows is as near as the first.
"""

# ruff: noqa: S608  (the names in the SQL are those of our own tables; every value is bound)

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any, NamedTuple

from aeptui.mirror.bodies import MANY
from aeptui.mirror.filter import Condition, FilterError, parse
from aeptui.mirror.ids import pack_id, unpack_id
from aeptui.mirror.tables import KINDS, Field, Kind
from aeptui.mirror.values import Anchor, Key, Listing, Window

COUNTED = 20_000
"""Up to so many rows are counted; beyond, a total is an estimate and a position unknown."""

_WORST = Field("worst", "text", False, "t.worst", True)
"""Worst first, what is calm behind all else that needs a person, and by name within a word."""


class UnknownOrder(FilterError):
    """An order by a field that the kind does not have."""


class _Segment(NamedTuple):
    """A stretch of a listing: the rows with a key, or those without."""

    keyed: bool
    sql: str
    values: tuple[Any, ...]


def looks_through(listing: Listing) -> bool:
    """Whether all rows of a kind that comes by the million may have to be looked through."""
    own = listing.order in (None, KINDS[listing.kind].order)
    return (
        listing.kind in MANY
        and listing.within is None
        and (bool(listing.filter.strip()) or not own)
    )


class Query:
    """One listing, ready to be asked on a connection."""

    def __init__(self, listing: Listing, now: datetime) -> None:
        self.kind: Kind = KINDS[listing.kind]
        self.listing = listing
        self.order = _order(self.kind, listing.order or self.kind.order)
        own = listing.order in (None, self.kind.order)
        default = self.kind.reverse if own else False
        self.down = default if listing.reverse is None else listing.reverse
        self.filter: Condition | None = parse(self.kind, listing.filter, now)
        self.within: Condition | None = None
        whole = (index for index in self.kind.indexes if " WHERE " not in index)
        first = {index.split(",")[0].removesuffix(" DESC") for index in whole}
        self._along = self.order is _WORST or self.order.name in first
        """Whether an index has the rows in this order."""
        alone = self.filter is None and self.order.stored and not self.order.shared
        if listing.within is not None:
            column, value = listing.within
            if column not in self.kind.by_name:
                raise FilterError(f"{self.kind.name} have no field {column}.")
            field = self.kind.by_name[column]
            stored = pack_id(value) if field.type == "id" else value
            self.within = Condition(field.equal, (stored,))
            alone = alone and field.stored
        self._counted = f'FROM "{self.kind.table}" t' if alone else self.kind.source
        """Where rows are counted: without what is joined, unless something asks for it."""

    def window(self, connection: sqlite3.Connection, height: int, at: Anchor | None) -> Window:
        """At most `height` rows from `at`, or from the beginning."""
        if at is not None and at.side == "at":
            at = self._find(connection, at.id)
        backwards = at is not None and at.side in ("before", "end")
        place = None if at is None or at.side == "end" else at
        found = self._walk(connection, place, backwards, max(1, height) + 1)
        more = len(found) > max(1, height)
        found = found[: max(1, height)]
        if backwards:
            found.reverse()
        rows = tuple(self.kind.load(values[:-1]) for values in found)
        keys = tuple(self._key(values[-1]) for values in found)
        if not rows:
            before = place is not None and not backwards and self._any(connection, place, True)
            after = place is not None and backwards and self._any(connection, place, False)
            total, estimated = self._total(connection) if before or after else (0, False)
            return Window((), (), before, after, None if before else 0, total, estimated)
        first, last = Anchor(keys[0], rows[0].id, "before"), Anchor(keys[-1], rows[-1].id, "after")
        if backwards:
            before, after = more, place is not None and self._any(connection, last, False)
        else:
            before, after = place is not None and self._any(connection, first, True), more
        whole = not (before or after)
        total, estimated = (len(rows), False) if whole else self._total(connection)
        position = self._position(connection, first) if before else 0
        return Window(rows, keys, before, after, position, total, estimated)

    def _key(self, stored: Any) -> Key:
        if isinstance(stored, bytes):
            return unpack_id(stored)
        key: Key = stored
        return key

    def _find(self, connection: sqlite3.Connection, id: str) -> Anchor | None:
        sql = f"SELECT {self.order.sql} {self.kind.source} WHERE t.id = ?"
        found = connection.execute(sql, (pack_id(id),)).fetchone()
        return None if found is None else Anchor(self._key(found[0]), id, "from")

    def _walk(
        self, connection: sqlite3.Connection, place: Anchor | None, backwards: bool, limit: int
    ) -> list[tuple[Any, ...]]:
        """Up to `limit` rows with their keys, in the direction of travel."""
        found: list[tuple[Any, ...]] = []
        columns = ", ".join(each.sql for each in self.kind.fields)
        for segment in self._segments(place, backwards):
            order = self._sorted(segment.keyed, self.down != backwards)
            where = f"{segment.sql} ORDER BY {order} LIMIT {limit - len(found)}"
            if not self._along:  # all rows are sorted, but few of them have to be put together
                where = f"t.n IN (SELECT t.n {self._counted} WHERE {where}) ORDER BY {order}"
            sql = f"SELECT {columns}, {self.order.sql} {self.kind.source} WHERE {where}"
            found += connection.execute(sql, segment.values)
            if len(found) >= limit:
                break
        return found

    def _sorted(self, keyed: bool, down: bool) -> str:
        way = " DESC" if down else ""
        return f"{self.order.sql}{way}, t.id{way}" if keyed else f"t.id{way}"

    def _segments(self, place: Anchor | None, backwards: bool) -> list[_Segment]:
        """The stretches that lie beyond `place`, in the direction of travel."""
        keyed, bare = f"{self.order.sql} IS NOT NULL", f"{self.order.sql} IS NULL"
        if place is None:
            both = [self._segment(True, keyed), self._segment(False, bare)]
            return both[::-1] if backwards else both
        further = "<" if self.down != backwards else ">"
        compare = further + "=" if place.side == "from" else further
        id = pack_id(place.id)
        if place.key is None:
            rest = self._segment(False, f"{bare} AND t.id {compare} ?", id)
            return [rest, self._segment(True, keyed)] if backwards else [rest]
        key = pack_id(place.key) if isinstance(place.key, str) and self._by_id else place.key
        if self._along:
            # Not `(key, id) > (?, ?)`, which counts no rows by an index that has only the key.
            beyond = [
                self._segment(True, f"{self.order.sql} = ? AND t.id {compare} ?", key, id),
                self._segment(True, f"{self.order.sql} {further} ?", key),
            ]
        else:  # each segment is a look through the whole table
            beyond = [self._segment(True, f"({self.order.sql}, t.id) {compare} (?, ?)", key, id)]
        return beyond if backwards else [*beyond, self._segment(False, bare)]

    @property
    def _by_id(self) -> bool:
        return self.order.type == "id"

    def _segment(self, keyed: bool, place: str, *values: Any) -> _Segment:
        parts = [Condition(place, values)]
        parts += [each for each in (self.within, self.filter) if each is not None]
        return _Segment(
            keyed,
            " AND ".join(f"({each.sql})" for each in parts),
            tuple(value for each in parts for value in each.values),
        )

    def _any(self, connection: sqlite3.Connection, place: Anchor, backwards: bool) -> bool:
        return any(
            connection.execute(
                f"SELECT 1 {self._counted} WHERE {segment.sql} LIMIT 1", segment.values
            ).fetchone()
            for segment in self._segments(place, backwards)
        )

    def _position(self, connection: sqlite3.Connection, first: Anchor) -> int | None:
        """How many rows come before `first`; None where there are too many to count."""
        counted = 0
        for segment in self._segments(first, True):
            counted += self._count(connection, segment.sql, segment.values)
            if counted > COUNTED:
                return None
        return counted

    def _count(self, connection: sqlite3.Connection, where: str, values: tuple[Any, ...]) -> int:
        sql = f"SELECT count(*) FROM (SELECT 1 {self._counted} WHERE {where} LIMIT ?)"
        counted: int = connection.execute(sql, (*values, COUNTED + 1)).fetchone()[0]
        return counted

    def _total(self, connection: sqlite3.Connection) -> tuple[int, bool]:
        """How many rows the listing has, and whether that is an estimate."""
        rows = held(connection, self.kind.name)
        if self.filter is None and self.within is None:
            return rows, False
        if self.filter is None and self.within is not None:
            counted = self._count(connection, self.within.sql, self.within.values)
            return counted, counted > COUNTED
        whole = self._segment(True, "1")
        if rows <= COUNTED:
            return self._count(connection, whole.sql, whole.values), False
        # The share among the latest rows that came in stands for all of them.
        sql = (
            f"SELECT count(*) {self.kind.source} WHERE t.n > "
            f'(SELECT max(n) FROM "{self.kind.table}") - {COUNTED} AND {whole.sql}'
        )
        share = connection.execute(sql, whole.values).fetchone()[0] / COUNTED
        return round(share * rows), True


def held(connection: sqlite3.Connection, kind: str) -> int:
    """Rows of `kind`, from the counters."""
    found = connection.execute("SELECT sum(n) FROM counter WHERE kind = ?", (kind,)).fetchone()
    return int(found[0] or 0)


def _order(kind: Kind, name: str) -> Field:
    if kind.name == "flows" and name == "rank":
        return _WORST
    if name == "state":
        name = kind.word
    if name not in kind.by_name:
        from difflib import get_close_matches

        near = get_close_matches(name, sorted(kind.by_name), n=3, cutoff=0.0)
        raise UnknownOrder(f"{kind.name} are not sorted by {name}; try {', '.join(near)}.")
    return kind.by_name[name]
