"""
Tests for L{twisted_chat.counters}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.counters import Counters, Histogram


class HistogramTests(SynchronousTestCase):
    """
    Tests for L{Histogram}.
    """

    def test_buckets(self) -> None:
        """A value is in the first bucket that it does not exceed, or in the last."""
        values = Histogram((1.0, 2.0))
        for value in (0, 1, 1.5, 2, 100):
            values.add(value)
        self.assertEqual((values.counts, values.sum), ([2, 2, 1], 104.5))


class BatchTests(SynchronousTestCase):
    """
    Tests for the times of a batch.
    """

    def test_times(self) -> None:
        """Receipts come first, then everybody is served; outside of a batch nothing is timed."""
        clock = Clock()
        counters = Counters(clock.seconds)
        counters.batchDone(None)
        counters.batchDone(0.0)
        self.assertEqual((sum(counters.receipts.counts), sum(counters.delivery.counts)), (0, 0))
        taken = clock.seconds()
        clock.advance(1)
        counters.answeredAt = clock.seconds()
        clock.advance(1)
        counters.batchDone(taken, 5, 0.25, 0.5)
        counters.batchDone(taken)
        self.assertEqual((counters.receipts.sum, counters.delivery.sum), (1, 2))
        self.assertEqual((counters.commits.sum, counters.commitEvents.sum), (0.25, 5))
