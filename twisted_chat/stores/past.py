# -*- test-case-name: tests.stores.test_past -*-
"""
The newest events of a log in memory, found by id, by key and by room.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final

from ..wire.events import SPOKEN, Event, withoutSecrets
from .base import Key, keyed

_id: Final = attrgetter("id")


class Past:
    """
    A bounded number of events.

    @ivar events: all of them, oldest first; not to be changed.
    """

    def __init__(self, keep: int) -> None:
        """
        @param keep: at least this many of the newest events are kept, at most twice as many.
        """
        self._keep = keep
        self.events: list[Event] = []
        self._keys: dict[Key, Event] = {}
        self._spokenIn: dict[str, list[Event]] = {}
        self._sorted = 0

    def add(self, events: Iterable[Event], keys: Mapping[Key, Event]) -> None:
        """
        @param events: new ones, with rising ids.
        @param keys: those that can be repeated, among the new and the old ones.
        """
        self.events += events
        if keys:
            self._keys.update(keys)

    def prune(self) -> bool:
        """
        Let the oldest events go if there are too many.

        @return: whether some went.
        """
        if len(self.events) <= 2 * self._keep:
            return False
        del self.events[: -self._keep]
        self._keys = dict(keyed(self.events))
        self._spokenIn = {}
        self._sorted = 0
        return True

    def withKey(self, key: Key) -> Event | None:
        """
        @return: the event that is stored under this key.
        """
        return self._keys.get(key)

    def find(self, id: int) -> Event | None:
        """
        @return: the event of this id.
        """
        at = bisect_left(self.events, id, key=_id)
        return self.events[at] if at < len(self.events) and self.events[at].id == id else None

    def startAfter(self, id: int) -> int:
        """
        @return: where in C{events} those after this id begin.
        """
        return bisect_right(self.events, id, key=_id)

    def spokenIn(self, room: str) -> Sequence[Event]:
        """
        @return: what was spoken in a room, without secrets.  The events that came since the last
            call are sorted by rooms now, so that a message costs nothing here until somebody asks.
        """
        rooms = self._spokenIn
        for at in range(self._sorted, len(self.events)):
            event = self.events[at]
            if event.kind in SPOKEN:
                rooms.setdefault(event.room, []).append(withoutSecrets(event))
        self._sorted = len(self.events)
        return rooms.get(room, ())

    def change(self, event: Event) -> None:
        """
        Keep this event in the place of the one with its id, if that is kept.
        """
        at = bisect_left(self.events, event.id, key=_id)
        if at == len(self.events) or self.events[at].id != event.id:
            return
        self.events[at] = event
        if event.key is not None:
            self._keys[event.sid, event.key] = event
        if at < self._sorted and event.kind in SPOKEN:
            spoken = self._spokenIn[event.room]
            spoken[bisect_left(spoken, event.id, key=_id)] = withoutSecrets(event)


def between(events: Sequence[Event], first: int, last: int) -> tuple[int, int]:
    """
    @param events: with rising ids.
    @return: where those with ids from C{first} to C{last} begin, and where they end.
    """
    start = bisect_left(events, first, key=_id)
    return start, max(start, bisect_right(events, last, key=_id))
