# -*- test-case-name: tests.chat.test_hub,tests.chat.test_notstored,tests.chat.test_exactlyonce -*-
"""
The hub: the way into the chat, and the follower of its log.

It knows no socket, no bytes and no reactor.  Doors log people in here and call the avatars
(L{user.User}) that they are given; the log hands its events back here, in batches.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import cast

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from zope.interface import implementer

from ..accounts.hashing import Hashing
from ..accounts.pepper import SIZE, Pepper
from ..accounts.records import IN_MEMORY
from ..counters import Counters
from ..errors import ChatError
from ..steadyclock import SteadyClock
from ..stores.interfaces import IFollower, IStore
from ..wire.events import CLOSED, JOINED, LEFT, MOVES, Draft, Event
from .commands.table import perform
from .delivery import Delivery
from .emptyrooms import FORGET_DAYS
from .interfaces import Audit, Challenge, IClient, LoginRequest, NoAudit
from .login import LoginDesk
from .member import Member
from .operator import Operator, Order
from .presence import Presence
from .readmarks import ReadMarks
from .recovery import Recovery
from .room import Room
from .rooms import Rooms
from .state import State
from .user import Outcome, Proposal, User, usersOf
from .welcome import BACKLOG, Welcomer

LOBBY = "#lobby"
"""The room where everybody is, unless the operator calls it otherwise."""

SESSION_SECONDS = 240.0
"""How often the session of somebody who is connected is marked as used."""

HELD_SESSION_SECONDS = 600.0
"""How long before the end of the last server a session must have been used, so that its name is
kept."""


def _isMove(entry: tuple[Event, object]) -> bool:
    return entry[0].kind in MOVES


@implementer(IFollower)
class Hub:
    """
    One chat.

    @ivar users: everybody who is here, by name.
    @ivar rooms: all rooms, by name.
    @ivar state: what the parts of the chat share.
    @ivar operator: what the operator may do.
    @ivar counters: the server's figures about itself.
    @ivar forgetRooms: how long a room stays that nobody is in, in days.
    """

    _log = Logger()

    def __init__(
        self,
        log: IStore,
        lobby: str = LOBBY,
        seconds: Callable[[], float] = time.time,
        audit: Audit | None = None,
        backlog: int = BACKLOG,
        motd: str = "",
        monotonic: Callable[[], float] = time.monotonic,
        counters: Counters | None = None,
        hashing: Hashing | None = None,
        pepper: Pepper | None = None,
        forgetRooms: int = FORGET_DAYS,
    ) -> None:
        """
        @param log: follows nobody yet.
        @param lobby: a clean room name.
        @param seconds: the wall clock; it only stamps and never times.
        @param audit: where the operator reads.
        @param backlog: how many of a room's last messages its newcomers are shown.
        @param motd: clean lines that everybody is shown who logs in, or empty.
        @param monotonic: the time on a clock that does not jump, in seconds.
        @param counters: the server's figures about itself.
        @param hashing: where passwords are hashed; without it in the reactor's thread.
        @param pepper: what the verifiers of passwords are masked with; without it one that nobody
            knows once the process has ended.
        @param forgetRooms: how long a room stays that nobody is in, in days.
        """
        self.counters = Counters(monotonic) if counters is None else counters
        audit = NoAudit() if audit is None else audit
        self.state = State(
            log,
            lobby,
            seconds,
            monotonic,
            audit,
            self.counters,
            hashing or Hashing(maybeDeferred),
            pepper or Pepper(secrets.token_bytes(SIZE)),
        )
        self.forgetRooms = forgetRooms
        self._clock = SteadyClock(seconds, monotonic)
        self.state.perform = perform
        self._marks = ReadMarks(self.state)
        self.state.leaves = self._marks.flush
        self.state.left = self._marks.forget
        self.state.hasRead = self._marks.say
        self._welcomer = Welcomer(self.state, self._marks, backlog, motd)
        self._presence = Presence(self.state, self._welcomer)
        self._delivery = Delivery(self.state, self._marks, self._presence.around)
        self.operator = Operator(self.state)
        self._desk = LoginDesk(self.state, self._presence, self._welcomer)
        self.state.logInAs = self._desk.logInAs
        log.follow(self)

    @property
    def users(self) -> dict[str, Member]:
        """
        Everybody who is here, by name.
        """
        return self.state.roster.users

    @property
    def rooms(self) -> Rooms:
        """
        All rooms, by name.
        """
        return self.state.rooms

    @property
    def lobby(self) -> Room:
        """
        The room where everybody is.
        """
        return self.state.rooms.lobby

    @property
    def lastId(self) -> int:
        """
        The id of the newest event that people were shown.
        """
        return self.state.lastId

    @property
    def log(self) -> IStore:
        """
        Where everything goes through.
        """
        return self.state.log

    def changeWelcome(self, backlog: int, motd: str) -> None:
        """
        Welcome newcomers in another way from now on.

        @param backlog: how many of a room's last messages they are shown.
        @param motd: clean lines that everybody is shown who logs in, or empty.
        """
        self._welcomer.change(backlog, motd)

    # Who comes in

    async def restore(self) -> None:
        """
        Restore the rooms and the names that are kept, from a log that was just started.

        @raise ChatError: they cannot be read.
        """
        state = self.state
        stored = await state.log.rooms()
        _, newest = await state.log.bounds()
        state.lastId = state.startId = newest
        state.law.load(await state.log.records(IN_MEMORY))
        state.rooms.restore(await Recovery(state, stored, newest).run(), newest)
        state.keep(state.rooms.lobby)
        self._clock = SteadyClock(state.seconds, state.monotonic, state.log.lastTime)
        now = state.seconds()
        for room in state.rooms.values():
            room.emptyAt = room.emptyAt or now
        for room in sorted(state.rooms.values(), key=lambda room: room.emptyAt):
            state.rooms.empty.add(room)
        recent = await state.log.recentSessions(HELD_SESSION_SECONDS)
        state.roster.restore((session.name, session.account or session.sid) for session in recent)

    def login(self, client: IClient, request: LoginRequest) -> Deferred[User]:
        """
        Log somebody in: the only way into the chat.  The welcome is sent once their JOINED event is
        stored.

        Cancelling the result means that the client is gone.

        @return: fires with the avatar; fails with a L{ChatError}, such as L{errors.BadName} or
            L{errors.NameTaken}, if the name cannot be had: another one may be asked for.
        """
        return self._desk.login(client, request)

    def challenge(self, client: IClient, message: str) -> Deferred[Challenge]:
        """
        Begin a login by SCRAM, which L{login} ends.

        @param message: the client's first message.
        @return: fails with a L{ChatError} where nobody can log in so.
        """
        return Deferred.fromCoroutine(self.state.authenticator.challenge(client, message))

    # What the log returns

    def stored(self, batch: Sequence[tuple[Event, object]]) -> None:
        """
        See L{IFollower.stored}.  Joining and leaving change who hears the rest: the batch is shown
        in runs of one sort.
        """
        entries = cast("Sequence[tuple[Event, User | Proposal | None]]", batch)
        outcomes: list[Outcome] = []
        for event, _ in entries:
            if event.kind in MOVES:
                for moves, run in groupby(entries, _isMove):
                    if moves:
                        moving = cast("list[tuple[Event, Proposal | None]]", list(run))
                        outcomes += self._presence.show(moving)
                    else:
                        outcomes += self._delivery.show(list(run))
                break
        else:
            outcomes = self._delivery.show(entries)
        self.state.lastId = batch[-1][0].id
        self._settle(entries, outcomes)

    def _settle(
        self, entries: Sequence[tuple[object, User | Proposal | None]], outcomes: list[Outcome]
    ) -> None:
        """
        Let those go on who waited for what has happened now.
        """
        for proposal, outcome in outcomes:
            proposal.settle(outcome)
        for origin in {origin for _, origin in entries}:
            author = origin.user if isinstance(origin, Proposal) else origin
            if author is not None and author.waits:
                author.settle()

    def repeated(self, batch: Sequence[tuple[Event, object]]) -> None:
        """
        See L{IFollower.repeated}.  The receipt is given again, and nothing is shown twice.
        """
        for event, author in cast("Sequence[tuple[Event, User]]", batch):
            author.put(author.receipt(event))
            author.settle()

    def refused(self, batch: Sequence[tuple[Draft, object]], error: ChatError) -> None:
        """
        See L{IFollower.refused}.  Nothing changes; but a connection is a fact: people enter and
        leave the chat even when that cannot be stored.  They do so unannounced.
        """
        entries = cast("Sequence[tuple[Draft, User | Proposal | None]]", batch)
        self.counters.refusals[error.code] += len(entries)
        outcomes: list[Outcome] = []
        for draft, origin in entries:
            if isinstance(origin, User):
                key = draft.key
                if key is not None:
                    key = key.removeprefix(origin.keyPrefix)
                refusal = origin.client.dialect.refusal(error, key)
                origin.put(origin.answered(refusal))
            elif isinstance(origin, Order):
                origin.refuse(error)
            elif origin is not None:
                outcomes.append((origin, self._refuse(draft, origin.user, error)))
            if draft.kind == CLOSED and draft.room in self.rooms:
                self.rooms.closingRefused(self.rooms[draft.room])
        self._settle(entries, outcomes)

    def _refuse(self, draft: Draft, user: User, error: ChatError) -> Event | ChatError:
        """
        @return: what becomes of a proposal that cannot be stored.
        """
        isFact = draft.kind in MOVES and draft.room == self.rooms.lobby.name
        if draft.kind == LEFT and user.isChanging:
            isFact = False  # They are here still, and can try again.
        rejoined = draft.kind == JOINED and self.rooms.get(draft.room) in user.rooms
        if not isFact:
            data = user.answered(b"")
            if data:
                user.put(data)
            return error if not rejoined else Event(self.state.lastId, self.state.seconds(), *draft)
        event = Event(self.state.lastId, self.state.seconds(), *draft)
        data = user.answered(user.own(event))
        self._presence.happen(event, user.member, user)
        self._presence.tell(user, [data])
        if draft.kind == LEFT:
            for each in usersOf(user.member):
                self._presence.dismiss(each)
        return event

    # What is done from time to time

    def tidy(self) -> None:
        """
        Mark the sessions of those who are connected as used, store what they have read, and close
        the rooms that are forgotten.  To be called every minute or so.
        """
        state = self.state
        self._marks.tidy()
        now = state.seconds()
        for member in list(self.users.values()):
            for user in usersOf(member):
                session = user.session
                if session is not None and not 0 <= now - session.seen < SESSION_SECONDS:
                    user.remember()
        for room in state.rooms.empty.takeOld(now, self._clock.now(), self.forgetRooms):
            state.close(room)
