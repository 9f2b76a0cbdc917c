# -*- test-case-name: tests.chat.test_emptyrooms -*-
"""
Keeps track of empty rooms, and selects those to close.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from .room import Room

DAY = 86_400.0
"""Seconds of a day."""

FORGET_DAYS = 7
"""Days that an empty room stays by default: a holiday."""

UNUSED_SECONDS = 3_600.0
"""Seconds that an empty and unused room stays: time to come back after a lost connection, or to
tell others the password."""

MAX_EMPTY = 20_000
"""Most empty rooms: at 2 to 3 KiB each some 50 MiB."""

MAX_UNUSED = 1_000
"""Most empty rooms that are unused: nobody misses them."""

MAX_AT_ONCE = 1_000
"""Most rooms that are closed at once for their age: each takes an event."""


def isUnused(room: Room) -> bool:
    """
    @return: whether nobody would miss the room: nothing was said in it, it has no topic, and nobody
        is invited.
    """
    return not (room.used or room.topic or room.invited)


def mayBeForgotten(room: Room) -> bool:
    """
    @return: whether the room is closed once it has been empty for long enough; asked when its last
        member leaves, and at the start.
    """
    isLobby = not room.id
    return not isLobby


class EmptyRooms:
    """
    The empty rooms that may be closed, in the order in which they were left.  A room whose closing
    is under way is not among them.
    """

    def __init__(self) -> None:
        self._used: dict[Room, None] = {}
        self._unused: dict[Room, None] = {}

    def __len__(self) -> int:
        return len(self._used) + len(self._unused)

    def add(self, room: Room) -> None:
        """
        Add a room that has just become empty.
        """
        self.discard(room)
        if mayBeForgotten(room):
            (self._unused if isUnused(room) else self._used)[room] = None

    def discard(self, room: Room) -> None:
        """
        Remove a room that somebody joins, or that has ended.
        """
        self._used.pop(room, None)
        self._unused.pop(room, None)

    def takeExcess(self) -> Room | None:
        """
        @return: the room to close first, now removed, if there are too many, or C{None}: an unused
            one, or else the one that was left first.
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
        @param believed: the same by a clock that deletion may trust: the messages of a closed room
            cannot be restored.
        @param days: how long an empty room stays, in days.
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
