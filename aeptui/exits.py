"""Exit codes, and which failure leads to which; imported when something has failed."""

from __future__ import annotations

import errno
import os
import sys

from aeptui.api import errors
from aeptui.credentials import SecretUnavailable
from aeptui.headless.listing import Usage
from aeptui.headless.one import NotThere
from aeptui.kept_file import KeptFileError
from aeptui.log import begin, log_path, scrub
from aeptui.log import unforeseen as write_down
from aeptui.mirror.filter import FilterError
from aeptui.pipelines.journal_file import JournalError
from aeptui.rehearsal import RehearsalError
from aeptui.resources.why import NoSuchRun
from aeptui.state_folder import FolderError, state_dir
from aeptui.tomlfile import FileError

TROUBLE, USAGE, REFUSED, UNREACHABLE, BUG = 1, 2, 3, 4, 70

CODES: tuple[tuple[type[Exception], int], ...] = (
    (FileError, USAGE),
    (SecretUnavailable, USAGE),
    (Usage, USAGE),
    (FilterError, USAGE),
    (KeptFileError, USAGE),
    (FolderError, USAGE),
    (errors.SettingsError, USAGE),
    (errors.AuthError, REFUSED),
    (errors.Forbidden, REFUSED),
    (errors.ApiUnreachable, UNREACHABLE),
    (errors.RateLimited, UNREACHABLE),
    (errors.BadAnswer, UNREACHABLE),
    (RehearsalError, UNREACHABLE),
    (errors.NotEmulated, TROUBLE),
    (JournalError, TROUBLE),
    (NotThere, TROUBLE),
    (NoSuchRun, TROUBLE),
)
"""The first that fits is the one."""


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""A full disk or quota, where output goes to a file: no fault of ours."""


def drop_output() -> None:
    """Let nothing that is left be flushed at exit, since it cannot be."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def expected(error: Exception) -> int | None:
    """The exit code of a failure that can be expected; None for a bug of ours."""
    for kind, code in CODES:
        if isinstance(error, kind):
            return code
    if isinstance(error, errors.ApiError):
        return UNREACHABLE if error.status >= 500 else TROUBLE
    return TROUBLE if isinstance(error, errors.ApiTrouble) else None


def failed(error: Exception) -> int:
    """Say in one sentence what went wrong; the exit code."""
    if isinstance(error, OSError) and error.errno in _FULL:
        where = f" to {error.filename}" if error.filename else ""
        print(f"aeptui: Not everything was written{where}: {error.strerror}.", file=sys.stderr)
        drop_output()
        return TROUBLE
    code = expected(error)
    if code is None:
        return unforeseen(error)
    text = scrub(str(error))
    print(f"aeptui: {text if text.endswith(('.', '?')) else text + '.'}", file=sys.stderr)
    return code


def unforeseen(error: Exception) -> int:
    """A bug of ours: the traceback goes to the log, a sentence and its path to the operator."""
    folder = state_dir(os.environ)
    sentence = f"something went wrong that should not have ({type(error).__name__})"
    try:
        begin(folder)
        write_down(error)
    except OSError as reason:
        told = f"the log at {log_path(folder)} cannot be written: {reason.strerror}"
    else:
        told = f"{log_path(folder)} has the details"
    print(f"aeptui: {sentence}; {told}.", file=sys.stderr)
    return BUG
