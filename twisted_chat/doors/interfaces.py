# -*- test-case-name: tests.contracts.test_interfaces -*-
"""
What the service asks of a door.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from zope.interface import Interface


class CannotBind(Exception):
    """
    A door cannot have a place where it should listen.

    @ivar place: the place, as the operator called it.
    """

    def __init__(self, place: str, reason: object) -> None:
        """
        @param reason: why not, in the system's words.
        """
        super().__init__(f"cannot listen on {place}: {reason}")
        self.place = place

    @classmethod
    def fromError(cls, place: str, error: CannotListenError) -> CannotBind:
        """
        @return: what to raise where a port cannot be had.
        """
        cause = error.socketError
        return cls(place, getattr(cause, "strerror", None) or cause)


class IDoor(Interface):
    """
    A way into the chat.  Its methods are called in this order, each once.  A door that was bound
    and never opened is told to stop reading and to say goodbye as well.
    """

    def bind() -> None:
        """
        Bind every port, and accept nobody yet: new connections wait in the kernel.

        @raise CannotBind: if a port cannot be had.
        """

    def open() -> None:
        """
        Accept the connections that wait in the kernel, and all that follow.
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
