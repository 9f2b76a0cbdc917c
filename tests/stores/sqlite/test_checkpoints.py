"""
Tests for L{twisted_chat.stores.sqlite.checkpoints}.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from tests.contracts.store import said
from tests.stores.sqlite.storecase import FileCase, SQLiteCase
from twisted_chat.stores.sqlite import store as sqlite
from twisted_chat.stores.sqlite.checkpoints import Checkpointer


def without(path: str) -> int:
    """
    @return: how many events a file has without its write-ahead log.
    """
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM events").fetchone()[0])


class CheckpointerTests(FileCase):
    """
    L{Checkpointer}.
    """

    def setUp(self) -> None:
        super().setUp()
        self.writer = self.open()
        self.writer.execute("PRAGMA wal_autocheckpoint = 0")
        self.checkpointer = Checkpointer(self.path)
        self.addCleanup(self.checkpointer.close)

    def add(self, id: int) -> None:
        self.writer.execute(
            "INSERT INTO events VALUES (?, 0.0, 'said', '#tea', 'Ann', 'tea', '', '', NULL, '')",
            (id,),
        )

    def test_copies(self) -> None:
        """
        What was committed comes into the file.
        """
        self.add(1)
        self.assertEqual(without(self.path), 0)
        self.checkpointer.copy()
        self.assertEqual(without(self.path), 1)
        self.add(2)
        self.checkpointer.copy()
        self.assertEqual(without(self.path), 2)

    def test_waitsForNobody(self) -> None:
        """
        A transaction that is under way holds up nothing and is held up by nothing; what was
        committed before it comes into the file.
        """
        self.add(1)
        self.writer.execute("BEGIN IMMEDIATE")
        self.add(2)
        self.checkpointer.copy()
        self.assertEqual(without(self.path), 1)
        self.writer.execute("COMMIT")

    def test_logBeginsAgain(self) -> None:
        """
        Once all is copied the write-ahead log grows no further.
        """
        sizes = set()
        for id in range(1, 40):
            self.add(id)
            self.checkpointer.copy()
            sizes.add(os.path.getsize(self.path + "-wal"))
        self.assertLess(max(sizes), 10 * min(sizes))

    def test_fault(self) -> None:
        """
        What cannot be copied is left to the writer, and the next time it is tried again.
        """
        self.add(1)
        moved = self.path + ".moved"
        os.rename(self.path, moved)
        self.checkpointer.copy()
        os.rename(moved, self.path)
        self.checkpointer.copy()
        self.assertEqual(without(self.path), 1)


class StoreTests(SQLiteCase):
    """
    When a store copies.
    """

    def test_withinASecond(self) -> None:
        """
        What is stored comes into the file within a second, or soon after the steps of what may
        wait.
        """
        self.appendAll(said("1"), said("2"))
        self.assertEqual(without(self.path), 0)
        self.clock.advance(sqlite.TIDY_SECONDS)
        self.settle()
        self.assertEqual(without(self.path), 2)

    def test_stop(self) -> None:
        """
        A store that stops while it copies begins nothing afterwards.
        """
        self.appendAll(said("1"))
        self.clock.advance(sqlite.TIDY_SECONDS)
        self.stop()
        self.settle()
        self.assertEqual(self.clock.getDelayedCalls(), [])
