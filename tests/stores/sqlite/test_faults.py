""" """

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from twisted.internet.task import Clock
from twisted.logger import LogEvent, capturedLogs
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.stores.sqlite import faults
from twisted_chat.stores.sqlite.faults import (
    Alarm,
    Moved,
    Refusal,
    advice,
    isDamage,
    isPassing,
    reason,
)


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


FULL = Failure(Refusal(sqlite3.OperationalError("database or disk is full")))


class AlarmTests(SynchronousTestCase):
    """
    L{Alarm}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.alarm = Alarm(self.clock, "/var/chat.sqlite")

    def levels(self, logs: Sequence[LogEvent]) -> list[str]:
        return [event["log_level"].name for event in logs]

    def test_onceAMinute(self) -> None:
        """
        One trouble is told once a minute, with the path and what to do.
        """
        with capturedLogs() as logs:
            for _ in range(100):
                self.alarm.sound(FULL)
                self.clock.advance(1)
        self.assertEqual(self.levels(logs), ["error", "error"])
        self.assertEqual(logs[0]["path"], "/var/chat.sqlite")
        self.assertIn("make room", logs[0]["advice"])
        self.assertIn("/var/chat.sqlite", self.alarm.trouble)

    def test_end(self) -> None:
        """
        The end is told where the beginning was, so that a trouble that comes and goes is no
        flood either.
        """
        with capturedLogs() as logs:
            for _ in range(10):
                self.alarm.sound(FULL)
                self.alarm.end()
        self.assertEqual(self.levels(logs), ["error", "info"])
        self.assertEqual(self.alarm.trouble, "")

    def test_tidying(self) -> None:
        """
        A trouble of messages ends with a message; one that tidying found, with either.
        """
        self.alarm.sound(FULL)
        self.alarm.sound(FULL, isTidying=True)
        self.alarm.end(isTidying=True)
        self.assertTrue(self.alarm.trouble)
        self.alarm.end()
        self.assertFalse(self.alarm.trouble)
        self.alarm.sound(FULL, isTidying=True)
        self.alarm.sound(FULL, isTidying=True)
        self.alarm.end(isTidying=True)
        self.assertFalse(self.alarm.trouble)

    def test_bugOfTidying(self) -> None:
        """
        Tidying meets the same bug each second: it is logged once a minute.
        """
        for _ in range(61):
            self.alarm.sound(Failure(ZeroDivisionError()), isTidying=True)
            self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_bug(self) -> None:
        """
        A bug is logged with its traceback, and what is no refusal becomes one.
        """
        refusal = self.alarm.sound(Failure(ZeroDivisionError()))
        self.assertTrue(refusal.isBug)
        self.assertNotIn("ZeroDivision", str(refusal.answer))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
