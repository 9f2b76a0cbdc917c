from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from twisted.internet.task import Clock
from twisted.logger import LogEvent, capturedLogs
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.stores.alarm import Alarm
from twisted_chat.stores.writer import Refusal

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

    def test_bug(self) -> None:
        """
        A bug is logged with its traceback, and what is no refusal becomes one.
        """
        refusal = self.alarm.sound(Failure(ZeroDivisionError()))
        self.assertTrue(refusal.isBug)
        self.assertNotIn("ZeroDivision", str(refusal.answer))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
