# -*- test-case-name: tests.chat.test_interfaces -*-
"""
Declares what the chat requires of a connection, and what a door may call in the chat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from ..errors import ChatError
from ..wire.answers import Answer
from ..wire.interfaces import IDialect


class Proof(NamedTuple):
    """
    What somebody who logs in has proved.

    @ivar who: the id of the account that they own.
    @ivar name: the name of the account that they used.
    @ivar label: the label of the credential, or empty.
    @ivar signature: the last message of SCRAM, by which the client recognises the server, or
        C{None}.
    @ivar code: the hash of the one-time code that they used, or empty.
    """

    who: str
    name: str
    label: str = ""
    signature: str | None = None
    code: str = ""


class Challenge(Protocol):
    """
    A login by SCRAM under way (RFC 5802).

    @ivar message: the challenge, which the client has to answer.
    """

    message: str

    def check(self, message: str) -> Proof:
        """
        Check the client's answer, once.

        @raise ChatError: it is wrong.
        """


class LoginRequest(NamedTuple):
    """
    A request to log in.

    @ivar name: the name, as typed; with the token of a session it may be empty.
    @ivar token: the secret of a session to resume; empty for a new session that can be resumed;
        C{None} for a session that cannot be resumed.
    @ivar last: the last event id they have seen, or C{None}.
    @ivar epoch: the epoch of the log to which this id belongs.
    @ivar backlog: how many old messages they want, or C{None} for the server's own number.
    @ivar secret: the password, generated secret or one-time code of the account that owns the name,
        or empty.
    @ivar challenge: a login by SCRAM that was begun by L{hub.Hub.challenge}, or C{None}.
    @ivar answer: the client's answer to the challenge.
    @ivar proof: what was proved so far; doors must not set it.
    """

    name: str
    token: str | None = None
    last: int | None = None
    epoch: str = ""
    backlog: int | None = None
    secret: str = ""
    challenge: Challenge | None = None
    answer: str = ""
    proof: Proof | None = None


class ICork(Interface):
    """
    One stretch of time in which a client's output is held back.
    """

    def send(data: bytes) -> Deferred[None]:
        """
        Send whole lines ahead of what is held back.

        @return: fires when there is room for more; never if the connection is lost first.
        """

    def release(data: bytes) -> None:
        """
        Send C{data}, then the output that was held back, unless another cork still holds it.
        """

    def discard() -> None:
        """
        Discard the output that all corks hold back, and remove the corks: the client must not see
        events that follow ones it missed.
        """


class IClient(Interface):
    """
    A connection, as the chat sees it, whatever the door.
    """

    dialect: IDialect = Attribute("How this client reads.")
    address: str = Attribute("Where it comes from, for the server's log, such as 10.0.0.7:51234.")
    host: str = Attribute("The numeric address alone; empty where there is none.")
    isTrusted: bool = Attribute(
        "Whether it has no limits per address: its network is trusted, or it is of this machine."
    )
    isExposed: bool = Attribute(
        "Whether others on the way can read it: it is neither encrypted nor of this machine."
    )
    unreachable: bool = Attribute(
        "Whether its system has acknowledged nothing for a while although something was sent to it."
    )
    put: Callable[[bytes], None] = Attribute(
        "Sends whole lines.  Never blocks and never raises; bounded by the door."
    )

    def reply(data: bytes) -> None:
        """
        Send the answer to a request, which may exceed the limit of the queue.

        @param data: whole lines.
        """

    def cork() -> ICork:
        """
        Hold back all output from now on, within the same bounds.
        """

    def answered() -> None:
        """
        Note that some of this client's lines were answered: it may be read from again.  Called only
        while L{IUser.waits} is true.
        """

    def charge(lines: int) -> None:
        """
        Charge a request as this many additional lines against the client's rate: requests that
        everybody is told of, and long answers, cost more.
        """

    def close(lastLines: bytes) -> None:
        """
        Send corked output and then the last lines, and close.  Later output is discarded.
        """


class IUser(Interface):
    """
    A logged-in user, as a door sees them.

    A method that takes a while returns a L{Deferred} that fires when the request is answered; until
    then the door must not pass on another request of this user.  Refusals are raised as
    L{errors.ChatError} at once, or sent to the user later.
    """

    name: str = Attribute("The user's name.")
    leaving: bool = Attribute("Whether the user has left, or is leaving.")
    waits: bool = Attribute(
        "Whether somebody wants to know when something of theirs is answered: set by a connection "
        "that wants L{IClient.answered} to be called once."
    )
    unanswered: int = Attribute("How many of the user's drafts the log has not answered yet.")

    def say(text: str, room: str, key: str | None, kind: str) -> Deferred[None] | None:
        """
        Say something in a room.
        """

    def tell(name: str, text: str, key: str | None) -> Deferred[None] | None:
        """
        Send a direct message.
        """

    def read(room: str, id: int, key: str | None) -> Deferred[None]:
        """
        Note that the user has read a room up to this event; C{@} stands for direct messages.
        """

    def perform(line: str, key: str | None) -> Deferred[None] | None:
        """
        Perform a line of text: a command, or a message.
        """

    def answer(value: Answer, key: str | None) -> None:
        """
        Give an answer after the answers to everything before it.
        """

    def refuse(error: ChatError, key: str | None) -> None:
        """
        Tell the user that something was refused, after the answers to everything before it.
        """

    def quit() -> None:
        """
        Leave the chat on purpose.
        """

    def hangUp() -> None:
        """
        Leave the chat because the client closed its side: the user gets a goodbye, and a session
        that can be resumed keeps its name for a while.
        """

    def drop() -> None:
        """
        Note that the connection is lost: a session that can be resumed keeps its name for a while.
        """


class Audit(Protocol):
    """
    The audit log: tells the operator what happens.

    @ivar wantsMessages: whether L{said} is to be called.
    """

    wantsMessages: bool

    def said(self, name: str, text: str, address: str) -> None:
        """Log a message in a public room."""

    def tell(self, text: str, address: str) -> None:
        """Log that somebody entered, left, or did something worth a line."""


class NoAudit:
    """
    An audit log that discards everything.
    """

    wantsMessages = False

    def said(self, name: str, text: str, address: str) -> None:
        """Keep nothing."""

    def tell(self, text: str, address: str) -> None:
        """Keep nothing."""
