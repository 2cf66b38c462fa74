"""What went wrong in a run or a batch: codes gathered, explained, and shown with sample rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aeptui.monitor.codes import Meaning, meaning
from aeptui.resources import formats
from aeptui.resources.definition import Grid

if TYPE_CHECKING:
    from aeptui.api.models import RowError, RunError

COLUMNS = 5
"""So many columns of a sample row fit beside each other."""
CELL = 28
"""A cell of a sample is cut here; the raw view has it whole."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One code with its meaning, what the platform said, and how many rows it cost."""

    code: str
    message: str
    rows: int | None
    activity: str
    meaning: Meaning
    samples: tuple[RowError, ...] = ()


def gathered(errors: Iterable[RunError]) -> list[Trouble]:
    """One trouble for each code and message, those that name rows first, most rows first."""
    found: dict[tuple[str, str], Trouble] = {}
    for error in errors:
        key = (error.code, error.message)
        if key not in found:
            found[key] = Trouble(
                error.code,
                error.message,
                error.rows,
                error.activity,
                meaning(error.code, error.message),
            )
    return sorted(found.values(), key=lambda trouble: -(trouble.rows or 0))


def with_samples(troubles: Sequence[Trouble], samples: Sequence[RowError]) -> list[Trouble]:
    """The troubles with the sample rows that carry their code."""
    taken = []
    for trouble in troubles:
        mine = tuple(row for row in samples if same_code(trouble.code, row.code))
        taken.append(
            Trouble(
                trouble.code, trouble.message, trouble.rows, trouble.activity, trouble.meaning, mine
            )
        )
    return taken


def same_code(full: str, short: str) -> bool:
    """Whether two codes are one: rows say `1401` for a run's `INGEST-1401-400`."""
    return bool(short) and (full == short or short in full.split("-"))


def error_grid(troubles: Sequence[Trouble], title: str = "What went wrong") -> Grid:
    """The troubles, a line each: in plain words, with the code beside it for a search engine."""
    return Grid(
        title=title,
        header=("WHAT", "CODE", "ROWS"),
        rows=[
            (trouble.meaning.text or trouble.message, trouble.code, formats.count(trouble.rows))
            for trouble in troubles
        ],
        right=frozenset({2}),
        empty="The platform named no code.",
    )


def sample_grid(samples: Sequence[RowError], title: str, limit: int) -> Grid:
    """Refused rows as the platform kept them, the column at fault among the first."""
    rows = [flat(sample.row) for sample in samples[:limit]]
    names = list(dict.fromkeys(name for row in rows for name in row))
    blamed = [name for name in names if any(_blames(sample, name) for sample in samples[:limit])]
    others = [name for name in names if name not in blamed]
    chosen = [*blamed[:COLUMNS], *others[: max(0, COLUMNS - len(blamed))]]
    shown = [name for name in names if name in chosen]
    return Grid(
        title=title,
        header=shown,
        rows=[[_cell(row.get(name)) for name in shown] for row in rows],
        marked=frozenset(index for index, name in enumerate(shown) if name in blamed),
        empty="The platform kept no row.",
    )


def flat(row: dict[str, Any], above: str = "") -> dict[str, Any]:
    """A row with nested objects written as dotted columns."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        path = f"{above}.{name}" if above else name
        if isinstance(value, dict):
            found.update(flat(value, path))
        else:
            found[path] = value
    return found


def _blames(sample: RowError, name: str) -> bool:
    if not sample.column:
        return False
    column, path = sample.column.lower(), name.lower()
    return column == path or column.rpartition(".")[2] == path.rpartition(".")[2]


def _cell(value: Any) -> str:
    if value is None or value == "":
        return formats.DASH
    text = str(value)
    return text if len(text) <= CELL else text[: CELL - 1] + "…"
