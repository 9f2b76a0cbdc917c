# -*- test-case-name: tests.contracts.test_interfaces -*-
"""
What a store promises: the log, the history, the sessions, and whom a log hands its events to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from ..errors import ChatError
from ..wire.events import Draft, Event, Place, Query, Scope
from .session import RoomRecord, Session


class IFollower(Interface):
    """
    Whom a log hands its events to.  The hub is one.

    An C{origin} is whatever object the appender gave with its draft, or C{None} for an event that
    was appended elsewhere.
    """

    def stored(batch: Sequence[tuple[Event, object]]) -> None:
        """
        These events are durable now.

        @param batch: pairs of event and origin.  Ids rise within a batch and from batch to batch;
            every event comes once.  This is also the unit of fan-out.
        """

    def repeated(batch: Sequence[tuple[Event, object]]) -> None:
        """
        These drafts were in the log already, under the same C{sid} and C{key}.

        @param batch: pairs of the event that the log holds and the repeating draft's origin.
        """

    def refused(batch: Sequence[tuple[Draft, object]], error: ChatError) -> None:
        """
        These drafts are not in the log and will not be.

        @param batch: pairs of draft and origin.
        @param error: why, and what to do.
        """


class ILog(Interface):
    """
    The one ordered log of a chat.

    Each draft appended is handed to the follower exactly once: as stored, repeated or refused; in
    the order of appending as far as they are stored.
    """

    epoch: str = Attribute(
        "Random text that changes when ids start anew, so that an id of another log is not "
        "mistaken for one of this."
    )
    trouble: str = Attribute("Why nothing can be stored at the moment, for the operator, or empty.")
    waiting: int = Attribute("How many drafts are appended and not yet being stored.")

    def start() -> Deferred[None]:
        """
        Open the log; call it once, before anything else.

        @return: fires when it can be used; fails with a L{ChatError} that says what to do.
        """

    def stop() -> Deferred[None]:
        """
        Store what was appended, tell the follower, close.  Questions that are not answered yet fail
        with L{errors.NoHistory}: a stop waits for none.

        @return: fires when all that was appended is stored or refused.
        """

    def append(draft: Draft, origin: object) -> None:
        """
        Take a draft.  Never raises and never blocks; the follower hears what became of it.
        """

    def follow(follower: IFollower) -> None:
        """
        Hand events to this follower from now on.  A log has one follower.
        """


class IHistory(Interface):
    """
    What was, for those who may read it.  Nothing here blocks the reactor.

    Whoever no longer needs an answer cancels it.  No event has its C{data}; one that cannot be read
    is an event of the kind L{wire.events.UNREADABLE} with its id alone, where L{last} and L{after}
    know that the reader may see it.
    """

    def bounds() -> Deferred[tuple[int, int]]:
        """
        @return: the ids of the oldest event kept and of the newest ever stored; C{(1, 0)} when
            nothing was ever stored.  Messages before the oldest may have been pruned; comings
            and goings after it, too.
        """

    def last(place: Place, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """
        @param place: what of a room the reader may see.
        @param count: at most this many.
        @param before: only ids below this one.
        @return: the last events that people said or did in the room, oldest first.
        """

    def after(scope: Scope, id: int, limit: int) -> Deferred[list[Event]]:
        """
        @param scope: what the reader may see.
        @param id: the last id that they have seen.
        @param limit: at most this many.
        @return: all events after that one in the scope, oldest first.
        """

    def search(scope: Scope, query: Query, limit: int) -> Deferred[list[Event]]:
        """
        @param scope: what the reader may see.
        @param limit: at most this many.
        @return: the newest events of the scope that match, oldest first.  Fails with
            L{errors.NoHistory} where nothing can be searched, or too many searches wait (those of
            one C{scope.sid} take turns with others), and with L{errors.BadCommand} where the query
            asks for nothing that could be found.
        """


class StoredRooms(NamedTuple):
    """
    The rooms, as they were stored last.

    @ivar records: one for each room.
    @ivar events: the events of the kinds in L{wire.events.STATE} that came after that, oldest
        first: the server ended before what they changed was stored.
    """

    records: list[RoomRecord]
    events: list[Event]


class IRooms(Interface):
    """
    The rooms as they are now: a projection of the log, stored a moment after the events that it is
    made of.
    """

    def keepRoom(record: RoomRecord) -> None:
        """
        Keep a room, or what has changed of it.  To be called while the follower is handed the event
        that changed it; stored with the next batch of events.
        """

    def dropRoom(id: int) -> None:
        """
        Forget a room, in the same way.
        """

    def rooms() -> Deferred[StoredRooms]:
        """
        @return: all rooms.
        """


class ISessions(Interface):
    """
    The sessions that can be resumed.
    """

    def remember(session: Session) -> None:
        """
        Keep a session, or what has changed of it.  Stored with the next batch of events.
        """

    def recall(tokenHash: str) -> Deferred[Session | None]:
        """
        @return: the session of this token, or C{None}.
        """

    def recentSessions(since: float) -> Deferred[list[Session]]:
        """
        @param since: a time, in seconds since the epoch, UTC.
        @return: the sessions that were used at that time or later.
        """


class IStore(ILog, IHistory, IRooms, ISessions):
    """
    All that the hub needs kept, in one place.
    """
