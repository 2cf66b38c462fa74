"""The state folder: where mirrors, journals, notes and logs are kept, for their owner's eyes only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def state_dir(env: Mapping[str, str]) -> Path:
    """Where mirrors, journals and logs are kept; made by `private_dir` when first written."""
    named = env.get("AEPTUI_STATE_DIR")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_state_dir("aeptui", appauthor=False))


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
