# -*- test-case-name: tests.test_interfaces -*-
"""
The seams of the house: what a door, a store and the hub promise one another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from .errors import ChatError
    from .events import Draft, Event, Query, Scope
    from .session import Session


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

    def start() -> Deferred[None]:
        """
        Open the log; call it once, before anything else.

        @return: fires when it can be used; fails with a L{ChatError} that says what to do.
        """

    def stop() -> Deferred[None]:
        """
        Store what was appended, tell the follower, close.

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
    """

    def bounds() -> Deferred[tuple[int, int]]:
        """
        @return: the ids of the oldest event kept and of the newest ever stored; C{(1, 0)} when
            nothing was ever stored.  Messages before the oldest may have been pruned; comings
            and goings after it, too.
        """

    def state() -> Deferred[list[Event]]:
        """
        @return: all events of the kinds in L{events.STATE}, oldest first.
        """

    def last(room: str, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """
        @param room: a room's name.
        @param count: at most this many.
        @param before: only ids below this one.
        @return: the last events that people said or did in the room, oldest first.
        """

    def after(scope: Scope, id: int, limit: int) -> Deferred[list[Event]]:
        """
        @param scope: what the reader may see.
        @param id: the last id he has seen.
        @param limit: at most this many.
        @return: all events after that one in his scope, oldest first.
        """

    def search(scope: Scope, query: Query, limit: int) -> Deferred[list[Event]]:
        """
        @param scope: what the reader may see.
        @param limit: at most this many.
        @return: the newest events of the scope that match, oldest first.  Fails with
            L{errors.NoHistory} where nothing can be searched.
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


class IStore(ILog, IHistory, ISessions):
    """
    All that the hub needs kept, in one place.
    """


class Welcome(NamedTuple):
    """
    What a newcomer is told first.

    @ivar name: the name he has now.
    @ivar token: his session's secret, or C{None} where the dialect has no sessions.
    @ivar epoch: the log's epoch.
    @ivar last: the id of the newest event.
    @ivar room: his current room.
    @ivar rooms: name and topic of each of his rooms.
    @ivar resumed: whether an earlier session goes on.
    @ivar missed: how many events follow that he has missed.
    """

    name: str
    token: str | None
    epoch: str
    last: int
    room: str
    rooms: tuple[tuple[str, str], ...]
    resumed: bool
    missed: int


class IView(Interface):
    """
    How the events of a room read to those who look at it in one way.
    """

    def events(events: Sequence[Event], lobby: str) -> list[bytes]:
        """
        @param events: events of one audience, in order.
        @param lobby: the name of the lobby, where coming and going means the whole chat.
        @return: as many C{bytes} as events, each whole lines for the event of its place; what is
            folded into another place leaves its own empty.
        """


class IDialect(Interface):
    """
    How events, receipts and answers read on one kind of wire.  Free of I/O and of state; all
    C{bytes} it gives are whole lines.
    """

    here: IView = Attribute("How one's current room reads.")
    elsewhere: IView = Attribute("How one's other rooms read.")

    def receipt(event: Event) -> bytes:
        """
        @return: the author's answer: his message is stored.
        """

    def own(event: Event) -> bytes:
        """
        @return: how an event that is not a message reads to its author.
        """

    def notice(text: str, key: str | None = None) -> bytes:
        """
        @param key: the key of what this answers.
        @return: something the house says to one person.
        """

    def refusal(error: ChatError, key: str | None = None) -> bytes:
        """
        @param key: the key of what is refused.
        @return: what was refused, and what to do.
        """

    def welcome(welcome: Welcome) -> bytes:
        """
        @return: the first thing after the name was taken.
        """

    def moved(room: str, topic: str, count: int) -> bytes:
        """
        @param count: how many people are in it.
        @return: that this is one's current room from now on.
        """

    def backlog(events: Sequence[Event], now: float) -> bytes:
        """
        @param now: the wall time, in seconds since the epoch, UTC.
        @return: what was said before one came.
        """

    def found(events: Sequence[Event], now: float, key: str | None = None) -> bytes:
        """
        @param now: the wall time, in seconds since the epoch, UTC.
        @return: what was asked of the history.
        """

    def replay(events: Sequence[Event], sid: str) -> bytes:
        """
        @param sid: the reader's session.
        @return: what a resuming reader has missed, his own events included.
        """

    def gap(count: int | None) -> bytes:
        """
        @param count: how many events at most, or C{None} if nobody knows.
        @return: that something he could have seen is no longer kept.
        """

    def bye(text: str) -> bytes:
        """
        @return: the last thing before the server closes.
        """


class IChatClient(Interface):
    """
    What the hub knows of a person's connection, whatever the door.
    """

    dialect: IDialect = Attribute("How this client reads.")
    address: str = Attribute("Where it comes from, for the server's log, such as 10.0.0.7:51234.")
    put: Callable[[bytes], None] = Attribute(
        "Sends whole lines.  Never blocks and never raises; bounded by the door."
    )

    def hold() -> None:
        """
        Keep back what is put from now on, within the same bounds, until L{release}.
        """

    def release(data: bytes) -> None:
        """
        Send C{data}; at the last of as many calls as of L{hold} also what was kept back, then go on
        as usual.
        """

    def drop() -> None:
        """
        Throw away what was kept back, and every L{hold}: whoever is behind the connection is not to
        hear what came after something that he cannot be told.
        """

    def answer(data: bytes) -> None:
        """
        Send what he has asked for, which may be larger than what may wait for him otherwise.

        @param data: whole lines.
        """

    def page(data: bytes) -> Deferred[None]:
        """
        Send C{data} before what is kept back, while it is kept back.

        @return: fires when there is room for more; never if the connection is lost before.
        """

    def settled() -> None:
        """
        Some of what this client said was answered: it may be read from again.
        """

    def bye(data: bytes) -> None:
        """
        Send these last lines and close, in this order; after what is kept back, if anything is.
        What is put from now on is thrown away.
        """
