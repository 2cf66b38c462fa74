"""Rows that the platform refused, asked for: or why there are none to show.

They are personal data: they are held in memory for as long as they are shown, and
written down only with `keep_samples = true`. Then what was seen once is told again,
with its date, when the platform has it no more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from aeptui.api.errors import ApiTrouble, NotFound
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.monitor.codes import DIAGNOSTICS_OFF
from aeptui.resources import formats
from aeptui.resources.common import records_at
from aeptui.resources.kept_samples import KeptSamples
from aeptui.resources.troubles import Sample, sampled, sources_of

if TYPE_CHECKING:
    from aeptui.api.models import RowError, Run
    from aeptui.session import Session

_log = logging.getLogger(__name__)

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
    """Refused rows of the run's batch, or why there are none to show.

    With rows that were kept here the sentence says why the platform's own are not shown.
    """
    if not (row.lost or row.failed):
        return [], ""
    if note := _never_kept(row, run, flow):
        return [], note
    rows, note = await _asked(session, row, run)
    kept = _kept(session)
    if rows and kept is not None:
        await _keep(session, kept, row.id, rows)
    elif kept is not None and (known := await asyncio.to_thread(kept.read, row.id)):
        rows = known.rows
        when = formats.date_time(known.at, session.moment())
        note += f" Those shown were seen and kept here {when}."
    mapping = await session.mirror.body("mapping-sets", flow.mapping_set_id) if flow else None
    return sampled(rows, sources_of(records_at(mapping, "mappings"))), note


async def _asked(session: Session, row: RunRow, run: Run) -> tuple[Sequence[RowError], str]:
    """What the platform has of the run's refused rows, or why it tells none."""
    ended = row.completed_at or row.started_at
    expired = ended is not None and session.now() - ended > timedelta(days=KEPT_DAYS)
    try:
        services = await session.connected()
        rows = await services.data_access.row_errors(row.batch_id, SAMPLES, run.sample_path)
    except NotFound as trouble:
        return [], EXPIRED if expired else f"{trouble}."
    except ApiTrouble as trouble:
        return [], f"The lost rows cannot be read now: {trouble}."
    if rows:
        return rows, ""
    return [], EXPIRED if expired else "The platform kept none of the lost rows."


def _kept(session: Session) -> KeptSamples | None:
    """Where rows may be written down; None where they may not."""
    if not session.config.settings.keep_samples:
        return None
    return KeptSamples(session.config.state_dir, session.mirror.path.stem)


async def _keep(session: Session, kept: KeptSamples, run_id: str, rows: Sequence[RowError]) -> None:
    """Write them down; a disk that refuses hides no row that is there."""
    days = session.config.settings.history_days
    try:
        await asyncio.to_thread(kept.keep, run_id, rows, session.now(), days)
    except OSError as reason:
        _log.warning("sample rows were not kept: %s", reason)


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
