# -*- test-case-name: tests.chat.test_rooms -*-
"""
All rooms of a chat: found by name or id, reserved while they are being made, and changed by the
events that the log returns, in their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from twisted.internet.defer import Deferred

from ..errors import NoSuchRoom, NotAllowed
from ..stores.session import RoomRecord
from ..text.confusables import looks, nameKey
from ..wire.events import (
    CLOSED,
    CREATED,
    INVITED,
    LOCKED,
    PRIVATE,
    TOPIC,
    UNLOCKED,
    Event,
    lockedFor,
)
from .emptyrooms import EmptyRooms
from .room import OPEN, Era, Person, Room

LOBBY_ID = 0
"""The lobby's id: no event makes it."""


class _Making:
    """
    A room on its way to the log and back.

    @ivar name: its name.
    @ivar looks: what the name looks like.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.looks = looks(name)
        self._waiting: list[Deferred[None]] = []

    def whenMade(self) -> Deferred[None]:
        """
        @return: fires when the log has answered.
        """
        made: Deferred[None] = Deferred()
        self._waiting.append(made)
        return made

    def end(self) -> None:
        """
        Let those go on who wait.
        """
        for each in self._waiting:
            each.callback(None)


class Rooms(dict[str, Room]):
    """
    All rooms, by their exact names: a dictionary to read, changed by its own methods alone.

    @ivar lobby: the room where everybody is.
    @ivar byId: all rooms, by id.
    @ivar empty: those that nobody is in.
    @ivar eras: the rooms of all private eras, by the id that began each.
    @ivar owned: the rooms of each owner, by session id.
    @ivar invitations: the rooms that somebody is invited to, by session id.
    @ivar owns: tells whether a person may lock and open a room, which the law knows.
    @ivar asleep: the private eras of stored rooms that cannot be here as long as the operator calls
        the lobby as it is: their members keep their rights.
    """

    def __init__(self, lobby: str) -> None:
        """
        @param lobby: a clean room name.
        """
        super().__init__()
        self.byId: dict[int, Room] = {}
        self.empty = EmptyRooms()
        self.eras: dict[int, Room] = {}
        self.owned: defaultdict[str, set[Room]] = defaultdict(set)
        self.invitations: defaultdict[str, set[Room]] = defaultdict(set)
        self.asleep: set[int] = set()
        self._looks: dict[str, str] = {}
        self._making: dict[str, _Making] = {}
        self.owns: Callable[[str, Room], bool] = _made
        self.lobby = self._add(Room(LOBBY_ID, lobby, "", [Era(0)]))

    # To find

    def known(self, name: str) -> Room | None:
        """
        @param name: a clean room name: only its case and its Unicode form may differ.
        @return: the room of this name, or C{None}.
        """
        room = self.get(name)
        if room is None:
            key = nameKey(name)
            room = self.get(self._looks.get(key, ""))
            if room is not None and room.key != key:
                return None
        return room

    def lookalike(self, name: str) -> str | None:
        """
        @param name: a clean room name, which no room has.
        @return: the name of a room, or of one that is being made, that could be taken for it.
        """
        wanted = looks(name)
        living = self._livingLookalike(wanted)
        if living is not None:
            return living
        making = self._making.values()
        return next((each.name for each in making if not wanted.isdisjoint(each.looks)), None)

    def _livingLookalike(self, wanted: frozenset[str]) -> str | None:
        return next((self._looks[look] for look in wanted if look in self._looks), None)

    async def whenSettled(self, name: str) -> Room | None:
        """
        Wait until no change of this room's law, and no making of it, waits for the log.

        @param name: a clean room name.
        @return: the room of this name, or C{None}.
        """
        key = nameKey(name)
        while True:
            room = self.known(name)
            if room is not None and room.changing:
                await room.whenSettled()
            elif room is None and key in self._making:
                await self._making[key].whenMade()
            else:
                return room

    def privateOf(self, sid: str) -> int:
        """
        @return: how many private rooms the owner of this session owns.
        """
        return sum(room.private for room in self.owned.get(sid, ()))

    # To make

    @contextmanager
    def reserve(self, name: str) -> Iterator[None]:
        """
        Keep a name, and what looks like it, from everybody else while its room is being made.

        @param name: a clean room name that is free.
        """
        key = nameKey(name)
        making = self._making[key] = _Making(name)
        try:
            yield
        finally:
            del self._making[key]
            making.end()

    def _add(self, room: Room) -> Room:
        self[room.name] = self.byId[room.id] = room
        self.eras.update((era.start, room) for era in room.eras if era.private)
        if room.owner:
            self.owned[room.owner].add(room)
        for sid in room.invited:
            self.invitations[sid].add(room)
        for look in looks(room.name):
            self._looks[look] = room.name
        return room

    def _remove(self, room: Room) -> None:
        del self[room.name], self.byId[room.id]
        self.empty.discard(room)
        for era in room.eras:
            self.eras.pop(era.start, None)
        _discard(self.owned, room.owner, room)
        self._endInvitations(room)
        for look in looks(room.name):
            if self._looks.get(look) == room.name:
                del self._looks[look]

    def _endInvitations(self, room: Room) -> None:
        for sid in room.invited:
            _discard(self.invitations, sid, room)

    # What the log returns

    def expel(self, room: Room, sid: str) -> None:
        """
        Keep somebody out of a room's newest era.
        """
        room.invited.discard(sid)
        _discard(self.invitations, sid, room)
        room.expelled.add(sid)

    def restore(self, records: Sequence[RoomRecord], newest: int) -> None:
        """
        Restore the rooms as they were stored.  The lobby goes on where it has the same name.  Where
        the operator calls it otherwise than before, its past begins now: a room of that name may
        have been private.

        @param records: of all rooms.
        @param newest: the id of the newest event.
        """
        former = next((record for record in records if record.id == LOBBY_ID), None)
        for record in records:
            if record.name == self.lobby.name:
                former = former or record
            elif record.id != LOBBY_ID and self.lookalike(record.name) is None:
                self._add(Room.fromRecord(record))
                continue
            self.asleep.update(start for start, hash in record.eras if hash is not None)
        if former is None:
            return
        if former.name == self.lobby.name and isLobby(former):
            self.lobby.eras = [Era(former.eras[0][0])]
            self.lobby.topic = former.topic
        else:
            self.lobby.eras = [Era(newest + 1)]

    def apply(self, event: Event, author: Person | None) -> Room:
        """
        Change a room as an event says.

        @param event: of a kind in L{events.STATE}.
        @param author: the person who did it; C{None} if the event is taken as it is.
        @return: the room that it changed.
        @raise ChatError: if the event is void: what came before it in the log rules it out.
        """
        if event.kind == CREATED:
            return self._create(event)
        room = self.get(event.room)
        if room is None:
            raise NoSuchRoom(f"there is no room {event.room} any more")
        if event.kind == CLOSED:
            if not len(room) and event.data == str(room.id):
                self._remove(room)
            room.endClosing()
            return room
        if author is not None and author not in room:
            raise NoSuchRoom(f"you are not in {room.name} any more: nothing was changed")
        if event.kind == TOPIC:
            room.topic = event.text
        elif event.kind == INVITED:
            self._invite(room, event)
        else:
            self._changeEra(room, event, author)
        return room

    def _create(self, event: Event) -> Room:
        if self.get(event.room) is not None:
            raise NotAllowed(f"{event.room} was just made by somebody else: /join it")
        if self._livingLookalike(looks(event.room)) is not None:
            raise NotAllowed(f"no room can be called {event.room} at the moment: choose another")
        isPrivate = event.text == PRIVATE
        era = Era(event.id, event.data if isPrivate else None)
        room = self._add(Room(event.id, event.room, event.sid, [era]))
        room.emptyAt = event.time
        self.empty.add(room)
        return room

    def closingRefused(self, room: Room) -> None:
        """
        Note that the end of a room could not be stored.
        """
        if not len(room):
            self.empty.add(room)
        room.endClosing()

    def _invite(self, room: Room, event: Event) -> None:
        """
        Let somebody into the era that the invitation was given for.
        """
        sid, _, era = event.data.partition(" ")
        if era and era != str(room.era.start):
            raise NotAllowed(f"{room.name} was locked or opened meanwhile: invite {event.to} again")
        if sid in room.expelled and not self.owns(event.sid, room):
            raise NotAllowed(f"{event.to} was removed: only the owner of {room.name} may do this")
        if room.private:
            room.invited.add(sid)
            room.expelled.discard(sid)
            self.invitations[sid].add(room)

    def _changeEra(self, room: Room, event: Event, author: Person | None) -> None:
        """
        Begin a private era, whose members are those who are in the room now, or a public one.
        """
        if author is not None and not self.owns(author.sid, room):
            raise NotAllowed(f"only the owner of {room.name} may do this")
        self._endInvitations(room)
        if event.kind == LOCKED:
            passwordHash, _, _ = lockedFor(event)
            room.begin(Era(event.id, passwordHash))
            self.eras[event.id] = room
            for member in room:
                member.rights = {**member.rights, event.id: OPEN}
        elif event.kind == UNLOCKED and room.private:
            room.begin(Era(event.id))


def _made(sid: str, room: Room) -> bool:
    """
    @return: whether a person made a room.
    """
    return sid == room.owner


def _discard(index: defaultdict[str, set[Room]], sid: str, room: Room) -> None:
    """
    Take a room out of an index.
    """
    rooms = index.get(sid)
    if rooms is not None:
        rooms.discard(room)
        if not rooms:
            del index[sid]


def isLobby(record: RoomRecord) -> bool:
    """
    @return: whether the lobby may go on with this past: it was the lobby's, or nobody ever owned
        the room and it was never private.
    """
    if record.id == LOBBY_ID:
        return True
    return not record.owner and all(passwordHash is None for _, passwordHash in record.eras)
