# -*- test-case-name: tests.contracts.test_interfaces -*-
"""
What a store promises: the log, the history, the records, the sessions, and whom a log hands its
events to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NamedTuple, Protocol

from twisted.internet.defer import Deferred
from zope.interface import Attribute, Interface

from ..errors import ChatError
from ..wire.events import Draft, Event, Place, Query, Scope
from .session import RoomRecord, Session


class IFollower(Interface):
    """
    The receiver of a log's events.  The hub is one.

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
    lastTime: float = Attribute(
        "The wall time that could be believed last before the log was started, in seconds since "
        "the epoch; that of the start, where nothing is older. Known once it is started."
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

    A caller cancels an answer that is no longer needed.  No event has its C{data}; one that cannot
    be read is an event of the kind L{wire.events.UNREADABLE} with its id alone, where L{last}
    and L{after} know that the reader may see it.  The C{text} of a message that was removed is
    empty, and no search finds it.
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

    def count(place: Place, after: int, most: int) -> Deferred[int]:
        """
        @param place: what of a room the reader may see.
        @param after: only ids above this one.
        @param most: counting ends here.
        @return: how many messages there are, those that were removed among them.
        """

    def moderation(room: str | None, most: int) -> Deferred[list[Event]]:
        """
        @param room: a room's name, L{wire.events.SERVER}, or C{None} for all of them.
        @param most: at most this many.
        @return: the newest events of the kinds in L{wire.events.MODERATION} that are shown there,
            oldest first, with their C{data}: for moderators alone.
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


MAX_REMOVED: Final = 10_000
"""Messages that one removal takes at most: more than anybody sends before they are stopped."""

REMOVAL_REACH: Final = 200_000
"""Ids before a removal among which it looks for the messages of an author: hours of a busy chat;
some 40 ms, during which every other message waits."""

REMOVED_DAYS: Final = 30
"""So long the texts of removed messages can be brought back; then they are deleted."""


class Selection(NamedTuple):
    """
    Messages of one room: those that meet every condition that is given.

    @ivar room: the room's name.
    @ivar ids: these alone, or empty.
    @ivar sid: by this author, or empty.
    @ivar name: under this name, or empty.
    @ivar after: with ids above this one.
    @ivar upto: with ids up to this one, or 0.
    """

    room: str
    ids: tuple[int, ...] = ()
    sid: str = ""
    name: str = ""
    after: int = 0
    upto: int = 0


class Records(Protocol):
    """
    What is kept under a kind and a key: made of the log alone, by a L{Projection}.
    """

    def get(self, kind: str, key: str) -> Any:
        """
        @return: the value, which the caller may change without effect; C{None} if there is none.
        """

    def put(self, kind: str, key: str, value: Any) -> None:
        """
        @param value: anything that JSON can express, which reads it as it does (a tuple becomes a
            list, a key of a mapping text); C{None} removes the record.
        """

    def blank(self, id: int, left: str = "") -> None:
        """
        Replace the C{data} of an earlier event, so that no secret lingers there.

        @param left: what is left of it.
        """

    def hide(self, removal: int, selection: Selection) -> None:
        """
        Take away the texts of messages before a removal: of the selected ones that have a text the
        newest L{MAX_REMOVED}; where their ids are not given, of those among the last
        L{REMOVAL_REACH}.

        @param removal: the id of the event that removes them.
        """

    def unhide(self, removal: int) -> None:
        """
        Bring back the texts that this removal took away, as far as they are still kept.  A search
        may find them a moment later.
        """


Projection = Callable[[Event, Records], None]
"""Does to the records what an event of a kind in L{wire.events.RECORDED} means.  It knows only its
arguments, so that the same log makes the same records everywhere.  Raises L{errors.ChatError} if
the event is void by what came before it; then it changes nothing."""

LAGGING: Final = 8_192
"""Events, at most, between one that was appended and the newest that was stored when it came back:
those of two batches, where no disk is slow."""

MARK: Final = "mark"
"""The kind of the records of what was read.  The key is an account, a blank and a place; the value
is an id.  A store prunes the L{wire.events.READ} events that a mark has risen above, so marks are
not made again with the other records."""


class IRecords(Interface):
    """
    The records: a projection of the log, stored together with the events that it is made of.  A
    store without a L{Projection} has none.
    """

    def records(kinds: Collection[str]) -> Deferred[list[tuple[str, str, Any]]]:
        """
        @param kinds: kinds of records.
        @return: kind, key and value of all their records.
        """

    def record(kind: str, key: str) -> Deferred[Any]:
        """
        @return: the value of one record, or C{None}.
        """

    def removedTexts(removal: int, most: int) -> Deferred[list[tuple[int, str]]]:
        """
        @param removal: the id of an event that removed messages.
        @param most: at most this many.
        @return: ids and texts of the first of those that can still be brought back, rising.
        """

    def removedBy(removal: int) -> Deferred[list[int]]:
        """
        @param removal: the id of an event that removed messages.
        @return: the ids of those whose texts can still be brought back, rising.
        """


class StoredRooms(NamedTuple):
    """
    The rooms, as they were stored last.

    @ivar records: one for each room.
    @ivar reflected: the id of the newest event that they show, and that the sessions show.
    """

    records: list[RoomRecord]
    reflected: int


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

    def movesAfter(id: int, limit: int) -> Deferred[list[Event]]:
        """
        Read the events by which people join and leave, with their secrets.

        @param id: only events after this one.
        @param limit: at most this many.
        @return: the events of the kinds in L{wire.events.MOVES}, oldest first.
        """

    def stateAfter(id: int, limit: int) -> Deferred[list[Event]]:
        """
        Read the events that rooms are made of, with their secrets: after those that the stored
        rooms show there are some if the server ended before the rooms were stored.

        @param id: only events after this one.
        @param limit: at most this many.
        @return: the events of the kinds in L{wire.events.STATE}, oldest first.  Those that the
            stored rooms show may have been pruned.
        """


class ISessions(Interface):
    """
    The sessions that can be resumed.
    """

    def remember(session: Session) -> None:
        """
        Keep a session, or what has changed of it; one without a C{tokenHash} is forgotten.  Stored
        with the next batch of events.
        """

    def recall(tokenHash: str) -> Deferred[Session | None]:
        """
        @return: the session of this token, or C{None}.
        """

    def session(sid: str) -> Deferred[Session | None]:
        """
        @return: the session of this id, or C{None}.
        """

    def sessionsOf(account: str) -> Deferred[list[Session]]:
        """
        @return: the sessions that are logged in to an account.
        """

    def recentSessions(seconds: float) -> Deferred[list[Session]]:
        """
        @return: the sessions that were used within so many seconds before the last use of any of
            them, or before now, whichever is earlier: a clock that is wrong since then changes
            nothing.
        """


class IStore(ILog, IHistory, IRecords, IRooms, ISessions):
    """
    All that the hub needs kept, in one place.
    """
