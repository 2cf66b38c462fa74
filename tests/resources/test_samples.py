"""Rows that were lost: shown, or a sentence about why there are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from aeptui.api.errors import ApiUnreachable, NotFound
from aeptui.api.models import RowError, Run, RunError
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.resources.samples import samples_of

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
GONE = NotFound("There is no such batch", service="catalog", status=404)
DOWN = ApiUnreachable("Nobody answers", host="h")


class _Asked:
    """A session of which only the platform's answer about refused rows is asked."""

    def __init__(self, answer: list[RowError] | Exception) -> None:
        self.answer = answer
        self.mirror = self
        self.data_access = self

    def now(self) -> datetime:
        return NOW

    async def connected(self) -> Any:
        return SimpleNamespace(data_access=self)

    async def body(self, _kind: str, _id: str) -> None:
        return None

    async def row_errors(self, *_about: object) -> list[RowError]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("words", "answer", "days", "told"),
    [
        ("were off for this run", [], 0, {"code": "INGEST-1211-400"}),
        ("are off for this flow", [], 0, {"diagnostics": False}),
        ("", [RowError("1401", "x: bad", "x", {"x": 1})], 0, {"diagnostics": False, "path": "/s"}),
        ("names no batch", [], 0, {"batch": ""}),
        ("keeps them for 30 days", GONE, 31, {}),
        ("keeps them for 30 days", [], 31, {}),
        ("There is no such batch", GONE, 29, {}),
        ("kept none", [], 29, {}),
        ("cannot be read now: Nobody answers", DOWN, 0, {}),
    ],
)
async def test_where_there_are_no_rows_to_show_the_reason_is_said(
    words: str, answer: list[RowError] | Exception, days: int, told: dict[str, Any]
) -> None:
    session: Any = _Asked(answer)
    ended = NOW - timedelta(days=days)
    row = RunRow(id="r", lost=3, batch_id=told.get("batch", "b"), completed_at=ended)
    errors = (RunError(told.get("code", "INGEST-1401-400"), "x: bad", 3),)
    run = Run(id="r", errors=errors, sample_path=told.get("path", ""))
    flow = FlowRow(id="f", error_diagnostics=told.get("diagnostics"))
    samples, note = await samples_of(session, row, run, flow)
    assert (words in note) if words else (samples and not note)
