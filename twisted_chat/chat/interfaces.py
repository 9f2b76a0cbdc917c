# -*- test-case-name: tests.chat.test_interfaces -*-
"""
What the chat asks of those who stand around it: a person's connection, and where the operator
reads what happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from zope.interface import Attribute, Interface

from ..wire.interfaces import IDialect

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class IChatClient(Interface):
    """
    What the hub knows of a person's connection, whatever the door.
    """

    dialect: IDialect = Attribute("How this client reads.")
    address: str = Attribute("Where it comes from, for the server's log, such as 10.0.0.7:51234.")
    put: Callable[[bytes], None] = Attribute(
        "Sends whole lines.  Never blocks and never raises; bounded by the door."
    )

    def hold() -> None:
        """
        Keep back what is put from now on, within the same bounds, until L{release}.
        """

    def release(data: bytes) -> None:
        """
        Send C{data}; at the last of as many calls as of L{hold} also what was kept back, then go on
        as usual.
        """

    def drop() -> None:
        """
        Throw away what was kept back, and every L{hold}: whoever is behind the connection is not to
        hear what came after something that he cannot be told.
        """

    def answer(data: bytes) -> None:
        """
        Send what he has asked for, which may be larger than what may wait for him otherwise.

        @param data: whole lines.
        """

    def page(data: bytes) -> Deferred[None]:
        """
        Send C{data} before what is kept back, while it is kept back.

        @return: fires when there is room for more; never if the connection is lost before.
        """

    def settled() -> None:
        """
        Some of what this client said was answered: it may be read from again.
        """

    def bye(data: bytes) -> None:
        """
        Send these last lines and close, in this order; after what is kept back, if anything is.
        What is put from now on is thrown away.
        """


class Journal(Protocol):
    """
    Where the operator reads what happens.
    """

    def said(self, name: str, text: str, address: str) -> None:
        """Somebody said something in a public room."""

    def tell(self, text: str, address: str) -> None:
        """Somebody came, went, or did something worth a line."""


class NoJournal:
    """
    Nobody reads what happens.
    """

    def said(self, name: str, text: str, address: str) -> None:
        """Keep nothing."""

    def tell(self, text: str, address: str) -> None:
        """Keep nothing."""
