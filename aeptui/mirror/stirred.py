"""Whether a SQLite file may have been written to, by what its file system says of it.

Asking SQLite takes a turn of the thread that has the connection; asking the
file system takes microseconds, so it can be asked all day.
"""

from __future__ import annotations

from pathlib import Path

_ANYWAY = 30
"""Every so many looks SQLite is to be asked whatever the file system says."""


class Stirred:
    """Looks at the file at `path` and at its log."""

    def __init__(self, path: Path) -> None:
        self._paths = (path, path.with_name(path.name + "-wal"))
        self._seen: list[tuple[int, ...]] | None = None
        self._looks = 0

    def again(self) -> bool:
        """Whether it may have been written to since SQLite was asked at an earlier look.

        A writing is seen at two looks: SQLite shows it a moment after the log has it, and
        two within one tick of the file system's clock look like one.
        """
        seen = [_told(path) for path in self._paths]
        if seen != self._seen:
            self._seen, self._looks = seen, 0
        self._looks += 1
        return self._looks <= 2 or self._looks % _ANYWAY == 0


def _told(path: Path) -> tuple[int, ...]:
    try:
        stat = path.stat()
    except OSError:
        return ()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
