"""What a command asks of the platform before it reads the mirror.

A list asks for the kind that it shows (and the sync once for the kinds that lend
it names); a detail asks once for the kinds that it alone needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aeptui.api.errors import NotFound

if TYPE_CHECKING:
    from aeptui.api.models import Model
    from aeptui.mirror.rows import AnyRow
    from aeptui.session import Session

DETAILED: dict[str, tuple[str, ...]] = {
    "flows": ("mapping-sets", "schemas"),
    "runs": ("mapping-sets", "source-connections", "base-connections", "target-connections"),
    "datasets": ("batches",),
}
"""Kinds that the detail of a kind needs beside what its list does."""

JUDGED = frozenset({"flows", "runs"})


async def bring(session: Session, kind: str, *, detailed: bool = False) -> None:
    """Bring a kind up to date, and once what its details need; raises ApiTrouble."""
    await session.connected()
    known = await session.mirror.freshness()
    more = DETAILED.get(kind, ()) if detailed else ()
    unread = [other for other in more if other not in known or not known[other].complete_at]
    await session.sync.once([kind, *unread])
    if kind in JUDGED:
        await session.watch.once()


async def ask_one(session: Session, kind: str, id: str) -> AnyRow | None:
    """One resource by its id, asked for and kept in the mirror; None when there is none."""
    services = await session.connected()
    getters: dict[str, Any] = {
        "base-connections": services.flows.get_base_connection,
        "source-connections": services.flows.get_source_connection,
        "target-connections": services.flows.get_target_connection,
        "connection-specs": services.flows.get_connection_spec,
        "flow-specs": services.flows.get_flow_spec,
        "flows": services.flows.get_flow,
        "runs": services.flows.get_run,
        "schemas": services.schemas.get_schema,
        "datasets": services.catalog.get_dataset,
        "batches": services.catalog.get_batch,
        "mapping-sets": services.data_prep.get_mapping_set,
    }
    get = getters.get(kind)
    if get is None:
        return None
    try:
        model: Model = await get(id)
    except NotFound:
        return None
    await session.mirror.upsert(kind, [model], seen_at=session.now())
    return await session.mirror.get(kind, id)
