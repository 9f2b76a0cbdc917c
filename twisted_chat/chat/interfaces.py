# -*- test-case-name: tests.chat.test_interfaces -*-
"""
What the chat asks of a door's connection, and what a door may ask of the chat.
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
    What somebody has proved who logs in.

    @ivar who: the id of the account that they own.
    @ivar name: the name of the account that they used.
    @ivar label: the label of the credential, or empty.
    @ivar signature: by which the client knows the server (the last message of SCRAM), or C{None}.
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

    @ivar message: what the client has to answer.
    """

    message: str

    def check(self, message: str) -> Proof:
        """
        Check the client's answer, once.

        @raise ChatError: it is wrong.
        """


class LoginRequest(NamedTuple):
    """
    What somebody asks for who wants to log in.

    @ivar name: the name they want, as they typed it; with the token of a session it may be empty.
    @ivar token: the secret of a session to resume; empty for a new session that can be resumed;
        C{None} where sessions cannot be resumed.
    @ivar last: the last event id they have seen, or C{None}.
    @ivar epoch: the log's epoch that this id is of.
    @ivar backlog: how many old messages they want, or C{None} for the server's own number.
    @ivar secret: the password, made secret or one-time code of the account that owns the name; or
        empty.
    @ivar challenge: a login by SCRAM that was begun (L{hub.Hub.challenge}), or C{None}.
    @ivar answer: the client's answer to the challenge.
    @ivar proof: what was proved so far; not for doors to set.
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

        @return: fires when there is room for more; never if the connection is lost before.
        """

    def release(data: bytes) -> None:
        """
        Send C{data}, and then what was held back, unless another cork still holds it.
        """

    def discard() -> None:
        """
        Throw away what every cork holds back, and hold nothing back any more: the client must not
        see events that follow ones it missed.
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
        Send the answer to a question, which may be larger than what may be queued otherwise.

        @param data: whole lines.
        """

    def cork() -> ICork:
        """
        Hold back what is put from now on, within the same bounds.
        """

    def answered() -> None:
        """
        Note that some of what this client said was answered: it may be read from again.  Called
        only while L{IUser.waits} is true.
        """

    def charge(lines: int) -> None:
        """
        Count a request as so many lines more against the client's rate: what everybody is told of,
        and long answers, cost more.
        """

    def close(lastLines: bytes) -> None:
        """
        Send these last lines and close, in this order; after what is corked, if anything is.  What
        is put from now on is thrown away.
        """


class IUser(Interface):
    """
    What a door may do for somebody who is logged in.

    Whatever takes a while returns a L{Deferred} that fires when it is answered; until then no other
    request of this user may be passed on.  Refusals are raised as L{errors.ChatError} at once, or
    given to the user as an answer later.
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
        Say something to one person alone.
        """

    def read(room: str, id: int, key: str | None) -> Deferred[None]:
        """
        Note that the user has read a room up to this event; C{@} stands for direct messages.
        """

    def perform(line: str, key: str | None) -> Deferred[None] | None:
        """
        Do what a line of text says: a command, or a message.
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
        Leave the chat as one whose program ended its side without saying so: with a goodbye, but a
        session that can be resumed keeps its name for a while.
        """

    def drop() -> None:
        """
        Note that the connection is lost: a session that can be resumed keeps its name for a while.
        """


class Audit(Protocol):
    """
    Where the operator reads what happens.

    @ivar wantsMessages: whether L{said} is to be called.
    """

    wantsMessages: bool

    def said(self, name: str, text: str, address: str) -> None:
        """Somebody said something in a public room."""

    def tell(self, text: str, address: str) -> None:
        """Somebody came, left, or did something worth a line."""


class NoAudit:
    """
    An audit that nobody reads.
    """

    wantsMessages = False

    def said(self, name: str, text: str, address: str) -> None:
        """Keep nothing."""

    def tell(self, text: str, address: str) -> None:
        """Keep nothing."""
