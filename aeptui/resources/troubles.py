"""What went wrong in a run or a batch: codes gathered, explained, and shown with sample rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aeptui.monitor import codes
from aeptui.monitor.causes import column_of, key_of_error, telling
from aeptui.monitor.codes import CodeBook, Meaning
from aeptui.resources import formats
from aeptui.resources.definition import Grid

if TYPE_CHECKING:
    from aeptui.api.models import RowError, RunError

MOST = 12
"""So many columns of a sample row are shown where there is room."""
CELL = 28
"""A cell of a sample is cut here; the raw view has it whole."""
AT_FAULT = 60
"""One that is at fault is cut here: what is wrong may be at its end."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A refused row, flat, with why it was refused and which of its columns are at fault."""

    code: str
    message: str
    row: Mapping[str, Any]
    at_fault: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Trouble:
    """One code with its meaning, what the platform said, and how many rows it cost."""

    code: str
    message: str
    rows: int | None
    activity: str
    meaning: Meaning
    said: str
    """What is wrong, on one line."""
    key: str
    """Of the cause that it has."""
    samples: tuple[Sample, ...] = ()
    since: str = ""
    """How long it has gone on, in words."""


def gathered(errors: Iterable[RunError], book: CodeBook) -> list[Trouble]:
    """One trouble for each code and message: lost rows first, then lost values, then summaries."""
    found: dict[tuple[str, str], Trouble] = {}
    for error in errors:
        key = (error.code, error.message)
        if key not in found:
            found[key] = Trouble(
                error.code,
                error.message,
                error.rows,
                error.activity,
                book.meaning(error.code, error.message),
                book.said(error.code, column_of(error.message, error.code), error.message),
                key_of_error(error),
            )
    return sorted(found.values(), key=_weight)


def _weight(trouble: Trouble) -> tuple[int, int]:
    return codes.place(trouble.code), -(trouble.rows or 0)


def with_samples(troubles: Sequence[Trouble], samples: Sequence[Sample]) -> list[Trouble]:
    """The troubles with the sample rows that carry their code."""
    return [
        replace(
            trouble,
            samples=tuple(sample for sample in samples if same_code(trouble.code, sample.code)),
        )
        for trouble in troubles
    ]


def sampled(rows: Iterable[RowError], sources: Mapping[str, frozenset[str]]) -> list[Sample]:
    """Refused rows with the columns at fault; `sources` gives the columns behind a field."""
    return [Sample(row.code, row.message, flat(row.row), at_fault(row, sources)) for row in rows]


def at_fault(error: RowError, sources: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The columns of a refused row that its message is about.

    The message names a field of the schema, whose columns the mapping knows, or
    a column, or only quotes the value that it did not like.
    """
    row = flat(error.row)
    named = set(re.findall(r"[\w.\[\]*]*\w", error.message)) | {error.column}
    behind = {column for field in named for column in sources.get(_plain(field), ())}
    blamed = (behind | named) & row.keys()
    if not blamed:
        quoted = re.findall(r"'([^']*)'", error.message)
        blamed = {name for name, value in row.items() if value and str(value) in quoted}
    return frozenset(blamed)


def sources_of(mappings: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Field of the schema to the words of its source: a column, or those in an expression."""
    found: dict[str, frozenset[str]] = {}
    for pair in mappings:
        field = str(pair.get("destinationXdmPath") or pair.get("destination") or "")
        source = str(pair.get("sourceAttribute") or pair.get("source") or "")
        words = re.findall(r"[A-Za-z_][\w.]*", re.sub(r'"[^"]*"', "", source))
        found[_plain(field)] = frozenset(words)
    return found


def _plain(field: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", field)


def same_code(full: str, short: str) -> bool:
    """Whether two codes are one: rows say `1401` for a run's `INGEST-1401-400`."""
    return bool(short) and (full == short or short in full.split("-"))


def error_grid(troubles: Sequence[Trouble], title: str = "What went wrong") -> Grid:
    """The troubles, a line each: in plain words, with the code beside it for a search engine."""
    told = telling(troubles)
    header = ("WHAT", "CODE", "ROWS", "SINCE")[: 4 if any(each.since for each in told) else 3]
    return Grid(
        title=title,
        header=header,
        rows=[
            (each.said, each.code, formats.count(each.rows), each.since)[: len(header)]
            for each in told
        ],
        right=frozenset({2}),
        empty="The platform named no code.",
    )


def sample_grid(samples: Sequence[Sample], title: str, limit: int) -> Grid:
    """Refused rows as the platform kept them: the first column, those at fault, some others."""
    shown = samples[:limit]
    names = list(dict.fromkeys(name for sample in shown for name in sample.row))
    blamed = {name for sample in shown for name in sample.at_fault}
    sure = list(dict.fromkeys([*names[:1], *(name for name in names if name in blamed)]))
    wanted = list(dict.fromkeys([*sure, *names]))
    chosen = [name for name in names if name in wanted[:MOST]]
    return Grid(
        title=title,
        header=[f"▸{name}" if name in blamed else name for name in chosen],
        rows=[
            [_cell(sample.row.get(name), AT_FAULT if name in blamed else CELL) for name in chosen]
            for sample in shown
        ],
        marked=frozenset(index for index, name in enumerate(chosen) if name in blamed),
        empty="The platform kept no row.",
        spare=[chosen.index(name) for name in reversed(wanted[len(sure) : MOST])],
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


def _cell(value: Any, most: int) -> str:
    if value is None or value == "":
        return formats.DASH
    text = str(value)
    return text if len(text) <= most else text[: most - 1] + "…"
