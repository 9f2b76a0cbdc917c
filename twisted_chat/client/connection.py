# -*- test-case-name: tests.client.test_connection -*-
"""
One connection at a time to one server, again and again if asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IPushProducer,
    IReactorTime,
    IStreamClientEndpoint,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as StreamProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from ..wire.framing import MAX_FLOOD, Excess, LineSplitter
from .messages import PROMPT

FIRST_DELAY = 0.5
MAX_DELAY = 30.0
"""
Seconds.  The longest delay before a new attempt doubles from one to the other; the delay itself is
random, so that the clients of one server do not all come back at once.
"""

SETTLED = 10.0
"""Seconds after which a connection counts as a good one, and delays begin anew."""


class Owner(Protocol):
    """
    Whom a connector works for.
    """

    def connectionMade(self) -> None:
        """A connection stands."""

    def linesReceived(self, lines: Sequence[bytes | Excess]) -> None:
        """The server said something: at least one line."""

    def connectionLost(self, reason: Failure, settled: bool) -> None:
        """
        There is no connection any more, or there was none.

        @param settled: whether there was one for at least L{SETTLED} seconds.
        """

    def clogged(self, clogged: bool) -> None:
        """The connection has more to send than it can, or not any more."""


@implementer(IPushProducer)
class _Wire(StreamProtocol):
    """
    One connection, and to its transport the producer of what is sent.
    """

    transport: Any

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._lines = LineSplitter(MAX_FLOOD)

    def connectionMade(self) -> None:
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
            self.transport.setTcpKeepAlive(True)
        self.transport.registerProducer(self, True)
        self._connector.made(self)

    def dataReceived(self, data: bytes) -> None:
        lines = self._lines.feed(data)
        pending = self._lines.pending
        if pending.rstrip() == PROMPT.encode():
            # Some servers leave the cursor behind their prompt instead of ending the line.
            self._lines = LineSplitter(MAX_FLOOD)
            lines = [*lines, pending]
        if lines:
            self._connector.received(self, lines)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._connector.lost(self, reason)

    def pauseProducing(self) -> None:
        """The transport has enough to send."""
        self._connector.clogged(self, True)

    def resumeProducing(self) -> None:
        """The transport can send more."""
        self._connector.clogged(self, False)

    def stopProducing(self) -> None:
        """The transport is going away, as C{connectionLost} tells too."""


class Connector(Factory):
    """
    See the module.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        owner: Owner,
        jitter: Callable[[], float],
    ) -> None:
        """
        @param jitter: a random number from 0 to 1.
        """
        self._clock = clock
        self._endpoint = endpoint
        self._owner = owner
        self._jitter = jitter
        self._attempt: Deferred[Any] | None = None
        self._later: IDelayedCall | None = None
        self._wire: _Wire | None = None
        self._since = 0.0
        self._heardAt = 0.0
        self._delays = 0
        self._paused = False

    @property
    def connected(self) -> bool:
        """
        Whether a connection stands.
        """
        return self._wire is not None

    @property
    def idle(self) -> bool:
        """
        Whether there is neither a connection nor an attempt to come.
        """
        return self._wire is None and self._attempt is None and self._later is None

    @property
    def silence(self) -> float:
        """
        For how many seconds the server has said nothing, though we listened.
        """
        return 0.0 if self._paused else self._clock.seconds() - self._heardAt

    def connect(self) -> None:
        """
        Connect.  C{connectionMade} or C{connectionLost} follows.
        """
        self._later = None
        self._attempt = attempt = self._endpoint.connect(self)
        attempt.addCallbacks(self._succeeded, self._failed)

    def comeBack(self) -> float:
        """
        Connect after a delay.

        @return: the delay, in seconds.
        """
        delay = self._jitter() * min(MAX_DELAY, FIRST_DELAY * 2.0**self._delays)
        self._delays = min(self._delays + 1, 10)
        self._later = self._clock.callLater(delay, self.connect)
        return delay

    def write(self, data: bytes) -> None:
        """
        Send bytes; without a connection they go nowhere.
        """
        if self._wire is not None and data:
            self._wire.transport.write(data)

    def close(self) -> None:
        """
        Send what waits, and close.
        """
        if self._wire is not None:
            self._wire.transport.unregisterProducer()
            self._wire.transport.loseConnection()

    def abort(self) -> None:
        """
        Cut the connection; C{connectionLost} follows.
        """
        if self._wire is not None:
            self._wire.transport.abortConnection()

    def forget(self) -> None:
        """
        Cut the connection, and give up any attempt; the owner hears no more of it.
        """
        wire, self._wire = self._wire, None
        attempt, self._attempt = self._attempt, None
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None
        if wire is not None:
            wire.transport.abortConnection()
        if attempt is not None:
            attempt.cancel()

    def pause(self) -> None:
        """
        Stop reading, also from connections to come.
        """
        self._paused = True
        if self._wire is not None:
            self._wire.transport.pauseProducing()

    def resume(self) -> None:
        """
        Read again.
        """
        self._paused = False
        self._heardAt = self._clock.seconds()
        if self._wire is not None:
            self._wire.transport.resumeProducing()

    # What attempts and connections tell.

    def buildProtocol(self, addr: IAddress | None) -> _Wire:
        """
        See L{twisted.internet.protocol.Factory.buildProtocol}.
        """
        return _Wire(self)

    def _succeeded(self, wire: object) -> None:
        self._attempt = None

    def _failed(self, failure: Failure) -> None:
        if self._attempt is not None:
            self._attempt = None
            self._owner.connectionLost(failure, False)

    def made(self, wire: _Wire) -> None:
        """
        A connection stands.
        """
        if self._attempt is None:
            wire.transport.abortConnection()
            return
        self._wire = wire
        self._since = self._heardAt = self._clock.seconds()
        if self._paused:
            wire.transport.pauseProducing()
        self._owner.connectionMade()

    def received(self, wire: _Wire, lines: Sequence[bytes | Excess]) -> None:
        """
        A connection brought lines.
        """
        if wire is self._wire:
            self._heardAt = self._clock.seconds()
            self._owner.linesReceived(lines)

    def lost(self, wire: _Wire, reason: Failure) -> None:
        """
        A connection is gone.
        """
        if wire is self._wire:
            self._wire = None
            settled = self._clock.seconds() - self._since >= SETTLED
            if settled:
                self._delays = 0
            self._owner.connectionLost(reason, settled)

    def clogged(self, wire: _Wire, clogged: bool) -> None:
        """
        A connection can send no more, or again.
        """
        if wire is self._wire:
            self._owner.clogged(clogged)
