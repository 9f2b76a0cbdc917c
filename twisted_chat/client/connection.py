# -*- test-case-name: tests.client.test_connection -*-
"""
Maintains one connection at a time to a server, and reconnects, with back-off, on request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.abstract import isIPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP6ClientEndpoint
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

from ..wire.framing import MAX_FLOOD, TOO_LONG, Excess
from .messages import PROMPT

FIRST_DELAY = 0.5
MAX_DELAY = 30.0
"""
Bounds of the back-off, in seconds.  The upper bound of the delay before a new attempt doubles from
the first to the second.  The delay itself is random, so that the clients of one server do not all
reconnect at once.
"""

SETTLED_AFTER = 10.0
"""Seconds after which a connection counts as settled, which resets the back-off."""

_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")
"""The first bytes of an alert and of a handshake of TLS (RFC 8446, section 5.1)."""


def hostEndpoint(reactor: Any, host: str, port: int) -> IStreamClientEndpoint:
    """
    @param host: a name or an address; a link-local address has its zone (RFC 4007) after a C{%}.
    @return: an endpoint for a TCP port of a host, which tries all its addresses.
    """
    if isIPv6Address(host) and "%" in host:
        # HostnameEndpoint resolves even an address, and loses its zone.
        return TCP6ClientEndpoint(reactor, host, port)
    return HostnameEndpoint(reactor, host, port)


class LineBuffer:
    """
    Cuts a server's stream into lines, and keeps at most L{MAX_FLOOD} bytes of a line.

    The server's own L{LineSplitter<twisted_chat.wire.framing.LineSplitter>} gives up after so many
    bytes without a line end.  A client must not: one overlong line would cost it the connection,
    again and again if the line is part of a replay.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._skipping = False

    @property
    def pending(self) -> bytes:
        """
        The unfinished line so far; empty while an overlong line is skipped.
        """
        return self._tail

    def take(self) -> bytes:
        """
        @return: the unfinished line, which is removed from the buffer.
        """
        line, self._tail = self._tail, b""
        return line

    def feed(self, data: bytes) -> list[bytes | Excess]:
        """
        Take the next chunk of the stream.

        @param data: the bytes as received.
        @return: the lines that are now complete, in order and without their line ends.  L{TOO_LONG}
            stands once in the place of an overlong line, as soon as that is known.
        """
        *lines, tail = (self._tail + data).split(b"\n")
        if self._skipping and lines:
            self._skipping = False
            lines = lines[1:]
        kept: list[bytes | Excess] = [
            TOO_LONG if len(line) > MAX_FLOOD else line.removesuffix(b"\r") for line in lines
        ]
        if self._skipping:
            tail = b""
        elif len(tail) > MAX_FLOOD:
            self._skipping = True
            kept.append(TOO_LONG)
            tail = b""
        self._tail = tail
        return kept


class Owner(Protocol):
    """
    What a connector calls in its owner.
    """

    def connectionMade(self) -> None:
        """Note that there is a connection."""

    def linesReceived(self, lines: Sequence[bytes | Excess]) -> None:
        """Take one or more lines of the server."""

    def tlsReceived(self) -> None:
        """Note that the server speaks TLS, which this connection does not."""

    def connectionLost(self, reason: Failure, settled: bool) -> None:
        """
        Note that the connection is lost, or that the attempt failed.

        @param settled: whether it lasted at least L{SETTLED_AFTER} seconds.
        """

    def clogged(self, clogged: bool) -> None:
        """Note whether the transport's buffer is full."""


@implementer(IPushProducer)
class _Wire(StreamProtocol):
    """
    One connection, registered with its transport as a producer to learn when its buffer is full.
    """

    transport: Any

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._lines = LineBuffer()

    def connectionMade(self) -> None:
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
            self.transport.setTcpKeepAlive(True)
        self.transport.registerProducer(self, True)
        self._connector.made(self)

    def dataReceived(self, data: bytes) -> None:
        lines = self._lines.feed(data)
        if self._lines.pending.rstrip() == PROMPT.encode():
            # Some servers leave the cursor behind their prompt instead of ending the line.
            lines = [*lines, self._lines.take()]
        if lines:
            self._connector.received(self, lines)
        elif self._lines.pending.startswith(_TLS_RECORDS):
            self._connector.receivedTLS(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._connector.lost(self, reason)

    def pauseProducing(self) -> None:
        """Note that the transport's buffer is full."""
        self._connector.clogged(self, True)

    def resumeProducing(self) -> None:
        """Note that the transport's buffer has drained."""
        self._connector.clogged(self, False)

    def stopProducing(self) -> None:
        """Do nothing: C{connectionLost} tells that the transport is going away."""


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
        Whether there is a connection.
        """
        return self._wire is not None

    @property
    def idle(self) -> bool:
        """
        Whether there is neither a connection nor an attempt at one.
        """
        return self._wire is None and self._attempt is None and self._later is None

    @property
    def silence(self) -> float:
        """
        Seconds since the server's last line; 0 while reading is paused.
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
        Send bytes; drop them if there is no connection.
        """
        if self._wire is not None and data:
            self._wire.transport.write(data)

    def close(self) -> None:
        """
        Close after everything is sent.
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
        Cut the connection and give up any attempt, without telling the owner.
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
        Stop reading, also from later connections.
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

    # Called by attempts and connections

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
        Take a new connection.
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
        Pass lines of a connection to the owner.
        """
        if wire is self._wire:
            self._heardAt = self._clock.seconds()
            self._owner.linesReceived(lines)

    def receivedTLS(self, wire: _Wire) -> None:
        """
        Tell the owner that a TLS record arrived.
        """
        if wire is self._wire:
            self._owner.tlsReceived()

    def lost(self, wire: _Wire, reason: Failure) -> None:
        """
        Note the end of a connection.
        """
        if wire is self._wire:
            self._wire = None
            settled = self._clock.seconds() - self._since >= SETTLED_AFTER
            if settled:
                self._delays = 0
            self._owner.connectionLost(reason, settled)

    def clogged(self, wire: _Wire, clogged: bool) -> None:
        """
        Tell the owner whether the transport's buffer is full.
        """
        if wire is self._wire:
            self._owner.clogged(clogged)
