"""
Tests for L{bench.costs}.
"""

from __future__ import annotations

import contextlib
import io

from twisted.trial.unittest import SynchronousTestCase

from bench import costs
from bench.costs import COSTS, cost, power


class CostsTests(SynchronousTestCase):
    """
    At small sizes.
    """

    def test_everyCost(self) -> None:
        """Each thing can be done again and again, and takes some time."""
        for name, (make, _) in COSTS.items():
            self.assertGreater(cost(make, 3, tries=2), 0.0, name)

    def test_power(self) -> None:
        """What is constant, linear or quadratic is told apart."""
        sizes = (10, 100, 1000)
        for figures, expected in (((5, 5, 5), 0.0), ((9, 50, 500), 1.0), ((9, 9, 900), 2.0)):
            self.assertEqual(round(power(sizes, figures), 6), expected)

    def test_main(self) -> None:
        """A line tells of each, and what grows too fast is found."""

        def quadratic(size: int) -> costs.Do:
            return lambda number: sum(range(size * size))

        for make, isBroken in ((COSTS["a rename, rooms of the person"][0], 0), (quadratic, 1)):
            self.patch(costs, "COSTS", {"this": (make, (3, 30, 300))})
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                self.assertEqual(costs.main(["--tries", "3"]), isBroken)
            self.assertRegex(printed.getvalue(), r"^this +3: \d+, 30: \d+, 300: \d+ us; power")
