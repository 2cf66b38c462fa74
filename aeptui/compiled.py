"""Compiled modules of a read-only installation, kept where they can be kept.

Without them every start takes several times as long. Python keeps them beside their sources;
where it cannot, they are kept in the state folder. Who says PYTHONDONTWRITEBYTECODE or
PYTHONPYCACHEPREFIX is taken at their word: `aeptui doctor` then says what it costs.
"""

from __future__ import annotations

import os
import sys

import aeptui
from aeptui.state_folder import folder_of


def keep() -> None:
    """See to it that what is compiled from here on is found again by the next start."""
    beside = aeptui.__spec__.cached  # already there, unless Python was not able to write it
    if sys.dont_write_bytecode or sys.pycache_prefix or not beside or os.path.exists(beside):
        return
    folder = f"{folder_of(os.environ)}/compiled"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        told = os.stat(folder)
    except OSError:
        return
    if told.st_uid == os.getuid() and not told.st_mode & 0o022:  # what is in it will be run
        sys.pycache_prefix = folder
