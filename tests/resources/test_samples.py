"""Rows that were lost: shown, or a sentence about why there are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from aeptui.api.errors import ApiUnreachable, NotFound
from aeptui.api.models import RowError, Run, RunError
from aeptui.config import Config, Settings
from aeptui.mirror.rows import FlowRow, RunRow
from aeptui.resources import kept_samples
from aeptui.resources.definition import Moment
from aeptui.resources.kept_samples import Kept, KeptSamples
from aeptui.resources.samples import samples_of

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
GONE = NotFound("There is no such batch", service="catalog", status=404)
DOWN = ApiUnreachable("Nobody answers", host="h")


class _Asked:
    """A session of which only the platform's answer about refused rows is asked."""

    def __init__(
        self,
        answer: list[RowError] | Exception,
        state_dir: Path = Path("-"),
        *,
        keep: bool = False,
    ) -> None:
        self.answer = answer
        self.config = Config(Path("-"), state_dir, Settings(keep_samples=keep))
        self.path = Path("org~dev.sqlite")
        self.mirror = self
        self.data_access = self

    def now(self) -> datetime:
        return NOW

    def moment(self) -> Moment:
        return Moment(NOW, UTC)

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


REFUSED = RowError("1401", "Email: bad", "Email", {"Id": "7", "Email": "at home"})


async def _explained(session: Any) -> tuple[list[str], str]:
    """The e-mail addresses of the samples, and what is said about them."""
    row = RunRow(id="r/../r", lost=3, batch_id="b", completed_at=NOW)
    samples, note = await samples_of(session, row, Run(id=row.id), None)
    return [str(sample.row["Email"]) for sample in samples], note


def modes(folder: Path) -> set[int]:
    """Who may read what is below."""
    return {path.stat().st_mode & 0o777 for path in folder.rglob("*")}


async def test_rows_are_written_down_only_where_that_is_allowed(tmp_path: Path) -> None:
    assert await _explained(_Asked([REFUSED], tmp_path)) == (["at home"], "")
    assert not modes(tmp_path)
    assert await _explained(_Asked(GONE, tmp_path, keep=True)) == ([], "There is no such batch.")


@pytest.mark.parametrize("answer", [GONE, DOWN, []])
async def test_rows_that_were_kept_are_told_with_their_date_when_the_platform_has_none(
    tmp_path: Path, answer: list[RowError] | Exception
) -> None:
    await _explained(_Asked([REFUSED], tmp_path, keep=True))
    told, note = await _explained(_Asked(answer, tmp_path, keep=True))
    assert told == ["at home"]
    assert note.endswith("Those shown were seen and kept here today 12:00.")
    assert modes(tmp_path) == {0o700, 0o600}


def test_what_is_kept_stays_few_small_and_young(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_samples, "MOST", 3)
    kept = KeptSamples(tmp_path, "org~dev")
    for minute in range(5):
        kept.keep(f"r{minute}", [REFUSED], NOW + timedelta(minutes=minute), 30)
    assert [n for n in range(5) if kept.read(f"r{n}")] == [2, 3, 4]
    large = RowError("1401", "", "", {"Note": "x" * 100_000})
    kept.keep("large", [large, large, large], NOW + timedelta(days=40), 30)
    assert [n for n in range(5) if kept.read(f"r{n}")] == []
    known = kept.read("large")
    assert known is not None
    assert len(known.rows) == 1
    empty = len(msgspec.json.encode(Kept(NOW, ()))) + 2 * len(msgspec.json.encode(REFUSED)) + 1
    for spare, fit in ((0, 2), (-1, 1)):
        monkeypatch.setattr(kept_samples, "LARGEST", empty + spare)
        kept.keep("tight", [REFUSED] * 3, NOW, 30)
        tight = kept.read("tight")
        assert tight is not None
        assert len(tight.rows) == fit, "to the byte"
    kept.forget()
    assert kept.read("large") is None
