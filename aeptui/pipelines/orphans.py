"""What no flow uses: connections, mapping sets and datasets, and schemas without a dataset.

Read from the mirror, so it is as true as the mirror is fresh. A dataset may well
be filled or read by other means than a flow, so its rows are told; nothing here
says that something may be deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aeptui.mirror.rows import AnyRow, DatasetRow, FlowRow
from aeptui.mirror.values import Listing
from aeptui.resources.formats import plural

if TYPE_CHECKING:
    from aeptui.mirror.store import Mirror

KINDS = (
    "source-connections",
    "target-connections",
    "base-connections",
    "mapping-sets",
    "datasets",
    "schemas",
)
"""The kinds looked through, in the order in which they are told."""
NEEDED = ("flows", *KINDS)
"""What has to be up to date in the mirror, deletions among it: `sync.once(NEEDED, gone=True)`."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Orphan:
    """One thing that nothing uses; `note` says what else is known of it."""

    kind: str
    id: str
    name: str
    changed_at: datetime | None
    note: str = ""


async def orphans(mirror: Mirror) -> list[Orphan]:
    """All of them, by kind and name."""
    used: defaultdict[str, set[str]] = defaultdict(set)
    async for row in _rows(mirror, "flows"):
        if isinstance(row, FlowRow):
            used["source-connections"].add(row.source_connection_id)
            used["target-connections"].add(row.target_connection_id)
            used["base-connections"].add(row.base_connection_id)
            used["mapping-sets"].add(row.mapping_set_id)
            used["datasets"].add(row.dataset_id)
    async for row in _rows(mirror, "datasets"):
        if isinstance(row, DatasetRow):
            used["schemas"].add(row.schema_id)
    return [
        Orphan(kind, row.id, row.name, row.updated_at or row.created_at, _note(row))
        for kind in KINDS
        async for row in _rows(mirror, kind)
        if row.id not in used[kind]
    ]


def _note(row: AnyRow) -> str:
    if isinstance(row, DatasetRow):
        return plural(row.row_count, "row") if row.row_count else "no rows"
    return ""


async def _rows(mirror: Mirror, kind: str) -> AsyncIterator[AnyRow]:
    listing, place = Listing(kind), None
    while True:
        window = await mirror.window(listing, _PAGE, place)
        for row in window.rows:
            yield row
        if not window.after or not window.rows:
            return
        place = window.anchor(len(window.rows) - 1, "after")
