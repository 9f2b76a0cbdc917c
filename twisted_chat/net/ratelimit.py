# -*- test-case-name: tests.net.test_ratelimit -*-
"""
The rate limit of one client.  It delays nothing itself: it tells the caller how long to wait, and
the clock is a callable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

MAX_DEBT: Final = 10
"""The most bursts that a client may owe, which bounds its wait: what it owes for was done
already."""

_GRACE: Final = 1e-6
"""Tolerance for rounding, in seconds: a client that returns after exactly the time it was told to
wait must not be told to wait again."""


class TokenBucket:
    """
    The rate limit of one client: C{burst} requests at once, then C{rate} a second.

    Only one number changes, the time at which the bucket will be full again, so no timer is needed
    to refill it.  The other numbers are the caller's own objects: all buckets of one limit share
    them.
    """

    __slots__ = ("_burst", "_fullAt", "_rate", "_seconds")

    def __init__(self, rate: float, burst: int, seconds: Callable[[], float]) -> None:
        """
        @param rate: tokens added a second; 0 for a bucket that never runs empty.
        @param burst: tokens it holds, at least 1; it starts full.
        @param seconds: the time on a clock that does not jump, in seconds.
        """
        self._rate = rate
        self._burst = burst
        self._seconds = seconds
        self._fullAt = seconds()

    def take(self) -> float:
        """
        Take a token, if there is one.

        @return: 0 if a token was taken; otherwise the time until there is one, in seconds.
        """
        rate = self._rate
        if rate <= 0:
            return 0.0
        now = self._seconds()
        fullAt = self._fullAt
        if fullAt < now:
            fullAt = now
        wait = fullAt - now - (self._burst - 1) / rate
        if wait > _GRACE:
            return wait
        self._fullAt = fullAt + 1 / rate
        return 0.0

    def charge(self, n: int) -> None:
        """
        Take tokens even if there are none: the client owes those that are missing, and waits longer
        for the next.

        @param n: how many; nobody owes more than L{MAX_DEBT} bursts.
        """
        rate = self._rate
        if rate <= 0:
            return
        now = self._seconds()
        fullAt = max(self._fullAt, now) + n / rate
        most = now + (1 + MAX_DEBT) * self._burst / rate
        self._fullAt = min(fullAt, most)
