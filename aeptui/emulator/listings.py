"""Pages of a Flow Service collection, found by the world's own columns where they can say.

Means what `filters.Listing` means, and looks at no more rows than it must: conditions and
orders on columns go to SQLite, all others are asked of the documents that are left.
"""

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from aeptui.emulator.documents import Document
from aeptui.emulator.filters import Condition, Listing, sort_key, to_number
from aeptui.emulator.world import World

CHUNK = 128
FEW = 2000  # so many rows are sorted sooner than an index in the wanted order is walked

_TIMES: dict[tuple[str, ...], str] = {("createdAt",): "created", ("updatedAt",): "updated"}
_RUN_TIMES: dict[tuple[str, ...], str] = {
    **_TIMES,
    ("metrics", "durationSummary", "startedAtUTC"): "started",
}
_STATUS = ("metrics", "statusSummary", "status")
_INDEX = {
    "seq": "by_kind",
    "created": "by_created",
    "updated": "by_updated",
    "started": "by_started",
    "name": "by_name",
    "flow": "by_flow",
    "status": "by_status",
}


@dataclass(slots=True)
class _Where:
    """Conditions in SQL with their values."""

    texts: list[str]
    values: list[Any] = field(default_factory=list)

    def also(self, text: str, *values: Any) -> "_Where":
        return _Where([*self.texts, text], [*self.values, *values])

    @property
    def text(self) -> str:
        return " AND ".join(self.texts)


def page(world: World, sandbox: str, kind: str, asked: Listing) -> tuple[list[Document], bool]:
    """The documents of the page that is asked for, and whether there are more after it."""
    found = list(islice(_Search(world, sandbox, kind, asked).documents(), asked.limit + 1))
    return found[: asked.limit], len(found) > asked.limit


def count(world: World, sandbox: str, kind: str, asked: Listing) -> int:
    """How many documents match."""
    return _Search(world, sandbox, kind, asked).count()


