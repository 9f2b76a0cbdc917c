from __future__ import annotations

import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.stores import faults
from twisted_chat.stores.faults import Moved, advice, isDamage, isPassing, reason


class FaultsTests(SynchronousTestCase):
    """
    The words for faults.
    """

    def test_wordsAreSQLites(self) -> None:
        """
        The messages that the table knows are those of this SQLite.
        """
        connection = sqlite3.connect(":memory:", isolation_level=None)
        self.addCleanup(connection.close)
        connection.execute("CREATE TABLE t (x)")
        connection.execute("PRAGMA query_only = ON")
        error = self.assertRaises(
            sqlite3.OperationalError, connection.execute, "INSERT INTO t VALUES (1)"
        )
        self.assertIn("read-only", reason(error))
        connection.execute("PRAGMA query_only = OFF")
        connection.execute("PRAGMA max_page_count = 1")
        error = self.assertRaises(
            sqlite3.OperationalError,
            connection.execute,
            "INSERT INTO t VALUES (zeroblob(100000))",
        )
        self.assertIn("full", reason(error))
        self.assertTrue(isPassing(error))

    def test_unknown(self) -> None:
        """
        What is not foreseen shows nothing of the program's inside.
        """
        words = reason(ValueError("/secret/path"))
        self.assertNotIn("secret", words)
        self.assertFalse(isPassing(ValueError()))
        self.assertTrue(advice(ValueError()))

    def test_moved(self) -> None:
        """
        A file that is not at its place can come back.
        """
        self.assertIn("moved or removed", reason(Moved("/secret/path")))
        self.assertNotIn("secret", reason(Moved("/secret/path")))
        self.assertTrue(isPassing(Moved()))
        self.assertIn("put the same file back", advice(Moved()))

    def test_damage(self) -> None:
        """
        Damage is told from other faults.
        """
        self.assertTrue(isDamage(sqlite3.DatabaseError("database disk image is malformed")))
        self.assertFalse(isDamage(sqlite3.OperationalError("database is locked")))

    def test_sentences(self) -> None:
        """
        Every reason is one line in words, to be continued after "not stored: ".
        """
        for words in faults._REASONS.values():
            self.assertRegex(words, r"\A[a-z][^\n/]+[^.]\Z")
