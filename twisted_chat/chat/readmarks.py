# -*- test-case-name: tests.chat.test_readmarks -*-
"""
Read marks: how far the owner of an account has read each room, over any connection.

A mark only rises.  It goes through the log like everything else, but not for every message: marks
wait in memory, and are stored a little later, or when the person leaves.
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
"""The shortest time between two stored marks of one person in one room: a crash loses the marks
since the last one, or since the last L{ReadMarks.tidy}."""

MAX_COUNTED = 1_000
"""Most unread messages that are counted: beyond that a reader only needs to know that there are
many."""


class _Reading:
    """
    How far one person has read one room.

    @ivar read: the last id that they have read; at least C{stored}.
    @ivar stored: the mark in the log.
    @ivar told: the mark that their connections know.
    @ivar storedAt: when it was last appended, in seconds on a clock that does not jump.
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
        For how many people marks are known.
        """
        return len(self._readings)

    async def load(self, member: Member) -> None:
        """
        Read the marks of somebody who logs in, unless they are known.
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
        @return: somebody's marks, by the names of their rooms.
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
        @return: how many messages are above their marks, by the names of their rooms; rooms without
            a mark or without unread messages are left out.
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
        @return: the place of somebody's unread direct messages.
        """
        known = self._readings.get(member.sid, {}).get(DIRECT)
        first = 1 if known is None else known.read + 1
        return directPlace(member.sid, first)

    async def say(self, user: User, place: str, id: int) -> None:
        """
        Move a mark at its owner's request, and tell their other connections.

        @param place: a room's id as text, or C{@} for direct messages.
        """
        await self._load(user.member, place)
        if not user.leaving:
            id = min(id, self._state.lastId)
            self._tell(user.member, place, id, user)
            self.read(user, place, id)

    def told(self, user: User, id: int) -> None:
        """
        Note that somebody has read a direct message that they are shown.  While their mark is
        unknown, this must not count earlier messages as read.
        """
        if DIRECT in self._readings.get(user.sid, ()):
            self.read(user, DIRECT, id)

    def knows(self, user: User, place: str, id: int) -> None:
        """
        Note that somebody has read a room up to an event of their own.  Their other connections see
        that event, and need not be told.

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
        @return: the state of somebody's mark in a place, made if it is missing.
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
        Store all marks that are not stored yet.  Called about once a minute.
        """
        for who, readings in list(self._readings.items()):
            member = self._state.roster.bySid(who)
            for user in usersOf(member)[:1] if member is not None else ():
                for place, reading in readings.items():
                    if reading.read > reading.stored and self._isDue(reading):
                        self._store(user, place, reading)

    def flush(self, user: User) -> None:
        """
        Store the marks of somebody who is about to leave.
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
        Tell somebody's connections of their mark, unless they know it.

        @param event: an event of the kind L{READ<wire.events.READ>}.
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
        Tell somebody's connections how far they have read a room, unless they know.

        @param reader: the connection that moved the mark, which is not told.
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
    @return: the place of the direct messages to an account, from this id on.
    """
    return Place("@" + who, ((first, FOREVER),))
