"""
Tests for L{twisted_chat.ops.lag}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.counters import Histogram
from twisted_chat.ops.lag import LagMeter


class LagMeterTests(SynchronousTestCase):
    """
    Tests for L{LagMeter}.
    """

    def test_lag(self) -> None:
        """What a timer is late is measured again and again, until the end."""
        clock, lag = Clock(), Histogram((0.05, 0.2))
        meter = LagMeter(clock, lag)
        meter.stop()
        meter.start()
        clock.advance(0.1)
        clock.advance(0.2)
        clock.advance(1)
        self.assertEqual(lag.counts, [1, 1, 1])
        meter.stop()
        self.assertEqual(clock.getDelayedCalls(), [])
