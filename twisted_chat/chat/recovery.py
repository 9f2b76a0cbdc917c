# -*- test-case-name: tests.chat.test_recovery -*-
"""
Recovery: brings rooms and sessions up to date with the log after a crash.

Both are stored a moment after the events that change them.  The changes that a crash cost are made
again here, from the same events and by the same rules, before anybody enters.  Where the log no
longer tells what was true at that moment, a room stays private and no right is given.
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
"""Events read at once: about 0.5 MiB."""

_Read = Callable[[int, int], Awaitable[list[Event]]]


class Moves:
    """
    The latest joining and leaving of each person in each room.

    @ivar lobby: the name of the lobby when these events were stored.
    """

    def __init__(self, lobby: str) -> None:
        self.lobby = lobby
        self._joined: dict[tuple[str, str], int] = {}
        self._left: dict[tuple[str, str], int] = {}

    def note(self, event: Event) -> None:
        """
        Record an event.

        @param event: of a kind in L{MOVES}, newer than all recorded ones.
        """
        moves = self._joined if event.kind == JOINED else self._left
        moves[event.sid, event.room] = event.id

    def isIn(self, sid: str, room: Room, since: int, wasIn: bool) -> bool:
        """
        @param since: the id of an event.
        @param wasIn: whether the person was in the room at that event.
        @return: whether they are in it now.
        """
        joined = self._joined.get((sid, room.name), 0)
        left = self.leftAt(sid, room.name)
        return wasIn if max(joined, left) <= since else joined > left

    def leftAt(self, sid: str, room: str) -> int:
        """
        @return: the id of the last event by which a person left a room, alone or with the whole
            chat; 0 if there is none.
        """
        return max(self._left.get((sid, room), 0), self._left.get((sid, self.lobby), 0))

    def hasLeftChat(self, sid: str) -> bool:
        """
        @return: whether a person has left the chat and not returned.
        """
        here = (sid, self.lobby)
        return self._left.get(here, 0) > self._joined.get(here, 0)

    def joinersOf(self, room: Room) -> list[str]:
        """
        @return: the session ids of everybody who has joined a room since it was made.
        """
        return [
            sid for (sid, name), id in self._joined.items() if name == room.name and id > room.id
        ]


class Recovery:
    """
    Replays the events that the stored rooms and sessions do not reflect.
    """

    def __init__(self, state: State, stored: StoredRooms, newest: int) -> None:
        """
        @param state: the chat's state, whose law is already loaded.
        @param stored: the rooms as they were stored.
        @param newest: the id of the newest event.
        """
        self._state = state
        self._from = stored.reflected
        self._newest = newest
        self._records = {record.id: record for record in stored.records}
        lobby = self._records.get(LOBBY_ID)
        # Events carry the names that rooms had at the time, and the lobby may have been renamed
        # since: an event of one room must not be applied to another.
        self._rooms = Rooms(state.rooms.lobby.name if lobby is None else lobby.name)
        self._rooms.owns = state.owns
        self._rooms.restore(stored.records, newest)
        self._moves = Moves(self._rooms.lobby.name)
        self._sessions: dict[str, Session | None] = {}
        self._changedRooms: dict[int, None] = {}
        self._changedSessions: dict[str, None] = {}

    async def run(self) -> list[RoomRecord]:
        """
        Replay the events, and store the changes.

        @return: all rooms.
        @raise ChatError: if something cannot be read.
        """
        log = self._state.log
        changes = await _readAll(log.stateAfter, self._from)
        if not changes and not await log.movesAfter(self._from, 1):
            return list(self._records.values())
        known = [lockedFor(event)[1] for event in changes if event.kind == LOCKED]
        first = min([max(self._newest - LAGGING, 0), *known])
        for event in merge(changes, await _readAll(log.movesAfter, first)):
            if event.kind in MOVES:
                if event.id > self._from:
                    await self._move(event)
                self._moves.note(event)
            else:
                with suppress(ChatError):  # The event was void when it was new, too.
                    await self._change(event)
        # Only now: stored rooms and sessions claim to reflect all these events.
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
        @return: the session that holds a person's rooms and rights, with all events so far applied;
            C{None} if they have none to resume.
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
        Make a session's owner a member of a room's newest era.
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
        # Their next message must not go to their former current room.
        if session.account:
            await self._displace(session.account, event)
        else:
            self._keep(session._replace(current=room.id))
        self._grant(self._sessions[session.sid] or session, room)

    async def _displace(self, account: str, event: Event) -> None:
        """
        Move every device of an account to the lobby, where each is told so once: the log does not
        say which of them joined a room and made it its current one.
        """
        for device in await self._state.log.sessionsOf(account):
            known = self._sessions.setdefault(device.sid, device)
            # No room has this id.
            self._keep((known or device)._replace(current=event.id))

    def _isBanned(self, event: Event, room: Room) -> bool:
        """
        @return: whether the person who joined was banned then, or soon after.
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
        Apply a change of a room.

        @raise ChatError: if the event is void.
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
        @return: whether earlier events make this one void, for reasons that L{Rooms.apply} does not
            check.
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
        Record that a room has changed or ended.
        """
        self._changedRooms[room.id] = None
        if self._rooms.byId.get(room.id) is room:
            self._records[room.id] = room.record
        else:
            self._records.pop(room.id, None)


async def _readAll(read: _Read, id: int) -> list[Event]:
    """
    @return: all events after an id, read page by page.
    """
    found: list[Event] = []
    while page := await read(found[-1].id if found else id, PAGE):
        found += page
    return found
