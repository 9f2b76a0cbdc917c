# -*- test-case-name: tests.contracts.test_interfaces -*-
"""
Declares what the service requires of a door.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from zope.interface import Interface


class CannotBind(Exception):
    """
    A port or socket of a door is unavailable.

    @ivar place: the port or socket, in the operator's words.
    """

    def __init__(self, place: str, reason: object) -> None:
        """
        @param reason: the system's error message.
        """
        super().__init__(f"cannot listen on {place}: {reason}")
        self.place = place

    @classmethod
    def fromError(cls, place: str, error: CannotListenError) -> CannotBind:
        """
        @return: the error to raise if a port is unavailable.
        """
        cause = error.socketError
        return cls(place, getattr(cause, "strerror", None) or cause)


class IDoor(Interface):
    """
    A way into the chat.  Its methods are called in this order, each once.  L{stopReading} and
    L{sayGoodbye} are also called on a door that was bound and never opened.
    """

    def bind() -> None:
        """
        Bind every port, and accept nobody yet: new connections wait in the kernel.

        @raise CannotBind: if a port is unavailable.
        """

    def open() -> None:
        """
        Accept the connections that wait in the kernel, and all that follow.
        """

    def describe() -> list[str]:
        """
        @return: lines for the server's log that say where the door listens and how people enter;
            called once it is bound.
        """

    def stopReading() -> None:
        """
        Stop accepting connections and reading input; lines that were taken will be answered.
        """

    def sayGoodbye(text: str) -> Deferred[None]:
        """
        Tell everybody that the server closes, and close each connection once its client has read
        that.

        @param text: clean text.
        @return: fires when all connections and ports are closed.
        """

    def abort() -> None:
        """
        Cut all remaining connections.
        """
