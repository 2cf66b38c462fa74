"""Refused rows, as Data Access keeps them: JSON lines of mixed shapes (AEP.md 5.4)."""

from __future__ import annotations

import re
from typing import Any

from aeptui.api.models import RowError
from aeptui.api.scrub import NotJson, scrub_json
from aeptui.api.wire import Told, parts, text, told_by

_NAMED = re.compile(r"""["'`‘“\[]([\w.:\-\[\]* ]{1,120}?)["'`’”\]]""")
_DOTTED = re.compile(
    r"(?<![\w.@/])[A-Za-z_]\w*(\[[\w*]*\])?(\.[A-Za-z_]\w*(\[[\w*]*\])?)+(?![\w@/])"
)
_LEADING = re.compile(
    r"""\s*([A-Za-z_$][\w$]*(?:\[[\w*]*\])?(?:\.[\w$]+(?:\[[\w*]*\])?)*)(?=[\s:,;]|$)"""
)
_OURS_NOT = ("_errors", "_filename")


def read_row_errors(body: bytes, limit: int) -> list[RowError]:
    """At most `limit` rows; a broken line, such as one that was cut, is passed over."""
    found: list[RowError] = []
    for line in body.splitlines():
        if len(found) >= limit:
            break
        try:
            told = told_by(scrub_json(line)) if line.strip() else {}
        except NotJson:
            continue
        if told:
            found.append(_row_error(told))
    return found


def _row_error(told: Told) -> RowError:
    error: Told = next(iter(parts(told, "_errors", "errors")), {})
    row: dict[str, Any] = {key: value for key, value in told.items() if key not in _OURS_NOT}
    message = text(error, "message", "description")
    column = text(error, "column", "columnName", "field", "path")
    return RowError(text(error, "code"), message, column or named_column(message, row), row)


def named_column(message: str, row: dict[str, Any]) -> str:
    """The column that `message` names: one of the row's, or else a path into the schema.

    A message that begins with its column quotes the value, if anything.
    """
    leading = found[1] if (found := _LEADING.match(message)) else ""
    if leading in row or "." in leading:
        return leading
    quoted = [found[1].strip() for found in _NAMED.finditer(message)]
    for name in quoted:
        for known in (name, name.rsplit(".", 1)[-1]):
            if known in row:
                return known
    # Longest first, so that `Name` does not answer for `LastName`.
    for known in sorted(row, key=len, reverse=True):
        if re.search(rf"(?<![\w.]){re.escape(known)}(?![\w])", message):
            return known
    dotted = next((name for name in quoted if "." in name), "")
    return dotted or (path[0] if (path := _DOTTED.search(message)) else "")
