from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.store import WALL_TIME, said, scopeOf, wholeOf
from twisted_chat.errors import NoHistory
from twisted_chat.stores.sqlite import fulltext, reader, schema
from twisted_chat.stores.sqlite.reader import Reader
from twisted_chat.stores.sqlite.retention import ALL
from twisted_chat.stores.sqlite.rows import asEvent
from twisted_chat.stores.sqlite.writer import Writer
from twisted_chat.wire.events import Event, Query
from twisted_chat.worker import Ticket

LOBBY = scopeOf("#lobby", sid="a1")


class ReaderTests(SynchronousTestCase):
    """
    L{Reader} beside a writer.  The answers themselves are tested by the contracts.
    """

    def setUp(self) -> None:
        self.now = WALL_TIME
        self.writer = Writer(self.mktemp(), lambda: self.now, ALL)
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

    def test_givenUp(self) -> None:
        """
        A question that is given up ends at once, whether it waits, is being answered in SQL or
        here; the connection is used again.
        """
        for _ in range(20):
            self.writer.commit([(said("tea"), None)] * 1000)
        self.reader.bounds()
        connection = self.reader._connection

        class Late(Ticket):
            """Is over when it was asked so often."""

            def __init__(self, questions: int) -> None:
                self.left = questions

            @property
            def isOver(self) -> bool:  # type: ignore[override]
                self.left -= 1
                return self.left < 0

        for question, arguments in (
            (self.reader.search, (LOBBY, Query(("coffee",)), 5)),
            (self.reader.after, (LOBBY, 0, 20_000)),
            (self.reader.last, (wholeOf("#lobby"), 20_000, None)),
        ):
            for questions in (0, 1, 100):
                ticket = Late(questions)
                error = self.assertRaises(
                    NoHistory, self.reader.answer, ticket, question, *arguments
                )
                self.assertIn("took too long", str(error))
                self.assertEqual(ticket.left, -1)
        self.assertIs(self.reader._connection, connection)
        self.assertEqual(self.reader.answer(Ticket(), self.reader.bounds), (1, 20_000))

    def test_giveUpInSQL(self) -> None:
        """
        Where SQLite itself takes long it is interrupted, and only then: whoever comes next is not.
        """
        self.writer.commit([(said("tea"), None)])
        mine, other = Ticket(), Ticket()

        def count(connection: sqlite3.Connection) -> None:
            connection.execute(
                "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
                "SELECT count(*) FROM n"
            ).fetchone()

        def question() -> None:
            with self.reader._moment() as connection:
                self.reader.giveUp(other)
                timer = threading.Timer(0.05, self.reader.giveUp, [mine])
                timer.start()
                self.addCleanup(timer.join)
                count(connection)

        self.assertRaises(NoHistory, self.reader.answer, mine, question)
        self.reader.giveUp(mine)
        self.assertEqual(self.reader.answer(Ticket(), self.reader.bounds), (1, 1))
        self.assertRaises(NoHistory, self.reader.answer, other, self.reader.bounds)

    def test_indexIsMadeAnew(self) -> None:
        """
        While the index is made anew what is in it is found at once, and so is what is not, unless
        that is much; where nothing was found until then it is said how far the index is.
        """
        self.writer.commit([(said("rare"), None)])
        self.writer.commit([(said("tea"), None)] * 99)
        self.patch(fulltext, "STEP_SECONDS", 60.0)
        self.patch(fulltext, "RULES", "others")
        self.patch(fulltext, "STEP", 10)
        self.writer.close()
        self.writer.open()
        self.writer.commit([(said("new tea"), None)])
        for _ in range(5):
            self.writer.tidy()
        self.patch(reader, "READ_UNINDEXED", 20)
        found = self.reader.search(LOBBY, Query(("tea",)), 99)
        self.assertEqual([event.id for event in found], list(range(41, 102)))
        error = self.assertRaises(NoHistory, self.reader.search, LOBBY, Query(("rare",)), 5)
        self.assertIn("40 % of it is done", str(error))
        self.assertIn("try again later", str(error))
        self.patch(reader, "READ_UNINDEXED", 60)
        self.assertEqual(len(self.reader.search(LOBBY, Query(("rare",)), 5)), 1)
        for _ in range(10):
            self.writer.tidy()
        self.patch(reader, "READ_UNINDEXED", 0)
        self.assertEqual(len(self.reader.search(LOBBY, Query(("rare",)), 5)), 1)
        self.assertEqual(len(self.reader.search(LOBBY, Query(("tea",)), 500)), 100)

    def test_since(self) -> None:
        """
        A search that begins at a time does not look at what is older, but for some time by which
        the clock may have been put back.
        """
        for _ in range(300):
            self.now += 60.0
            self.writer.commit([(said("tea"), None)])
        self.now -= 1_800.0
        self.writer.commit([(said("tea"), None)])
        looked: list[int] = []

        def look(row: tuple[Any, ...]) -> Event:
            looked.append(row[0])
            return asEvent(row)

        self.patch(reader, "asEvent", look)
        for _ in range(2):
            for query, expected in (
                (Query(("tea",), since=WALL_TIME + 291 * 60), list(range(291, 301))),
                (Query((), since=WALL_TIME + 291 * 60), list(range(291, 301))),
                (Query((), room="#lobby", since=WALL_TIME + 291 * 60), list(range(291, 301))),
                (Query(("tea",), since=WALL_TIME + 270 * 60), [*range(270, 302)]),
                (Query(("tea",), since=self.now + 86_400), []),
            ):
                looked.clear()
                found = self.reader.search(LOBBY, query, 99)
                self.assertEqual([event.id for event in found], expected, query)
                self.assertGreaterEqual(min(looked, default=301), 205)
            self.writer.tidy()

    def test_manyBeginnings(self) -> None:
        """
        To ask for beginnings ends in time as well.
        """
        self.writer.commit([(said(" ".join(f"tea{number}" for number in range(50))), None)])
        self.writer.tidy()
        self.patch(reader, "SEARCH_SECONDS", -1.0)
        self.assertRaises(NoHistory, self.reader.search, LOBBY, Query(("tea",)), 5)

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
