# -*- test-case-name: tests.chat -*-
"""
What the parts of the chat share.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from heapq import nsmallest
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred

from ..accounts.bans import Visitor
from ..accounts.hashing import Hashing
from ..accounts.law import Law
from ..accounts.pepper import Pepper
from ..accounts.ranks import Rank
from ..counters import Counters
from ..errors import BadCommand
from ..stores.interfaces import IStore
from ..stores.session import Session
from ..text.confusables import looks
from ..wire.events import CLOSED, Draft
from .authentication import Authenticator
from .emptyrooms import isUnused
from .interfaces import Audit
from .passwords import PasswordGuard
from .quotas import ChangePace, RoomQuota
from .room import Room
from .rooms import Rooms
from .roster import Roster

SHOWN_ROOMS = 50
"""Rooms that are listed, those with most people first."""

LISTING_SECONDS = 1.0
"""How long a list of rooms is good."""

FAULT_SECONDS = 60.0
"""How often at most the operator is told of one kind of fault."""

Doing = Coroutine[Deferred[Any], Any, None]
"""A command on its way; it ends when it is answered."""

Perform = Callable[[Any, str, "str | None"], Doing]
"""Does a command of a user, given without its slash."""

LogInAs = Callable[[Any, str, str, "str | None"], Doing]
"""Lets a user go on under their account: given a name, a secret and the key of the request."""


HasRead = Callable[[Any, str, int], Doing]
"""Notes up to where a user has read: given the user, the place of a room, and an id."""


class Faults:
    """
    Keeps a fault that comes again and again from filling the operator's log.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """
        @param monotonic: the time on a clock that does not jump, in seconds.
        """
        self._monotonic = monotonic
        self._toldAt: dict[str, float] = {}

    def isNew(self, kind: str) -> bool:
        """
        @param kind: what is wrong, in fixed words.
        @return: whether the operator was not told of it for L{FAULT_SECONDS}.
        """
        now = self._monotonic()
        toldAt = self._toldAt.get(kind)
        if toldAt is not None and now - toldAt < FAULT_SECONDS:
            return False
        self._toldAt[kind] = now
        return True


class Listing(NamedTuple):
    """
    The rooms that everybody may know of.

    @ivar largest: L{SHOWN_ROOMS} of them, those with most people.
    @ivar total: how many there are.
    @ivar madeAt: when the list was made, on a clock that does not jump.
    """

    largest: tuple[Room, ...]
    total: int
    madeAt: float


class State:
    """
    The people who are here, the rooms there are, and the parts that everything goes through.

    @ivar log: takes drafts and returns events.
    @ivar roster: everybody who is here.
    @ivar rooms: all rooms.
    @ivar law: who owns which name, and what everybody may do.
    @ivar authenticator: checks the owners of accounts.
    @ivar audit: where the operator reads.
    @ivar counters: the server's figures about itself.
    @ivar seconds: the wall clock, in seconds since the epoch, UTC.
    @ivar lobbyOnly: the rooms of somebody who is in the lobby alone, shared by all of them.
    @ivar passwords: slows down those who guess the passwords of rooms.
    @ivar newRooms: how many rooms each address makes.
    @ivar changes: how fast each user and each address changes rooms.
    @ivar faults: which faults the operator was told of.
    @ivar monotonic: the time on a clock that does not jump, in seconds.
    @ivar lastId: the id of the newest event that people were shown.
    @ivar startId: the id of the newest event when the server was started.
    @ivar perform: the table of commands, which stands above what it changes.
    @ivar logInAs: lets a user go on under their account, which stands above as well.
    @ivar hasRead: notes up to where a user has read a room.
    @ivar leaves: called with a user before the member leaves who has no other connection.
    @ivar left: called with the C{sid} of a member who has left.
    """

    def __init__(
        self,
        log: IStore,
        lobby: str,
        seconds: Callable[[], float],
        monotonic: Callable[[], float],
        audit: Audit,
        counters: Counters,
        hashing: Hashing,
        pepper: Pepper,
    ) -> None:
        """
        @param lobby: a clean room name.
        @param seconds: the wall clock; it only stamps and never times.
        @param monotonic: the time on a clock that does not jump, in seconds.
        @param hashing: where passwords are hashed.
        @param pepper: what the verifiers of passwords are masked with.
        """
        self.log = log
        self.seconds = seconds
        self.audit = audit
        self.counters = counters
        self.law = Law()
        self.authenticator = Authenticator(log, self.law, hashing, pepper, seconds, monotonic)
        self.roster = Roster(monotonic, self.law.lookalike)
        self.rooms = Rooms(lobby)
        self.rooms.owns = self.owns
        self.lobbyOnly: tuple[Room, ...] = (self.rooms.lobby,)
        self.passwords = PasswordGuard(monotonic)
        self.newRooms = RoomQuota(monotonic)
        self.changes = ChangePace(monotonic)
        self.faults = Faults(monotonic)
        self.monotonic = monotonic
        self.lastId = self.startId = 0
        self.perform: Perform = _unknown
        self.leaves: Callable[[Any], None] = _nothing
        self.logInAs: LogInAs = _nowhere
        self.left: Callable[[str], None] = _nothing
        self.hasRead: HasRead = _unread
        self._listing = Listing((), 0, float("-inf"))

    def listing(self) -> Listing:
        """
        @return: the rooms that everybody may know of, as they were within the last second: with ten
            thousand rooms each look costs several milliseconds.
        """
        now = self.monotonic()
        if now - self._listing.madeAt >= LISTING_SECONDS:
            listed = [room for room in self.rooms.values() if room.isListed]
            largest = nsmallest(SHOWN_ROOMS, listed, key=lambda room: (-len(room), room.name))
            self._listing = Listing(tuple(largest), len(listed), now)
        return self._listing

    def readmitted(self, session: Session, host: str = "") -> list[Room]:
        """
        @param host: where its owner comes from, or empty.
        @return: the rooms that a session goes on with.  One that became private meanwhile is
            entered by invitation or password, as ever; one that they are banned from, not at all.
        """
        rooms = (self.rooms.byId.get(id) for id in session.rooms)
        visitor = Visitor(session.sid, looks(session.name), host, self.law.isAccount(session.sid))
        now = self.seconds()
        return [
            room
            for room in rooms
            if room is not None
            and room.admits(session.sid, session.rights)
            and self.law.mayEnter(room.place, room.name, visitor, now) is None
        ]

    def mayRemove(self, by: str, who: str, room: Room) -> bool:
        """
        @param by: the session id of somebody.
        @param who: that of a member.
        @return: whether the one may remove the other from a room.
        """
        rank = self.law.rank(room.place, by)
        if rank >= Rank.MODERATOR:
            return rank > self.law.rank(room.place, who)
        return self.owns(by, room)

    def owns(self, sid: str, room: Room) -> bool:
        """
        @param sid: the session id of somebody.
        @return: whether a room is theirs: by their role, or because they made it as a guest.
        """
        if room is self.rooms.lobby:
            return False
        madeIt = sid == room.owner and not self.law.isAccount(sid)
        return madeIt or self.law.roleIn(room.place, sid) >= Rank.OWNER

    def keep(self, room: Room) -> None:
        """
        Have the state of a room stored.
        """
        self.log.keepRoom(room.record)

    def emptied(self, room: Room, mayReturn: bool = False) -> None:
        """
        Note that somebody left a room.  When it is empty, unused and public, it is closed; any
        other stays for a while (L{emptyrooms.EmptyRooms}).

        @param mayReturn: whether they only lost the connection.
        """
        if len(room) or room is self.rooms.lobby:
            return
        room.emptyAt = self.seconds()
        if self.law.stays(room.place):
            self.keep(room)
        elif room.private or mayReturn or not isUnused(room):
            self.keep(room)
            self.rooms.empty.add(room)
            excess = self.rooms.empty.takeExcess()
            if excess is not None:
                self.close(excess)
        else:
            self.close(room)

    def occupied(self, room: Room) -> None:
        """
        Note that somebody joins a room: from now on it is not empty.
        """
        if room.emptyAt:
            room.emptyAt = 0.0
            self.rooms.empty.discard(room)
            self.keep(room)

    def close(self, room: Room) -> None:
        """
        Have a room closed, which ends its life; nothing happens if somebody joins before, or a
        registered person owns it.
        """
        if not self.law.stays(room.place) and room.beginClosing():
            self.log.append(Draft(CLOSED, room.name, "", data=str(room.id)), None)


def _nothing(*arguments: Any) -> None:
    """
    Do nothing, as long as nobody is interested.
    """


async def _nowhere(user: Any, name: str, secret: str, key: str | None) -> None:
    raise BadCommand("there are no accounts here")


async def _unread(user: Any, place: str, id: int) -> None:
    raise BadCommand("there are no read marks here")


async def _unknown(user: Any, line: str, key: str | None) -> None:
    raise BadCommand("there are no commands here")
