"""Rows that the platform refused, asked for: or why there are none to show.

They are personal data: they are held in memory for as long as they are shown,
and never written down.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aeptui.api.errors import ApiTrouble, NotFound
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.monitor.codes import DIAGNOSTICS_OFF
from aeptui.resources.common import records_at
from aeptui.resources.troubles import Sample, sampled, sources_of

if TYPE_CHECKING:
    from aeptui.api.models import Run
    from aeptui.session import Session

SAMPLES = 20
KEPT_DAYS = 30
"""Refused rows are kept so long (AEP.md 5.4)."""
EXPIRED = f"The lost rows are gone: the platform keeps them for {KEPT_DAYS} days."
_KEPT_NONE = (
    "the platform kept none of the lost rows. Diagnostics can be switched on where the flow is "
    "edited; they count for later runs only."
)


async def samples_of(
    session: Session, row: RunRow, run: Run, flow: FlowRow | None
) -> tuple[list[Sample], str]:
    """Refused rows of the run's batch, or why there are none to show."""
    if not (row.lost or row.failed):
        return [], ""
    if note := _never_kept(row, run, flow):
        return [], note
    ended = row.completed_at or row.started_at
    expired = ended is not None and session.now() - ended > timedelta(days=KEPT_DAYS)
    try:
        services = await session.connected()
        rows = await services.data_access.row_errors(row.batch_id, SAMPLES, run.sample_path)
    except NotFound as trouble:
        return [], EXPIRED if expired else f"{trouble}."
    except ApiTrouble as trouble:
        return [], f"The lost rows cannot be read now: {trouble}."
    mapping = await session.mirror.body("mapping-sets", flow.mapping_set_id) if flow else None
    samples = sampled(rows, sources_of(records_at(mapping, "mappings")))
    if samples:
        return samples, ""
    return [], EXPIRED if expired else "The platform kept none of the lost rows."


def _never_kept(row: RunRow, run: Run, flow: FlowRow | None) -> str:
    """Why nobody kept the lost rows; empty where somebody may have.

    What the run says of itself comes before what its flow is set to now.
    """
    if any(error.code == DIAGNOSTICS_OFF for error in run.errors):
        return f"Error diagnostics were off for this run, so {_KEPT_NONE}"
    if flow is not None and flow.error_diagnostics is False and not run.sample_path:
        return f"Error diagnostics are off for this flow, so {_KEPT_NONE}"
    if not row.batch_id:
        return "The run names no batch, so there are no rows to show."
    return ""
