"""The state folder: where mirrors, journals, notes and logs are kept, for their owner's eyes only.

What was last seen is looked for here before anything is loaded, so nothing heavy is imported.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def folder_of(env: Mapping[str, str]) -> str:
    """Where mirrors, journals and logs are kept, as a text."""
    named = env.get("AEPTUI_STATE_DIR")
    if named:
        return os.path.abspath(os.path.expanduser(named))
    if sys.platform == "linux":  # as platformdirs has it, without loading it
        folder = env.get("XDG_STATE_HOME", "")
        if not os.path.isabs(folder):
            folder = os.path.expanduser("~/.local/state")
        return os.path.join(folder, "aeptui")
    import platformdirs

    return platformdirs.user_state_dir("aeptui", appauthor=False)


def state_dir(env: Mapping[str, str]) -> Path:
    """The same as a path; made by `private_dir` when first written."""
    from pathlib import Path

    return Path(folder_of(env))


class FolderError(OSError):
    """A folder of ours that cannot be used; `str()` says why and what to do."""

    def __str__(self) -> str:
        return (
            f"{self.filename} cannot be used as a folder ({self.strerror}); "
            "move away what stands there, or set AEPTUI_STATE_DIR"
        )


def private_dir(path: Path) -> Path:
    """`path` as a folder that only its owner can look into; raises FolderError."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(0o700)
    except OSError as reason:
        raise FolderError(reason.errno, reason.strerror, str(path)) from None
    return path
