# -*- test-case-name: tests.doors.test_gate -*-
"""
The gate: the objects that all doors share, so that two doors have one budget and one admission
control.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..chat.hub import Hub
from ..net.admission import AdmissionControl, Network
from ..net.budget import Backlog, BacklogBudget
from ..net.deadlines import Deadlines
from ..net.limits import SPARE_DESCRIPTORS, Limits
from ..net.ratelimit import TokenBucket
from ..ops.limitedlog import RateLimitedLog


class Gate:
    """
    What all doors share.

    @ivar hub: the chat behind them.
    @ivar counters: the server's figures about itself.
    @ivar limits: the bounds that apply.
    @ivar clock: the clock for timeouts and rates; without one there are none.
    @ivar admission: admits connections.
    @ivar budget: the memory that the queues of all clients share.
    @ivar deadlines: the timeouts of all connections.
    @ivar log: the log for events that strangers can cause.
    @ivar connections: how many connections there are, including those that were refused and are
        closing.
    """

    _log = Logger()

    def __init__(
        self,
        hub: Hub,
        limits: Limits | None = None,
        clock: IReactorTime | None = None,
        admission: AdmissionControl | None = None,
    ) -> None:
        """
        @param limits: the bounds; by default those of L{Limits}.
        @param clock: a clock that does not jump; without it there are no timeouts and no rates.
        @param admission: by default one without trusted networks.
        """
        self.hub = hub
        self.counters = hub.counters
        self.limits = Limits() if limits is None else limits
        self.clock = clock
        self._seconds = seconds = time.monotonic if clock is None else clock.seconds
        self.admission = AdmissionControl(self.limits, seconds) if admission is None else admission
        self.budget: BacklogBudget[Backlog] = BacklogBudget(self.limits.maxAllQueues)
        self.deadlines = Deadlines(clock)
        self.log = RateLimitedLog(self._log, seconds)
        self.connections = 0

    @property
    def isOverrun(self) -> bool:
        """
        Whether so many refused connections are still closing that descriptors might run out.
        """
        return self.connections >= self.limits.maxConnections + SPARE_DESCRIPTORS // 2

    def change(self, limits: Limits, trusted: Iterable[Network]) -> None:
        """
        Apply other bounds from now on; the doors tell their connections.

        @param trusted: networks that are exempt from the limits per address.
        """
        self.limits = limits
        self.admission.change(limits, trusted)

    def opened(self) -> None:
        """
        Count a connection, refused or not.
        """
        self.connections += 1

    def closed(self) -> None:
        """
        Stop counting a connection, and stop the timer after the last one.
        """
        self.connections -= 1
        if not self.connections:
            self.deadlines.stop()

    def makeBucket(self) -> TokenBucket | None:
        """
        @return: the rate limit of a new client, or C{None} if there is none.
        """
        limits = self.limits
        if not limits.rate or self.clock is None:
            return None
        return TokenBucket(limits.rate, limits.burst, self._seconds)
