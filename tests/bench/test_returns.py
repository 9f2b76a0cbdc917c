"""
Tests for L{bench.returns}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.returns import comeBack


class ReturnsTests(SynchronousTestCase):
    """
    A small crowd.
    """

    def test_comeBack(self) -> None:
        """All of a small crowd are back after a restart, with exactly what they missed."""
        back = comeBack(30)
        self.assertEqual((back.size, back.wrong), (30, 0))
        self.assertLess(0.0, back.seconds)
        self.assertLess(back.seconds, 20.0)
