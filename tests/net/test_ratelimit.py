"""
Tests for L{twisted_chat.net.ratelimit}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.net.ratelimit import MAX_DEBT, TokenBucket


class TokenBucketTests(SynchronousTestCase):
    """
    Tests for L{TokenBucket}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1234.5)

    def test_burstAtOnce(self) -> None:
        """A burst passes at once, and the next request waits for one token."""
        bucket = TokenBucket(10, 50, self.clock.seconds)
        self.assertEqual([bucket.take() for _ in range(50)], [0.0] * 50)
        self.assertAlmostEqual(bucket.take(), 0.1)

    def test_refusedTakesNothing(self) -> None:
        """A refused request does not lengthen the wait."""
        bucket = TokenBucket(10, 1, self.clock.seconds)
        bucket.take()
        waits = {bucket.take() for _ in range(100)}
        self.assertEqual(len(waits), 1)

    def test_waitIsEnough(self) -> None:
        """A client that waits as long as it was told is served, at the rate over any time."""
        bucket = TokenBucket(3, 5, self.clock.seconds)
        begun = self.clock.seconds()
        for _ in range(305):
            wait = bucket.take()
            if wait:
                self.clock.advance(wait)
                self.assertEqual(bucket.take(), 0.0)
        self.assertAlmostEqual(self.clock.seconds() - begun, 100.0, places=3)

    def test_fillsUpToTheBurst(self) -> None:
        """A long silence earns one burst, not more."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        self.clock.advance(3600)
        self.assertEqual([bucket.take() for _ in range(5)], [0.0] * 5)
        self.assertGreater(bucket.take(), 0.0)

    def test_charge(self) -> None:
        """A charge is taken out of a full bucket, and waited for from an empty one."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        bucket.charge(3)
        self.assertEqual([bucket.take(), bucket.take()], [0.0, 0.0])
        self.assertAlmostEqual(bucket.take(), 0.1)
        bucket.charge(10)
        self.assertAlmostEqual(bucket.take(), 1.1)

    def test_chargeAfterSilence(self) -> None:
        """A long silence earns one burst against a charge, not more."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        self.clock.advance(3600)
        bucket.charge(10)
        self.assertAlmostEqual(bucket.take(), 0.6)

    def test_debtIsBounded(self) -> None:
        """A debt is bounded, however high the charges and however many."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        for n in (10**9, 1, 10**9):
            bucket.charge(n)
            self.assertAlmostEqual(bucket.take(), 0.1 + MAX_DEBT * 5 / 10)

    def test_chargeForgivesNothing(self) -> None:
        """A client at the bound that is charged again owes as much as before."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        bucket.charge(10**9)
        wait = bucket.take()
        bucket.charge(1)
        self.assertAlmostEqual(bucket.take(), wait)

    def test_noRate(self) -> None:
        """A rate of 0 lifts the limit."""
        bucket = TokenBucket(0, 1, self.clock.seconds)
        bucket.charge(10**9)
        self.assertEqual({bucket.take() for _ in range(1000)}, {0.0})

    @settings(deadline=None, derandomize=True, max_examples=50)
    @given(
        st.floats(0.1, 1000),
        st.integers(1, 100),
        st.lists(st.tuples(st.floats(0, 10), st.integers(1, 5)), max_size=60),
    )
    def test_neverMoreThanPromised(
        self, rate: float, burst: int, steps: list[tuple[float, int]]
    ) -> None:
        """No more requests pass over any time than the burst and the rate allow."""
        clock = Clock()
        bucket = TokenBucket(rate, burst, clock.seconds)
        passed = 0
        for pause, n in steps:
            clock.advance(pause)
            passed += sum(bucket.take() == 0 for _ in range(n))
            self.assertLessEqual(passed, burst + clock.seconds() * rate + 0.01)
