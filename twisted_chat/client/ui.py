# -*- test-case-name: tests.client.test_link -*-
"""
What a link shows itself to, and the ways in which it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..errors import ChatError
from .messages import Heard


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
