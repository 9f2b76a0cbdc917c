# -*- test-case-name: tests.client.test_reading -*-
"""
Keeps up to where the user has read each room, here and on their other devices.

A guest has no marks: what is unread is counted all the same, for as long as the client runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from twisted.internet.interfaces import IDelayedCall, IReactorTime

TELL_SECONDS = 5.0
"""How often the server is told at most what was read."""

READ_SECONDS = 1.0
"""How long a line has to be on the screen to count as read."""

DIRECT = "@"
"""Stands for direct messages, in the place of a room."""

_MAX_ROOMS = 500
"""For how many rooms unread messages are counted."""

_MAX_COUNTED = 1_000
"""Unread messages of one room that are counted; a server counts no more either."""


class _Unread:
    """
    What is unread in one room.

    @ivar before: how many messages came before the client entered and were not shown since.
    @ivar ids: the ids of those that were shown.
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
    What the user has read and what they have not.

    @ivar newest: the id of the newest event at the last welcome.
    """

    def __init__(
        self,
        clock: IReactorTime,
        tell: Callable[[str, int], object],
        isSeen: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        @param clock: the time, for what is gathered.
        @param tell: tells the server of a room and an id.
        @param isSeen: whether what was shown can be seen by now.
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
        @return: how many unread messages of a room came before the client entered and were never
            shown here.
        """
        return self._unread[room].before if room in self._unread else 0

    def came(self, room: str, id: int) -> None:
        """
        Count a message that is shown of a room in which the user is not.

        @param id: 0 where the dialect has none.
        """
        if id and id <= self._marks.get(room, 0):
            return
        unread = self._unread.get(room)
        if unread is None:
            if len(self._unread) >= _MAX_ROOMS:
                return
            unread = self._unread[room] = _Unread()
        if unread.before and id <= self.newest:
            # The server has counted it, and now it comes as a part of what was missed.
            unread.before -= 1
        unread.ids.append(id)

    def looked(self, room: str, newest: int = 0) -> None:
        """
        Note that a room is the current one: all that came of it was on the screen.

        @param newest: the id of the newest event, up to which a room counts as read in which
            nothing was read before; otherwise nothing of it would ever count as unread.
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
        Take what the server knows.

        @param marks: up to which id each room was read; C{None} for a guest.
        @param unread: how many messages are above them.
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
        @param count: how many messages the server counts, those included that were shown over an
            earlier connection.
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
        @return: up to which id the user had read a room when they entered, or came to it last;
            C{None} if nobody knows.
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
        Note what was read on another device of the user's.
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
        Note that the user goes to another room, or leaves the chat: what they have read is told at
        once.
        """
        self.flush()
        if room in self._marks:
            self._stops[room] = self._marks[room]

    def flush(self) -> None:
        """
        Tell what was read and not told yet.
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
        Tell nothing while there is no connection.
        """
        self._cancel()

    def _cancel(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()

    def _plan(self) -> None:
        """
        Tell soon what there is to tell.
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
