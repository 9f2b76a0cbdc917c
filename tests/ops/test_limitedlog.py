"""
Tests for L{twisted_chat.ops.limitedlog}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.logger import Logger, LogLevel
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.ops.limitedlog import RateLimitedLog


class RateLimitedLogTests(SynchronousTestCase):
    """
    Tests for L{RateLimitedLog}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.events: list[dict[str, Any]] = []
        logger = Logger(namespace="test", observer=self.events.append)  # type: ignore[arg-type]
        self.log = RateLimitedLog(logger, self.clock.seconds)

    def test_onceASecondAKind(self) -> None:
        """A kind is written once a second, and the next line counts those left out."""
        for n in range(10):
            self.log.info("refused {host!r}", host=f"h{n}")
        self.clock.advance(1)
        self.log.info("refused {host!r}", host="last")
        self.assertEqual([event["host"] for event in self.events], ["h0", "last"])
        self.assertEqual(self.events[1]["suppressed"], 9)
        self.assertIn("{suppressed} more", self.events[1]["log_format"])
        self.assertEqual(self.events[0]["log_format"], "refused {host!r}")

    def test_countBeginsAnew(self) -> None:
        """What was counted once is not counted again."""
        for _ in range(3):
            self.log.info("a")
        for _ in range(2):
            self.clock.advance(1)
            self.log.info("a")
        self.assertEqual([event["suppressed"] for event in self.events], [0, 2, 0])

    def test_kindsAreApart(self) -> None:
        """A flood of one kind does not silence another."""
        self.log.info("a")
        self.log.info("a")
        self.log.info("b")
        self.assertEqual(
            [(event["log_format"], event["log_level"]) for event in self.events],
            [("a", LogLevel.info), ("b", LogLevel.info)],
        )
