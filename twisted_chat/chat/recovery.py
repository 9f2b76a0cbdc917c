# -*- test-case-name: tests.chat.test_recovery -*-
"""
Recovery: rooms and sessions as the log says, where the server before ended without a word.

Both are stored a moment after the events that they are made of.  What was not stored when that
server ended is made again here, of the same events and by the same rules, before anybody enters.
Where it cannot be known any more what held then, a room stays private and a right is not given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from heapq import merge

from ..accounts.bans import Visitor
from ..errors import Banned, ChatError
from ..stores.interfaces import LAGGING, StoredRooms
from ..stores.session import RoomRecord, Session
from ..text.confusables import looks
from ..wire.events import (
    CLOSED,
    CREATED,
    JOINED,
    LOCKED,
    MOVES,
    UNLOCKED,
    Event,
    admittedTo,
    lockedFor,
)
from .room import OPEN, Room
from .rooms import LOBBY_ID, Rooms
from .state import State

PAGE = 1_000
"""Events that are read at once: some 0.5 MiB."""

_Read = Callable[[int, int], Awaitable[list[Event]]]


class Moves:
    """
    Comings and goings of late, person by person and room by room.

    @ivar lobby: the name that the lobby had.
    """

    def __init__(self, lobby: str) -> None:
        self.lobby = lobby
        self._joined: dict[tuple[str, str], int] = {}
        self._left: dict[tuple[str, str], int] = {}

    def note(self, event: Event) -> None:
        """
        @param event: of a kind in L{MOVES}, newer than all before.
        """
        moves = self._joined if event.kind == JOINED else self._left
        moves[event.sid, event.room] = event.id

    def isIn(self, sid: str, room: Room, since: int, wasIn: bool) -> bool:
        """
        @param since: an event's id.
        @param wasIn: whether somebody was in the room then.
        @return: whether they are now.
        """
        joined = self._joined.get((sid, room.name), 0)
        left = self.leftAt(sid, room.name)
        return wasIn if max(joined, left) <= since else joined > left

    def leftAt(self, sid: str, room: str) -> int:
        """
        @return: the id of the last event by which somebody left a room, or every room with the
            chat; or 0.
        """
        return max(self._left.get((sid, room), 0), self._left.get((sid, self.lobby), 0))

    def hasLeftChat(self, sid: str) -> bool:
        """
        @return: whether somebody left the chat, and did not come back.
        """
        here = (sid, self.lobby)
        return self._left.get(here, 0) > self._joined.get(here, 0)

    def joinersOf(self, room: Room) -> list[str]:
        """
        @return: the session ids of those who joined a room since it was made.
        """
        return [
            sid for (sid, name), id in self._joined.items() if name == room.name and id > room.id
        ]


class Recovery:
    """
    Rooms and sessions on their way from what was stored to what the log says.
    """

    def __init__(self, state: State, stored: StoredRooms, newest: int) -> None:
        """
        @param state: its law is in force already.
        @param stored: the rooms as they were stored.
        @param newest: the id of the newest event.
        """
        self._state = state
        self._from = stored.reflected
        self._newest = newest
        self._records = {record.id: record for record in stored.records}
        lobby = self._records.get(LOBBY_ID)
        # The events name the rooms as they were called then, and the lobby may be called otherwise
        # now: what was said to be in one room must not happen to another.
        self._rooms = Rooms(state.rooms.lobby.name if lobby is None else lobby.name)
        self._rooms.owns = state.owns
        self._rooms.restore(stored.records, newest)
        self._moves = Moves(self._rooms.lobby.name)
        self._sessions: dict[str, Session | None] = {}
        self._changedRooms: dict[int, None] = {}
        self._changedSessions: dict[str, None] = {}

    async def run(self) -> list[RoomRecord]:
        """
        Take up everything that was not stored, and have it stored.

        @return: all rooms.
        @raise ChatError: something cannot be read.
        """
        log = self._state.log
        changes = await _readAll(log.stateAfter, self._from)
        known = [lockedFor(event)[1] for event in changes if event.kind == LOCKED]
        first = min([max(self._newest - LAGGING, 0), *known])
        for event in merge(changes, await _readAll(log.movesAfter, first)):
            if event.kind in MOVES:
                if event.id > self._from:
                    await self._move(event)
                self._moves.note(event)
            else:
                with suppress(ChatError):  # It was void when it was new, too.
                    await self._change(event)
        # Only now: what is kept stands for all these events.
        for id in self._changedRooms:
            if id in self._records:
                log.keepRoom(self._records[id])
            else:
                log.dropRoom(id)
        for sid in self._changedSessions:
            session = self._sessions[sid]
            if session is not None:
                log.remember(session)
        return list(self._records.values())

    # Sessions

    async def _find(self, sid: str) -> Session | None:
        """
        @return: the session in which somebody's rooms and rights are kept, as the events up to now
            make it; C{None} if they cannot come back.
        """
        if sid not in self._sessions:
            session = await self._state.log.session(sid)
            if session is None and self._state.law.isAccount(sid):
                session = Session(sid, f"account:{sid}", account=sid)
            self._sessions[sid] = session
        return self._sessions[sid]

    def _keep(self, session: Session) -> None:
        self._sessions[session.sid] = session
        self._changedSessions[session.sid] = None

    def _grant(self, session: Session, room: Room) -> None:
        """
        Let somebody be a member of a room's newest era.
        """
        if room.private:
            session = session._replace(rights={**session.rights, room.era.start: OPEN})
        if room.id not in session.rooms:
            session = session._replace(rooms=(*session.rooms, room.id))
        self._keep(session)

    # Joining and leaving

    async def _move(self, event: Event) -> None:
        room = self._rooms.get(event.room)
        if room is None or room is self._rooms.lobby:
            return
        session = await self._find(event.sid)
        if event.kind == JOINED:
            await self._join(event, room, session)
        else:
            self._leave(event, room, session)

    async def _join(self, event: Event, room: Room, session: Session | None) -> None:
        isAdmitted = admittedTo(event) == str(room.era.start) or (
            session is not None and room.admits(event.sid, session.rights)
        )
        if not isAdmitted or self._moves.hasLeftChat(event.sid) or self._isBanned(event, room):
            return
        room.emptyAt = 0.0
        self._note(room)
        if session is None:
            return
        # What they say next must not be said where they spoke before.
        if session.account:
            await self._displace(session.account, event)
        else:
            self._keep(session._replace(current=room.id))
        self._grant(self._sessions[session.sid] or session, room)

    async def _displace(self, account: str, event: Event) -> None:
        """
        Let every device of an account be told once that it speaks in the lobby: which of them
        joined a room, and speaks there, the log does not say.
        """
        for device in await self._state.log.sessionsOf(account):
            known = self._sessions.setdefault(device.sid, device)
            # No room has this id.
            self._keep((known or device)._replace(current=event.id))

    def _isBanned(self, event: Event, room: Room) -> bool:
        """
        @return: whether somebody was banned when they joined, or a moment after.
        """
        law = self._state.law
        visitor = Visitor(event.sid, looks(event.name), "", law.isAccount(event.sid))
        return isinstance(law.mayEnter(room.place, room.name, visitor, event.time), Banned)

    def _leave(self, event: Event, room: Room, session: Session | None) -> None:
        if session is not None and room.id not in session.rooms:
            return
        if event.to:
            if not self._state.mayRemove(event.data, event.sid, room):
                return
            if event.data == room.owner and not self._state.law.isAccount(room.owner):
                self._rooms.expel(room, event.sid)
                self._note(room)
        if session is not None:
            if room.private:
                session = session._replace(rights={**session.rights, room.era.start: event.id})
            rooms = tuple(id for id in session.rooms if id != room.id)
            current = LOBBY_ID if session.current == room.id else session.current
            self._keep(session._replace(rooms=rooms, current=current))

    # Rooms

    async def _change(self, event: Event) -> None:
        """
        @raise ChatError: the event is void.
        """
        room = self._rooms.get(event.room)
        if room is not None and await self._isVoid(event, room):
            return
        room = self._rooms.apply(event, None)
        self._note(room)
        if event.kind == LOCKED:
            _, asOf, present = lockedFor(event)
            for sid in {*present, *self._moves.joinersOf(room)}:
                session = await self._find(sid)
                if (
                    session is not None
                    and room.id in session.rooms
                    and self._moves.isIn(sid, room, asOf, sid in present)
                ):
                    self._grant(session, room)

    async def _isVoid(self, event: Event, room: Room) -> bool:
        """
        @return: whether what came before an event rules it out, beside what L{Rooms.apply} finds.
        """
        if event.kind == CLOSED:
            joiners = self._moves.joinersOf(room)
            return any(self._moves.isIn(sid, room, 0, False) for sid in joiners)
        if not event.sid or event.kind in (CREATED, LOCKED) or room is self._rooms.lobby:
            return False
        if event.kind == UNLOCKED and not self._state.owns(event.sid, room):
            return True
        author = await self._find(event.sid)
        wasIn = author is None or room.id in author.rooms
        return not self._moves.isIn(event.sid, room, room.id, wasIn)

    def _note(self, room: Room) -> None:
        """
        Note what became of a room.
        """
        self._changedRooms[room.id] = None
        if self._rooms.byId.get(room.id) is room:
            self._records[room.id] = room.record
        else:
            self._records.pop(room.id, None)


async def _readAll(read: _Read, id: int) -> list[Event]:
    """
    @return: the events that it reads after an id.
    """
    found: list[Event] = []
    while page := await read(found[-1].id if found else id, PAGE):
        found += page
    return found
