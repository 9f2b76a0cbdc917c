# -*- test-case-name: tests.stores.test_base -*-
"""
What all stores have in common: how a log tells its follower, how it deduplicates drafts that come
again, and the sessions and rooms that are in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from twisted.logger import Logger

from ..errors import ChatError
from ..wire.events import Draft, Event
from .interfaces import IFollower
from .session import RoomRecord, Session


class Following:
    """
    Tells the follower what became of drafts.  A follower that fails does not stop the log.

    @ivar follower: whom to tell, or C{None}.
    """

    _log = Logger()

    def __init__(self) -> None:
        self.follower: IFollower | None = None

    def taken(
        self, stored: Sequence[tuple[Event, object]], repeated: Sequence[tuple[Event, object]]
    ) -> None:
        """
        See L{IFollower.stored} and L{IFollower.repeated}; either may be empty.
        """
        if self.follower is None:
            return
        try:
            if stored:
                self.follower.stored(stored)
        except Exception:
            self._log.failure("the follower of the log failed to take what was stored")
        try:
            if repeated:
                self.follower.repeated(repeated)
        except Exception:
            self._log.failure("the follower of the log failed to take what was repeated")

    def refused(self, batch: Sequence[tuple[Draft, object]], error: ChatError) -> None:
        """
        See L{IFollower.refused}; the batch may be empty.
        """
        if self.follower is None or not batch:
            return
        try:
            self.follower.refused(batch, error)
        except Exception:
            self._log.failure("the follower of the log failed to take what was refused")


Key = tuple[str, str]
"""What an author's message is known by: the session id and the client's own id of the message."""


class Sifted(NamedTuple):
    """
    A batch of drafts, taken apart.

    @ivar fresh: those that are to be stored, with their origins.
    @ivar again: the keys of the others, with their origins.
    @ivar known: the events that were found by these keys.
    """

    fresh: Sequence[tuple[Draft, object]]
    again: list[tuple[Key, object]]
    known: dict[Key, Event]

    def repeated(self, stored: Sequence[tuple[Event, object]]) -> list[tuple[Event, object]]:
        """
        Find out what the others are.  From then on C{known} holds what was stored, too.

        @param stored: what became of those that were fresh.
        @return: the events in the place of the others, with their origins.
        """
        self.known.update(keyed(event for event, _ in stored))
        return [(self.known[key], origin) for key, origin in self.again]


def sift(drafts: Sequence[tuple[Draft, object]], find: Callable[[Key], Event | None]) -> Sifted:
    """
    @param drafts: with their origins, in their order.
    @param find: finds the event that is stored under a key.
    @return: what is new of them, and what is not.
    """
    fresh: list[tuple[Draft, object]] = []
    again: list[tuple[Key, object]] = []
    known: dict[Key, Event] = {}
    seen: set[Key] = set()
    for entry in drafts:
        draft, origin = entry
        if draft.key is None:
            fresh.append(entry)
            continue
        key = (draft.sid, draft.key)
        event = None if key in seen else find(key)
        if event is not None:
            known[key] = event
        if event is not None or key in seen:
            again.append((key, origin))
        else:
            fresh.append(entry)
        seen.add(key)
    return Sifted(fresh, again, known)


def keyed(events: Iterable[Event]) -> list[tuple[Key, Event]]:
    """
    @return: the events that can be repeated, with their keys.
    """
    return [((event.sid, event.key), event) for event in events if event.key is not None]


class Sessions:
    """
    A bounded number of sessions, found by their ids, the hashes of their tokens, and accounts.
    """

    def __init__(self, limit: int) -> None:
        """
        @param limit: at most this many beside those that accounts themselves have; the one that is
            longest unchanged goes first.
        """
        self._limit = limit
        self._bySid: dict[str, Session] = {}
        self._byHash: dict[str, Session] = {}
        self._byAccount: dict[str, dict[str, Session]] = {}
        self._own = 0

    def __bool__(self) -> bool:
        return bool(self._bySid)

    def __contains__(self, sid: str) -> bool:
        return sid in self._bySid

    def all(self) -> list[Session]:
        """
        @return: all of them, the one that is longest unchanged first.
        """
        return list(self._bySid.values())

    def put(self, session: Session) -> None:
        """
        Take a session in place of what is known of it.
        """
        self.remove(session.sid)
        if len(self._bySid) - self._own >= self._limit:
            self._removeOldest()
        self._bySid[session.sid] = session
        if session.tokenHash:
            self._byHash[session.tokenHash] = session
        if session.account:
            self._byAccount.setdefault(session.account, {})[session.sid] = session
            self._own += session.account == session.sid

    def get(self, sid: str) -> Session | None:
        """
        @return: the session of this id.
        """
        return self._bySid.get(sid)

    def find(self, tokenHash: str) -> Session | None:
        """
        @return: the session of this token.
        """
        return self._byHash.get(tokenHash)

    def of(self, account: str) -> list[Session]:
        """
        @return: the sessions that are logged in to an account.
        """
        return list(self._byAccount.get(account, {}).values())

    def discard(self, sessions: Iterable[Session]) -> None:
        """
        Let go those of them that were not changed since.
        """
        for session in sessions:
            if self._bySid.get(session.sid) is session:
                self.remove(session.sid)

    def _removeOldest(self) -> None:
        """
        Those of accounts themselves go to the end instead.
        """
        while True:
            sid, session = next(iter(self._bySid.items()))
            if session.account != sid:
                self.remove(sid)
                return
            self._bySid[sid] = self._bySid.pop(sid)

    def remove(self, sid: str) -> None:
        """
        Let go a session, if it is there.
        """
        session = self._bySid.pop(sid, None)
        if session is None:
            return
        self._byHash.pop(session.tokenHash, None)
        if session.account:
            others = self._byAccount[session.account]
            del others[sid]
            if not others:
                del self._byAccount[session.account]
            self._own -= session.account == sid

    def lastUse(self) -> float:
        """
        @return: when any of them was last used, in seconds since the epoch; 0 if there is none.
        """
        return max((session.seen for session in self._bySid.values()), default=0.0)

    def since(self, time: float) -> list[Session]:
        """
        @return: those that can be resumed and were used at that time or later.
        """
        return [s for s in self._bySid.values() if s.tokenHash and s.seen >= time]


class RoomChanges:
    """
    What became of rooms, until it is stored: one record for each room, the newest.  There are never
    more than rooms that the follower has or has just let go, so nothing is given up.
    """

    def __init__(self) -> None:
        self._byId: dict[int, RoomRecord | None] = {}

    def __bool__(self) -> bool:
        return bool(self._byId)

    def all(self) -> Mapping[int, RoomRecord | None]:
        """
        @return: the records of the rooms by their ids; C{None} for those that are to be forgotten.
        """
        return dict(self._byId)

    def put(self, id: int, record: RoomRecord | None) -> None:
        """
        @param record: the room, or C{None} if it is to be forgotten.
        """
        self._byId[id] = record

    def discard(self, changes: Mapping[int, RoomRecord | None]) -> None:
        """
        Let go those of them that are the newest still.
        """
        for id, record in changes.items():
            if id in self._byId and self._byId[id] is record:
                del self._byId[id]


def changed(
    records: Iterable[RoomRecord], changes: Mapping[int, RoomRecord | None]
) -> list[RoomRecord]:
    """
    @param records: rooms as they were.
    @return: the rooms as the changes make them.
    """
    rooms: dict[int, RoomRecord | None] = {record.id: record for record in records}
    rooms.update(changes)
    return [record for record in rooms.values() if record is not None]
