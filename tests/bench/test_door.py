"""
Tests for L{bench.door}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.door import crowd, once


class DoorTests(SynchronousTestCase):
    """
    Tests for the crowd at the door.
    """

    def test_crowd(self) -> None:
        """All of a small crowd get in, and the time of the last is told."""
        took, left = once("memory", lambda port: crowd(port, 20))
        self.assertEqual(left, 0)
        self.assertLess(0.0, took)
        self.assertLess(took, 20.0)
