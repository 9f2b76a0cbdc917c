"""
Tests for L{twisted_chat.doors.gate}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import makeHub
from twisted_chat.doors.gate import Gate
from twisted_chat.net.limits import SPARE_DESCRIPTORS, Limits


class GateTests(SynchronousTestCase):
    """
    Tests for L{Gate}.
    """

    def test_buckets(self) -> None:
        """Each client has its own rate; without a rate or a clock there is none."""
        clock = Clock()
        gate = Gate(makeHub(), Limits(rate=1, burst=1), clock)
        for _ in range(2):
            bucket = gate.makeBucket()
            assert bucket is not None
            self.assertEqual([bucket.take(), bucket.take()], [0, 1])
        self.assertIs(Gate(makeHub(), Limits(rate=0), clock).makeBucket(), None)
        self.assertIs(Gate(makeHub(), Limits(rate=1)).makeBucket(), None)

    def test_overrun(self) -> None:
        """The gate is overrun when even refusing takes the last descriptors."""
        gate = Gate(makeHub(), Limits(maxConnections=10))
        for _ in range(10 + SPARE_DESCRIPTORS // 2):
            self.assertFalse(gate.isOverrun)
            gate.opened()
        self.assertTrue(gate.isOverrun)
        gate.closed()
        self.assertFalse(gate.isOverrun)

    def test_noTimerIsLeft(self) -> None:
        """The timer of all timeouts ends with the last connection."""
        clock = Clock()
        gate = Gate(makeHub(), clock=clock)
        for _ in range(2):
            gate.opened()
        gate.deadlines.set("key", 10, lambda: None)
        gate.closed()
        self.assertEqual(len(clock.getDelayedCalls()), 1)
        gate.closed()
        self.assertEqual(clock.getDelayedCalls(), [])
