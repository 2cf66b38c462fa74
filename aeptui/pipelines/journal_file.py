"""The journal's file: its tables, and that nothing is sent without it."""

from __future__ import annotations

from aeptui.kept_file import KeptFile, KeptFileError

_TABLES = (
    """CREATE TABLE plan (
      id TEXT PRIMARY KEY, title TEXT NOT NULL, profile TEXT NOT NULL, host TEXT NOT NULL,
      org TEXT NOT NULL, sandbox TEXT NOT NULL, document TEXT NOT NULL,
      made_at INTEGER NOT NULL, ended TEXT NOT NULL DEFAULT ''
    ) WITHOUT ROWID""",
    "CREATE INDEX plan_open ON plan (made_at) WHERE ended = ''",
    """CREATE TABLE step (
      plan TEXT NOT NULL REFERENCES plan, name TEXT NOT NULL, position INTEGER NOT NULL,
      state TEXT NOT NULL, made_id TEXT NOT NULL DEFAULT '', etag TEXT NOT NULL DEFAULT '',
      version TEXT, sentence TEXT NOT NULL DEFAULT '', sent_at INTEGER, sent_ticks REAL,
      PRIMARY KEY (plan, name)
    ) WITHOUT ROWID""",
    "CREATE INDEX step_made ON step (made_id) WHERE made_id <> ''",
    """CREATE TABLE "write" (
      n INTEGER PRIMARY KEY, plan TEXT NOT NULL REFERENCES plan, step TEXT NOT NULL,
      title TEXT NOT NULL, undoes INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
      request TEXT NOT NULL, sent_at INTEGER NOT NULL, answered_at INTEGER,
      outcome TEXT NOT NULL, made_id TEXT NOT NULL DEFAULT '',
      request_id TEXT NOT NULL DEFAULT '', sentence TEXT NOT NULL DEFAULT ''
    )""",
)


class JournalError(KeptFileError):
    """The journal cannot be used, so nothing is written; `str()` says why and what to do."""


FILE = KeptFile(
    name="journal",
    application=0x4145504A,
    version=1,
    tables=_TABLES,
    without="nothing is sent without it",
    error=JournalError,
)
