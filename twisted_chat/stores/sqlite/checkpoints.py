# -*- test-case-name: tests.stores.sqlite.test_checkpoints -*-
"""
Copies the write-ahead log of a history into the file, in a thread of its own.

By default SQLite does that within a commit, so everything that waits for the commit also waits for
a thousand pages to be written all over the file.  A passive checkpoint blocks no writer and no
reader; it copies the pages that the log holds when it begins.  SQLite reuses the log from its start
once all of it has been copied and nothing was written meanwhile.  Under constant load that never
happens here; then the writer copies the few pages that are left (L{schema.WAL_PAGES}).
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
        Copy as much as possible without blocking anybody.  Errors are not reported here: the writer
        meets the same disk at its next commit.
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
