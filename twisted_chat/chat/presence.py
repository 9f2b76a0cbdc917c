# -*- test-case-name: tests.chat.test_hub -*-
"""
Comings and goings: who hears of them, and who is where after them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..wire.events import JOINED, Event
from .fanout import FanOut
from .room import Room
from .user import User

if TYPE_CHECKING:
    from .hub import Hub


class Moves:
    """
    Lets people come and go, as the log says.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def show(self, run: list[tuple[Event, User | None]]) -> None:
        """
        Let people come and go, one after the other, and tell it.  Who moves himself hears the run
        by his own place in it: from when he came, until he went.
        """
        fan = FanOut(self._hub.lobby.name, [event for event, _ in run])
        movers: dict[User, list[Event | bytes]] = {a: [] for _, a in run if a is not None}
        for place, (event, author) in enumerate(run):
            for room in self._hearing(event, author):
                fan.show(place, room)
                for member in room:
                    if member in movers and member is not author:
                        movers[member].append(event)
            if author is not None:
                movers[author].append(author.answer(event))
                self.happened(event, author)
        for mover, heard in movers.items():
            self.tell(mover, heard)
            if mover not in self._hub.lobby:
                self.dismiss(mover)
        fan.send(movers)

    def _hearing(self, event: Event, author: User | None) -> list[Room]:
        """
        @return: the rooms that are told of somebody's move before it happens.  Who leaves the chat
            leaves all of his rooms; as everybody is in the lobby, it speaks for the others.
        """
        if event.room == self._hub.lobby.name:
            return self._hub.around(author)
        room = self._hub.rooms.get(event.room)
        return [room] if room is not None and room.tellsPresence else []

    def tell(self, mover: User, heard: list[Event | bytes]) -> None:
        """
        Tell somebody what happened around him while he moved, and the answers to what he did.
        """
        events = [event for event in heard if not isinstance(event, bytes)]
        lines = iter(mover.client.dialect.here.events(events, self._hub.lobby.name))
        data = b"".join(item if isinstance(item, bytes) else next(lines) for item in heard)
        if data:
            mover.put(data)

    def _arrived(self, user: User, event: Event) -> None:
        """
        Let somebody into a room; into the lobby: into all the rooms of his session at once, so
        that he misses nothing of them.
        """
        room = self._hub.room(event.room, user.sid)
        if user in room:
            return
        self._hub.look(user, room)
        if room is self._hub.lobby:
            user.since = user.spoke = event.time
            for name in user.earlier:
                self._hub.look(user, self._hub.room(name, user.sid))
        if room.private:
            room.invited.add(user.sid)
        self._hub.welcomer.came(user, event)

    def happened(self, event: Event, user: User) -> None:
        """
        Let somebody be where the event says that he is.
        """
        if event.kind == JOINED:
            self._arrived(user, event)
        elif event.room == self._hub.lobby.name:
            for room in [*self._hub.roomsOf(user), self._hub.lobby]:
                room.remove(user)
                self._hub.rooms.forget(room)
        elif (left := self._hub.rooms.get(event.room)) is not None:
            left.remove(user)
            self._hub.rooms.forget(left)

    def dismiss(self, user: User) -> None:
        """
        Say goodbye to somebody who left the chat.
        """
        self._hub.gone(user)
        self._hub.journal.tell(f"{user.name} has left", user.client.address)
        user.client.bye(user.client.dialect.bye("Goodbye"))
        user.detach()
