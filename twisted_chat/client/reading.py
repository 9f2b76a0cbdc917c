# -*- test-case-name: tests.client.test_reading -*-
"""
Keeps how far the user has read each room, here and on their other devices.

A guest has no marks; unread messages are counted nevertheless, while the client runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from twisted.internet.interfaces import IDelayedCall, IReactorTime

TELL_SECONDS = 5.0
"""The shortest time between two reports of read marks to the server, in seconds."""

READ_SECONDS = 1.0
"""How long a line must be on the screen to count as read, in seconds."""

DIRECT = "@"
"""Stands for direct messages, in the place of a room."""

_MAX_ROOMS = 500
"""Most rooms in which unread messages are counted."""

_MAX_COUNTED = 1_000
"""Most unread messages that are counted in one room, as on the server."""


class _Unread:
    """
    The unread messages of one room.

    @ivar before: how many messages came before the client entered and were not shown here.
    @ivar ids: the ids of unread messages that were shown.
    """

    __slots__ = ("before", "ids")

    def __init__(self, before: int = 0) -> None:
        self.before = before
        self.ids: deque[int] = deque(maxlen=_MAX_COUNTED)

    @property
    def count(self) -> int:
        """
        How many messages there are, at least.
        """
        return min(self.before + len(self.ids), _MAX_COUNTED)


class Reading:
    """
    How far the user has read, and what is unread.

    @ivar newest: the id of the newest event at the last welcome.
    """

    def __init__(
        self,
        clock: IReactorTime,
        tell: Callable[[str, int], object],
        isSeen: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        @param clock: schedules delayed reports.
        @param tell: sends a read mark to the server: called with a room and an id.
        @param isSeen: returns whether output is visible to the user now.
        """
        self.newest = 0
        self._clock = clock
        self._tell = tell
        self._isSeen = isSeen
        self._hasMarks = False
        self._marks: dict[str, int] = {}
        self._stops: dict[str, int] = {}
        self._shown: dict[str, int] = {}
        self._unread: dict[str, _Unread] = {}
        self._timer: IDelayedCall | None = None
        self._toldAt = -TELL_SECONDS

    # What is unread.

    @property
    def counts(self) -> dict[str, int]:
        """
        How many messages are unread in each room that has any.
        """
        return {room: unread.count for room, unread in self._unread.items()}

    def missed(self, room: str) -> int:
        """
        @return: how many unread messages of a room are from before the client entered and were
            never shown here.
        """
        return self._unread[room].before if room in self._unread else 0

    def came(self, room: str, id: int) -> None:
        """
        Count a message of a room that is not the current one.

        @param id: the id of the message; 0 if the dialect has none.
        """
        if id and id <= self._marks.get(room, 0):
            return
        unread = self._unread.get(room)
        if unread is None:
            if len(self._unread) >= _MAX_ROOMS:
                return
            unread = self._unread[room] = _Unread()
        if unread.before and id <= self.newest:
            # The server has counted this message, and now it arrives in the replay.
            unread.before -= 1
        unread.ids.append(id)

    def looked(self, room: str, newest: int = 0) -> None:
        """
        Note that a room is the current one, so all its messages are on the screen.

        @param newest: the id of the newest event, up to which a room without a mark counts as read;
            otherwise nothing in it would ever count as unread.
        """
        if room not in self._marks:
            self.shown(room, newest)
        unread = self._unread.pop(room, None)
        if unread is not None and unread.ids:
            self.shown(room, unread.ids[-1])

    # Marks.

    def welcomed(
        self, marks: Mapping[str, int] | None, unread: Mapping[str, int] | None, newest: int
    ) -> None:
        """
        Take the marks and counts of the server.

        @param marks: the id up to which each room was read; C{None} for a guest.
        @param unread: how many messages are above each mark.
        @param newest: the id of the newest event.
        """
        self.newest = newest
        self._hasMarks = marks is not None
        self._marks = dict(marks or {})
        self._stops = dict(marks or {})
        if unread is not None:
            former, self._unread = self._unread, {}
            for room, count in unread.items():
                if room != DIRECT:
                    self._unread[room] = self._recounted(room, count, former.get(room))
        self._plan()

    def _recounted(self, room: str, count: int, former: _Unread | None) -> _Unread:
        """
        @param count: the server's count, which includes messages shown over an earlier connection.
        """
        mark = self._marks.get(room, 0)
        shown = [] if former is None else [id for id in former.ids if id > mark]
        unread = _Unread(max(0, count - len(shown)))
        unread.ids.extend(shown)
        return unread

    def registered(self) -> None:
        """
        Note that the user has an account from now on.
        """
        self._hasMarks = True
        self._plan()

    def stopped(self, room: str) -> int | None:
        """
        @return: the id up to which the user had read a room when they last entered it; C{None} if
            unknown.
        """
        return self._stops.get(room)

    def shown(self, room: str, id: int) -> None:
        """
        Note that a message of the current room, or a direct one, is on the screen.
        """
        if id > max(self._shown.get(room, 0), self._marks.get(room, 0)):
            self._shown[room] = id
            self._plan()

    def readElsewhere(self, room: str, id: int) -> None:
        """
        Take a read mark from another device of the user.
        """
        self._marks[room] = max(id, self._marks.get(room, 0))
        self._stops[room] = max(id, self._stops.get(room, 0))
        unread = self._unread.get(room)
        if unread is None:
            return
        if id >= self.newest:
            unread.before = 0
        while unread.ids and unread.ids[0] <= id:
            unread.ids.popleft()
        if not unread.count:
            del self._unread[room]

    def left(self, room: str) -> None:
        """
        Note that the user leaves a room or the chat, and report their marks at once.
        """
        self.flush()
        if room in self._marks:
            self._stops[room] = self._marks[room]

    def flush(self) -> None:
        """
        Report all marks that were not reported yet.
        """
        self._cancel()
        if not self._hasMarks:
            return
        for room, id in self._shown.items():
            if id > self._marks.get(room, 0):
                self._marks[room] = id
                self._toldAt = self._clock.seconds()
                self._tell(room, id)
        self._shown.clear()

    def stop(self) -> None:
        """
        Report nothing while there is no connection.
        """
        self._cancel()

    def _cancel(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _plan(self) -> None:
        """
        Schedule a report.
        """
        if self._timer is None and self._hasMarks and self._shown:
            delay = max(READ_SECONDS, self._toldAt + TELL_SECONDS - self._clock.seconds())
            self._timer = self._clock.callLater(delay, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._isSeen():
            self.flush()
        elif self._shown:
            self._timer = self._clock.callLater(TELL_SECONDS, self._due)
