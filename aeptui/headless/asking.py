"""What a command asks of the platform before it reads the mirror.

A list asks for the kind that it shows. The kinds that only lend it a name are
asked for when the mirror has not seen them lately.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aeptui.api.errors import NotFound

if TYPE_CHECKING:
    from aeptui.api.models import Model
    from aeptui.mirror.rows import AnyRow
    from aeptui.session import Session

LENT: dict[str, tuple[str, ...]] = {
    "base-connections": ("connection-specs", "flows"),
    "source-connections": ("connection-specs", "base-connections"),
    "target-connections": ("datasets", "schemas"),
    "datasets": ("schemas",),
    "mapping-sets": ("schemas",),
    "flows": ("base-connections", "source-connections", "target-connections", "datasets"),
    "runs": ("flows",),
    "batches": ("datasets", "flows"),
    "flow-specs": ("connection-specs",),
}
"""Kinds whose names stand in the lists of a kind."""

DETAILED: dict[str, tuple[str, ...]] = {
    "flows": ("mapping-sets", "schemas"),
    "runs": ("mapping-sets", "source-connections", "base-connections", "target-connections"),
    "datasets": ("batches",),
}
"""Kinds that only the detail of a kind needs."""

JUDGED = frozenset({"flows", "runs"})
LATELY = timedelta(minutes=10)


async def bring(session: Session, kind: str, *, detailed: bool = False) -> None:
    """Bring a kind up to date, and what its lists (and details) need; raises ApiTrouble."""
    await session.connected()
    wanted = [kind]
    if kind == "flows":
        wanted.append("runs")  # a flow's word comes from its runs
    known = await session.mirror.freshness()
    more = (*LENT.get(kind, ()), *(DETAILED.get(kind, ()) if detailed else ()))
    for lent in more:
        seen = known.get(lent)
        confirmed = seen.confirmed_at if seen is not None else None
        if confirmed is None or abs(session.now() - confirmed) > LATELY:
            wanted.append(lent)
    await session.sync.once(wanted)
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
