# -*- test-case-name: tests.ops.test_logfile -*-
"""
The server's own log file: bounded, and a good neighbour of C{logrotate}.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any, Final

from twisted.python.logfile import LogFile

MAX_SIZE: Final = 10 * 1000 * 1000
"""Bytes of a log file, beyond which it is renamed and another one begun."""

KEPT: Final = 9
"""Log files that are kept besides.  C{twistd} itself keeps all, and renames all each time."""


class FollowingLogFile(LogFile):
    """
    A log file that somebody else may rename, remove or empty at any time: the next line goes into
    the file of that name.  A full disk costs lines, which are counted, and nothing else.
    """

    def __init__(self, path: str) -> None:
        """
        @param path: the file; what is in it stays.
        @raise OSError: if it cannot be written.
        """
        folder, name = os.path.split(os.path.abspath(path))
        self._lost = 0
        super().__init__(name, folder, rotateLength=MAX_SIZE, maxRotatedFiles=KEPT)

    def write(self, data: Any) -> None:
        """
        Write text; what cannot be written as UTF-8 is escaped.
        """
        if isinstance(data, str):
            data = data.encode("utf-8", "backslashreplace")
        if self._isMoved():
            self.reopen()
        if self._lost:
            data = b"(%d log entries before this could not be written)\n%s" % (self._lost, data)
        try:
            super().write(data)
        except (OSError, ValueError):
            # ValueError: it is closed, because a rename failed.
            self._lost += 1
        else:
            self._lost = 0

    def reopen(self) -> None:
        """
        Open the file of this name; where that is not possible the old one serves on.
        """
        old = self._file
        with suppress(OSError):
            self._openFile()
            old.close()

    def _isMoved(self) -> bool:
        if self._file.closed:
            return True
        own = os.fstat(self._file.fileno())
        try:
            there = os.stat(self.path)
        except OSError:
            return True
        return not os.path.samestat(own, there) or there.st_size < self.size
