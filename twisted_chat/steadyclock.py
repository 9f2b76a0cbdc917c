# -*- test-case-name: tests.test_steadyclock -*-
"""
The wall time for what cannot be undone.

A board without a battery, a virtual machine that was resumed or a mistyped date may show any time
for a while.  What only stamps may follow it; what deletes because of age must not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

JUMP: Final = 86_400.0
"""Seconds.  A wall clock that is further ahead than this is not believed at once."""

PROOF: Final = 86_400.0
"""Seconds for which a wall clock has to run evenly until it is believed."""


class SteadyClock:
    """
    A wall clock that does not follow a jump ahead before it has lasted for a day.

    It follows a clock that is set back at once: then less is old.
    """

    def __init__(
        self, seconds: Callable[[], float], monotonic: Callable[[], float], last: float = 0.0
    ) -> None:
        """
        @param seconds: the wall time, in seconds since the epoch.
        @param monotonic: the time on a clock that does not jump, in seconds.
        @param last: the wall time that was last believed; 0: none.
        """
        self._seconds = seconds
        self._monotonic = monotonic
        self._last = last
        self._at = monotonic()
        self._offset = 0.0
        self._since: float | None = None

    def now(self) -> float:
        """
        @return: the wall time where it can be believed, otherwise the time that passed since it
            last could be, added to that.
        """
        wall, at = self._seconds(), self._monotonic()
        expected = self._last + at - self._at
        if wall > expected + JUMP and not self._isProven(wall - at, at):
            return expected
        self._last, self._at, self._since = wall, at, None
        return wall

    def _isProven(self, offset: float, at: float) -> bool:
        """
        @param offset: how far the wall clock is ahead of the one that does not jump.
        @return: whether it has been so for L{PROOF}.
        """
        if self._since is None or abs(offset - self._offset) > JUMP:
            self._offset, self._since = offset, at
        return at - self._since >= PROOF
