# -*- test-case-name: tests.contracts.test_interfaces -*-
"""
What the service asks of a door.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from zope.interface import Interface


class CannotBind(Exception):
    """
    A door cannot have a place where it should listen.

    @ivar place: the place, as the operator called it.
    @ivar reason: why not, in the system's words.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"cannot listen on {place}: {reason}")
        self.place = place
        self.reason = reason


class IDoor(Interface):
    """
    A way into the chat.  Its methods are called in this order, each once.  A door that was bound
    and never opened is told to stop reading and to say goodbye as well.
    """

    def bind() -> None:
        """
        Bind every port, and accept nobody yet: who connects waits in the kernel.

        @raise CannotBind: if a port cannot be had.
        """

    def open() -> None:
        """
        Accept those who wait in the kernel, and all who connect.
        """

    def describe() -> list[str]:
        """
        @return: lines for the server's log that say where the door is and how people come in; once
            it is bound.
        """

    def stopReading() -> None:
        """
        Accept nobody and read nothing more: what was taken will be answered.
        """

    def sayGoodbye(text: str) -> Deferred[None]:
        """
        Tell everybody that the server closes, and close, as far as they read it in time.

        @param text: clean text.
        @return: fires when all connections and ports are closed.
        """

    def abort() -> None:
        """
        Cut every connection that is left.
        """
