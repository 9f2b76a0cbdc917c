"""
Listeners and views for the tests of audiences and of the fan-out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from zope.interface import implementer

from twisted_chat.wire.events import SAID, Event
from twisted_chat.wire.interfaces import IView

LOBBY = "#lobby"


class Listener:
    """
    A listener who keeps what is put to them.

    @ivar puts: all puts of everybody, with who got them, in order.
    """

    def __init__(self, name: str, puts: list[tuple[str, bytes]]) -> None:
        self.name = name
        self.sid = name.lower()
        self.rights: Mapping[int, int] = {}
        self.put: Callable[[bytes], None] = lambda data: puts.append((name, data))


@implementer(IView)
class CountingView:
    """
    A view that shows names and counts how often it is asked.
    """

    def __init__(self, mark: str) -> None:
        self.calls = 0
        self._mark = mark

    def events(self, events: Sequence[Event], lobby: str) -> list[bytes]:
        """See L{IView.events}."""
        self.calls += 1
        return [f"{self._mark}{event.id}\n".encode() for event in events]


def makeEvent(id: int, kind: str = SAID, room: str = LOBBY, name: str = "Ann") -> Event:
    """
    @return: an event.
    """
    return Event(id, 0.0, kind, room, name, "text")
