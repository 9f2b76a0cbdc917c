# -*- test-case-name: tests.stores.test_memory -*-
"""
The log in memory: fast, and gone with the process.
"""

from __future__ import annotations

import secrets
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import Final

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ..counters import Counters
from ..errors import NoHistory
from ..wire.events import (
    SPOKEN,
    STATE,
    Draft,
    Event,
    Place,
    Query,
    Scope,
    makeEvent,
    withoutSecrets,
)
from .base import Following, Sessions, keyed, sift
from .interfaces import IFollower, IStore, StoredRooms
from .search import matcher, readable
from .session import RoomRecord, Session
from .turns import Turns

KEPT_EVENTS: Final = 10_000
"""Events that are kept for history and resuming: some 5 MiB of short messages."""

SEARCHED: Final = 250
"""Events that a search looks at in one turn of the reactor: some 1 ms."""

KEPT_SESSIONS: Final = 100_000
"""Sessions that can be resumed; the one longest unchanged goes first."""


_id = attrgetter("id")


@implementer(IStore)
class MemoryLog:
    """
    A log without a disk.  "Stored" means here: in the one order that everybody sees.
    """

    def __init__(
        self,
        schedule: Callable[[Callable[[], None]], object] | None = None,
        seconds: Callable[[], float] = time.time,
        keep: int = KEPT_EVENTS,
        counters: Counters | None = None,
    ) -> None:
        """
        @param schedule: runs a callable at the end of the reactor's turn, so that all that came
            in a turn is one batch; without it every draft is handed over at once.
        @param seconds: the wall time, in seconds since the epoch.
        @param keep: at least this many of the newest events are kept, at most twice as many.
        @param counters: the server's figures about itself.
        """
        self._counters = Counters() if counters is None else counters
        self._oldest = 0.0
        self.epoch = secrets.token_hex(8)
        self._schedule = schedule
        self._seconds = seconds
        self._keep = keep
        self._following = Following()
        self._taken: list[tuple[Draft, object]] = []
        self._isDue = False
        self._newest = 0
        self._kept: list[Event] = []
        self._keys: dict[tuple[str, str], Event] = {}
        self._spokenIn: dict[str, list[Event]] = {}
        self._sorted = 0
        self._sessions = Sessions(KEPT_SESSIONS)
        self._rooms: dict[int, RoomRecord] = {}
        self._turns = Turns()
        self._reflected = 0

    @property
    def trouble(self) -> str:
        """
        Nothing can be wrong with a memory.
        """
        return ""

    @property
    def waiting(self) -> int:
        """
        How many drafts wait for the end of the reactor's turn.
        """
        return len(self._taken)

    # ILog

    def start(self) -> Deferred[None]:
        """
        See L{ILog.start}.
        """
        return succeed(None)

    def stop(self) -> Deferred[None]:
        """
        See L{ILog.stop}.
        """
        self._turns.stop(NoHistory("the server is stopping: come again later"))
        while self._taken:
            self._handOver()
        return succeed(None)

    def follow(self, follower: IFollower) -> None:
        """
        See L{ILog.follow}.
        """
        self._following.follower = follower

    def append(self, draft: Draft, origin: object) -> None:
        """
        See L{ILog.append}.  What the follower appends while it is being told is handed over
        afterwards.
        """
        if not self._taken:
            self._oldest = self._counters.seconds()
        self._taken.append((draft, origin))
        if not self._isDue:
            self._isDue = True
            if self._schedule is None:
                self._flush()
            else:
                self._schedule(self._flush)

    def _flush(self) -> None:
        if self._schedule is None:
            while self._taken:
                self._handOver()
        else:
            self._handOver()
            if self._taken:
                self._schedule(self._flush)
                return
        self._isDue = False

    def _handOver(self) -> None:
        """
        Take one batch into the log and tell the follower.
        """
        taken, self._taken = self._taken, []
        sifted = None
        for draft, _ in taken:
            if draft.key is not None:
                sifted = sift(taken, self._keys.get)
                break
        fresh = taken if sifted is None else sifted.fresh
        first, time = self._newest + 1, self._seconds()
        stored = [
            (makeEvent((id, time) + draft), origin)  # noqa: RUF005 - the faster way
            for id, (draft, origin) in enumerate(fresh, first)
        ]
        self._newest += len(stored)
        self._kept += [event for event, _ in stored]
        repeated: list[tuple[Event, object]] = []
        if sifted is not None:
            repeated = sifted.repeated(stored)
            self._keys.update(sifted.known)
        if len(self._kept) > 2 * self._keep:
            self._prune()
        self._following.taken(stored, repeated)
        if self._counters.watched:
            self._counters.batchDone(self._oldest)

    def _prune(self) -> None:
        del self._kept[: -self._keep]
        self._keys = dict(keyed(self._kept))
        self._spokenIn = {}
        self._sorted = 0

    # IHistory

    def bounds(self) -> Deferred[tuple[int, int]]:
        """
        See L{IHistory.bounds}.
        """
        oldest = self._kept[0].id if self._kept else self._newest + 1
        return succeed((oldest, self._newest))

    def last(self, place: Place, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """
        See L{IHistory.last}.
        """
        spoken = self._spoken().get(place.room, [])
        found: list[Event] = []
        for first, last in reversed(place.ranges):
            start = bisect_left(spoken, first, key=_id)
            end = bisect_right(spoken, last if before is None else min(last, before - 1), key=_id)
            start = max(start, end - (count - len(found)))
            found += reversed(spoken[start:end])
        return succeed(found[::-1])

    def _spoken(self) -> dict[str, list[Event]]:
        """
        @return: what was spoken in each room.  The events that came since the last call are
            sorted into it now, so that a message costs nothing here until somebody asks.
        """
        rooms = self._spokenIn
        for event in self._kept[self._sorted :]:
            if event.kind in SPOKEN:
                rooms.setdefault(event.room, []).append(withoutSecrets(event))
        self._sorted = len(self._kept)
        return rooms

    def after(self, scope: Scope, id: int, limit: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.after}.
        """
        start = bisect_right(self._kept, id, key=_id)
        # A slice of the list would copy it, and to skip its beginning one by one takes as long.
        kept = self._kept
        found = filter(readable(scope), (kept[at] for at in range(start, len(kept))))
        return succeed([withoutSecrets(event) for event in islice(found, limit)])

    def search(self, scope: Scope, query: Query, limit: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.search}.
        """
        return self._turns.ask(scope.sid, lambda: self._search(scope, query, limit))

    def _search(self, scope: Scope, query: Query, limit: int) -> Deferred[list[Event]]:
        isReadable, matches = readable(scope), matcher(query)
        kept = self._kept.copy()
        found: list[Event] = []
        isOver: list[object] = []
        result: Deferred[list[Event]] = Deferred(isOver.append)

        def look(end: int = len(kept)) -> None:
            while not isOver:
                start = max(0, end - SEARCHED)
                for event in reversed(kept[start:end]):
                    if len(found) < limit and isReadable(event) and matches(event):
                        found.append(withoutSecrets(event))
                end = start
                if len(found) >= limit or not end:
                    result.callback(found[::-1])
                    return
                if self._schedule is not None:
                    self._schedule(partial(look, end))
                    return

        look()
        return result

    # IRooms

    def keepRoom(self, record: RoomRecord) -> None:
        """
        See L{IRooms.keepRoom}.
        """
        self._reflected = self._newest
        self._rooms[record.id] = record

    def dropRoom(self, id: int) -> None:
        """
        See L{IRooms.dropRoom}.
        """
        self._reflected = self._newest
        self._rooms.pop(id, None)

    def rooms(self) -> Deferred[StoredRooms]:
        """
        See L{IRooms.rooms}.
        """
        start = bisect_right(self._kept, self._reflected, key=_id)
        events = [event for event in islice(self._kept, start, None) if event.kind in STATE]
        return succeed(StoredRooms(list(self._rooms.values()), events))

    # ISessions

    def remember(self, session: Session) -> None:
        """
        See L{ISessions.remember}.
        """
        self._sessions.put(session)

    def recall(self, tokenHash: str) -> Deferred[Session | None]:
        """
        See L{ISessions.recall}.
        """
        return succeed(self._sessions.find(tokenHash))

    def recentSessions(self, since: float) -> Deferred[list[Session]]:
        """
        See L{ISessions.recentSessions}.
        """
        return succeed(self._sessions.since(since))
