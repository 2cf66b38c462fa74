"""Reading a team's own code book: every entry checked, every complaint with its place.

Imported only when the configuration names such a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aeptui.config import ConfigError
from aeptui.monitor.codes import CodeBook, Meaning
from aeptui.tomlfile import Check, Source, read_toml, text


def _said(value: Any) -> str:
    return text(value) or ("" if value.strip() else "must say something")


ENTRY: dict[str, Check] = {
    "code": _said,
    "message": _said,
    "meaning": _said,
    "usual_cause": _said,
    "what_to_do": _said,
}


def read(path: Path) -> CodeBook:
    """The book in the file at `path`; ConfigError for the first thing that is wrong with it."""
    source, table = read_toml(path, ConfigError)
    source.check(
        {key: value for key, value in table.items() if key != "codes"}, {"codes": text}, ()
    )
    entries = source.tables(table, "codes")
    return CodeBook([_entry(source, index, entry) for index, entry in enumerate(entries)])


def _entry(source: Source, index: int, entry: dict[str, Any]) -> Meaning:
    at = ("codes", index)
    source.check(entry, ENTRY, at)
    if "code" not in entry:
        raise source.refuse(at, "has no code.")
    if not entry.keys() & {"meaning", "usual_cause", "what_to_do"}:
        raise source.refuse(at, "says nothing: it needs a meaning, a usual_cause or a what_to_do.")
    return Meaning(
        entry["code"].strip(),
        entry.get("meaning", ""),
        entry.get("usual_cause", ""),
        entry.get("what_to_do", ""),
        message=(entry["message"],) if "message" in entry else (),
    )
