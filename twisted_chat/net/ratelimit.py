# -*- test-case-name: tests.net.test_ratelimit -*-
"""
The pace of one client.  Nobody is slowed here: the caller is only told to do so, and time comes in
as a callable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final


class TokenBucket:
    """
    The pace of one client: C{burst} at once, then C{rate} a second.

    It keeps one number, the time at which it will be full again, and needs no timer.  The others
    are those it was given: buckets of the same pace share them.
    """

    __slots__ = ("_burst", "_fullAt", "_rate", "_seconds")

    #: Time that rounding may take away from a wait, in seconds: who comes back after just the wait
    #: it was told must not be told to wait again.
    _GRACE: Final = 1e-6

    def __init__(self, rate: float, burst: int, seconds: Callable[[], float]) -> None:
        """
        @param rate: tokens a second that come in; 0 for a bucket that never runs empty.
        @param burst: tokens it holds; it begins full.
        @param seconds: the time on a clock that does not jump, in seconds.
        """
        self._rate = rate
        self._burst = burst
        self._seconds = seconds
        self._fullAt = seconds()

    def take(self, n: int = 1) -> float:
        """
        Take tokens out, if there are enough.

        @param n: how many; more than the burst are given when the bucket is full.
        @return: 0 if they were taken; otherwise nothing was, and this is the time after which they
            can be, in seconds.
        """
        rate = self._rate
        if rate <= 0:
            return 0.0
        now = self._seconds()
        fullAt = self._fullAt
        if fullAt < now:
            fullAt = now
        spare = self._burst - n
        wait = fullAt - now - (spare / rate if spare > 0 else 0.0)
        if wait > self._GRACE:
            return wait
        self._fullAt = fullAt + n / rate
        return 0.0