class _Search:
    def __init__(self, world: World, sandbox: str, kind: str, asked: Listing) -> None:
        self._world, self._sandbox, self._kind, self._asked = world, sandbox, kind, asked
        self._times = _RUN_TIMES if kind == "runs" else _TIMES
        # the partial indexes want the kind spelt out
        self._where = _Where([f"kind = '{kind}'", "sandbox = ?"], [sandbox])
        self._left: list[Condition] = []
        self._never = False  # SQLite has no plan for a constant beside a named index
        self._narrow: dict[str, _Where] = {}
        for condition in asked.matches.conditions:
            self._take(condition)

    def count(self) -> int:
        if self._never:
            return 0
        if not self._left:
            index = self._choice("seq")
            return self._world.tally(self._where.text, self._where.values, index)
        return sum(1 for _ in self._in_order("seq", False, self._where))

    def documents(self) -> Iterator[Document]:
        """Those that match, in the order asked for, from after the place that was reached."""
        asked = self._asked
        if self._never:
            return
        order = self._order()
        if order is None:
            yield from self._sorted_by_value()
            return
        if order not in ("started", "name"):
            where = self._where
            if asked.after is not None:
                where = _after(where, order, asked.descending, asked.after)
            yield from self._in_order(order, asked.descending, where)
            return
        # a run that waits has no start: what has no value comes first, or last going down
        for known in (True, False) if asked.descending else (False, True):
            if not known and order in self._narrow:
                continue  # a condition on it wants a value
            where = self._where.also(f"{order} IS {'NOT ' if known else ''}NULL")
            if asked.after is not None:
                reached = bool(asked.after[0])
                if reached == known:
                    by = order if known else "seq"
                    where = _after(where, by, asked.descending, asked.after)
                elif known is asked.descending:
                    continue  # this part lies before the place that was reached
            if known:
                yield from self._in_order(order, asked.descending, where)
            else:
                index = _INDEX["started"] if order == "started" else None
                yield from self._in_order("seq", asked.descending, where, index)

    # -- conditions

    def _take(self, condition: Condition) -> None:
        column = self._times.get(condition.path)
        if column is not None:
            text, values = _of_time(column, condition)
        elif condition.path == ("id",):
            column, (text, values) = "id", _of_text("id", condition)
        elif condition.path == ("name",):
            column, (text, values) = "name", _of_text("name", condition)
        elif self._kind == "runs" and condition.path == ("flowId",):
            column, (text, values) = "flow", _of_text("flow", condition)
        elif self._kind == "runs" and condition.path == _STATUS and _ascii(condition):
            column, (text, values) = "status", _of_text("status", condition)
        else:
            self._left.append(condition)
            return
        if not values:
            self._never = self._never or condition.operator != "!="
            return
        self._where = self._where.also(text, *values)
        if condition.operator != "!=":
            narrow = self._narrow.get(column, _Where([f"kind = '{self._kind}'", "sandbox = ?"],
                                                     [self._sandbox]))  # fmt: skip
            self._narrow[column] = narrow.also(text, *values)

    def _holds(self, document: Document) -> bool:
        return all(condition(document.body) for condition in self._left)

    # -- orders

    def _order(self) -> str | None:
        """The column of the order, or None when it is by something that no column holds."""
        path = self._asked.order
        if path is None:
            return "seq"
        return path[0] if path in (("id",), ("name",)) else self._times.get(path)

    def _in_order(
        self, order: str, descending: bool, where: _Where, index: str | None = None
    ) -> Iterator[Document]:
        index = self._choice(order) if index is None else index
        where = self._bounded(order, where)
        down = " DESC" if descending else ""
        by = f"seq{down}" if order == "seq" else f"{order}{down}, seq{down}"
        places = self._world.places(where.text, where.values, by, index)
        while chunk := list(islice(places, CHUNK)):
            yield from filter(self._holds, self._world.at_places(chunk))

    def _sorted_by_value(self) -> Iterator[Document]:
        asked = self._asked
        assert asked.order is not None  # noqa: S101  (the caller has looked)
        key = sort_key(asked.order)
        found = self._in_order("seq", False, self._where)
        rest = (each for each in found if asked.after is None or asked.is_after(each))
        choose = heapq.nlargest if asked.descending else heapq.nsmallest
        yield from choose(asked.limit + 1, rest, key=key)

    def _choice(self, order: str) -> str:
        """The index to walk: one that leaves few rows to sort, else the one of the order."""
        if "id" in self._narrow:
            return "sqlite_autoindex_documents_1"
        for column, where in sorted(self._narrow.items(), key=lambda one: one[0] != "flow"):
            index = _INDEX[column]
            if column != order and self._world.at_most(FEW, where.text, where.values, index):
                return index
        single = len(self._narrow.get("status", _Where([])).values) == 2
        if order == "seq" and single and "status = " in self._where.text:
            return _INDEX["status"]
        return _INDEX.get(order, "by_kind")

    def _bounded(self, order: str, where: _Where) -> _Where:
        """Bounds on the order's own column that follow from those on other times.

        Synthetic runs come before all others and each takes less than a known span.
        """
        history = self._world.history
        if history is None or self._kind != "runs" or history.plan.sandbox != self._sandbox:
            return where
        lowest, highest = self._span()
        span_ms, end_ms = history.span_ms, history.end_ms
        from_ms = None if lowest is None else int(min(lowest, end_ms)) - span_ms
        to_ms = int(highest) + span_ms if highest is not None and highest < end_ms else None
        if from_ms is not None:
            if order == "seq":
                where = where.also("seq >= ?", history.first_place(from_ms))
            elif order in self._times.values():
                where = where.also(f"{order} >= ?", from_ms)
        if to_ms is not None:
            if order == "seq":
                where = where.also("seq < ?", history.first_place(to_ms))
            elif order in self._times.values():
                where = where.also(f"{order} <= ?", to_ms)
        return where

    def _span(self) -> tuple[float | None, float | None]:
        lowest: float | None = None
        highest: float | None = None
        for condition in self._asked.matches.conditions:
            numbers = _numbers(condition)
            if condition.path not in self._times or not numbers or condition.operator == "!=":
                continue
            least, most = max(min(numbers), -1e15), min(max(numbers), 1e15)
            if condition.operator in (">", ">=", "=="):
                lowest = least if lowest is None else max(lowest, least)
            if condition.operator in ("<", "<=", "=="):
                highest = most if highest is None else min(highest, most)
        return lowest, highest


def _after(where: _Where, order: str, descending: bool, after: tuple[Any, ...]) -> _Where:
    sign = "<" if descending else ">"
    if order == "seq":
        return where.also(f"seq {sign} ?", after[-1])
    return where.also(f"({order}, seq) {sign} (?, ?)", after[1], after[2])


def _ascii(condition: Condition) -> bool:
    """SQLite compares without case as far as ASCII goes."""
    return all(value.isascii() for value in condition.values)


def _numbers(condition: Condition) -> list[float]:
    found = [to_number(value) for value in condition.values]
    # a whole number beyond SQLite's is as good as the nearest float: no time is that large
    fitting = [float(n) if n is not None and abs(n) >= 2**63 else n for n in found]
    return [number for number in fitting if number is not None and not math.isnan(number)]


def _of_time(column: str, condition: Condition) -> tuple[str, list[Any]]:
    numbers = _numbers(condition)
    operator = condition.operator
    if operator in ("==", "!="):
        return _among(column, operator, numbers)
    return f"{column} {operator} ?", numbers


def _of_text(column: str, condition: Condition) -> tuple[str, list[Any]]:
    operator = condition.operator
    if operator in ("==", "!="):
        return _among(column, operator, list(condition.values))
    exact = f"{column} COLLATE BINARY" if column == "status" else column
    return f"{exact} {operator} ?", list(condition.values)


def _among(column: str, operator: str, values: list[Any]) -> tuple[str, list[Any]]:
    if operator == "==" and len(values) == 1:
        return f"{column} = ?", values
    marks = ", ".join("?" * len(values))
    if operator == "==":
        return f"{column} IN ({marks})", values
    return f"({column} IS NULL OR {column} NOT IN ({marks}))", values
