# -*- test-case-name: tests.stores.test_memory -*-
"""
The log in memory: fast, and gone with the process.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection
from functools import partial
from itertools import islice
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from ..counters import Counters
from ..errors import NoHistory
from ..wire.events import (
    MODERATION,
    MOVES,
    RECORDED,
    STATE,
    Draft,
    Event,
    Place,
    Query,
    Scope,
    makeEvent,
    withoutSecrets,
)
from .base import Following, Sessions, sift
from .interfaces import IFollower, IStore, Projection, StoredRooms
from .memoryrecords import MemoryRecords
from .past import Past, between
from .records import project
from .search import matcher, readable
from .session import RoomRecord, Session
from .turns import Turns

KEPT_EVENTS: Final = 10_000
"""Events that are kept for history and resuming: some 5 MiB of short messages."""

SEARCHED: Final = 250
"""Events that a search looks at in one turn of the reactor: some 1 ms."""

FORGET_SECONDS: Final = 3_600.0
"""How often to look for texts that can no longer be brought back."""

KEPT_SESSIONS: Final = 100_000
"""Sessions that can be resumed; the one longest unchanged goes first."""


@implementer(IStore)
class MemoryLog:
    """
    A log without a disk.  "Stored" means here: in the one order that everybody sees.

    @ivar epoch: see L{stores.interfaces.ILog.epoch}.
    @ivar lastTime: see L{stores.interfaces.ILog.lastTime}.
    """

    def __init__(
        self,
        schedule: Callable[[Callable[[], None]], object] | None = None,
        seconds: Callable[[], float] = time.time,
        keep: int = KEPT_EVENTS,
        counters: Counters | None = None,
        projection: Projection | None = None,
    ) -> None:
        """
        @param schedule: runs a callable at the end of the reactor's turn, so that all that came
            in a turn is one batch; without it every draft is handed over at once.
        @param seconds: the wall time, in seconds since the epoch.
        @param keep: at least this many of the newest events are kept, at most twice as many.
        @param counters: the server's figures about itself.
        @param projection: makes the records of the log.
        """
        self._counters = Counters() if counters is None else counters
        self._oldest = 0.0
        self.epoch = secrets.token_hex(8)
        self._schedule = schedule
        self._seconds = seconds
        # All that it ever holds is stamped after this.
        self.lastTime = seconds()
        self._following = Following()
        self._taken: list[tuple[Draft, object]] = []
        self._isDue = False
        self._newest = 0
        self._past = Past(keep)
        self._sessions = Sessions(KEPT_SESSIONS)
        self._rooms: dict[int, RoomRecord] = {}
        self._turns = Turns()
        self._reflected = 0
        self._projection = projection
        self._records = MemoryRecords(self._past)
        self._forgotten = self.lastTime

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
                sifted = sift(taken, self._past.withKey)
                break
        fresh = taken if sifted is None else sifted.fresh
        first, time = self._newest + 1, self._seconds()
        stored = [
            (makeEvent((id, time) + draft), origin)  # noqa: RUF005 - the faster way
            for id, (draft, origin) in enumerate(fresh, first)
        ]
        self._newest += len(stored)
        events = [event for event, _ in stored]
        repeated: list[tuple[Event, object]] = []
        if sifted is not None:
            repeated = sifted.repeated(stored)
        self._past.add(events, {} if sifted is None else sifted.known)
        self._record(events, time)
        self._following.taken(stored, repeated)
        if self._counters.watched:
            self._counters.batchDone(self._oldest)

    def _record(self, events: list[Event], now: float) -> None:
        """
        Let the records show what was stored.
        """
        if self._projection is not None:
            for event in events:
                if event.kind in RECORDED:
                    project(self._projection, event, self._records)
        if self._past.prune() or not 0 <= now - self._forgotten < FORGET_SECONDS:
            self._forgotten = now
            self._records.forget(now)

    # IHistory

    def bounds(self) -> Deferred[tuple[int, int]]:
        """
        See L{IHistory.bounds}.
        """
        events = self._past.events
        return succeed((events[0].id if events else self._newest + 1, self._newest))

    def last(self, place: Place, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """
        See L{IHistory.last}.
        """
        spoken = self._past.spokenIn(place.room)
        found: list[Event] = []
        for first, last in reversed(place.ranges):
            end = last if before is None else min(last, before - 1)
            start, stop = between(spoken, first, end)
            found += reversed(spoken[max(start, stop - (count - len(found))) : stop])
        return succeed(found[::-1])

    def after(self, scope: Scope, id: int, limit: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.after}.
        """
        # A slice of the list would copy it, and to skip its beginning one by one takes as long.
        events, start = self._past.events, self._past.startAfter(id)
        found = filter(readable(scope), (events[at] for at in range(start, len(events))))
        return succeed([withoutSecrets(event) for event in islice(found, limit)])

    def count(self, place: Place, after: int, most: int) -> Deferred[int]:
        """
        See L{IHistory.count}.
        """
        spoken = self._past.spokenIn(place.room)
        count = 0
        for first, last in place.ranges:
            start, end = between(spoken, max(first, after + 1), last)
            count += end - start
        return succeed(min(count, most))

    def moderation(self, room: str | None, most: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.moderation}.
        """
        acts = (event for event in reversed(self._past.events) if event.kind in MODERATION)
        found = (event for event in acts if room in (None, event.room))
        return succeed(list(islice(found, most))[::-1])

    def search(self, scope: Scope, query: Query, limit: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.search}.
        """
        return self._turns.ask(scope.sid, lambda: self._search(scope, query, limit))

    def _search(self, scope: Scope, query: Query, limit: int) -> Deferred[list[Event]]:
        isReadable, matches = readable(scope), matcher(query)
        kept = self._past.events.copy()
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
                    result.callback([event for event in found[::-1] if not self._isRemoved(event)])
                    return
                if self._schedule is not None:
                    self._schedule(partial(look, end))
                    return

        look()
        return result

    def _isRemoved(self, event: Event) -> bool:
        """
        @return: whether a message was removed since it was found.
        """
        current = self._past.find(event.id)
        return current is not None and not current.text

    # IRecords

    def records(self, kinds: Collection[str]) -> Deferred[list[tuple[str, str, Any]]]:
        """
        See L{IRecords.records}.
        """
        return succeed(self._records.all(kinds))

    def record(self, kind: str, key: str) -> Deferred[Any]:
        """
        See L{IRecords.record}.
        """
        return succeed(self._records.get(kind, key))

    def removedTexts(self, removal: int, most: int) -> Deferred[list[tuple[int, str]]]:
        """
        See L{IRecords.removedTexts}.
        """
        return succeed(self._records.removedTexts(removal, most))

    def removedBy(self, removal: int) -> Deferred[list[int]]:
        """
        See L{IRecords.removedBy}.
        """
        return succeed(self._records.removedBy(removal))

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
        return succeed(StoredRooms(list(self._rooms.values()), self._reflected))

    def movesAfter(self, id: int, limit: int) -> Deferred[list[Event]]:
        """
        See L{IRooms.movesAfter}.
        """
        return self._kindsAfter(MOVES, id, limit)

    def stateAfter(self, id: int, limit: int) -> Deferred[list[Event]]:
        """
        See L{IRooms.stateAfter}.
        """
        return self._kindsAfter(STATE, id, limit)

    def _kindsAfter(self, kinds: Collection[str], id: int, limit: int) -> Deferred[list[Event]]:
        events = self._past.events[self._past.startAfter(id) :]
        return succeed(list(islice((e for e in events if e.kind in kinds), limit)))

    # ISessions

    def remember(self, session: Session) -> None:
        """
        See L{ISessions.remember}.
        """
        self._reflected = self._newest
        if session.tokenHash:
            self._sessions.put(session)
        else:
            self._sessions.remove(session.sid)

    def recall(self, tokenHash: str) -> Deferred[Session | None]:
        """
        See L{ISessions.recall}.
        """
        return succeed(self._sessions.find(tokenHash))

    def session(self, sid: str) -> Deferred[Session | None]:
        """
        See L{ISessions.session}.
        """
        return succeed(self._sessions.get(sid))

    def sessionsOf(self, account: str) -> Deferred[list[Session]]:
        """
        See L{ISessions.sessionsOf}.
        """
        return succeed(self._sessions.of(account))

    def recentSessions(self, seconds: float) -> Deferred[list[Session]]:
        """
        See L{ISessions.recentSessions}.
        """
        end = min(self._sessions.lastUse(), self._seconds())
        return succeed(self._sessions.since(end - seconds))
