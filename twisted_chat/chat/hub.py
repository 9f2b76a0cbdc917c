# -*- test-case-name: tests.chat.test_hub -*-
"""
The hub: the way into the chat, and the follower of its log.

It knows no socket, no bytes and no reactor.  Doors log people in here and call the avatars
(L{user.User}) that they are given; the log hands its events back here, in batches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import cast

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from zope.interface import implementer

from ..counters import Counters
from ..errors import ChatError, NoHistory, TooManyTries
from ..steadyclock import SteadyClock
from ..stores.interfaces import IFollower, IStore
from ..stores.session import Session, hashToken, newSid, newToken
from ..text.names import cleanName
from ..wire.answers import Goodbye
from ..wire.events import CLOSED, JOINED, LEFT, Draft, Event
from .commands.table import perform
from .delivery import Delivery
from .emptyrooms import FORGET_DAYS
from .interfaces import Audit, IClient, LoginRequest, NoAudit
from .member import Member, sendNowhere
from .operator import Operator, Order
from .presence import Presence
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

RESTORED = 1_000
"""Events that are read at once to restore the rooms: some 0.5 MiB."""

MAX_DEVICES = 8
"""Connections that one account may have at once."""

TAKEOVER_SECONDS = 1.0
"""How long a session stays with a connection before another one may take it over."""

_MOVES = frozenset({JOINED, LEFT})
"""The kinds that change who hears what comes after them."""


def _isMove(entry: tuple[Event, object]) -> bool:
    return entry[0].kind in _MOVES


class _Arrival(Proposal):
    """
    Somebody who is logging in: their JOINED event is on its way to the log and back.

    @ivar session: the id of the session that they log in with.
    """

    __slots__ = ("_hub", "_logins", "session")

    def __init__(self, user: User, hub: Hub, session: str) -> None:
        super().__init__(user)
        self._hub = hub
        self.session = session
        self._logins: list[Deferred[User]] = []

    def wait(self, client: IClient) -> Deferred[User]:
        """
        @return: fires when they are in.  To cancel it says that this client is gone: then they
            leave as soon as they are in, unless another connection has taken the session over.
        """

        def abandon(_: object) -> None:
            if self.user.client is client:
                self.user.put = sendNowhere
                self.user.drop()

        login: Deferred[User] = Deferred(abandon)
        self._logins.append(login)
        return login

    def settle(self, outcome: Event | ChatError) -> None:
        """
        Let the logins end that were not cancelled.
        """
        self._hub.arrived(self, outcome)
        for login in self._logins:
            if login.called:
                continue
            if isinstance(outcome, Event):
                login.callback(self.user)
            else:
                login.errback(outcome)


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
        @param forgetRooms: how long a room stays that nobody is in, in days.
        """
        self.counters = Counters(monotonic) if counters is None else counters
        audit = NoAudit() if audit is None else audit
        self.state = State(log, lobby, seconds, monotonic, audit, self.counters)
        self.forgetRooms = forgetRooms
        self._clock = SteadyClock(seconds, monotonic)
        self.state.perform = perform
        self._welcomer = Welcomer(self.state, backlog, motd)
        self._presence = Presence(self.state, self._welcomer)
        self._delivery = Delivery(self.state, self._presence.around)
        self.operator = Operator(self.state)
        self._arriving: dict[str, _Arrival] = {}
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
        state.rooms.restore(stored.records, newest)
        changed = {state.rooms.lobby}
        events = await state.log.stateAfter(stored.reflected, RESTORED)
        while events:
            for event in events:
                with suppress(ChatError):  # It was void when it was new, too.
                    changed.add(state.rooms.apply(event, None))
            events = await state.log.stateAfter(events[-1].id, RESTORED)
        # Only now: what is kept stands for all these events.
        for room in changed:
            if state.rooms.get(room.name) is room:
                state.keep(room)
            else:
                state.log.dropRoom(room.id)
        now = state.seconds()
        for room in state.rooms.values():
            room.emptyAt = room.emptyAt or now
        for room in sorted(state.rooms.values(), key=lambda room: room.emptyAt):
            state.rooms.empty.add(room)
        recent = await state.log.recentSessions(HELD_SESSION_SECONDS)
        state.roster.restore((session.name, session.sid) for session in recent)

    def login(self, client: IClient, request: LoginRequest) -> Deferred[User]:
        """
        Log somebody in: the only way into the chat.  The welcome is sent once their JOINED event is
        stored.

        Cancelling the result means that the client is gone.

        @return: fires with the avatar; fails with a L{ChatError}, such as L{errors.BadName} or
            L{errors.NameTaken}, if the name cannot be had: another one may be asked for.
        """
        if request.token:
            return Deferred.fromCoroutine(self._resume(client, request, request.token))
        return self._begin(client, request)

    async def _resume(self, client: IClient, request: LoginRequest, token: str) -> User:
        try:
            session = await self.log.recall(hashToken(token))
        except (ChatError, CancelledError):
            raise
        except Exception as error:
            self._log.failure("a session cannot be read")
            raise NoHistory("your session cannot be read now: try again later") from error
        if session is None:
            return await self._begin(client, request._replace(token=""))
        if request.last is None:
            request = request._replace(last=0, epoch="")
        elif request.last < session.began:
            request = request._replace(last=session.began)
        present = self._connected(session)
        if present is not None:
            if self.state.monotonic() - present.attachedAt < TAKEOVER_SECONDS:
                raise TooManyTries("this session was just resumed: try again in a moment")
            self._takeOver(client, present, request)
            return present
        arriving = self._arrivalOf(session.account or session.sid)
        if arriving is not None and arriving.session == session.sid:
            return await self._takeOverArriving(client, arriving, request)
        if session.account:
            return await self._enter(client, request, session)
        return await self._join(
            client, request._replace(name=request.name or session.name), session
        )

    async def _enter(self, client: IClient, request: LoginRequest, session: Session) -> User:
        """
        Log somebody in to their account, who may be here over other connections.

        @param session: of this connection, with the account.
        @raise ChatError: they cannot enter now.
        """
        who = session.account
        record = await self.log.session(who) or Session(who, account=who)
        while (arriving := self._arrivalOf(who)) is not None:
            try:
                await arriving.wait(client)
            except ChatError:  # noqa: PERF203 - that one was refused; this one may be let in
                break
        member = self.state.roster.bySid(who)
        if member is None or member.leaving:
            return await self._join(client, request, session, record)
        if len(member.devices) >= MAX_DEVICES:
            raise TooManyTries(
                f"you are here over {MAX_DEVICES} connections, which is the most: end one first"
            )
        user = User(self.state, client, member, session)
        self._presence.seat(user)
        self.counters.logins["another"] += 1
        self.state.audit.tell(
            f"{user.name} is now connected over another connection", client.address
        )
        if user.session is not None and not user.session.began:
            user.session = user.session._replace(began=self.state.lastId)
        user.remember()
        self._welcomer.attached(user, request)
        return user

    def _arrivalOf(self, who: str) -> _Arrival | None:
        """
        @return: the login of a person that is under way, or C{None}.
        """
        arrival = self._arriving.get(who)
        return None if arrival is None or arrival.user.leaving else arrival

    def _connected(self, session: Session) -> User | None:
        """
        @return: the connection of a session that goes on, or C{None}.
        """
        member = self.state.roster.bySid(session.account or session.sid)
        for user in () if member is None else usersOf(member):
            isIt = user.session is not None and user.session.sid == session.sid
            if isIt and not user.leaving:
                return user
        return None

    def _begin(self, client: IClient, request: LoginRequest) -> Deferred[User]:
        """
        Log somebody in under a new session.
        """
        session = Session(newSid())
        if request.token is not None:
            token = newToken()
            session = session._replace(tokenHash=hashToken(token))
            request = LoginRequest(request.name, token, None, "", request.backlog)
        try:
            return self._join(client, request, session)
        except ChatError as error:
            failed: Deferred[User] = Deferred()
            failed.errback(error)
            return failed

    def _join(
        self,
        client: IClient,
        request: LoginRequest,
        session: Session,
        record: Session | None = None,
    ) -> Deferred[User]:
        """
        Reserve the name, and have the log say that somebody joined.

        @param record: what is stored of their account, if they have one.
        @raise ChatError: if the name cannot be had.
        """
        name = cleanName(request.name)
        state = self.state
        stored = session if record is None else record
        roster = state.roster
        roster.check(name, stored.sid)
        member = Member(name, stored.sid, state.seconds())
        member.rights = stored.rights
        member.record = record
        user = User(state, client, member, session)
        roster.reserve(name, member)
        self._welcomer.expect(user, request)
        arrival = _Arrival(user, self, session.sid)
        login = arrival.wait(client)
        self._arriving[stored.sid] = arrival
        user.submit(Draft(JOINED, state.rooms.lobby.name, name, "", "", stored.sid), arrival)
        for room in state.readmitted(stored) if stored.rooms else ():
            era = str(room.era.start)
            joined = Draft(JOINED, room.name, name, "", "", stored.sid, None, era)
            user.submit(joined, Proposal(user))
        return login

    def arrived(self, arrival: _Arrival, outcome: Event | ChatError) -> None:
        """
        Note that the log has let somebody in, or that somebody else had the name first.
        """
        user = arrival.user
        if self._arriving.get(user.sid) is arrival:
            del self._arriving[user.sid]
        if not isinstance(outcome, Event):
            self._welcomer.forget(user)
            self.state.roster.release(user.name, user.sid)
            user.detach()
            return
        isNew = user.session is None or not user.session.began
        self.counters.logins["new" if isNew else "resumed"] += 1
        if user.session is not None:
            if isNew:
                user.session = user.session._replace(began=outcome.id)
            user.remember()

    def _takeOverArriving(
        self, client: IClient, arrival: _Arrival, request: LoginRequest
    ) -> Deferred[User]:
        """
        Go on with the login of somebody whom the log has not returned yet, over another connection.
        """
        self._attach(client, arrival.user)
        self._welcomer.expect(arrival.user, request)
        return arrival.wait(client)

    def _attach(self, client: IClient, user: User) -> None:
        self.counters.logins["taken-over"] += 1
        old = user.client
        goodbye = Goodbye("this session goes on over another connection")
        old.close(old.dialect.answer(goodbye, None))
        user.attach(client)

    def _takeOver(self, client: IClient, user: User, request: LoginRequest) -> None:
        """
        Go on with the session of somebody who is still here, over another connection.
        """
        self._attach(client, user)
        for room in user.rooms:
            user.look(room)
        self._welcomer.resume(user, self.state.lastId + 1, request)

    # What the log returns

    def stored(self, batch: Sequence[tuple[Event, object]]) -> None:
        """
        See L{IFollower.stored}.  Joining and leaving change who hears the rest: the batch is shown
        in runs of one sort.
        """
        entries = cast("Sequence[tuple[Event, User | Proposal | None]]", batch)
        outcomes: list[Outcome] = []
        for event, _ in entries:
            if event.kind in _MOVES:
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
        isFact = draft.kind in _MOVES and draft.room == self.rooms.lobby.name
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
        Mark the sessions of those who are connected as used, and close the rooms that are
        forgotten.  To be called every minute or so.
        """
        state = self.state
        now = state.seconds()
        for member in list(self.users.values()):
            for user in usersOf(member):
                session = user.session
                if session is not None and not 0 <= now - session.seen < SESSION_SECONDS:
                    user.remember()
        for room in state.rooms.empty.takeOld(now, self._clock.now(), self.forgetRooms):
            state.close(room)
