# -*- test-case-name: tests.client.test_link -*-
"""
Declares what a link asks of a user interface, and the errors it ends with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..errors import ChatError
from .messages import ServerMessage


class Unreachable(ChatError):
    """No connection could be made to this server."""

    code = "unreachable"


class Gone(ChatError):
    """The connection ended without being asked to."""

    code = "gone"


class Unconfirmed(ChatError):
    """The end has come, and not all messages have their receipts."""

    code = "unconfirmed"


class UserInterface(Protocol):
    """
    What a link asks of its user interface.
    """

    def nameWanted(self, refusal: str | None, code: str = "") -> None:
        """
        Give a name, by L{ChatLink.enter}, now or later.

        @param refusal: what is wrong with the last one, if there was one.
        @param code: the stable code of the refusal; empty where the dialect has none.
        """

    def passwordWanted(self, name: str, refusal: str | None) -> None:
        """
        Let the user prove that a registered name is theirs, by L{ChatLink.enter} with a password,
        now or later; or give another name.

        @param name: the name.
        @param refusal: what is wrong with the last password, if there was one.
        """

    def entered(self, message: ServerMessage, again: bool) -> None:
        """
        Show the server's welcome.

        @param again: whether it is not the first.
        """

    def received(self, batch: Sequence[ServerMessage]) -> None:
        """
        Show what the server said, as much as came at once.
        """

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """
        Tell that there is no connection for a while.

        @param sentence: why.
        @param delay: seconds until the next attempt.
        @param unconfirmed: how many messages were sent and may or may not have arrived.
        """

    def ended(self, error: ChatError | None) -> None:
        """
        Note the end of the link.

        @param error: C{None} if everything was answered and the user asked to leave.
        """

    def hold(self) -> None:
        """Give no more lines until L{release}; what is given all the same is queued."""

    def release(self) -> None:
        """Give lines again."""
