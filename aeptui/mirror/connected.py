"""Connections that outlive their file: damage found while running sets it aside and begins again."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from aeptui.mirror.file import begin_again, connect, prepare
from aeptui.mirror.troubles import is_damage, store_trouble

S = TypeVar("S")
T = TypeVar("T")


class Place:
    """Where the mirror's file is, whichever file that is just now.

    Several threads and processes find the same damage; whoever is first sets
    the file aside, and the others notice by its inode that another one stands
    there. `renewed` is called, on any thread, when a connection was made anew.
    """

    def __init__(self, path: Path, renewed: Callable[[str], None]) -> None:
        self.path = path
        self.renewed = renewed
        self._lock = threading.Lock()

    def inode(self) -> int:
        """Which file it is; 0 when there is none."""
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def mended(self, damaged: int) -> str:
        """Make sure that a sound file stands here, and not `damaged`; a sentence if it was set aside."""
        with self._lock:
            if damaged and self.inode() == damaged:
                return begin_again(self.path, "it was damaged")
            return prepare(self.path)


class Connected(Generic[S]):
    """A connection, and what is made of it; `run` asks it, on one thread at a time.

    Work that meets damage is done again on the new file. What the disk refuses
    is raised as StoreTrouble, and may well go better later.
    """

    def __init__(self, place: Place, make: Callable[[sqlite3.Connection], S]) -> None:
        self._place = place
        self._make = make
        self._leaving = False
        self._unwanted: threading.Event | None = None
        self._inode = -1
        self._connection: sqlite3.Connection | None = None

    def run(self, work: Callable[[S], T], unwanted: threading.Event | None = None) -> T:
        """Do `work` on the file that stands there now; its statement ends when it is `unwanted`."""
        self._unwanted = unwanted
        try:
            if self._place.inode() != self._inode:
                self._connect(0)
            try:
                return work(self._state)
            except (sqlite3.DatabaseError, zlib.error) as fault:
                if isinstance(fault, sqlite3.DatabaseError) and not is_damage(fault):
                    raise
                self._connect(self._inode)
                return work(self._state)
        except (sqlite3.OperationalError, OSError) as fault:
            trouble = store_trouble(fault, self._place.path.parent)
            if trouble is None:
                raise
            raise trouble from fault

    def leave(self) -> None:
        """End a statement that is under way, or that begins later."""
        self._leaving = True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _is_over(self) -> bool:
        return self._leaving or (self._unwanted is not None and self._unwanted.is_set())

    def _connect(self, damaged: int) -> None:
        """Connect to what stands there, or to a new file in the place of `damaged`."""
        again = self._connection is not None or not self._place.inode()
        notice = ""
        self._inode = -1  # should the rest fail, it is tried again with the next piece of work
        self.close()
        if again:
            notice = self._place.mended(damaged)
        try:
            self._open()
        except sqlite3.DatabaseError as fault:
            if not is_damage(fault):
                raise
            again, notice = True, self._place.mended(self._place.inode())
            self._open()
        if again:
            self._place.renewed(notice)

    def _open(self) -> None:
        inode = self._place.inode()
        self._connection = connect(self._place.path)
        # Unlike `interrupt()`, this also ends a statement that has yet to begin.
        self._connection.set_progress_handler(self._is_over, 10_000)
        self._state = self._make(self._connection)
        self._inode = inode


class Lent(Connected[S]):
    """What another has connected, on the thread and for as long as it lends it."""

    def __init__(self, state: S) -> None:
        self._state = state

    def run(self, work: Callable[[S], T], unwanted: threading.Event | None = None) -> T:
        """Do `work`; the lender deals with damage."""
        return work(self._state)
