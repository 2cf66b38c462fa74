"""The notes' file: its tables, and that nobody is alerted without it."""

from __future__ import annotations

from aeptui.kept_file import KeptFile, KeptFileError


class NotesError(KeptFileError):
    """The notes cannot be used, so nobody is alerted; `str()` says why and what to do."""


# `place` is the mirror that a line is about: one file holds the notes of all sandboxes.
_TABLES = (
    """CREATE TABLE event (
      n INTEGER PRIMARY KEY, place TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
      body TEXT NOT NULL, UNIQUE (place, key)
    )""",
    "CREATE INDEX event_at ON event (place, at)",
    """CREATE TABLE standing (
      place TEXT NOT NULL, flow TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (place, flow)
    ) WITHOUT ROWID""",
    """CREATE TABLE touch (place TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE mark (
      n INTEGER PRIMARY KEY, place TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL,
      body TEXT NOT NULL, at INTEGER NOT NULL, ended_at INTEGER, ended TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE UNIQUE INDEX mark_open ON mark (place, kind, about) WHERE ended_at IS NULL",
    "CREATE INDEX mark_at ON mark (place, at)",
    """CREATE TABLE looked (
      place TEXT NOT NULL, who TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL,
      PRIMARY KEY (place, who)
    ) WITHOUT ROWID""",
)

FILE = KeptFile(
    name="notes",
    application=0x4145504E,
    version=1,
    tables=_TABLES,
    without="nobody is alerted without it",
    error=NotesError,
)
