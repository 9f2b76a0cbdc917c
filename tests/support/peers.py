"""
The other ends of connections, for tests of the door: on memory, and on a real pair of sockets.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.support.helpers import makeHub
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.doors.stream import StreamDoor
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
        self.logged: list[str] = []

        @implementer(ILogObserver)
        def observe(event: LogEvent) -> None:
            self.logged.append(formatEvent(event))

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
    @ivar isLost: whether the connection is lost.
    """

    isLost = False

    def __init__(
        self, factory: StreamDoor, name: str = "", host: str = "192.0.2.7", port: int = 51234
    ) -> None:
        """
        @param name: sent at once, and all that follows is forgotten, unless it is empty.
        """
        self.transport: Any = StringTransport(peerAddress=IPv4Address("TCP", host, port))
        protocol: Any = factory.buildProtocol(IPv4Address("TCP", host, port))
        assert protocol is not None
        self.protocol = protocol
        self.protocol.makeConnection(self.transport)
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
        self.isLost = True
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
