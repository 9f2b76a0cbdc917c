from __future__ import annotations

import os
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.stores.search import terms
from twisted_chat.stores.sqlite import fulltext, schema
from twisted_chat.stores.sqlite.fulltext import expression, forget, indexStep, isAvailable, prepare


class ExpressionTests(SynchronousTestCase):
    """
    L{expression}.
    """

    def test_allOf(self) -> None:
        """
        All phrases and the name are asked for, each in quotes and in its own column.
        """
        self.assertEqual(
            expression(["green tea", "cup"], "Ann-Marie"),
            'text : "green tea" AND text : "cup" AND name : "ann marie"',
        )

    def test_nothing(self) -> None:
        """
        There may be nothing to ask for.
        """
        self.assertEqual(expression([], ""), "")
        self.assertEqual(expression([], "?!"), "")


class IndexTests(SynchronousTestCase):
    """
    The index in a file.
    """

    def setUp(self) -> None:
        path = os.path.realpath(self.mktemp())
        schema.copy(None, path)
        self.connection = schema.connect(path, isWriter=True)
        self.addCleanup(self.connection.close)

    def add(self, *texts: str, kind: str = "said") -> None:
        self.connection.executemany(
            "INSERT INTO events VALUES (NULL, 5.0, ?, '#lobby', 'Zoë', ?, '', '', NULL, '')",
            [(kind, text) for text in texts],
        )

    def matches(self, asked: str) -> list[int]:
        rows = self.connection.execute(
            "SELECT rowid FROM terms WHERE terms MATCH ? ORDER BY rowid", (asked,)
        )
        return [row[0] for row in rows]

    def test_steps(self) -> None:
        """
        A step indexes the next events and tells how many are left; only what was said counts.
        """
        prepare(self.connection)
        self.patch(fulltext, "STEP", 2)
        self.add("Green Tea", "tea", "cup of tea")
        self.add("tea", kind="topic")
        self.assertEqual([indexStep(self.connection, 4) for _ in range(3)], [2, 0, 0])
        self.assertEqual(self.matches('text : "tea"'), [1, 2, 3])
        self.assertEqual(self.matches('text : "green tea"'), [1])
        self.assertEqual(self.matches('name : "zoe"'), [1, 2, 3])

    def test_forget(self) -> None:
        """
        What is forgotten is not found; what was never indexed can be forgotten too.
        """
        prepare(self.connection)
        self.add("green tea", "black tea", "no tea")
        indexStep(self.connection, 2)
        forget(self.connection, [(1, "green tea", "Zoë"), (3, "no tea", "Zoë")])
        self.assertEqual(self.matches("tea"), [2])
        self.assertEqual(self.matches("green"), [])
        self.connection.execute("INSERT INTO terms (terms) VALUES ('integrity-check')")

    def test_prepareTwice(self) -> None:
        """
        An index that is there stays.
        """
        prepare(self.connection)
        self.add("tea")
        indexStep(self.connection, 1)
        prepare(self.connection)
        self.assertEqual(self.matches("tea"), [1])

    def test_everyTermIsOneToken(self) -> None:
        """
        FTS5 parts at blanks only, whatever the script.
        """
        prepare(self.connection)
        words = ["हिन्दी", "עברית", "한국어", "𐐨", "ß", "x\u0660"]
        self.add(*words)
        indexStep(self.connection, len(words))
        self.connection.execute("CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, terms, 'row')")
        rows = self.connection.execute("SELECT term FROM v WHERE term != 'zoe'").fetchall()
        expected = [term for word in words for term in terms(word)]
        self.assertEqual(sorted(row[0] for row in rows), sorted(expected))

    def test_available(self) -> None:
        """
        It leaves nothing behind to ask whether there is FTS5, and says no where there is none.
        """
        self.assertTrue(isAvailable(self.connection))
        self.assertTrue(isAvailable(self.connection))

        class Old:
            def execute(self, statement: str) -> None:
                raise sqlite3.OperationalError("no such module: fts5")

        self.assertFalse(isAvailable(Old()))  # type: ignore[arg-type]
