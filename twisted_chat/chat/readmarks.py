# -*- test-case-name: tests.chat.test_readmarks -*-
"""
Read marks: up to where the owner of an account has read each room, over whatever connection.

A mark only rises.  It goes through the log as everything else, though not for every message: what
is read in between waits in memory, and is stored a little later, or when the person leaves.
"""

from __future__ import annotations

import json

from ..accounts.registry import DIRECT
from ..stores.interfaces import MARK
from ..wire.answers import Mark
from ..wire.events import FOREVER, READ, SERVER, Draft, Event, Place, asData
from .member import Member
from .room import Room
from .state import State
from .user import User, usersOf

STORE_SECONDS = 30.0
"""How often at most the mark of one person in one room is stored: a crash forgets what was read
since, up to the next L{ReadMarks.tidy}."""

MAX_COUNTED = 1_000
"""Unread messages that are counted: a reader wants to know no more than that there are many."""


class _Reading:
    """
    Up to where one person has read one room.

    @ivar read: what they have read; not less than the log says.
    @ivar stored: what the log says.
    @ivar told: what their connections know.
    @ivar storedAt: when it was given to the log last, on a clock that does not jump.
    """

    __slots__ = ("read", "stored", "storedAt", "told")

    def __init__(self, stored: int) -> None:
        self.read = self.stored = self.told = stored
        self.storedAt = float("-inf")


class ReadMarks:
    """
    The marks of everybody who is here.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._readings: dict[str, dict[str, _Reading]] = {}

    def __len__(self) -> int:
        """
        Of how many people marks are known.
        """
        return len(self._readings)

    async def load(self, member: Member) -> None:
        """
        Read the marks of somebody who logs in, where they are not known yet.
        """
        for place in (DIRECT, *(str(room.id) for room in member.rooms)):
            await self._load(member, place)

    async def _load(self, member: Member, place: str) -> None:
        if place in self._readings.get(member.sid, ()):
            return
        stored = await self._state.log.record(MARK, f"{member.sid} {place}")
        if self._state.roster.bySid(member.sid) is member:
            reading = _Reading(stored if isinstance(stored, int) else 0)
            self._readings.setdefault(member.sid, {}).setdefault(place, reading)

    def of(self, member: Member) -> dict[str, int]:
        """
        @return: the marks that somebody has, by the names of their rooms.
        """
        known = self._readings.get(member.sid, {})
        names = {DIRECT: DIRECT, **{str(room.id): room.name for room in member.rooms}}
        return {
            name: known[place].read
            for place, name in names.items()
            if place in known and known[place].read
        }

    async def unread(self, member: Member) -> dict[str, int]:
        """
        @return: how many messages are above their marks, by the names of their rooms; nothing of
            rooms in which they have no mark or have read everything.
        """
        marks = self.of(member)
        log = self._state.log
        counts = {DIRECT: await log.count(self.inbox(member), marks.get(DIRECT, 0), MAX_COUNTED)}
        for room in member.rooms:
            if room.name in marks:
                place = room.placeFor(member.rights)
                counts[room.name] = await log.count(place, marks[room.name], MAX_COUNTED)
        return {name: count for name, count in counts.items() if count}

    def inbox(self, member: Member) -> Place:
        """
        @return: where the direct messages to somebody stand that they have not read.
        """
        known = self._readings.get(member.sid, {}).get(DIRECT)
        first = 1 if known is None else known.read + 1
        return directPlace(member.sid, first)

    async def say(self, user: User, place: str, id: int) -> None:
        """
        Note that somebody says that they have read a room up to here, and tell their other
        connections.

        @param place: a room's id as text, or C{@} for direct messages.
        """
        await self._load(user.member, place)
        if not user.leaving:
            id = min(id, self._state.lastId)
            self._tell(user.member, place, id, user)
            self.read(user, place, id)

    def told(self, user: User, id: int) -> None:
        """
        Note that somebody has read the direct message that they are shown.  While their mark is not
        known, this says nothing of those that came before.
        """
        if DIRECT in self._readings.get(user.sid, ()):
            self.read(user, DIRECT, id)

    def knows(self, user: User, place: str, id: int) -> None:
        """
        Note that somebody has read a room up to an event of their own.  Their other connections
        know of that event, and so need not be told.

        @param place: see L{say}.
        """
        self._reading(user.sid, place).told = id
        self.read(user, place, id)

    def read(self, user: User, place: str, id: int) -> None:
        """
        Note that somebody has read a room up to an event.

        @param place: see L{say}.
        """
        reading = self._reading(user.sid, place)
        if id > reading.read:
            reading.read = id
            if self._isDue(reading):
                self._store(user, place, reading)

    def _reading(self, who: str, place: str) -> _Reading:
        """
        @return: what is known of somebody and a place, perhaps nothing yet.
        """
        readings = self._readings.get(who)
        if readings is None:
            readings = self._readings[who] = {}
        reading = readings.get(place)
        if reading is None:
            reading = readings[place] = _Reading(0)
        return reading

    def _isDue(self, reading: _Reading) -> bool:
        """
        @return: whether a mark may be stored again.
        """
        return self._state.monotonic() - reading.storedAt >= STORE_SECONDS

    def tidy(self) -> None:
        """
        Store what was read and is not stored yet.  To be called every minute or so.
        """
        for who, readings in list(self._readings.items()):
            member = self._state.roster.bySid(who)
            for user in usersOf(member)[:1] if member is not None else ():
                for place, reading in readings.items():
                    if reading.read > reading.stored and self._isDue(reading):
                        self._store(user, place, reading)

    def flush(self, user: User) -> None:
        """
        Store what somebody has read who is about to leave.
        """
        for place, reading in self._readings.get(user.sid, {}).items():
            if reading.read > reading.stored:
                self._store(user, place, reading)

    def forget(self, who: str) -> None:
        """
        Forget the marks of somebody who has left.
        """
        self._readings.pop(who, None)

    def _store(self, user: User, place: str, reading: _Reading) -> None:
        reading.storedAt = self._state.monotonic()
        data = asData({"place": place, "id": reading.read})
        draft = Draft(READ, SERVER, user.name, "", "", user.sid, None, data)
        self._state.log.append(draft, None)

    def happened(self, event: Event) -> None:
        """
        Tell the connections of somebody how far they have read, unless they know.

        @param event: of the kind read.
        """
        member = self._state.roster.bySid(event.sid)
        if member is None or not member.devices:
            return
        value = json.loads(event.data)
        place, id = value["place"], value["id"]
        reading = self._reading(event.sid, place)
        reading.stored = max(reading.stored, id)
        reading.read = max(reading.read, id)
        self._tell(member, place, id, None)

    def _tell(self, member: Member, place: str, id: int, reader: User | None) -> None:
        """
        Tell somebody's connections up to where they have read a room, unless they know.

        @param reader: the connection that said so; it is told nothing.
        """
        name = self._nameOf(member.rooms, place)
        reading = self._reading(member.sid, place)
        if not name or id <= reading.told:
            return
        reading.told = id
        for user in usersOf(member):
            if user is not reader:
                data = user.client.dialect.answer(Mark(name, id), None)
                if data:
                    user.put(data)

    def _nameOf(self, rooms: tuple[Room, ...], place: str) -> str:
        if place == DIRECT:
            return DIRECT
        return next((room.name for room in rooms if str(room.id) == place), "")


def directPlace(who: str, first: int) -> Place:
    """
    @return: the direct messages to an account, from this id on.
    """
    return Place("@" + who, ((first, FOREVER),))
