# -*- test-case-name: tests.client.test_dialect -*-
"""
Declares a client's side of a dialect: what it sends, and what it learns from what it receives.

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
    By what a client says in its hello who it is; nothing of it for a guest.

    @ivar scram: the first message of SCRAM.
    @ivar password: what is sent as it is.
    """

    scram: str = ""
    password: str = field(default="", repr=False)


@dataclass
class SessionState:
    """
    What a client is to the server, as far as it knows.

    @ivar name: its name; empty before there is one.
    @ivar room: the name of its current room; empty if unknown.
    @ivar lobby: the name of the lobby; empty if unknown.
    @ivar lastSender: the name of the user who last told it something; empty if none did.
    @ivar token: its session's secret; C{None} if there is no session.
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
        Give the session up: the next login begins a new one.
        """
        self.token, self.epoch, self.last, self.account = None, "", 0, ""


class ClientDialect(Protocol):
    """
    What a link asks of a dialect.
    """

    @property
    def busy(self) -> bool:
        """
        Whether the next line must wait for the answer to an earlier one.
        """

    @property
    def needsGoodbye(self) -> bool:
        """
        Whether C{bye} must be sent before the client may close, although every message has its
        answer.
        """

    def connected(self) -> None:
        """Begin a new connection, and forget the state of the former."""

    def hello(self, proof: Proof) -> bytes:
        """
        @return: the lines that log in.
        """

    def prove(self, answer: str) -> bytes:
        """
        @param answer: what answers the server's challenge.
        @return: the line with it; empty where the dialect has no challenges.
        """

    def receive(self, raw: bytes) -> Sequence[ServerMessage]:
        """
        @param raw: one line of the server, without its end.
        @return: what it means to a user or a script; empty if it concerned the dialect alone.
        @raise BadObject: if the line is not of the dialect.
        """

    def compose(self, line: str) -> PendingMessage | None:
        """
        @param line: as typed.
        @return: the message that it is, or C{None} if it is a command.
        """

    def encode(self, message: PendingMessage) -> bytes:
        """
        @return: the line that sends a message.
        """

    def takeRejected(self) -> Sequence[PendingMessage]:
        """
        @return: messages in a form that this server did not know, rewritten, to be sent again; each
            is given once.
        """

    def command(self, line: str) -> bytes:
        """
        @return: the lines that send a command.
        """

    def ping(self) -> bytes:
        """
        @return: a line that the server answers, or nothing where there is none.
        """

    def names(self) -> bytes:
        """
        @return: a line that asks who is in the current room, for L{messages.NAMES}; empty where
            the dialect has no such request.
        """

    def commands(self) -> bytes:
        """
        @return: a line that asks for the server's commands, for L{messages.COMMANDS}; empty where
            the dialect has no such request.
        """

    def history(self, room: str, count: int) -> bytes:
        """
        @return: a line that asks for the last messages of a room, for L{messages.HISTORY}; empty
            where the dialect has no such request.
        """

    def search(self, words: str, count: int) -> bytes:
        """
        @return: a line that asks for the newest messages with these words, for
            L{messages.HISTORY}; empty where the dialect has no such request.
        """

    def register(self, label: str, verifier: str) -> bytes:
        """
        @param label: what this device is called.
        @param verifier: what checks that it knows its secret.
        @return: a line that makes the user's name their own, or adds the device to their account,
            for L{messages.REGISTERED} or a refusal; empty where the dialect has no such request.
        """

    def read(self, room: str, id: int) -> bytes:
        """
        @return: a line that says up to which event a room was read; empty where the dialect has no
            read marks.
        """

    def account(self) -> bytes:
        """
        @return: a line that asks for the name of the user's account, which the session has as soon
            as the answer is there; empty where the dialect has no such request.
        """

    def lost(self) -> None:
        """Note that the connection is gone, with all that was under way on it."""

    def bye(self) -> bytes:
        """
        @return: the line after which the server sends its last answers, and closes.
        """


def isCommand(line: str) -> bool:
    """
    @return: whether a typed line is no message to the current room: a command, or a message to one
        user alone.
    """
    return line.startswith("/") and not line.startswith("//") and ME.fullmatch(line) is None


def isQuit(line: str) -> bool:
    """
    @return: whether a typed line asks to leave.
    """
    return _QUIT.match(line) is not None
