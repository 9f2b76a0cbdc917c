"""
What tests of the client need: a user interface that remembers, and a server's end of its
connections.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from twisted_chat.client.dialect import SessionState
from twisted_chat.client.jsondialect import JSONClientDialect
from twisted_chat.client.link import ChatLink
from twisted_chat.client.messages import ServerMessage
from twisted_chat.client.outbox import Outbox
from twisted_chat.client.rendering import asLines
from twisted_chat.client.textdialect import TextClientDialect
from twisted_chat.errors import ChatError

PROMPT = b"Enter your name to enter the chat >\r\n"
CONNECTED = b"Connected... Start sending messages\r\n"
OK = b"OK . .\r\n"


_S = TypeVar("_S", TextClientDialect, JSONClientDialect)


def makeDialect(dialect: type[_S]) -> _S:
    """
    @return: a dialect as Ann speaks it, with an outbox whose keys begin with k.
    """
    return dialect(SessionState("Ann"), Outbox("k"))


class Transport(StringTransport):
    """
    A transport that tells its protocol of its end, as real ones do.
    """

    protocol: Any = None

    def abortConnection(self) -> None:
        super().abortConnection()
        self.end(ConnectionLost())

    def end(self, reason: Exception) -> None:
        """The connection is gone."""
        protocol, self.protocol = self.protocol, None
        if protocol is not None:
            protocol.connectionLost(Failure(reason))


class Peer:
    """
    The server's end of one connection.
    """

    def __init__(self, factory: IProtocolFactory) -> None:
        self.transport = Transport(lenient=True)
        made: Any = factory
        self.protocol: Any = made.buildProtocol(None)
        self.transport.protocol = self.protocol
        self.protocol.makeConnection(self.transport)

    def sends(self, data: bytes) -> None:
        """Bytes arrive at the client."""
        self.protocol.dataReceived(data)

    def says(self, **fields: Any) -> None:
        """An object arrives at the client."""
        self.sends(json.dumps(fields).encode() + b"\r\n")

    def got(self) -> bytes:
        """
        @return: what the client has sent since the last call.
        """
        data: bytes = self.transport.value()
        self.transport.clear()
        return data

    def objects(self) -> list[dict[str, Any]]:
        """
        @return: the same, as objects.
        """
        return [json.loads(line) for line in self.got().splitlines()]

    def closes(self, reason: Exception | None = None) -> None:
        """The connection ends."""
        self.transport.end(reason or ConnectionDone())


@implementer(IStreamClientEndpoint)
class Endpoint:
    """
    An endpoint whose attempts the test decides.
    """

    def __init__(self) -> None:
        self.attempts: list[tuple[IProtocolFactory, Deferred[Any]]] = []

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        attempt: Deferred[Any] = Deferred()
        self.attempts.append((protocolFactory, attempt))
        return attempt

    def accept(self) -> Peer:
        """The oldest attempt succeeds."""
        factory, attempt = self.attempts.pop(0)
        peer = Peer(factory)
        attempt.callback(peer.protocol)
        return peer

    def refuse(self, reason: Exception) -> None:
        """The oldest attempt fails."""
        self.attempts.pop(0)[1].errback(Failure(reason))


class RecordingUI:
    """
    A user interface that writes down what it is told.
    """

    link: ChatLink

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.held = True

    def nameWanted(self, refusal: str | None, code: str = "") -> None:
        self.calls.append(("nameWanted", refusal))

    def passwordWanted(self, name: str, refusal: str | None) -> None:
        self.calls.append(("passwordWanted", name, refusal))

    def entered(self, message: ServerMessage, again: bool) -> None:
        self.calls.append(("entered", again))

    def received(self, batch: Sequence[ServerMessage]) -> None:
        mine = self.link.session
        self.calls += [
            ("heard", line) for line in asLines(batch, mine.name, mine.room, mine.lobby, 0.0)
        ]

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        self.calls.append(("offline", sentence, delay, unconfirmed))

    def ended(self, error: ChatError | None) -> None:
        self.calls.append(("ended", error and error.code))
        self.sentence = error.sentence if error is not None else ""

    def hold(self) -> None:
        self.held = True

    def release(self) -> None:
        self.held = False

    def took(self) -> list[tuple[Any, ...]]:
        """
        @return: the calls since the last time.
        """
        calls, self.calls = self.calls, []
        return calls


class Linked:
    """
    A link with a user interface, an endpoint and a clock.
    """

    def __init__(self, name: str = "", **options: Any) -> None:
        self.clock = Clock()
        self.endpoint = Endpoint()
        self.ui = RecordingUI()
        options.setdefault("jitter", lambda: 1.0)
        self.link = ChatLink(
            self.clock, self.endpoint, self.ui, "example port 5000", "k", **options
        )
        self.ui.link = self.link
        self.link.session.name = name
        self.link.start()

    def enterText(self) -> Peer:
        """
        @return: the server's end of a connection on which the text dialect is spoken.
        """
        peer = self.endpoint.accept()
        peer.sends(PROMPT + CONNECTED)
        peer.got()
        self.ui.took()
        return peer

    def enterJSON(self, **fields: Any) -> Peer:
        """
        @return: the server's end of a connection on which the JSON dialect is spoken.
        """
        peer = self.endpoint.accept()
        peer.sends(PROMPT)
        peer.says(**{**WELCOME, **fields})
        peer.got()
        self.ui.took()
        return peer


WELCOME: dict[str, Any] = {
    "type": "welcome",
    "name": "Ann",
    "token": "T",
    "epoch": "E",
    "last": 10,
    "room": "#lobby",
    "rooms": [{"name": "#lobby", "topic": ""}],
    "resumed": False,
    "missed": 0,
}
