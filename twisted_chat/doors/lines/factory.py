# -*- test-case-name: tests.doors.lines.test_factory -*-
"""
All connections of the door for lines, and what they share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from ...chat.hub import Hub
from ...net.admission import Doorkeeper
from ...net.budget import QueueLedger
from ...net.deadlines import Deadlines
from ...net.limits import SPARE_DESCRIPTORS, Limits
from ...net.ratelimit import TokenBucket
from ...net.sending import Outlet
from ...ops.limitedlog import RateLimitedLog
from ...stores.memory import MemoryLog
from .protocol import ChatProtocol

if TYPE_CHECKING:
    from twisted.internet.interfaces import IReactorTime


class ChatFactory(Factory):
    """
    All connections of this door.

    @ivar hub: the chat behind it.
    @ivar users: everybody who is here, by name: the hub's own dictionary.
    @ivar protocols: all connections, oldest first.
    @ivar limits: the bounds that hold.
    @ivar clock: what times are taken from; without one nothing is timed.
    """

    protocol = ChatProtocol  # type: ignore[assignment]
    noisy = False

    _log = Logger()

    def __init__(
        self,
        hub: Hub | None = None,
        clock: IReactorTime | None = None,
        limits: Limits | None = None,
        doorkeeper: Doorkeeper | None = None,
    ) -> None:
        """
        @param hub: the chat; without it, a new one whose log is in memory.
        @param clock: a clock that does not jump; without it there are no timeouts and no rates.
        @param limits: the bounds; without them the house's own.
        @param doorkeeper: who counts connections; without it, one of this factory.
        """
        self.hub = Hub(MemoryLog()) if hub is None else hub
        self.users = self.hub.users
        self.clock = clock
        self.limits = Limits() if limits is None else limits
        self._seconds = seconds = self.hub.seconds if clock is None else clock.seconds
        self.doorkeeper = Doorkeeper(self.limits, seconds) if doorkeeper is None else doorkeeper
        self.ledger: QueueLedger[Outlet] = QueueLedger(self.limits.maxAllQueues)
        self.deadlines = Deadlines(clock)
        self.noise = RateLimitedLog(self._log, seconds)
        self.protocols: dict[ChatProtocol, None] = {}
        self._empty: Deferred[None] | None = None

    def buildProtocol(self, addr: Any) -> Any:
        """
        Take a connection; or none at all, which closes it at once, while so many are being turned
        away that descriptors would run out before those are gone.

        @param addr: where it comes from.
        @return: the connection's L{ChatProtocol}, or C{None}.
        """
        if len(self.protocols) >= self.limits.maxConnections + SPARE_DESCRIPTORS // 2:
            self.noise.info("refused a connection: the server is full, and a crowd is at the door")
            return None
        return super().buildProtocol(addr)

    def makeBucket(self) -> TokenBucket | None:
        """
        @return: the pace of one more client, or C{None} where there is none.
        """
        limits = self.limits
        if not limits.rate or self.clock is None:
            return None
        return TokenBucket(limits.rate, limits.burst, self._seconds)

    def stopReading(self) -> None:
        """
        Take no more lines of anybody: what was taken will be answered.
        """
        for protocol in list(self.protocols):
            protocol.stopReading()

    def goodbye(self, text: str) -> Deferred[None]:
        """
        Say goodbye to everybody and close, as far as they read it in time.

        @return: fires when nobody is here any more.
        """
        for protocol in list(self.protocols):
            protocol.bye(protocol.dialect.bye(text))
        self._empty = empty = Deferred[None]()
        self.oneGone()
        return empty

    def oneGone(self) -> None:
        """
        A connection was lost.
        """
        empty = self._empty
        if empty is not None and not self.protocols:
            self._empty = None
            self.deadlines.stop()
            empty.callback(None)
