# -*- test-case-name: tests.chat.test_readmarks -*-
"""
Read marks: up to where the owner of an account has read each room, over whatever connection.

A mark only rises.  It goes through the log as everything else, though not for every message: what
is read in between waits in memory, and is stored when the person leaves.
"""

from __future__ import annotations

import json

from ..accounts.records import MARK
from ..accounts.registry import DIRECT
from ..wire.answers import Mark
from ..wire.events import FOREVER, READ, SERVER, Draft, Event, Place
from .member import Member
from .room import Room
from .state import State
from .user import User, usersOf

STORE_SECONDS = 30.0
"""How often at most the mark of one person in one room is stored: a crash forgets so much of it."""

MAX_COUNTED = 1_000
"""Unread messages that are counted: a reader wants to know no more than that there are many."""


class _Reading:
    """
    Up to where one person has read one room.

    @ivar stored: what the log says.
    @ivar read: what they have read; not less.
    @ivar storedAt: when it was given to the log last, on a clock that does not jump.
    """

    __slots__ = ("read", "stored", "storedAt")

    def __init__(self, stored: int) -> None:
        self.read = self.stored = stored
        self.storedAt = float("-inf")


class ReadMarks:
    """
    The marks of everybody who is here.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._readings: dict[str, dict[str, _Reading]] = {}

    async def load(self, member: Member) -> None:
        """
        Read the marks of somebody who logs in, where they are not known yet.
        """
        known = self._readings.setdefault(member.sid, {})
        for place in (DIRECT, *(str(room.id) for room in member.rooms)):
            if place not in known:
                stored = await self._state.log.record(MARK, f"{member.sid} {place}")
                known.setdefault(place, _Reading(stored if isinstance(stored, int) else 0))

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

    def read(self, user: User, place: str, id: int) -> None:
        """
        Note that somebody has read a room up to here.

        @param place: see L{placeOf}.
        """
        reading = self._readings.setdefault(user.sid, {}).setdefault(place, _Reading(0))
        id = min(id, self._state.lastId)
        if id > reading.read:
            reading.read = id
            if self._state.monotonic() - reading.storedAt >= STORE_SECONDS:
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
        data = json.dumps({"place": place, "id": reading.read}, separators=(",", ":"))
        draft = Draft(READ, SERVER, user.name, "", "", user.sid, None, data)
        self._state.log.append(draft, None)

    def happened(self, event: Event) -> None:
        """
        Tell the connections of somebody how far they have read.

        @param event: of the kind read.
        """
        member = self._state.roster.bySid(event.sid)
        if member is None:
            return
        value = json.loads(event.data)
        place, id = value["place"], value["id"]
        reading = self._readings.setdefault(event.sid, {}).setdefault(place, _Reading(0))
        reading.stored = max(reading.stored, id)
        reading.read = max(reading.read, id)
        name = self._nameOf(member.rooms, place)
        if name:
            for user in usersOf(member):
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
