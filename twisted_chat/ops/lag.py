# -*- test-case-name: tests.ops.test_lag -*-
"""
How late the reactor is: what keeps it busy keeps a timer waiting.
"""

from __future__ import annotations

from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ..counters import Histogram

INTERVAL: Final = 0.1
"""Seconds between two looks: ten a second cost nothing."""


class LagMeter:
    """
    Measures how late a timer comes.  To time the calls of the reactor alone would miss all that it
    does between them.
    """

    def __init__(self, clock: IReactorTime, lag: Histogram) -> None:
        """
        @param lag: takes what is measured, in seconds.
        """
        self._clock = clock
        self._lag = lag
        self._timer: IDelayedCall | None = None

    def start(self) -> None:
        """
        Measure from now on.
        """
        self._timer = self._clock.callLater(INTERVAL, self._look, self._clock.seconds() + INTERVAL)

    def stop(self) -> None:
        """
        Measure no more.
        """
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _look(self, due: float) -> None:
        self._lag.add(max(0.0, self._clock.seconds() - due))
        self.start()
