"""Pairs as CSV: out for a spreadsheet, in from one, with the line of what does not fit.

The columns are `source`, `destination`, `type` (column, expression or static),
`namespace` and `primary`. What is read takes the place of what was there only
as a whole: lines that do not fit are named and left out.

What a spreadsheet would take for a formula is guarded, and comes back as it was.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aeptui.api.exploring import SourceColumn
from aeptui.csv_cells import as_meant, cell
from aeptui.forms.choices import Choice
from aeptui.forms.pairs import Pair, Targets, Way
from aeptui.nearest import nearest

HEADER = ("source", "destination", "type", "namespace", "primary")
MOST_LINES = 5_000
_TYPES: dict[str, Way] = {
    "": "attribute",
    "column": "attribute",
    "attribute": "attribute",
    "expression": "expression",
    "static": "static",
}
_YES = frozenset({"yes", "true", "y", "1", "x", "primary"})


@dataclass(frozen=True, slots=True)
class Misfit:
    """A line that does not fit, counted from 1, and why."""

    line: int
    sentence: str


def written(pairs: Iterable[Pair]) -> str:
    """The pairs as CSV, a header first."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(HEADER)
    for pair in pairs:
        kind = "column" if pair.way == "attribute" else pair.way
        primary = "yes" if pair.primary else ""
        cells = (pair.source, pair.destination, kind, pair.namespace, primary)
        table.writerow(map(cell, cells))
    return out.getvalue()


def read(
    text: str,
    targets: Targets,
    columns: Sequence[SourceColumn] | None,
    namespaces: Sequence[Choice] = (),
) -> tuple[list[Pair], list[Misfit]]:
    """The pairs of a CSV text that fit, and the lines that do not."""
    names = list(HEADER)
    found: list[tuple[int, Pair]] = []
    misfits: list[Misfit] = []
    table = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=_delimiter(text))
    begun, line = False, 0
    try:
        for cells in table:
            line = table.line_num
            if len(found) + len(misfits) >= MOST_LINES:
                misfits.append(Misfit(line, f"Only {MOST_LINES:,} lines are read"))
                break
            told = [as_meant(each.strip()) for each in cells]
            if not any(told):
                continue
            if not begun and "destination" in [each.lower() for each in told]:
                names = [cell.lower() for cell in told]
            else:
                pair = _pair(dict(zip(names, told, strict=False)), len(told), namespaces)
                if isinstance(pair, Pair):
                    found.append((line, pair))
                else:
                    misfits.append(Misfit(line, pair))
            begun = True
    except csv.Error as reason:
        misfits.append(Misfit(line + 1, f"This is no CSV: {reason}"))
    wrong = targets.faults([pair for _, pair in found], columns)
    misfits += [Misfit(found[at][0], sentence) for at, sentence in wrong.items()]
    kept = [pair for at, (_, pair) in enumerate(found) if at not in wrong]
    return kept, sorted(misfits, key=lambda each: each.line)


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _pair(told: dict[str, str], cells: int, namespaces: Sequence[Choice]) -> Pair | str:
    if cells < 2:
        return "A line has a source and a destination at least"
    kind = told.get("type", "").lower()
    if kind not in _TYPES:
        near = nearest(kind, ("column", "expression", "static")) or "column, expression or static"
        return f"There is no type {kind}; did you mean {near}?"
    namespace = told.get("namespace", "")
    codes = [each.value for each in namespaces]
    if namespace and codes and namespace not in codes:
        near = nearest(namespace, codes)
        return f"There is no namespace {namespace}" + (f"; did you mean {near}?" if near else "")
    primary = told.get("primary", "").lower() in _YES
    if primary and not namespace:
        return "A primary identity needs a namespace"
    return Pair(
        told.get("source", ""), told.get("destination", ""), _TYPES[kind], namespace, primary
    )
