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
        # How far the wall clock is ahead of the one that does not jump: as it is believed, and as
        # it is claimed since a jump.
        self._believed = last - monotonic()
        self._claimed = 0.0
        self._since: float | None = None

    def now(self) -> float:
        """
        @return: the wall time where it can be believed, otherwise the time that passed since it
            last could be, added to that.
        """
        wall, at = self._seconds(), self._monotonic()
        offset = wall - at
        if offset > self._believed + JUMP and not self._hasLasted(offset, at):
            return self._believed + at
        self._believed, self._since = offset, None
        return wall

    def _hasLasted(self, offset: float, at: float) -> bool:
        """
        Take down since when a jump lasts; another jump begins anew.

        @return: whether it has lasted for L{PROOF}.
        """
        if self._since is None or abs(offset - self._claimed) > JUMP:
            self._claimed, self._since = offset, at
        return at - self._since >= PROOF
