# -*- test-case-name: tests.chat -*-
"""
The state that the parts of the chat share.
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
"""Most rooms that are listed, those with the most people first."""

LISTING_SECONDS = 1.0
"""How long a list of rooms is reused, in seconds."""

FAULT_SECONDS = 60.0
"""The shortest time between two reports of one kind of fault to the operator, in seconds."""

Doing = Coroutine[Deferred[Any], Any, None]
"""A command in progress; it ends when it is answered."""

Perform = Callable[[Any, str, "str | None"], Doing]
"""Performs a command of a user, given without its slash."""

LogInAs = Callable[[Any, str, str, "str | None"], Doing]
"""Logs a user in to their account: called with the user, a name, a secret and the key of the
request."""


HasRead = Callable[[Any, str, int], Doing]
"""Notes how far a user has read: called with the user, the place of a room, and an id."""


class Faults:
    """
    Keeps a recurring fault from filling the operator's log.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """
        @param monotonic: the time on a clock that does not jump, in seconds.
        """
        self._monotonic = monotonic
        self._toldAt: dict[str, float] = {}

    def isNew(self, kind: str) -> bool:
        """
        @param kind: the kind of fault, in fixed words.
        @return: whether the operator was not told of this kind for L{FAULT_SECONDS}.
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

    @ivar largest: the L{SHOWN_ROOMS} with the most people.
    @ivar total: how many there are.
    @ivar madeAt: when the list was made, on a clock that does not jump.
    """

    largest: tuple[Room, ...]
    total: int
    madeAt: float


class State:
    """
    The people who are here, the rooms, and the services that all parts use.

    @ivar log: takes drafts and returns events.
    @ivar roster: everybody who is here.
    @ivar rooms: all rooms.
    @ivar law: decides who owns which name, and who may do what.
    @ivar authenticator: checks the owners of accounts.
    @ivar audit: the audit log.
    @ivar counters: the server's figures about itself.
    @ivar seconds: the wall clock, in seconds since the epoch, UTC.
    @ivar lobbyOnly: the rooms of everybody who is only in the lobby, as one shared object.
    @ivar passwords: slows down guessing of room passwords.
    @ivar newRooms: limits how many rooms each address makes.
    @ivar changes: limits how fast each user and each address changes rooms.
    @ivar faults: which faults the operator was told of.
    @ivar monotonic: the time on a clock that does not jump, in seconds.
    @ivar lastId: the id of the newest event that people were shown.
    @ivar startId: the id of the newest event when the server was started.
    @ivar perform: performs a command; set later, because the table of commands belongs to a higher
        level.
    @ivar logInAs: logs a user in to their account; set later for the same reason.
    @ivar hasRead: notes how far a user has read a room.
    @ivar leaves: called with a user before their member leaves, whose last connection it is.
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
        @param hashing: hashes passwords.
        @param pepper: masks the verifiers of passwords.
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
        self.perform: Perform = _noCommands
        self.leaves: Callable[[Any], None] = _nothing
        self.logInAs: LogInAs = _noAccounts
        self.left: Callable[[str], None] = _nothing
        self.hasRead: HasRead = _noReadMarks
        self._listing = Listing((), 0, float("-inf"))

    def listing(self) -> Listing:
        """
        @return: the rooms that everybody may know of, at most a second old: with ten thousand rooms
            making the list takes several milliseconds.
        """
        now = self.monotonic()
        if now - self._listing.madeAt >= LISTING_SECONDS:
            listed = [room for room in self.rooms.values() if room.isListed]
            largest = nsmallest(SHOWN_ROOMS, listed, key=lambda room: (-len(room), room.name))
            self._listing = Listing(tuple(largest), len(listed), now)
        return self._listing

    def readmitted(self, session: Session, host: str = "") -> list[Room]:
        """
        @param host: the owner's address, or empty.
        @return: the rooms to which a resumed session is readmitted.  A room that became private
            meanwhile needs an invitation or the password, as for everybody; a ban keeps the owner
            out.
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
        @param by: the session id of the person who removes.
        @param who: the session id of a member.
        @return: whether the first may remove the second from a room.
        """
        rank = self.law.rank(room.place, by)
        if rank >= Rank.MODERATOR:
            return rank > self.law.rank(room.place, who)
        return self.owns(by, room)

    def owns(self, sid: str, room: Room) -> bool:
        """
        @param sid: a session id.
        @return: whether its person owns a room: by their role, or because they made it as a guest.
        """
        if room is self.rooms.lobby:
            return False
        madeIt = sid == room.owner and not self.law.isAccount(sid)
        return madeIt or self.law.roleIn(room.place, sid) >= Rank.OWNER

    def keep(self, room: Room) -> None:
        """
        Store the state of a room.
        """
        self.log.keepRoom(room.record)

    def emptied(self, room: Room, mayReturn: bool = False) -> None:
        """
        Note that somebody left a room.  If it is now empty, it is closed if it is unused and
        public; otherwise it stays for a while (L{emptyrooms.EmptyRooms}).

        @param mayReturn: whether they only lost the connection, and may return.
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
        Note that somebody joins a room, which is no longer empty.
        """
        if room.emptyAt:
            room.emptyAt = 0.0
            self.rooms.empty.discard(room)
            self.keep(room)

    def close(self, room: Room) -> None:
        """
        Append the event that ends a room, unless a registered person owns it; it is void if
        somebody joins before.
        """
        if not self.law.stays(room.place) and room.beginClosing():
            self.log.append(Draft(CLOSED, room.name, "", data=str(room.id)), None)


def _nothing(*arguments: Any) -> None:
    """
    Do nothing: the default of the callbacks.
    """


async def _noAccounts(user: Any, name: str, secret: str, key: str | None) -> None:
    raise BadCommand("there are no accounts here")


async def _noReadMarks(user: Any, place: str, id: int) -> None:
    raise BadCommand("there are no read marks here")


async def _noCommands(user: Any, line: str, key: str | None) -> None:
    raise BadCommand("there are no commands here")
