# -*- test-case-name: tests.test_client_link -*-
"""
What a link shows itself to, and the ways in which it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from twisted.internet.error import (
    ConnectError,
    ConnectionClosed,
    ConnectionDone,
    ConnectionRefusedError,
    DNSLookupError,
    TimeoutError,
)
from twisted.python.failure import Failure

from ..errors import ChatError
from .reading import Heard


class Unreachable(ChatError):
    """There is no connection to this server."""

    code = "unreachable"


class Gone(ChatError):
    """The connection ended without being asked to."""

    code = "gone"


class Unconfirmed(ChatError):
    """The end has come, and not all messages have their receipts."""

    code = "unconfirmed"


class Face(Protocol):
    """
    What a link shows itself to.
    """

    def nameWanted(self, refusal: str | None) -> None:
        """
        Give a name, by L{ChatLink.enter}, now or later.

        @param refusal: what is wrong with the last one, if there was one.
        """

    def entered(self, heard: Heard, again: bool) -> None:
        """
        The server's welcome.

        @param again: whether it is not the first.
        """

    def heard(self, batch: Sequence[Heard]) -> None:
        """
        What the server said, as much as came at once.
        """

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """
        There is no connection for a while.

        @param sentence: why.
        @param delay: seconds until the next attempt.
        @param unconfirmed: how many messages were sent of which nobody knows whether they arrived.
        """

    def ended(self, error: ChatError | None) -> None:
        """
        It is over.

        @param error: C{None} if everything was answered and somebody asked to leave.
        """

    def hold(self) -> None:
        """Give no more lines until L{release}; what is given all the same is queued."""

    def release(self) -> None:
        """Give lines again."""


def explain(failure: Failure, where: str) -> str:
    """
    @param where: the server, in words.
    @return: why there is no connection, in one sentence.
    """
    error = failure.value
    if isinstance(error, ChatError):
        return error.sentence
    if isinstance(error, DNSLookupError):
        return f"There is no host of this name: {where}. Check the name."
    if isinstance(error, ConnectionRefusedError):
        return f"Nobody listens at {where}. Check the port, and whether the server runs."
    if isinstance(error, TimeoutError):
        return f"There is no answer from {where}. Check the address and the network."
    if isinstance(error, ConnectionDone):
        return f"The server at {where} closed the connection."
    if isinstance(error, ConnectionClosed):
        return f"The connection to {where} was lost."
    reason = error.osError if isinstance(error, ConnectError) and error.osError else error
    return f"There is no connection to {where}: {reason or type(error).__name__}."


def asSentence(words: str) -> str:
    """
    @param words: why something is so, as a server or this client says it.
    @return: the words as a sentence that others may follow.
    """
    return words if words.endswith((".", "!", "?")) else f"{words}."


def reconnected(heard: Heard) -> str:
    """
    @param heard: what the server said when it let one in again.
    @return: the words for it, and how much was missed as far as anybody knows.
    """
    if heard.welcome is None:
        return "Reconnected"
    if not heard.welcome.resumed:
        return "Reconnected to a server that does not know you: what was said meanwhile is unknown"
    return f"Reconnected, {heard.welcome.missed} missed"
