# -*- test-case-name: tests.doors.test_gate -*-
"""
The gate: what all doors share, so that two doors have one budget and one admission control.
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
    @ivar clock: what times are taken from; without one nothing is timed.
    @ivar admission: admits connections.
    @ivar budget: what all clients together have queued.
    @ivar deadlines: the timeouts of all connections.
    @ivar log: where to log what strangers cause.
    @ivar connections: how many connections there are, those included that are refused and closing.
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
        @param limits: the bounds; without them the defaults.
        @param clock: a clock that does not jump; without it there are no timeouts and no rates.
        @param admission: without it, one without trusted networks.
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
        Whether so many connections are being refused that descriptors would run out before those
        are closed.
        """
        return self.connections >= self.limits.maxConnections + SPARE_DESCRIPTORS // 2

    def change(self, limits: Limits, trusted: Iterable[Network]) -> None:
        """
        Have other bounds from now on; the doors tell their connections.

        @param trusted: networks without limits per address.
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
        Stop counting a connection.  No timer is left behind the last one.
        """
        self.connections -= 1
        if not self.connections:
            self.deadlines.stop()

    def makeBucket(self) -> TokenBucket | None:
        """
        @return: the rate limit of one more client, or C{None} where there is none.
        """
        limits = self.limits
        if not limits.rate or self.clock is None:
            return None
        return TokenBucket(limits.rate, limits.burst, self._seconds)
