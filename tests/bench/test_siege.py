"""
Tests for L{bench.siege}: every attack is one that a real server takes, and receipts come beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import io

from twisted.trial.unittest import SynchronousTestCase

from bench.siege import ATTACKS, describe, siege


class SiegeTests(SynchronousTestCase):
    """
    A short siege.
    """

    def test_largeAnswers(self) -> None:
        """A siege ends with one line of figures for each attack."""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            asyncio.run(siege(["large answers"], 0, 1, 1.0))
        lines = printed.getvalue().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[1], r"^large answers +([0-9]+\.[0-9] +){5}[0-9]+\.[0-9]$")

    def test_describe(self) -> None:
        """Figures are the median, the 99th of a hundred and the longest."""
        figures = [float(word) for word in describe([1.0] * 98 + [5.0, 9.0, 9.0]).split()]
        self.assertEqual((figures[0], figures[2]), (1.0, 9.0))

    def test_attacks(self) -> None:
        """Every row of what must not be dear has its attack."""
        self.assertEqual(len(ATTACKS), 8)
