"""
Tests for L{bench.restart}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.restart import measure


class RestartTests(SynchronousTestCase):
    """
    Servers that are given their socket.
    """

    def test_measure(self) -> None:
        """The program is back after each restart, and the parts make up the time that it took."""
        restarts = measure(1)
        self.assertEqual(len(restarts), 1)
        (restart,) = restarts
        self.assertLess(0.0, min(restart.stop, restart.start, restart.floor, restart.cpu))
        self.assertLess(restart.stop, restart.welcome)
        self.assertLess(restart.welcome, 30.0)
