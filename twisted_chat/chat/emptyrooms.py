# -*- test-case-name: tests.chat.test_emptyrooms -*-
"""
The rooms that nobody is in, and which of them are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from .room import Room

DAY = 86_400.0
"""Seconds of a day."""

FORGET_DAYS = 7
"""Days that a room stays that nobody is in, unless the operator says otherwise: a holiday."""

UNUSED_SECONDS = 3_600.0
"""Seconds that an unused room stays that nobody is in: time to come back after a lost connection,
or to tell others the password."""

MAX_EMPTY = 20_000
"""Rooms that nobody is in, of all people: at 2 to 3 KiB each some 50 MiB."""

MAX_UNUSED = 1_000
"""Those of them that are unused: nobody misses them."""

MAX_AT_ONCE = 1_000
"""Rooms that are forgotten at once for their age: each takes an event."""


def isUnused(room: Room) -> bool:
    """
    @return: whether nobody misses anything when the room ends: nothing was said in it, it is about
        nothing, and nobody is invited.
    """
    return not (room.used or room.topic or room.invited)


def mayBeForgotten(room: Room) -> bool:
    """
    @return: whether the room ends when nobody has been in it for long enough; asked when its last
        member leaves, and at the start.
    """
    isLobby = not room.id
    return not isLobby


class EmptyRooms:
    """
    The rooms that nobody is in and that may be forgotten, in the order in which they were left.
    One that is to be closed is taken out.
    """

    def __init__(self) -> None:
        self._used: dict[Room, None] = {}
        self._unused: dict[Room, None] = {}

    def __len__(self) -> int:
        return len(self._used) + len(self._unused)

    def add(self, room: Room) -> None:
        """
        Add a room that has just been left.
        """
        self.discard(room)
        if mayBeForgotten(room):
            (self._unused if isUnused(room) else self._used)[room] = None

    def discard(self, room: Room) -> None:
        """
        Take a room out that somebody joins, or that has ended.
        """
        self._used.pop(room, None)
        self._unused.pop(room, None)

    def takeExcess(self) -> Room | None:
        """
        @return: where too many rooms are empty, the one that comes first: an unused one, or else
            the one that was left first.
        """
        isExcess = len(self) > MAX_EMPTY or len(self._unused) > MAX_UNUSED
        if not isExcess:
            return None
        room = next(iter(self._unused or self._used))
        self.discard(room)
        return room

    def takeOld(self, now: float, believed: float, days: int) -> list[Room]:
        """
        @param now: the wall time, in seconds since the epoch.
        @param believed: the same by a clock that can be believed: what was said in a room cannot be
            brought back.
        @param days: how long a room stays that nobody is in.
        @return: the rooms that have been empty for too long, at most L{MAX_AT_ONCE}.
        """

        def old() -> Iterator[Room]:
            yield from _leftBefore(self._used, believed - days * DAY)
            yield from _leftBefore(self._unused, now - UNUSED_SECONDS)

        rooms = list(islice(old(), MAX_AT_ONCE))
        for room in rooms:
            self.discard(room)
        return rooms


def _leftBefore(rooms: dict[Room, None], time: float) -> Iterator[Room]:
    for room in rooms:
        if room.emptyAt >= time:
            return
        yield room
