"""
Tests for L{twisted_chat.chat.interfaces.IClient}: the connections of all doors and the tests' own.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tests.contracts.client import ClientContract
from tests.support.helpers import FakeClient, makeHub
from tests.support.peers import Peer
from tests.support.toydoor import ToyDoor
from tests.support.transports import SocketTransport
from twisted_chat.doors.admin.factory import AdminDoor
from twisted_chat.doors.gate import Gate
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.doors.lines.protocol import ChatProtocol
from twisted_chat.doors.stream import StreamDoor
from twisted_chat.net.limits import MIB, Limits


class FakeClientTests(ClientContract):
    """
    Tests for L{FakeClient}.
    """

    def setUp(self) -> None:
        self.client: FakeClient = FakeClient(makeHub())

    def received(self) -> bytes:
        """See L{ClientContract.received}."""
        return b"".join(self.client.puts)

    def stopReading(self) -> None:
        """See L{ClientContract.stopReading}."""
        self.client.slow = True

    def readOn(self) -> None:
        """See L{ClientContract.readOn}."""
        self.client.slow = False
        room = self.client.roomFor
        assert isinstance(room, Deferred)
        room.callback(None)

    @property
    def isClosed(self) -> bool:
        """See L{ClientContract.isClosed}."""
        return self.client.isOver


class LineClientTests(ClientContract):
    """
    Tests for a connection of the door for lines, over a transport in memory.
    """

    def makeDoor(self) -> StreamDoor:
        """
        @return: the door.
        """
        return ChatFactory(makeHub())

    def setUp(self) -> None:
        self.peer = Peer(self.makeDoor())
        self.client = self.peer.protocol
        self.peer.forget()

    def received(self) -> bytes:
        """See L{ClientContract.received}."""
        data: bytes = self.peer.transport.value()
        return data

    def stopReading(self) -> None:
        """See L{ClientContract.stopReading}."""
        self.peer.stopsReading()

    def readOn(self) -> None:
        """See L{ClientContract.readOn}."""
        self.peer.readsAgain()

    @property
    def isClosed(self) -> bool:
        """See L{ClientContract.isClosed}."""
        return self.peer.isClosed


class ToyClientTests(LineClientTests):
    """
    Tests for a connection of a door that is not ours.
    """

    def makeDoor(self) -> StreamDoor:
        """See L{LineClientTests.makeDoor}."""
        return ToyDoor(Gate(makeHub()))


class AdminClientTests(LineClientTests):
    """
    Tests for a connection of the operator: an L{AdminProtocol}.
    """

    def makeDoor(self) -> StreamDoor:
        """See L{LineClientTests.makeDoor}."""
        return AdminDoor(Gate(makeHub()))


class SocketClientTests(ClientContract):
    """
    Tests for a connection of the door for lines, over a socket.
    """

    FILL = b"x" * (4 * MIB - 1) + b"\n"
    """More than the buffers of a socket hold."""

    def setUp(self) -> None:
        self.transport = SocketTransport()
        self.addCleanup(self.transport.close)
        limits = Limits(maxQueueBeforeLogin=8 * MIB)
        protocol = ChatFactory(makeHub(), limits=limits).buildProtocol(None)
        assert isinstance(protocol, ChatProtocol)
        protocol.makeConnection(self.transport)
        self.client: ChatProtocol = protocol
        self.transport.pump()
        self.transport.received = b""

    def received(self) -> bytes:
        """See L{ClientContract.received}."""
        self.transport.pump()
        return self.transport.received.removeprefix(self.FILL)

    def stopReading(self) -> None:
        """See L{ClientContract.stopReading}."""
        self.client._sending.sendAhead(self.FILL)

    def readOn(self) -> None:
        """See L{ClientContract.readOn}."""
        self.transport.pump()

    @property
    def isClosed(self) -> bool:
        """See L{ClientContract.isClosed}."""
        return "half-close" in self.transport.ends


del ClientContract
