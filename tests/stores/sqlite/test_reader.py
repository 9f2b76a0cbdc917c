from __future__ import annotations

import os
import sqlite3
import threading

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import WALL_TIME, said, scopeOf, wholeOf
from twisted_chat.errors import NoHistory
from twisted_chat.stores.sqlite import reader, schema
from twisted_chat.stores.sqlite.reader import Reader
from twisted_chat.stores.sqlite.retention import ALL
from twisted_chat.stores.sqlite.writer import Writer
from twisted_chat.wire.events import Query

LOBBY = scopeOf("#lobby", sid="a1")


class ReaderTests(SynchronousTestCase):
    """
    L{Reader} beside a writer.  The answers themselves are tested by the contracts.
    """

    def setUp(self) -> None:
        self.writer = Writer(self.mktemp(), lambda: WALL_TIME, ALL)
        self.writer.open()
        self.addCleanup(self.writer.close)
        self.reader = Reader(self.writer.path, True)
        self.addCleanup(self.reader.close)

    def test_sees(self) -> None:
        """
        Each answer has what was committed until then.
        """
        self.assertEqual(self.reader.last(wholeOf("#lobby"), 5, None), [])
        self.writer.commit([(said("1"), None)])
        self.assertEqual(len(self.reader.last(wholeOf("#lobby"), 5, None)), 1)

    def test_neverHalf(self) -> None:
        """
        What is not committed is not seen.
        """
        self.writer.commit([(said("1"), None)])
        other = sqlite3.connect(self.writer.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM events")
        self.assertEqual(self.reader.bounds(), (1, 1))
        other.execute("ROLLBACK")

    def test_oneMoment(self) -> None:
        """
        An answer made of several questions is of one moment, also while others write.
        """
        isOver = False

        def write() -> None:
            rooms = [f"#room{number}" for number in range(50)]
            while not isOver:
                self.writer.commit([(said(room=room), None) for room in rooms])

        writing = threading.Thread(target=write)
        writing.start()
        try:
            scope = scopeOf(*(f"#room{number}" for number in range(50)))
            for _ in range(20):
                found = self.reader.after(scope, 0, 10**6)
                self.assertEqual([event.id for event in found], list(range(1, len(found) + 1)))
                self.assertEqual(len(found) % 50, 0)
        finally:
            isOver = True
            writing.join(10)

    def test_longSearchEnds(self) -> None:
        """
        A search that takes too long is ended with a sentence, and the next question is answered.
        """
        for _ in range(20):
            self.writer.commit([(said("tea"), None)] * 1000)
        self.patch(reader, "SEARCH_SECONDS", 0.0)
        error = self.assertRaises(NoHistory, self.reader.search, LOBBY, Query(("coffee",)), 5)
        self.assertIn("took too long", str(error))
        self.assertEqual(len(self.reader.last(wholeOf("#lobby"), 5, None)), 5)

    def test_readThrough(self) -> None:
        """
        Everything is read, in parts, until it is over.
        """
        self.patch(reader, "READ_THROUGH", 10)
        self.writer.commit([(said("x" * 5000), None)] * 100)
        answers = [True, False, False] + [False] * 10
        self.reader.readThrough(answers.pop)
        self.assertEqual(answers, [True, False, False])
        self.reader.readThrough(answers.pop)
        self.assertEqual(answers, [])

    def test_locked(self) -> None:
        """
        A file that another program holds is said to be so.
        """
        self.patch(schema, "BUSY_SECONDS", 0.01)
        self.writer.commit([(said("1"), None)])
        self.writer.close()
        other = sqlite3.connect(self.writer.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        error = self.assertRaises(NoHistory, self.reader.bounds)
        self.assertIn("another program", str(error))
        other.close()
        self.assertEqual(self.reader.bounds(), (1, 1))

    def test_gone(self) -> None:
        """
        Where there is no file there is no answer, and none is made.
        """
        path = os.path.realpath(self.mktemp())
        error = self.assertRaises(NoHistory, Reader(path, True).bounds)
        self.assertIn("cannot be opened", str(error))
        self.assertFalse(os.path.exists(path))
