# -*- test-case-name: tests.client.test_dialect -*-
"""
Declares the client's side of a dialect: how it encodes requests and interprets the server's lines.

Nothing here does I/O.  A dialect lives as long as its link, over all its connections; C{connected}
forgets what belonged to the former connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .messages import ServerMessage
from .outbox import PendingMessage

ME = re.compile(r"/me\s+(\S.*)", re.IGNORECASE | re.DOTALL)
MSG = re.compile(r"/msg\s+@?(\S+)\s+(\S.*)", re.IGNORECASE | re.DOTALL)
REPLY = re.compile(r"/r\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_QUIT = re.compile(r"/(q|qu|qui|quit|exit)(\s|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Proof:
    """
    The proof of identity in a client's hello; empty for a guest.

    @ivar scram: the first message of SCRAM.
    @ivar password: a secret that is sent in the clear.
    """

    scram: str = ""
    password: str = field(default="", repr=False)


@dataclass
class SessionState:
    """
    The state of a client's session with the server, as far as the client knows.

    @ivar name: its name; empty before there is one.
    @ivar room: the name of its current room; empty if unknown.
    @ivar lobby: the name of the lobby; empty if unknown.
    @ivar lastSender: the name of the author of the latest direct message; empty if there is none.
    @ivar token: the secret of its session; C{None} if there is no session.
    @ivar epoch: the epoch of the server's log.
    @ivar last: the id of the newest event seen.
    @ivar backlog: how many earlier events the client asks for; C{None} for the server's default.
    @ivar account: the name of its account; empty for a guest.
    """

    name: str = ""
    room: str = ""
    lobby: str = ""
    lastSender: str = ""
    token: str | None = None
    epoch: str = ""
    last: int = 0
    backlog: int | None = None
    account: str = ""

    def forget(self) -> None:
        """
        Give up the session: the next login begins a new one.
        """
        self.token, self.epoch, self.last, self.account = None, "", 0, ""


class ClientDialect(Protocol):
    """
    What a link requires of a dialect.
    """

    @property
    def busy(self) -> bool:
        """
        Whether the next line must wait for the answer to an earlier one.
        """

    @property
    def needsGoodbye(self) -> bool:
        """
        Whether C{bye} must be sent before the client may close, even when every message has its
        answer.
        """

    def connected(self) -> None:
        """Begin a new connection, and forget the state of the former one."""

    def hello(self, proof: Proof) -> bytes:
        """
        @return: the lines that log in.
        """

    def prove(self, answer: str) -> bytes:
        """
        @param answer: the answer to the server's challenge.
        @return: the line that carries it; empty if the dialect has no challenges.
        """

    def receive(self, raw: bytes) -> Sequence[ServerMessage]:
        """
        @param raw: one line of the server, without its line end.
        @return: the messages for the user or a script; empty if the line concerns only the dialect.
        @raise BadObject: if the line does not belong to the dialect.
        """

    def compose(self, line: str) -> PendingMessage | None:
        """
        @param line: as typed.
        @return: the message that the line is, or C{None} if it is a command.
        """

    def encode(self, message: PendingMessage) -> bytes:
        """
        @return: the line that sends a message.
        """

    def takeRejected(self) -> Sequence[PendingMessage]:
        """
        @return: messages whose form this server did not know, rewritten, to be sent again; each is
            returned once.
        """

    def command(self, line: str) -> bytes:
        """
        @return: the lines that send a command.
        """

    def ping(self) -> bytes:
        """
        @return: a line that the server always answers; empty if the dialect has none.
        """

    def names(self) -> bytes:
        """
        @return: a line that asks who is in the current room, for L{messages.NAMES}; empty if the
            dialect has no such request.
        """

    def commands(self) -> bytes:
        """
        @return: a line that asks for the server's commands, for L{messages.COMMANDS}; empty if the
            dialect has no such request.
        """

    def history(self, room: str, count: int) -> bytes:
        """
        @return: a line that asks for the last messages of a room, for L{messages.HISTORY}; empty if
            the dialect has no such request.
        """

    def search(self, words: str, count: int) -> bytes:
        """
        @return: a line that asks for the newest messages with these words, for L{messages.HISTORY};
            empty if the dialect has no such request.
        """

    def register(self, label: str, verifier: str) -> bytes:
        """
        @param label: the label of this device.
        @param verifier: the verifier of its secret.
        @return: a line that registers the user's name, or adds the device to their account, for
            L{messages.REGISTERED} or a refusal; empty if the dialect has no such request.
        """

    def read(self, room: str, id: int) -> bytes:
        """
        @return: a line that moves the read mark of a room; empty if the dialect has no read marks.
        """

    def account(self) -> bytes:
        """
        @return: a line that asks for the name of the user's account, which the answer sets in the
            session; empty if the dialect has no such request.
        """

    def lost(self) -> None:
        """Note that the connection is lost, with everything in flight on it."""

    def bye(self) -> bytes:
        """
        @return: the line that makes the server send its last answers and close.
        """


def isCommand(line: str) -> bool:
    """
    @return: whether a typed line is anything but a message to the current room: a command, or a
        direct message.
    """
    return line.startswith("/") and not line.startswith("//") and ME.fullmatch(line) is None


def isQuit(line: str) -> bool:
    """
    @return: whether a typed line asks to leave.
    """
    return _QUIT.match(line) is not None
