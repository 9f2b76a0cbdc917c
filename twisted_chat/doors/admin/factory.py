# -*- test-case-name: tests.contracts.test_door -*-
"""
The operator's door: all its connections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.protocol import Factory
from twisted.logger import Logger

from ...errors import ChatError
from ...net.listener import Listener
from ..gate import Gate
from ..interfaces import CannotBind
from ..stream import StreamDoor
from .protocol import AdminProtocol
from .requests import Server

_log = Logger("chat")


def nothingToReload() -> str:
    """
    @raise ChatError: always: there are no options.
    """
    raise ChatError("this server has no options that it could reload")


class AdminDoor(StreamDoor):
    """
    The operator's door.

    @ivar server: the server that requests act on.
    """

    name = "admin"
    protocol = AdminProtocol  # type: ignore[assignment]

    def __init__(
        self,
        gate: Gate,
        listeners: Sequence[Listener] = (),
        others: Sequence[StreamDoor] = (),
        reload: Callable[[], str] = nothingToReload,
        isOptional: bool = False,
    ) -> None:
        """
        @param listeners: see L{StreamDoor}; only the operator may reach them.
        @param others: the other doors.
        @param reload: see L{Server.reload}.
        @param isOptional: whether the server runs without this door if it cannot be bound, because
            nobody asked for it.
        """
        super().__init__(gate, listeners)
        self.server = Server(gate.hub, [*others, self], reload)
        self._isOptional = isOptional

    def bind(self) -> None:
        """See L{IDoor.bind}."""
        try:
            super().bind()
        except CannotBind as error:
            if not self._isOptional:
                raise
            _log.warn("the operator cannot reach this server: {error}", error=error)

    def startedOn(self, place: str) -> str:
        """See L{StreamDoor.startedOn}."""
        return f"Operators are served on {place.removeprefix('--admin ')}"

    def buildProtocol(self, addr: Any) -> Any:
        """
        Accept a connection, however full the server is.
        """
        return Factory.buildProtocol(self, addr)
