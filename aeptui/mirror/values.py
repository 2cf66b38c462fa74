"""What is asked of the mirror and what it answers: listings, windows, news."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from aeptui.mirror.rows import AnyRow, RunRow
from aeptui.mirror.troubles import TroubleKind

Key: TypeAlias = str | int | float | None
"""What a row is sorted by, as the mirror stores it; None sorts last in either direction."""


class Listing(NamedTuple):
    """Which rows, in which order.

    `order` names a field of the kind's row and `reverse` turns it round; None
    takes the kind's own default (flows: worst first, runs: newest first, most
    others: by name). `within` keeps the rows with one value in one column, such
    as `("flow_id", "4f2c…")`.
    """

    kind: str
    filter: str = ""
    order: str | None = None
    reverse: bool | None = None
    within: tuple[str, str] | None = None


class Anchor(NamedTuple):
    """A place in a listing: a key and an id, whether or not that row still exists.

    `from` starts with it, `after` starts behind it, `before` ends ahead of it.
    `at` starts with the row of that id wherever it stands now (the key is not
    read) and falls back to the beginning; `end` is the last page.
    """

    key: Key
    id: str
    side: Literal["from", "after", "before", "at", "end"]

    @classmethod
    def at(cls, id: str) -> Anchor:
        return cls(None, id, "at")


END = Anchor(None, "", "end")


class Window(msgspec.Struct, frozen=True):
    """Rows that follow each other in a listing, at most as many as were asked for.

    It is shorter than asked only where the listing ends in the direction of
    travel. `position` counts the rows before the first one, None where counting
    would take long; `total` is an estimate where `estimated` says so.
    """

    rows: tuple[AnyRow, ...]
    keys: tuple[Key, ...]
    """The key of each row under the listing's order."""
    before: bool
    after: bool
    position: int | None
    total: int
    estimated: bool

    def anchor(self, index: int, side: Literal["from", "after", "before"]) -> Anchor:
        """The place of the row at `index`, to ask for the next window from."""
        return Anchor(self.keys[index], self.rows[index].id, side)


FRESHNESS = "freshness"
"""Not a kind of resource: news of how asking went. Only who names it hears it."""

BEGUN_AGAIN = "begun-again"
"""Not a kind of resource: news that the mirror's file was lost, so that all has to be read again."""

NAMED = 2_000
"""More ids than this are not named in news."""


class Changed(msgspec.Struct, frozen=True):
    """Rows of a kind that really differ now (new, altered or gone); false when there are none.

    With `all` the ids are too many to name, or a joined name changed. `flow_ids`
    names the flows of which the platform told something, of themselves or of their
    runs; with `every` that may be any of them. News of the monitor's own words, and
    of names that rows show from elsewhere, has neither.
    """

    kind: str
    ids: frozenset[str] = frozenset()
    all: bool = False
    flow_ids: frozenset[str] = frozenset()
    every: bool = False

    def __bool__(self) -> bool:
        return self.all or bool(self.ids)

    def merged(self, later: Changed) -> Changed:
        """This and `later` news about the same kind as one."""
        ids = self.ids | later.ids
        unnamed = self.all or later.all or len(ids) > NAMED
        return Changed(
            self.kind,
            frozenset() if unnamed else ids,
            unnamed,
            self.flow_ids | later.flow_ids,
            self.every or later.every,
        )


class Linked(NamedTuple):
    """A resource that another one uses, or is used by."""

    relation: Literal["uses", "used by"]
    kind: str
    id: str
    name: str
    state: str


class Found(NamedTuple):
    """A resource whose name or id matches what somebody typed; exact matches come first."""

    kind: str
    id: str
    name: str
    state: str


class Freshness(msgspec.Struct, frozen=True):
    """When the platform last confirmed a kind, and what has gone wrong since, if anything."""

    confirmed_at: datetime | None = None
    trouble: str | None = None
    next_try_at: datetime | None = None
    complete_at: datetime | None = None
    """When the whole kind was last read; None until it has been once."""
    trouble_kind: TroubleKind | None = None
    """One word for the trouble; None exactly where there is no trouble."""


class Marks(NamedTuple):
    """How much of a kind is known without a gap, where that moved."""

    watermark: datetime | None = None
    """Up to where."""
    reached: datetime | None = None
    """Back to where, of kinds with a history."""
    complete_at: datetime | None = None
    """When all of it was read."""


class Summary(msgspec.Struct, frozen=True):
    """The sandbox in figures that are kept, not counted."""

    flows: Mapping[str, int]
    """How many flows have which word; a word that no flow has is absent."""
    lost_24h: int
    runs_open: int
    counts: Mapping[str, int]
    """Rows held of each kind."""
    confirmed_at: datetime | None
    """The older of the last confirmations of flows and runs; None before the first."""


class Live(msgspec.Struct, frozen=True):
    """What is going on: runs that have not ended, longest first, and those that ended last."""

    open: tuple[RunRow, ...]
    ended: tuple[RunRow, ...]
    usual_s: Mapping[str, float] = msgspec.field(default_factory=dict)
    """How long clean runs of a flow last, by the id of the flow, for flows with an open run.

    It is the median of the recent ones; a flow with too few of them is absent.
    """
