# -*- test-case-name: tests.stores.sqlite.test_historyfile -*-
"""
Where a history lies on the disk: held by one server at a time, and still the same file.
"""

from __future__ import annotations

import fcntl
import os
from typing import Final

from ...errors import NoHistory
from .faults import Moved

LOCK: Final = "-lock"
"""What the lock file's name ends with.  The lock is not on the database itself: closing any
descriptor of that file would drop the locks that SQLite holds on it (POSIX fcntl)."""

_Identity = tuple[int, int] | None


def _found(path: str) -> os.stat_result | None:
    """
    @return: what is at the path, or C{None} if there is no file.
    """
    try:
        return os.stat(path)
    except OSError:
        return None


def _identity(path: str) -> _Identity:
    """
    @return: what tells this file from every other one, or C{None} if there is no file.
    """
    found = _found(path)
    return None if found is None else (found.st_dev, found.st_ino)


class Place:
    """
    @ivar path: the file's path, without symbolic links.
    """

    def __init__(self, path: str) -> None:
        """
        @param path: the file's path.
        """
        self.path = os.path.realpath(path)
        self._lock: int | None = None
        self._file: _Identity = None
        self._wal: _Identity = None

    def hold(self) -> None:
        """
        Keep every other server away from this file, until L{release} or the end of the process.

        @raise NoHistory: it cannot be, and what to do.
        """
        folder = os.path.dirname(self.path)
        if not os.path.isdir(folder):
            raise NoHistory(f"there is no directory {folder}: make it, or name another history")
        found = _found(self.path)
        if found is not None and found.st_nlink > 1:
            raise NoHistory(
                f"the history {self.path} has a second name (a hard link), under which another "
                "server could write to it: remove that name, or copy the file"
            )
        try:
            lock = os.open(self.path + LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise NoHistory(
                f"the directory {folder} cannot be written ({error.strerror}): "
                "let this user write there, or name another history"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise NoHistory(
                f"another server (process {holder}) uses the history {self.path}: "
                "stop it, or name another history"
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        self._lock = lock

    def release(self) -> None:
        """
        Let others have the file.  The lock file stays: to remove it would let two servers hold
        two locks of one name.
        """
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def mark(self) -> None:
        """
        The file that is here now is ours, with its write-ahead log.
        """
        self._file = _identity(self.path)
        self._wal = _identity(self.path + "-wal")

    def closed(self) -> None:
        """
        Nobody of us has the file open for a while: SQLite may remove its write-ahead log.
        """
        self._wal = None

    def check(self) -> None:
        """
        Cheap enough to be done before every commit.

        @raise Moved: what is here now is not what was marked.
        """
        if self._file is None or _identity(self.path) != self._file:
            raise Moved(self.path)
        if self._wal is not None and _identity(self.path + "-wal") != self._wal:
            raise Moved(self.path + "-wal")
