"""
A user at the console of a client, whose terminal and server are played by the test.
"""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import PROMPT, WELCOME, Endpoint, Peer
from twisted_chat.client.consoleui import ConsoleUI
from twisted_chat.client.devicesecrets import DeviceSecrets
from twisted_chat.client.link import ChatLink
from twisted_chat.client.sessionfile import SessionFile
from twisted_chat.console.console import Console


class RecordingHost:
    """
    A host that only notes how it was left.
    """

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def leave(self, code: int = 0, sentence: str = "") -> None:
        """
        Note the exit code and the sentence.
        """
        self.calls.append((code, sentence))


class ConsoleUITestCase(SynchronousTestCase):
    """
    A user, a console and a link.
    """

    def setUp(self) -> None:
        self.clock, self.endpoint, self.host = Clock(), Endpoint(), RecordingHost()
        home = os.path.abspath(self.mktemp())
        self.environ = {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        self.kept = DeviceSecrets(self.environ, "example port 5000")
        self.terminal = StringTransport()

    def begin(
        self,
        name: str = "Ann",
        text: bool = False,
        early: str = "",
        sessions: SessionFile | None = None,
        isPrivate: bool = True,
    ) -> Peer:
        """
        Start the client and connect it.

        @param early: what the user types before there is a connection.
        @return: the server, which has sent its prompt.
        """
        self.ui = ConsoleUI(
            self.clock,
            self.host,  # type: ignore[arg-type]
            self.environ,
            "example port 5000",
            lambda: 0.0,
            sessions=sessions,
            secrets=self.kept,
        )
        self.link = ChatLink(
            self.clock,
            self.endpoint,
            self.ui,
            "example port 5000",
            "k",
            retry=True,
            textOnly=text,
            isPrivate=isPrivate,
            secrets=self.kept,
            jitter=lambda: 1.0,
        )
        self.link.session.name = name
        self.ui.use(self.link)
        self.console = Console(self.clock, self.terminal, (80, 24), "dumb", self.ui)
        self.console.start()
        self.ui.begin(self.console)
        self.types(early)
        peer = self.endpoint.accept()
        peer.sends(PROMPT)
        return peer

    def inside(self, **fields: Any) -> Peer:
        """
        @param fields: other fields of the welcome.
        @return: the server, which has let the user in.
        """
        peer = self.begin()
        peer.says(**{**WELCOME, **fields})
        peer.got()
        self.shown()
        return peer

    def types(self, text: str) -> None:
        """
        Let the user type.
        """
        self.console.dataReceived(text.encode())

    def shown(self) -> str:
        """
        @return: what the terminal got since the last call.
        """
        self.clock.advance(0.1)
        data: bytes = self.terminal.value()
        self.terminal.clear()
        return data.decode()

    def offers(self, text: str) -> list[str]:
        """
        @return: what completion offers behind a text.
        """
        return list(self.ui.complete(text, len(text)))

    def said(self, peer: Peer) -> list[tuple[str, str]]:
        """
        @return: the messages that the server got, each with its room.
        """
        return [(each["text"], each["room"]) for each in peer.objects() if "room" in each]

    def comes(self, peer: Peer, number: int, name: str) -> None:
        """
        Let a user enter the lobby.

        @param number: the id of the event.
        """
        peer.says(type="joined", id=number, time=1.0, room="#lobby", name=name)

    def hears(self, peer: Peer, number: int, text: str = "x", room: str = "#lobby") -> None:
        """
        Let Bob say something.

        @param number: the id of the event.
        """
        peer.says(type="said", id=number, time=1.0, room=room, name="Bob", text=text)

    def owner(self, **fields: Any) -> Peer:
        """
        @return: the server, which has let the owner of an account in.
        """
        mine = {"account": "Ann", "marks": {"#lobby": 5}, "unread": {}}
        return self.inside(**{**mine, **fields})

    def sessions(self) -> SessionFile:
        """
        @return: the sessions of the user, as one more run of the client has them.
        """
        sessions = SessionFile(self.environ, "example port 5000")
        self.addCleanup(sessions.release)
        return sessions
