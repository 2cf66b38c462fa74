"""The log: a rotating file that only its owner can read and no secret enters.

Everything is scrubbed on its way in: bearer tokens, secrets and passwords by
their shape, and every secret that was read in this process by its value.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
import traceback
from pathlib import Path

from aeptui.state_folder import private_dir

LEVELS = ("debug", "info", "warning", "error")
MASK = "***"
_BYTES = 1_000_000
_KEPT = 3
_SHORTEST = 4

_SHAPES = (
    re.compile(r"(?i)(bearer\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?i)(\b(?:authorization|x-api-key)['\"]?\s*[:=]\s*['\"]?)(?!bearer)[^\s'\",&]+"),
    # key=value, and "key": "value"; a sentence such as `secret: refused` is left alone.
    re.compile(
        r"(?i)(\b[\w-]*(?:secret|password|passwd|token|private_?key|credential)[\w-]*"
        r"(?:=|['\"]\s*[:=]\s*)['\"]?)[^\s'\",&}]+"
    ),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
)


class Scrubber:
    """Makes secrets unreadable in text."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def learn(self, secret: str) -> None:
        """Mask `secret` wherever it occurs from now on."""
        if len(secret) >= _SHORTEST:
            self._values.add(secret)

    def __call__(self, text: str) -> str:
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, MASK)
        for shape in _SHAPES:
            text = shape.sub(rf"\g<1>{MASK}", text)
        return text


scrub = Scrubber()


class ScrubbedFormatter(logging.Formatter):
    """One line for each record, and tracebacks without locals, both scrubbed."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file, 0600 from the moment it exists."""

    @property
    def path(self) -> Path:
        return Path(self.baseFilename)

    def _open(self):  # type: ignore[no-untyped-def]
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(self.baseFilename, flags, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="replace")


def log_path(state_dir: Path) -> Path:
    """Where the log is written."""
    return state_dir.absolute() / "log" / "aeptui.log"


def begin(state_dir: Path, level: str = "info") -> Path:
    """Send the records of this process to the log, once; the path that was opened."""
    path = log_path(state_dir)
    root = logging.getLogger()
    if any(isinstance(each, _PrivateFile) and each.path == path for each in root.handlers):
        return path
    private_dir(state_dir)
    private_dir(path.parent)
    handler = _PrivateFile(path, maxBytes=_BYTES, backupCount=_KEPT)
    handler.setFormatter(
        ScrubbedFormatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
    )
    root.addHandler(handler)
    root.setLevel(level.upper())
    # httpx tells every request at INFO; our own account of calls is the meter's.
    for chatty in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return path


def unforeseen(error: BaseException) -> None:
    """Write an exception that nobody expected, with its traceback and without its locals."""
    logging.getLogger("aeptui").critical(
        "unforeseen: %s", "".join(traceback.format_exception(error, chain=True)).rstrip()
    )
