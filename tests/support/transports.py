"""
Transports and endpoints for tests of the network.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed


class SocketTransport:
    """
    A transport over one end of a real pair of sockets, driven by the test instead of a reactor.

    @ivar written: what the transport was given and has not sent yet.
    @ivar received: what the peer has got, as far as L{pump} has read.
    @ivar reading: whether the server reads.
    @ivar ends: what was asked of the transport at the end.
    """

    def __init__(self) -> None:
        self.handle, self.peer = socket.socketpair()
        for end in (self.handle, self.peer):
            end.setblocking(False)
        self.written = b""
        self.received = b""
        self.reading = True
        self.ends: list[str] = []
        self.producer: Any = None

    def close(self) -> None:
        """
        Give the sockets back.
        """
        self.handle.close()
        self.peer.close()

    def pump(self) -> None:
        """
        Let the peer read until nothing more comes.
        """
        while True:
            try:
                data = self.peer.recv(1 << 20)
            except BlockingIOError:
                data = b""
            self.received += data
            if not data:
                written, self.written = self.written, b""
                self.received += written
                if self.producer is None or (not written and not self._refill()):
                    return

    def _refill(self) -> bool:
        self.producer.resumeProducing()
        return bool(self.written)

    def getHandle(self) -> socket.socket:
        """See C{ISystemHandle}."""
        return self.handle

    def getPeer(self) -> IPv4Address:
        """See C{ITransport}."""
        return IPv4Address("TCP", "192.0.2.7", 51234)

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """See C{IConsumer}: a pull producer is asked at once."""
        if self.producer is not None:
            raise RuntimeError("there is a producer already")
        self.producer = producer
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """See C{IConsumer}."""
        self.producer = None

    def write(self, data: bytes) -> None:
        """See C{ITransport}."""
        self.written += data

    def pauseProducing(self) -> None:
        """See C{IPushProducer}."""
        self.reading = False

    def resumeProducing(self) -> None:
        """See C{IPushProducer}."""
        self.reading = True

    def loseConnection(self) -> None:
        """See C{ITransport}."""
        self.ends.append("close")

    def loseWriteConnection(self) -> None:
        """See C{IHalfCloseableDescriptor}."""
        self.ends.append("half-close")

    def abortConnection(self) -> None:
        """See C{ITCPTransport}."""
        self.ends.append("abort")


class FakeEndpoint:
    """
    An endpoint, and the port it opens.

    @ivar calls: what was done with the port, in order.
    """

    def __init__(self, calls: list[str], error: Exception | None = None, host: Any = None) -> None:
        self._calls = calls
        self._error = error
        self._host = host or IPv4Address("TCP", "192.0.2.1", 5000)

    def listen(self, factory: object) -> Deferred[Any]:
        """See C{IStreamServerEndpoint}."""
        self._calls.append("listen")
        return succeed(self) if self._error is None else fail(self._error)

    def stopReading(self) -> None:
        """See C{IReadDescriptor}."""
        self._calls.append("wait")

    def startReading(self) -> None:
        """See C{IReadDescriptor}."""
        self._calls.append("accept")

    def getHost(self) -> Any:
        """See C{IListeningPort}."""
        return self._host

    def stopListening(self) -> None:
        """See C{IListeningPort}."""
        self._calls.append("close")
