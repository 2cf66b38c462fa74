"""Cells of CSV that no spreadsheet takes for a formula.

A text that begins with `=`, `+`, `-`, `@`, a tab or a return is written behind an
apostrophe, which a spreadsheet takes for the mark of a text. So is one that begins
with apostrophes before such a sign: `as_meant` takes one off there, and what was
written comes back as it was. A number is a number, below zero too.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def cell(value: object) -> object:
    """What is written for a value: nothing for none, a list in one cell."""
    match value:
        case None:
            return ""
        case list() | tuple():
            return cell("; ".join(map(str, value)))
        case str() if _FORMULA.match(value):
            return f"'{value}"
        case _:
            return value


def as_meant(text: str) -> str:
    """What was read from a cell, without the apostrophe that kept it from being a formula."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
