# -*- test-case-name: tests.doors.test_stream -*-
"""
The base classes of a door over stream sockets and of its connections.

Such a door subclasses both: L{StreamClient} together with a Twisted protocol, adding a dialect and
the handling of lines, and L{StreamDoor}, whose C{protocol} it sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IHalfCloseableProtocol, ISSLTransport
from twisted.internet.protocol import Factory
from zope.interface import classImplements, implementer

from ..chat.interfaces import Challenge, IClient, ICork, LoginRequest
from ..chat.user import User
from ..counters import DoorCounters
from ..errors import ChatError
from ..net.addresses import hostOf, peerOf, plainHost
from ..net.connection import Connection
from ..net.listener import Listener
from ..net.sending import Cork
from ..text.networks import addressOf
from ..wire.answers import Goodbye
from ..wire.interfaces import IDialect
from .gate import Gate
from .interfaces import CannotBind, IDoor

classImplements(Cork, ICork)


@implementer(IClient, IHalfCloseableProtocol)
class StreamClient(Connection):
    """
    One connection, as the chat sees it.

    @ivar user: the user, once they are logged in.
    @ivar dialect: the client's dialect, set by the door.
    @ivar cameFrom: the client's address until the connection is made, which behind a proxy is not
        the transport's peer; C{None} if only the transport knows it.
    """

    factory: StreamDoor
    user: User | None = None
    dialect: IDialect
    cameFrom: Any = None

    def connectionMade(self) -> None:
        """
        Admit the connection, or refuse it and say why.
        """
        came, self.cameFrom = self.cameFrom, None
        if self.open(*(peerOf(self.transport) if came is None else hostOf(came))):
            self.admitted()

    @property
    def isExposed(self) -> bool:
        """See L{IClient}.  A connection by a proxy may have been encrypted on its way there."""
        address = addressOf(self.host)
        if address is None or address.is_loopback or ISSLTransport.providedBy(self.transport):
            return False
        return plainHost(peerOf(self.transport)[0]) == self.host

    def admitted(self) -> None:
        """
        Begin the conversation once the connection is admitted: for doors that speak first.
        """

    def login(self, request: LoginRequest) -> None:
        """
        Log in, or refuse and say why; no further line is taken before that is done.
        """
        self.awaitLogin(self.factory.hub.login(self, request))

    def challenge(self, message: str) -> Deferred[Challenge]:
        """
        Begin a login by SCRAM.

        @param message: the client's first message.
        """
        return self.factory.hub.challenge(self, message)

    def refusal(self, error: ChatError) -> bytes:
        """See L{Connection.refusal}."""
        return self.dialect.refusal(error, None)


@implementer(IDoor)
class StreamDoor(Factory):
    """
    All connections of a door, and where it listens.

    @ivar gate: shared with all other doors.
    @ivar hub: the chat behind it.
    @ivar name: the door's name in the metrics.
    @ivar counters: the door's own figures.
    @ivar connections: all connections, oldest first.
    """

    name = "other"
    noisy = False

    def __init__(self, gate: Gate, listeners: Sequence[Listener] = ()) -> None:
        """
        @param listeners: where to listen; if there are none, connections come from elsewhere.
        """
        self.gate = gate
        self.hub = gate.hub
        self.counters = DoorCounters()
        self.connections: dict[StreamClient, None] = {}
        self._listeners = listeners
        self._bound: list[Listener] = []
        self._closing: Deferred[Any] | None = None
        self._empty: Deferred[None] | None = None

    # What the service calls

    def bind(self) -> None:
        """See L{IDoor.bind}."""
        for listener in self._listeners:
            try:
                listener.bind(self)
            except CannotListenError as error:
                raise CannotBind.fromError(listener.text, error) from None
            self._bound.append(listener)

    def open(self) -> None:
        """See L{IDoor.open}."""
        for listener in self._bound:
            listener.open()

    def describe(self) -> list[str]:
        """See L{IDoor.describe}."""
        lines: list[str] = []
        for listener in self._bound:
            if listener.number is None:
                lines.append(self.startedOn(listener.text))
            else:
                lines.append(self.startedOn(f"port {listener.number}"))
                for address in listener.addresses:
                    lines += self.howToEnter(address, listener.number, listener.options)
        return lines

    def startedOn(self, place: str) -> str:
        """
        @param place: a port, or the operator's name for it.
        @return: the line that says where the door listens.
        """
        return f"Chat server started on {place}"

    def howToEnter(self, address: str, port: int, options: str) -> list[str]:
        """
        @param options: further arguments for the client, after a blank.
        @return: lines that say what people type to enter, if there is anything to type.
        """
        return []

    def stopReading(self) -> None:
        """See L{IDoor.stopReading}."""
        self._closing = DeferredList([listener.close() for listener in self._bound])
        self._bound = []
        for connection in list(self.connections):
            connection.stopReading()

    def sayGoodbye(self, text: str) -> Deferred[None]:
        """See L{IDoor.sayGoodbye}."""
        for connection in list(self.connections):
            connection.close(connection.dialect.answer(Goodbye(text), None))
        return Deferred.fromCoroutine(self._end())

    async def _end(self) -> None:
        if self._closing is not None:
            await self._closing
        if self.connections:
            self._empty = Deferred()
            await self._empty

    def abort(self) -> None:
        """See L{IDoor.abort}."""
        for connection in list(self.connections):
            connection.abort()

    def limitsChanged(self) -> None:
        """
        Apply the gate's new rate to all connections.
        """
        for connection in self.connections:
            connection.limitsChanged()

    # What connections call

    def buildProtocol(self, addr: Any) -> Any:
        """
        Accept a connection; or return C{None}, which closes it at once, while so many refused
        connections are still closing that descriptors might run out.

        @param addr: the address of the peer.
        @return: the connection's protocol, or C{None}.
        """
        if self.gate.isOverrun:
            self.gate.counters.refusedConnections["overrun"] += 1
            self.gate.log.info(
                "refused a connection: the server is full, and a crowd is at the door"
            )
            return None
        protocol: Any = super().buildProtocol(addr)
        if protocol is not None:
            protocol.cameFrom = addr
        return protocol

    def opened(self, connection: StreamClient) -> None:
        """
        Count a connection, refused or not.
        """
        self.connections[connection] = None
        self.gate.opened()

    def closed(self, connection: StreamClient) -> None:
        """
        Stop counting a connection: it is lost.
        """
        del self.connections[connection]
        self.gate.closed()
        empty = self._empty
        if empty is not None and not self.connections:
            self._empty = None
            empty.callback(None)
