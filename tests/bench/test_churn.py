"""
Tests for L{bench.churn}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.churn import Churn, measure
from twisted_chat.net.limits import MIB


class ChurnTests(SynchronousTestCase):
    """
    A few seconds of guests.
    """

    def test_measure(self) -> None:
        """Guests come, are told to wait, and the server starts once more after them."""
        churn = measure(3.0, isNear=False)
        self.assertGreater(churn.came, 16)
        self.assertGreater(churn.asked, churn.refused)
        self.assertGreater(churn.refused, 0)
        self.assertEqual((len(churn.memory), len(churn.starts)), (4, 2))

    def test_kept(self) -> None:
        """Memory that grows to the end, and a start that takes longer, are found."""
        still = [60 * MIB, 61 * MIB, 61 * MIB, 62 * MIB]
        for memory, starts, isKept in (
            (still, [1.0, 1.1], True),
            ([60 * MIB, 80 * MIB, 100 * MIB, 120 * MIB], [1.0, 1.1], False),
            (still, [1.0, 3.0], False),
        ):
            self.assertEqual(Churn(memory=memory, starts=starts).kept, isKept)
