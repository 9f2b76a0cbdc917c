# -*- test-case-name: tests.chat.test_rooms -*-
"""
The rooms there are: found by name, by what a name looks like, and made again at start.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..text.confusables import looks, nameKey
from .room import Room

if TYPE_CHECKING:
    from ..stores.session import Session
    from ..wire.events import Event


class Rooms(dict[str, Room]):
    """
    All rooms of a chat, by their exact names: a dictionary to read, changed by its own methods
    alone.

    @ivar lobby: the room where everybody is, which is never forgotten.
    """

    def __init__(self, lobby: str) -> None:
        """
        @param lobby: a clean room name.
        """
        super().__init__()
        self._looks: dict[str, str] = {}
        self.lobby = self.make(lobby)

    def known(self, name: str) -> Room | None:
        """
        @param name: a clean room name: only its case and its Unicode form may differ.
        @return: the room people mean by it, or C{None}.
        """
        key = nameKey(name)
        exact = self._looks.get(key)
        return self.get(exact) if exact is not None and nameKey(exact) == key else None

    def lookingLike(self, name: str) -> Room | None:
        """
        @param name: a clean room name, which no room has.
        @return: a room that could be taken for one of this name, or C{None}.
        """
        for look in looks(name):
            exact = self._looks.get(look)
            if exact is not None and exact in self:
                return self[exact]
        return None

    def make(self, name: str, creator: str = "") -> Room:
        """
        @param name: a clean room name.
        @param creator: the session id of who makes it.
        @return: the room of exactly this name; it is made where there is none.
        """
        room = self.get(name)
        if room is None:
            room = self[name] = Room(name, creator)
            for look in looks(name):
                self._looks[look] = name
        return room

    def privateOf(self, sid: str) -> int:
        """
        @return: how many private rooms the owner of this session has made.
        """
        return sum(room.private and room.creator == sid for room in self.values())

    def forget(self, room: Room) -> None:
        """
        Forget a room that nobody would miss; any other stays.
        """
        if room.forgettable and room is not self.lobby:
            del self[room.name]
            for look in looks(room.name):
                if self._looks.get(look) == room.name:
                    del self._looks[look]

    def readmitted(self, session: Session) -> tuple[str, ...]:
        """
        @return: the names of the rooms that a session goes on with.  One that became private
            meanwhile, or another private one of the same name, is entered by invitation or by its
            key, as ever.
        """
        names: dict[str, None] = {}
        for ticket in session.rooms:
            name = ticket.partition(" ")[0]
            room = self.known(name)
            if room is None:
                room = self.make(name, session.sid)
            if room.ticket == ticket or room.admits(session.sid, ""):
                names[room.name] = None
        return tuple(names)

    def restore(self, events: Iterable[Event]) -> None:
        """
        Make the rooms again, at start.

        @param events: all events of the kinds in L{wire.events.STATE}, oldest first.
        """
        for event in events:
            self.make(event.room).change(event)
        for room in list(self.values()):
            self.forget(room)
