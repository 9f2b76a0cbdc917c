"""
Tests for L{twisted_chat.limits}.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import Logger, LogLevel
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.limits import (
    Limits,
    RateLimitedLog,
    TokenBucket,
    raiseDescriptorLimit,
)


class LimitsTests(SynchronousTestCase):
    """
    Tests for L{Limits}.
    """

    def test_frozen(self) -> None:
        """Nobody changes the bounds of a running server by accident."""
        with self.assertRaises(dataclasses.FrozenInstanceError):
            Limits().rate = 0  # type: ignore[misc]

    def test_onlyByName(self) -> None:
        """A bound is given by its name, since so many numbers are told apart by nothing else."""
        with self.assertRaises(TypeError):
            Limits(4096)  # type: ignore[call-arg]


class TokenBucketTests(SynchronousTestCase):
    """
    Tests for L{TokenBucket}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1234.5)

    def test_burstAtOnce(self) -> None:
        """As many as the burst pass at once, the next waits for one token."""
        bucket = TokenBucket(10, 50, self.clock.seconds)
        self.assertEqual([bucket.take() for _ in range(50)], [0.0] * 50)
        self.assertAlmostEqual(bucket.take(), 0.1)

    def test_refusedTakesNothing(self) -> None:
        """Asking in vain does not lengthen the wait."""
        bucket = TokenBucket(10, 1, self.clock.seconds)
        bucket.take()
        waits = {bucket.take() for _ in range(100)}
        self.assertEqual(len(waits), 1)

    def test_waitIsEnough(self) -> None:
        """Who waits as long as it was told is served, at the rate over any length of time."""
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

    def test_severalTokens(self) -> None:
        """Several tokens are taken together or not at all."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        self.assertEqual(bucket.take(4), 0.0)
        self.assertAlmostEqual(bucket.take(3), 0.2)
        self.assertEqual(bucket.take(1), 0.0)

    def test_moreThanTheBurst(self) -> None:
        """What costs more than the burst passes from a full bucket and is paid for after."""
        bucket = TokenBucket(10, 5, self.clock.seconds)
        self.assertEqual(bucket.take(20), 0.0)
        self.assertAlmostEqual(bucket.take(), 1.6)

    def test_noRate(self) -> None:
        """A rate of 0 lifts the limit."""
        bucket = TokenBucket(0, 1, self.clock.seconds)
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
        """Over any time no more pass than the burst and the rate allow."""
        clock = Clock()
        bucket = TokenBucket(rate, burst, clock.seconds)
        passed = 0
        for pause, n in steps:
            clock.advance(pause)
            if n <= burst and bucket.take(n) == 0:
                passed += n
            self.assertLessEqual(passed, burst + clock.seconds() * rate + 0.01)


class RateLimitedLogTests(SynchronousTestCase):
    """
    Tests for L{RateLimitedLog}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.events: list[dict[str, Any]] = []
        logger = Logger(namespace="test", observer=self.events.append)  # type: ignore[arg-type]
        self.log = RateLimitedLog(logger, self.clock.seconds)

    def test_onceASecondAKind(self) -> None:
        """A kind is written once a second, and the next line counts those left out."""
        for n in range(10):
            self.log.warn("refused {host!r}", host=f"h{n}")
        self.clock.advance(1)
        self.log.warn("refused {host!r}", host="last")
        self.assertEqual([event["host"] for event in self.events], ["h0", "last"])
        self.assertEqual(self.events[1]["suppressed"], 9)
        self.assertIn("{suppressed} more", self.events[1]["log_format"])
        self.assertEqual(self.events[0]["log_format"], "refused {host!r}")

    def test_countBeginsAnew(self) -> None:
        """What was counted once is not counted again."""
        for _ in range(3):
            self.log.warn("a")
        for _ in range(2):
            self.clock.advance(1)
            self.log.warn("a")
        self.assertEqual([event["suppressed"] for event in self.events], [0, 2, 0])

    def test_kindsAreApart(self) -> None:
        """A flood of one kind does not silence another."""
        self.log.warn("a")
        self.log.warn("a")
        self.log.info("b")
        self.assertEqual(
            [(event["log_format"], event["log_level"]) for event in self.events],
            [("a", LogLevel.warn), ("b", LogLevel.info)],
        )


class RaiseDescriptorLimitTests(SynchronousTestCase):
    """
    Tests for L{raiseDescriptorLimit}.
    """

    def setUp(self) -> None:
        import resource

        self.asked: list[tuple[int, int]] = []
        self.resource = resource

    def limits(self, soft: int, hard: int, refuse: bool = False) -> None:
        """
        Let this process have these limits.
        """

        def setrlimit(which: int, limits: tuple[int, int]) -> None:
            self.asked.append(limits)
            if refuse:
                raise ValueError("not allowed to raise maximum limit")

        self.patch(self.resource, "getrlimit", lambda which: (soft, hard))
        self.patch(self.resource, "setrlimit", setrlimit)

    def test_raised(self) -> None:
        """The soft limit is raised to what is wanted."""
        self.limits(1024, 1_048_576)
        self.assertEqual(raiseDescriptorLimit(), 65_536)
        self.assertEqual(self.asked, [(65_536, 1_048_576)])

    def test_hardLimit(self) -> None:
        """More than the hard limit is not asked for."""
        self.limits(1024, 4096)
        self.assertEqual(raiseDescriptorLimit(), 4096)

    def test_noHardLimit(self) -> None:
        """Without a hard limit what is wanted can be had."""
        self.limits(1024, self.resource.RLIM_INFINITY)
        self.assertEqual(raiseDescriptorLimit(2000), 2000)

    def test_neverLowered(self) -> None:
        """A limit that is high enough is left alone."""
        self.limits(100_000, 200_000)
        self.assertEqual(raiseDescriptorLimit(), 100_000)
        self.limits(self.resource.RLIM_INFINITY, self.resource.RLIM_INFINITY)
        self.assertEqual(raiseDescriptorLimit(), 65_536)
        self.assertEqual(self.asked, [])

    def test_refused(self) -> None:
        """A system that does not grant it leaves the limit that is."""
        self.limits(256, self.resource.RLIM_INFINITY, refuse=True)
        self.assertEqual(raiseDescriptorLimit(), 256)
