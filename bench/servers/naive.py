"""
The chat server a student of Twisted writes from the exercise: a line protocol, a dictionary of
users, one C{sendLine} to each of them per message. The baseline of all comparisons.

C{python -m bench.servers.naive PORT}
"""

from __future__ import annotations

import sys

from twisted.internet import reactor
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure


class Chat(LineReceiver):
    """One user."""

    delimiter = b"\n"

    def __init__(self, users: dict[str, Chat]) -> None:
        self.users = users
        self.name = ""

    def connectionMade(self) -> None:
        """Ask for the name."""
        self.sendLine(b"Enter your name to enter the chat >\r")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget the user."""
        self.users.pop(self.name, None)

    def lineReceived(self, line: bytes) -> None:
        """Take the first line as the name, every other one as a message to all others."""
        text = line.decode("utf-8").rstrip("\r")
        if not self.name:
            self.name = text
            self.users[text] = self
            self.sendLine(b"Connected... Start sending messages\r")
            return
        message = f"{self.name} :: {text}\r"
        for name, user in self.users.items():
            if name != self.name:
                user.sendLine(message.encode("utf-8"))
        self.sendLine(b"OK . .\r")


class ChatFactory(ServerFactory):
    """All users."""

    def __init__(self) -> None:
        self.users: dict[str, Chat] = {}

    def buildProtocol(self, addr: object) -> Chat:
        """Make the protocol of one connection."""
        return Chat(self.users)


if __name__ == "__main__":
    reactor.listenTCP(int(sys.argv[1]), ChatFactory(), interface="127.0.0.1")
    reactor.run()
