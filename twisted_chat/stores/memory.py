# -*- test-case-name: tests.stores.test_memory -*-
"""
The log in memory: fast, and gone with the process.
"""

from __future__ import annotations

import secrets
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from twisted.internet.defer import Deferred, execute, succeed
from zope.interface import implementer

from ..wire.events import SPOKEN, STATE, Draft, Event, Query, Scope, numbered
from .base import Following, Sessions, keyed, sift
from .interfaces import IFollower, IStore
from .search import isReadable, matcher
from .session import Session

KEPT_EVENTS: Final = 10_000
"""Events that are kept for history and resuming: some 5 MiB of short messages."""

KEPT_SESSIONS: Final = 100_000
"""Sessions that can be resumed; the one longest unchanged goes first."""


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
    ) -> None:
        """
        @param schedule: runs a callable at the end of the reactor's turn, so that all that came
            in a turn is one batch; without it every draft is handed over at once.
        @param seconds: the wall time, in seconds since the epoch.
        @param keep: at least this many of the newest events are kept, at most twice as many.
            Events of the kinds in L{STATE} are always kept.
        """
        self.epoch = secrets.token_hex(8)
        self._schedule = schedule
        self._seconds = seconds
        self._keep = keep
        self._following = Following()
        self._taken: list[tuple[Draft, object]] = []
        self._isDue = False
        self._newest = 0
        self._kept: list[Event] = []
        self._state: list[Event] = []
        self._keys: dict[tuple[str, str], Event] = {}
        self._rooms: dict[str, list[Event]] = {}
        self._sorted = 0
        self._sessions = Sessions(KEPT_SESSIONS)

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
        stored = numbered(fresh, self._newest + 1, self._seconds())
        self._newest += len(stored)
        for event, _ in stored:
            self._kept.append(event)
            if event.kind in STATE:
                self._state.append(event)
        repeated: list[tuple[Event, object]] = []
        if sifted is not None:
            repeated = sifted.repeated(stored)
            self._keys.update(sifted.known)
        if len(self._kept) > 2 * self._keep:
            self._prune()
        self._following.taken(stored, repeated)

    def _prune(self) -> None:
        del self._kept[: -self._keep]
        self._keys = dict(keyed(self._kept))
        self._rooms = {}
        self._sorted = 0

    # IHistory

    def bounds(self) -> Deferred[tuple[int, int]]:
        """
        See L{IHistory.bounds}.
        """
        oldest = self._kept[0].id if self._kept else self._newest + 1
        return succeed((oldest, self._newest))

    def state(self) -> Deferred[list[Event]]:
        """
        See L{IHistory.state}.
        """
        return succeed(self._state.copy())

    def last(self, room: str, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """
        See L{IHistory.last}.
        """
        spoken = self._spoken().get(room, [])
        end = len(spoken)
        if before is not None:
            end = bisect_left(spoken, before, key=lambda event: event.id)
        return succeed(spoken[max(0, end - count) : end])

    def _spoken(self) -> dict[str, list[Event]]:
        """
        @return: what was spoken in each room.  The events that came since the last call are
            sorted into it now, so that a message costs nothing here until somebody asks.
        """
        rooms = self._rooms
        for event in self._kept[self._sorted :]:
            if event.kind in SPOKEN:
                rooms.setdefault(event.room, []).append(event)
        self._sorted = len(self._kept)
        return rooms

    def after(self, scope: Scope, id: int, limit: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.after}.
        """
        found = (event for event in self._since(id) if isReadable(event, scope))
        return succeed(list(islice(found, limit)))

    def _since(self, id: int) -> Iterator[Event]:
        """
        @return: all events kept after that one, oldest first.
        """
        kept = self._kept
        oldest = kept[0].id if kept else self._newest + 1
        yield from (event for event in self._state if id < event.id < oldest)
        yield from islice(kept, max(0, id + 1 - oldest), None)

    def search(self, scope: Scope, query: Query, limit: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.search}.
        """
        return execute(self._search, scope, query, limit)

    def _search(self, scope: Scope, query: Query, limit: int) -> list[Event]:
        matches = matcher(query)
        newest = (
            event for event in reversed(self._kept) if isReadable(event, scope) and matches(event)
        )
        return list(islice(newest, limit))[::-1]

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
