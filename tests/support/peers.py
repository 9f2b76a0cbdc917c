"""
The other ends of connections, for tests of the door: on memory, and on a real pair of sockets.
"""

from __future__ import annotations

import json
import socket
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.support.helpers import makeHub
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.doors.lines.protocol import ChatProtocol
from twisted_chat.net.limits import Limits


class TimedTestCase(SynchronousTestCase):
    """
    Tests in which time passes.
    """

    limits = Limits()

    def setUp(self) -> None:
        self.clock = Clock()
        self.hub = makeHub()
        self.factory = ChatFactory(self.hub, self.clock, self.limits)
        self.noise: list[str] = []

        @implementer(ILogObserver)
        def observe(event: LogEvent) -> None:
            self.noise.append(formatEvent(event))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)

    def pass_(self, seconds: float) -> None:
        """
        Let time pass in small steps.
        """
        self.clock.pump([0.1] * round(seconds / 0.1))


class Peer:
    """
    Somebody who has connected.

    @ivar protocol: the server's side of the connection.
    @ivar transport: what it is connected to.
    """

    def __init__(
        self, factory: ChatFactory, name: str = "", host: str = "192.0.2.7", port: int = 51234
    ) -> None:
        """
        @param name: sent at once, and all that follows is forgotten, unless it is empty.
        """
        self.transport: Any = StringTransport(peerAddress=IPv4Address("TCP", host, port))
        protocol = factory.buildProtocol(IPv4Address("TCP", host, port))
        assert isinstance(protocol, ChatProtocol)
        self.protocol: ChatProtocol = protocol
        protocol.makeConnection(self.transport)
        if name:
            self.types(name)
            self.forget()

    def sends(self, data: bytes) -> None:
        """
        One chunk arrives at the server.
        """
        self.protocol.dataReceived(data)

    def types(self, *lines: str) -> None:
        """
        These lines arrive in one chunk.
        """
        self.sends("".join(f"{line}\n" for line in lines).encode())

    def asks(self, type: str, **fields: Any) -> None:
        """
        One object arrives.
        """
        self.sends(json.dumps({"type": type, **fields}).encode() + b"\n")

    def drops(self) -> None:
        """
        The connection is lost.
        """
        self.protocol.connectionLost(Failure(ConnectionDone()))

    def stopsReading(self) -> None:
        """
        The transport's own buffer is full.
        """
        self.transport.producer.pauseProducing()

    def readsAgain(self) -> None:
        """
        The transport's own buffer is empty.
        """
        self.transport.producer.resumeProducing()

    def forget(self) -> None:
        """
        Look only at what comes from now on.
        """
        self.transport.clear()

    @property
    def isReadFrom(self) -> bool:
        """
        Whether the server takes what this peer sends.
        """
        state: str = self.transport.producerState
        return state == "producing"

    @property
    def isClosed(self) -> bool:
        """
        Whether the server closes the connection when everything is sent.
        """
        return self.transport.disconnecting and not self.transport.disconnected

    @property
    def isAborted(self) -> bool:
        """
        Whether the server cut the connection.
        """
        aborted: bool = self.transport.disconnected
        return aborted

    @property
    def lines(self) -> list[str]:
        """
        What has arrived, without line ends.
        """
        whole = self.transport.value()
        if whole and not whole.endswith(b"\r\n"):
            raise AssertionError(f"half a line: {whole[-80:]!r}")
        lines: list[str] = whole.decode().split("\r\n")[:-1]
        return lines

    @property
    def objects(self) -> list[dict[str, Any]]:
        """
        The objects among what has arrived.
        """
        return [json.loads(line) for line in self.lines if line[:1] == "{"]


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
