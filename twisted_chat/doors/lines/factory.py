# -*- test-case-name: tests.doors.lines.test_factory -*-
"""
The door for lines: all its connections.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.interfaces import IReactorTime

from ...accounts.rules import project
from ...chat.hub import Hub
from ...net.limits import Limits
from ...net.listener import Listener
from ...stores.memory import MemoryLog
from ..gate import Gate
from ..stream import StreamDoor
from .protocol import ChatProtocol


class ChatFactory(StreamDoor):
    """
    All connections of this door.

    @ivar users: everybody who is here, by name: the hub's own dictionary.
    """

    name = "lines"
    protocol = ChatProtocol  # type: ignore[assignment]

    def __init__(
        self,
        hub: Hub | None = None,
        clock: IReactorTime | None = None,
        limits: Limits | None = None,
        gate: Gate | None = None,
        listeners: Sequence[Listener] = (),
    ) -> None:
        """
        @param hub: the chat; by default a new one whose log is in memory.
        @param clock: a clock that does not jump; without it there are no timeouts and no rates.
        @param limits: the bounds; by default those of L{Limits}.
        @param gate: shared with other doors, and used instead of all of the above; by default the
            door makes its own.
        @param listeners: where to listen.
        """
        if gate is None:
            gate = Gate(Hub(MemoryLog(projection=project)) if hub is None else hub, limits, clock)
        super().__init__(gate, listeners)
        self.users = self.hub.users

    def howToEnter(self, address: str, port: int, options: str) -> list[str]:
        """See L{StreamDoor.howToEnter}."""
        return [f"People enter with: twisted-chat {address} {port}{options}"]
