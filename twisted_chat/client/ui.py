# -*- test-case-name: tests.client.test_link -*-
"""
Declares what a link requires of a user interface, and the errors with which it ends.
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
    """The connection was lost."""

    code = "gone"


class Unconfirmed(ChatError):
    """The link ended before all messages had receipts."""

    code = "unconfirmed"


class UserInterface(Protocol):
    """
    What a link requires of its user interface.
    """

    def nameWanted(self, refusal: str | None, code: str = "") -> None:
        """
        Supply a name, by L{ChatLink.enter}, now or later.

        @param refusal: why the last name was refused, if there was one.
        @param code: the stable code of the refusal; empty if the dialect has none.
        """

    def passwordWanted(self, name: str, refusal: str | None) -> None:
        """
        Let the user prove that a registered name is theirs, by L{ChatLink.enter} with a password,
        now or later; or give another name.

        @param name: the name.
        @param refusal: why the last password was refused, if there was one.
        """

    def entered(self, message: ServerMessage, again: bool) -> None:
        """
        Show the server's welcome.

        @param again: whether it is a reconnection.
        """

    def received(self, batch: Sequence[ServerMessage]) -> None:
        """
        Show messages of the server that arrived together.
        """

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """
        Tell the user that there is no connection for a while.

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
        """Pass on no more lines until L{release}; any that are passed on are queued."""

    def release(self) -> None:
        """Pass on lines again."""
