# -*- test-case-name: tests.stores.sqlite.test_checkpoints -*-
"""
Copies the write-ahead log of a history into the file, in a thread of its own.

SQLite would do that within a commit, and all that waits for the commit would wait for the disk to
write a thousand pages wherever they belong.  A passive checkpoint holds up no writer and no reader;
it copies what is there when it begins.  The log begins again at its start once all of it has been
copied while nothing was written; where that never happens, the writer sees to it in the end
(L{schema.WAL_PAGES}), and finds most of it copied.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from .schema import connect


class Checkpointer:
    """
    Everything here runs in one thread.
    """

    def __init__(self, path: str) -> None:
        """
        @param path: the history's path.
        """
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def copy(self) -> None:
        """
        Copy what can be copied without holding up anybody.  What ails the disk is found by the
        writer, who copies in the end.
        """
        try:
            if self._connection is None:
                self._connection = connect(self._path, isWriter=True)
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:
            self.close()

    def close(self) -> None:
        """
        Close the file; the next copy would open it again.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
