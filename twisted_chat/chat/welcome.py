# -*- test-case-name: tests.chat -*-
"""
Welcomes people who log in, resume or join a room, and shows them the past.

While the past is read, live output is corked, so each event comes once, and in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import NamedTuple

from twisted.internet.defer import CancelledError, Deferred, DeferredLock
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..accounts.records import ACCOUNT
from ..accounts.registry import DIRECT
from ..wire.answers import Backlog, Entered, Gap, Goodbye, Inbox, LoggedIn, Notice, Replay, Welcome
from ..wire.events import Event, Place
from ..wire.interfaces import IDialect
from .interfaces import ICork, LoginRequest
from .readmarks import ReadMarks
from .room import Room
from .state import State
from .user import User

BACKLOG = 20
"""How many of a room's last messages a newcomer is shown by default."""

PAGE = 500
"""Events of a replay that are read and sent at once: some 100 KB, far below the limit of the send
queue."""


MAX_REPLAY = 2_000
"""Most events that are replayed; beyond them the user gets a gap and the backlog."""


SHOWN_INBOX = 50
"""Most direct messages that a user who was away is shown: /inbox shows more."""


class _Away(NamedTuple):
    """
    What the owner of an account has not read, over any connection.

    @ivar marks: see L{Welcome.marks}.
    @ivar unread: see L{Welcome.unread}.
    @ivar inbox: the newest direct messages that they have not read, oldest first.
    """

    marks: Mapping[str, int] = MappingProxyType({})
    unread: Mapping[str, int] = MappingProxyType({})
    inbox: tuple[Event, ...] = ()


class _Entry(NamedTuple):
    """
    A new connection, until its welcome is complete.

    @ivar user: whose it is.
    @ivar request: the request to log in.
    @ivar boundary: the first id that is delivered live.
    @ivar last: the id of the newest event for them.
    @ivar isGreeted: whether the session is new; a resumed one gets a replay.
    @ivar cork: holds back live output.
    @ivar away: what they have not read, once that is known; C{None} for a guest.
    """

    user: User
    request: LoginRequest
    boundary: int
    last: int
    isGreeted: bool
    cork: ICork
    away: _Away | None = None


class _Backlogs:
    """
    Newcomers who are shown the same backlog.

    @ivar before: the id at which it ends: nothing was said between that and the JOINED events of
        the others.
    @ivar askers: for each, the dialect, the output that precedes the backlog, and the cork.
    """

    __slots__ = ("askers", "before")

    def __init__(self, before: int) -> None:
        self.before = before
        self.askers: list[tuple[IDialect, bytes, ICork]] = []


