"""
Tests for L{twisted_chat.ops.jsonlog}.
"""

from __future__ import annotations

import io
import json
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.ops.auditlog import AuditLog
from twisted_chat.ops.jsonlog import jsonObserver


class ObserverTests(SynchronousTestCase):
    """
    Tests for L{jsonObserver}.
    """

    def setUp(self) -> None:
        self.file = io.StringIO()
        self.log = Logger("chat", observer=jsonObserver(self.file))

    def entries(self) -> list[dict[str, Any]]:
        """
        @return: what was written.
        """
        return [json.loads(line) for line in self.file.getvalue().splitlines()]

    def test_entry(self) -> None:
        """An entry is one object on one line, whatever is in it."""
        self.log.warn("odd: {what}", what="a\nb\x1b\u2028")
        (entry,) = self.entries()
        self.assertEqual(list(entry), ["time", "level", "from", "text"])
        self.assertEqual((entry["level"], entry["from"]), ("warn", "chat"))
        self.assertEqual(entry["text"], "odd: a\nb\x1b\u2028")
        self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$")

    def test_address(self) -> None:
        """Where an entry is about a client, it says which."""
        self.log.info("login refused: name-taken", log_system="192.0.2.7:5")
        self.assertEqual(self.entries()[0]["from"], "192.0.2.7:5")

    def test_gathered(self) -> None:
        """What the audit log gathers is an object each, with its own time and address."""
        clock = Clock()
        audit = AuditLog(clock.seconds, clock)
        self.patch(AuditLog, "_log", self.log)
        for number in range(3):
            audit.said("Ann", f"line {number}", f"192.0.2.7:{number}")
            clock.advance(0.01)
        clock.advance(0.1)
        self.assertEqual(
            [(entry["from"], entry["text"]) for entry in self.entries()],
            [(f"192.0.2.7:{number}", f"[Ann] :: line {number}") for number in range(3)],
        )
        audit.stop()

    def test_failure(self) -> None:
        """The traceback is part of the text."""
        self.log.failure("it broke", Failure(ValueError("why")))
        self.assertRegex(self.entries()[0]["text"], "(?s)^it broke\n.*ValueError: why")

    def test_nothing(self) -> None:
        """An entry without words is no line."""
        self.log.info("")
        self.assertEqual(self.file.getvalue(), "")
