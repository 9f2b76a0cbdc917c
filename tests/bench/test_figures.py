"""Tests for L{bench.figures}."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from bench.figures import percentile, ratio, short, spread


class PercentileTests(SynchronousTestCase):
    def test_shares(self) -> None:
        """A percentile is the first value at or below which that share of all values lies."""
        histogram = [(1.0, 50), (2.0, 49), (9.0, 1)]
        self.assertEqual([percentile(histogram, share) for share in (0.5, 0.99, 1.0)], [1, 2, 9])

    def test_empty(self) -> None:
        """Nothing counted has no percentile."""
        self.assertTrue(math.isnan(percentile([], 0.5)))

    @settings(deadline=None, max_examples=60, derandomize=True)
    @given(st.lists(st.integers(0, 1000), min_size=1), st.floats(0.01, 1))
    def test_sameAsSorting(self, values: list[int], share: float) -> None:
        """The percentile of a histogram is the one found by sorting all values."""
        histogram = [(value, values.count(value)) for value in sorted(set(values))]
        expected = sorted(values)[math.ceil(share * len(values)) - 1]
        self.assertEqual(percentile(histogram, share), expected)


class SpreadTests(SynchronousTestCase):
    def test_quartiles(self) -> None:
        """The spread is half the distance of the quartiles, as a share of the median."""
        self.assertAlmostEqual(spread([80.0, 90.0, 100.0, 110.0, 120.0]), 0.1)

    def test_single(self) -> None:
        """One run has no spread."""
        self.assertEqual(spread([5.0]), 0.0)


class RenderTests(SynchronousTestCase):
    def test_short(self) -> None:
        """Counts get the unit that leaves three or four digits."""
        counts = (950, 12_340, 123_400, 1_234_000, 123_400_000)
        self.assertEqual([short(n) for n in counts], ["950", "12.3k", "123k", "1.23M", "123M"])

    def test_ratio(self) -> None:
        """A ratio to nothing is a dash."""
        self.assertEqual([ratio(5, 2), ratio(5, None), ratio(5, 0.0)], ["2.50", "-", "-"])