class Welcomer:
    """
    Welcomes those who enter the chat or a room.
    """

    _log = Logger()

    def __init__(self, state: State, marks: ReadMarks, backlog: int, motd: str) -> None:
        """
        @param marks: the read marks of everybody who is here.
        @param backlog: how many old messages are shown by default.
        @param motd: clean lines, or empty.
        """
        self._state = state
        self._marks = marks
        self._backlog = backlog
        self._motd = motd.splitlines()
        self._expected: dict[User, LoginRequest] = {}
        self._askers: list[Deferred[int]] = []
        self._gathered: dict[tuple[Place, int], _Backlogs] | None = None
        # Replays read one page at a time in turn, so that other readers wait for at most one page.
        self._paging = DeferredLock()

    def change(self, backlog: int, motd: str) -> None:
        """
        Change the backlog and the message of the day: see the constructor.
        """
        self._backlog = backlog
        self._motd = motd.splitlines()

    def expect(self, user: User, request: LoginRequest) -> None:
        """
        Remember the request of a user who is about to log in.
        """
        self._expected[user] = request

    def forget(self, user: User) -> None:
        """
        Forget the request of a user whose login was refused.
        """
        self._expected.pop(user, None)

    def loggedIn(self, user: User, event: Event) -> None:
        """
        Welcome somebody to the chat.

        @param event: their JOINED event, as the log took it.
        """
        if user.isChanging:
            return
        request = self._expected.pop(user, LoginRequest(user.name))
        self._state.audit.tell(f"{user.member.name} is now connected", user.client.address)
        if user.leaving:
            # They are leaving already, so the past no longer matters.
            if request.last is None:
                boundary = self._boundary(event)
                entry = _Entry(user, request, boundary, event.id, True, user.client.cork())
                entry.cork.release(self._welcome(entry, event.id, 0))
            return
        self._enter(user, self._boundary(event), event.id, request)

    def joined(self, user: User, room: Room, event: Event) -> None:
        """
        Welcome somebody to a room.

        @param event: their JOINED event, as the log took it.
        """
        if not user.leaving:
            entered = Entered(room.name, room.topic, len(room))
            first = user.client.dialect.answer(entered, None)
            before = self._boundary(event)
            self._release(user, room, before, self._backlog, first, user.client.cork())

    async def changed(self, user: User, before: str, key: str | None) -> None:
        """
        Tell a former guest that they are logged in to their account, and what they have not read.

        @param before: their former name.
        @param key: the client's own id of the request.
        """
        account = self._state.law.records.get(ACCOUNT, user.sid)
        user.answer(LoggedIn(before, user.name, account["name"]), key)
        away = await self._away(user, True, self._state.lastId + 1)
        if away.inbox:
            user.answer(self._inbox(away), None)

    def attached(self, user: User, request: LoginRequest) -> None:
        """
        Welcome an additional connection of somebody who is here.
        """
        last = self._state.lastId
        self._enter(user, last + 1, last, request)

    def resume(self, user: User, boundary: int, request: LoginRequest) -> None:
        """
        Welcome somebody who is still here and continues over a new connection.

        @param boundary: the first id that is delivered live.
        """
        self._begin(_Entry(user, request, boundary, boundary - 1, False, user.client.cork()))

    def _enter(self, user: User, boundary: int, last: int, request: LoginRequest) -> None:
        """
        @param boundary: see L{_Entry.boundary}.
        @param last: see L{_Entry.last}.
        """
        isGreeted = request.last is None or request.epoch != self._state.log.epoch
        self._begin(_Entry(user, request, boundary, last, isGreeted, user.client.cork()))

    def _begin(self, entry: _Entry) -> None:
        """
        Welcome a connection, after reading the read marks if it belongs to the owner of an account.
        """
        user = entry.user
        if user.member.record is None:
            self._goOn(entry)
            return
        reading = Deferred.fromCoroutine(self._read(entry))
        if not reading.called:
            user.catchUp = reading

    async def _read(self, entry: _Entry) -> None:
        user, client = entry.user, entry.user.client
        try:
            away = await self._away(user, entry.isGreeted, entry.boundary)
        except CancelledError:
            # They are leaving, or continue over another connection; the goodbye waits for the cork.
            if entry.isGreeted:
                entry = entry._replace(away=_Away())
                entry.cork.release(self._welcome(entry, entry.last, 0, client.dialect))
            else:
                entry.cork.discard()
            return
        user.catchUp = None
        self._goOn(entry._replace(away=away))

    def _goOn(self, entry: _Entry) -> None:
        if entry.isGreeted:
            self._greet(entry)
        else:
            self._start(entry)

    async def _away(self, user: User, isGreeted: bool, boundary: int) -> _Away:
        """
        @param isGreeted: whether to include unread direct messages, which otherwise are part of the
            replay.
        @param boundary: the first id that is delivered live.
        @return: what the owner of an account has not read, over any connection; nothing if that is
            unknown.
        """
        try:
            return await self._readAway(user, isGreeted, boundary)
        except CancelledError:
            raise
        except Exception:
            if self._state.faults.isNew("read marks"):
                self._log.failure("the read marks of somebody who logs in cannot be read")
            return _Away()

    async def _readAway(self, user: User, isGreeted: bool, boundary: int) -> _Away:
        marks, member = self._marks, user.member
        await marks.load(member)
        unread = await marks.unread(member)
        inbox: list[Event] = []
        if isGreeted and DIRECT in unread:
            inbox = await self._state.log.last(marks.inbox(member), SHOWN_INBOX, boundary)
        known = marks.of(member)
        if DIRECT in unread and user.session is None:
            # People at a terminal read what they are shown; programs send read marks themselves.
            marks.told(user, self._state.lastId)
            if user.leaving:
                marks.flush(user)
        return _Away(known, unread, tuple(inbox))

    def _boundary(self, event: Event) -> int:
        """
        @return: the first id delivered live to the user who joined with this event.  A JOINED event
            that could not be stored has no id.
        """
        return max(event.id, self._state.lastId + 1)

    def _greet(self, entry: _Entry) -> None:
        user, request = entry.user, entry.request
        dialect = user.client.dialect
        lost = dialect.answer(Gap(None), None) if request.last is not None else b""
        first = self._welcome(entry, entry.last, 0)
        if entry.away is not None and entry.away.inbox:
            lost += dialect.answer(self._inbox(entry.away), None)
        count = self._backlog if request.backlog is None else request.backlog
        lobby = self._state.rooms.lobby
        first += lost + self._dailyMessage(user)
        self._release(user, lobby, entry.boundary, count, first, entry.cork)

    def _inbox(self, away: _Away) -> Inbox:
        return Inbox(away.inbox, self._state.seconds(), away.unread.get(DIRECT, 0))

    def _release(
        self, user: User, room: Room, before: int, count: int, first: bytes, cork: ICork
    ) -> None:
        """
        Send C{first}, then the room's backlog up to an id, then live output.  A backlog that cannot
        be read keeps nobody out.
        """
        if not count:
            cork.release(first)
            return
        asked = (room.placeFor(user.member.rights), count)
        gathered = {} if self._gathered is None else self._gathered
        backlogs = gathered.get(asked)
        if backlogs is None:
            backlogs = gathered[asked] = _Backlogs(before)
        backlogs.askers.append((user.client.dialect, first, cork))
        if self._gathered is None:
            self._readBacklogs(gathered)

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """
        Collect requests for backlogs inside the block, and read them at its end.  Nothing may be
        said meanwhile, so a crowd that enters is shown one backlog, read and rendered once.
        """
        gathered = self._gathered = {}
        try:
            yield
        finally:
            self._gathered = None
            self._readBacklogs(gathered)

    def _readBacklogs(self, gathered: Mapping[tuple[Place, int], _Backlogs]) -> None:
        for (place, count), backlogs in gathered.items():
            reading = self._state.log.last(place, count, backlogs.before)
            reading.addCallbacks(
                self._backlogRead,
                self._backlogUnreadable,
                callbackArgs=(backlogs,),
                errbackArgs=(backlogs,),
            )

    def _backlogRead(self, events: list[Event], backlogs: _Backlogs) -> None:
        answer = Backlog(events, self._state.seconds())
        rendered: dict[IDialect, bytes] = {}
        for dialect, first, cork in backlogs.askers:
            data = rendered.get(dialect)
            if data is None:
                data = rendered[dialect] = dialect.answer(answer, None)
            cork.release(first + data)

    def _backlogUnreadable(self, failure: Failure, backlogs: _Backlogs) -> None:
        self._log.failure("the backlog of a room cannot be read", failure)
        for _, first, cork in backlogs.askers:
            cork.release(first)

    def _start(self, entry: _Entry) -> None:
        catchUp = Deferred.fromCoroutine(self._catchUp(entry))
        if not catchUp.called:
            entry.user.catchUp = catchUp

    async def _catchUp(self, entry: _Entry) -> None:
        """
        Send a user who resumes what they missed, page by page, as fast as they read.  It ends with
        the connection.
        """
        user, client, cork = entry.user, entry.user.client, entry.cork
        try:
            rest = await self._replay(entry)
        except CancelledError:
            return
        except Exception:
            if self._state.faults.isNew("catch-up"):
                self._log.failure("the history cannot be read for somebody who resumes")
            # Live output would tell a program that it has seen everything before it.
            cork.discard()
            goodbye = Goodbye("the history cannot be read now: come again later")
            client.close(client.dialect.answer(goodbye, None))
        else:
            cork.release(rest)
        user.catchUp = None

    async def _replay(self, entry: _Entry) -> bytes:
        """
        @return: the last page, once all earlier ones are sent.
        """
        user, request, boundary = entry.user, entry.request, entry.boundary
        log, dialect = self._state.log, user.client.dialect
        scope = user.scopeAfter(0 if request.last is None else request.last)

        async def read(after: int) -> list[Event]:
            page: list[Event] = await self._paging.run(log.after, scope, after, PAGE)
            return [event for event in page if event.id < boundary]

        if request.last is None or request.epoch != log.epoch:
            gap = dialect.answer(Gap(None), None)
            return self._welcome(entry, boundary - 1, 0) + gap
        first = await self._oldest()
        page = await read(request.last)
        missed = len(page)
        if missed == PAGE:
            # Counting them would read them twice: the ids give an upper bound.
            missed = max(PAGE, min(MAX_REPLAY, boundary - 1 - request.last))
        data = self._welcome(entry, boundary - 1, missed)
        if first > request.last + 1:
            data += dialect.answer(Gap(first - request.last - 1), None)
        replayed = 0
        while len(page) == PAGE and replayed + PAGE < MAX_REPLAY:
            replayed += PAGE
            await entry.cork.send(data + dialect.answer(self._replayOf(user, page), None))
            data = b""
            page = await read(page[-1].id)
        data += dialect.answer(self._replayOf(user, page), None)
        if len(page) < PAGE or boundary - 1 <= page[-1].id:
            return data
        return data + await self._skip(user, boundary, page[-1].id)

    def _replayOf(self, user: User, page: list[Event]) -> Replay:
        """
        @return: a page of the replay, with only the keys of this connection's client.
        """
        if user.member.isRegistered:
            page = [user.mine(event) if event.sid == user.sid else event for event in page]
        return Replay(page, user.sid)

    def _oldest(self) -> Deferred[int]:
        """
        @return: the oldest id that is kept.  A crowd that arrives at once asks once: until the
            answer comes, everybody waits for the same one.
        """
        result: Deferred[int] = Deferred()
        self._askers.append(result)
        if len(self._askers) == 1:
            self._state.log.bounds().addBoth(self._tellOldest)
        return result

    def _tellOldest(self, answer: tuple[int, int] | Failure) -> None:
        askers, self._askers = self._askers, []
        for asker in askers:
            # A cancelled Deferred takes no answer.
            asker.callback(answer if isinstance(answer, Failure) else answer[0])

    async def _skip(self, user: User, boundary: int, last: int) -> bytes:
        """
        @param last: the last id that was replayed.
        @return: a gap and the newest messages of the user's rooms, in the place of events that are
            too many to replay.
        """
        dialect = user.client.dialect
        data = dialect.answer(Gap(boundary - 1 - last), None)
        newest: list[Event] = []
        for room in user.rooms:
            place = room.placeFor(user.rights)
            found: list[Event] = await self._paging.run(
                self._state.log.last, place, self._backlog, boundary
            )
            newest += found
        backlog = Backlog(
            sorted(event for event in newest if event.id > last), self._state.seconds()
        )
        return data + dialect.answer(backlog, None)

    def _dailyMessage(self, user: User) -> bytes:
        if not self._motd:
            return b""
        return b"".join(user.client.dialect.answer(Notice(line), None) for line in self._motd)

    def _welcome(
        self, entry: _Entry, last: int, missed: int, dialect: IDialect | None = None
    ) -> bytes:
        """
        @param last: see L{Welcome.last}.
        @param missed: see L{Welcome.missed}.
        @param dialect: the dialect of the connection; C{None} for that of the user's present
            connection.
        """
        user, request, away = entry.user, entry.request, entry.away
        welcome = Welcome(
            user.member.name,
            request.token,
            self._state.log.epoch,
            last,
            user.current.name,
            tuple([(room.name, room.topic) for room in user.member.rooms]),
            request.last is not None,
            missed,
        )
        if away is not None:
            account = self._state.law.records.get(ACCOUNT, user.sid)
            proof = None if request.proof is None else request.proof.signature
            welcome = welcome._replace(
                account=account["name"] if account else None,
                proof=proof,
                marks=away.marks,
                unread=away.unread,
            )
        return (dialect or user.client.dialect).answer(welcome, None)
