# -*- test-case-name: tests.stores.sqlite.test_store -*-
"""
The log on the disk: one SQLite file, one thread that writes it, others that read it or copy its
write-ahead log into it.

Drafts are stored by group commit: while one commit runs the next batch fills, and no timer delays
it.  Nothing here waits for a disk in the reactor's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred, fail, inlineCallbacks, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from zope.interface import implementer

from ...counters import Counters
from ...errors import ChatError, NoHistory, NotStored
from ...wire.events import PRESENCE, Draft, Event, Place, Query, Scope
from ...worker import IClockWithThreads, Ticket, Worker
from ..base import Following, RoomChanges, Sessions, changed
from ..interfaces import IFollower, IStore, Projection, StoredRooms
from ..session import RoomRecord, Session
from ..turns import Turns
from .checkpoints import Checkpointer
from .faults import Alarm, isInterruption
from .opening import checkUp
from .reader import Reader
from .retention import ALL, Keep
from .writer import NO_CHANGES, Changes, Outcome, Waiting, Writer

BATCH: Final = 4_096
"""Drafts in one commit: with more the first receipts would wait long for the last drafts."""

MOVES: Final = 128
"""Those of them by which people join and leave: the reactor takes some 50 us for each, and whoever
asks for something waits."""

QUEUED_DRAFTS: Final = 100_000
"""Drafts that may wait for the disk: some seconds of the fastest chat."""

QUEUED_TEXT: Final = 16 * 1024 * 1024
"""Characters of text that may wait for the disk: at most 64 MiB of memory."""

CHANGE_SECONDS: Final = 0.1
"""How long a session or a room waits for events to be stored with."""

WAITING_SESSIONS: Final = 100_000
"""Sessions that may wait for a disk that cannot store; the oldest is given up."""

GATHER_TURNS: Final = 16
"""Turns of the reactor that a batch may wait for those who were just answered: under 1 ms."""

GATHER_IDLE: Final = 6
"""Turns among these that may bring nothing: some 20 us."""

TIDY_SECONDS: Final = 1.0
"""How often to look after the file, and to do what may wait while no message does."""

TIDY_PAUSE: Final = 0.02
"""Seconds between the steps of what may wait: the reactor and the readers go first."""

TIDY_BUSY_PAUSE: Final = 0.2
"""The same where messages never pause; then a step comes before the next of them."""

TIDY_BEHIND: Final = 20_000
"""With so many new events it is done between all commits, lest searches become slow."""

FORGET_SECONDS: Final = 3_600.0
"""How often to look for sessions that nobody uses."""

_STOPPING: Final = "the server is stopping: come again later"

_T = TypeVar("_T")


@implementer(IStore)
class SQLiteLog:
    """
    A log in a file: what its follower hears of is on the disk.

    @ivar epoch: see L{stores.interfaces.ILog.epoch}; set once started.
    @ivar lastTime: see L{stores.interfaces.ILog.lastTime}; set once started.
    """

    def __init__(
        self,
        path: str,
        reactor: IClockWithThreads,
        keep: Keep = ALL,
        seconds: Callable[[], float] = time.time,
        makeWorker: Callable[[IClockWithThreads, str], Worker] = Worker,
        counters: Counters | None = None,
        projection: Projection | None = None,
    ) -> None:
        """
        @param path: the file's path; it is made where there is none.
        @param reactor: for timers and threads.
        @param keep: how much of the past to keep.
        @param seconds: the wall time, in seconds since the epoch.
        @param makeWorker: gives a thread.
        @param counters: the server's figures about itself.
        @param projection: makes the records of the log.
        """
        self._counters = Counters(reactor.seconds) if counters is None else counters
        self._oldest = 0.0
        self.epoch = ""
        self.lastTime = 0.0
        self._reactor = reactor
        self._seconds = seconds
        self._makeWorker = makeWorker
        self._writer = Writer(path, seconds, keep, reactor.seconds, projection)
        self._following = Following()
        self._queue: list[tuple[Draft, object]] = []
        self._queuedText = 0
        self._sessions = Sessions(WAITING_SESSIONS)
        self._rooms = RoomChanges()
        self._areChanged = False
        self._reflected = 0
        self._areChangesDue = False
        self._isOpen = False
        self._isBusy = False
        self._wanted = self._seen = self._patience = self._idle = 0
        self._behind = 0
        self._isTidied = self._isTidyDue = False
        self._questions: dict[Deferred[Any], Callable[[], None]] = {}
        self._turns = Turns()
        self._calls: dict[Callable[[], None], IDelayedCall] = {}
        self._forgotten = reactor.seconds()
        self._alarm = Alarm(reactor, self._writer.path)
        self._stopping: Deferred[None] | None = None

    @property
    def trouble(self) -> str:
        """
        Why nothing can be stored at the moment, for the operator, or empty.
        """
        return self._alarm.trouble

    @property
    def waiting(self) -> int:
        """
        How many drafts wait for the disk.
        """
        return len(self._queue)

    # ILog

    @inlineCallbacks
    def start(self) -> Generator[Deferred[Any], Any, None]:
        """
        See L{ILog.start}.
        """
        self._writing = self._makeWorker(self._reactor, "history writer")
        try:
            yield self._writing.do(self._writer.open)
        except BaseException:
            self._writing.stop()
            raise
        self.epoch, self.lastTime = self._writer.epoch, self._writer.lastTime
        self._reader = Reader(self._writer.path, self._writer.canSearch, self._tell)
        self._searcher = Reader(self._writer.path, self._writer.canSearch, self._tell)
        self._reading = self._makeWorker(self._reactor, "history reader")
        self._searching = self._makeWorker(self._reactor, "history searcher")
        self._checkpointer = Checkpointer(self._writer.path)
        self._copying = self._makeWorker(self._reactor, "history checkpointer")
        self._isOpen = True
        self._checking: Deferred[None] = succeed(None)
        if not self._writer.isChecked:
            checker = self._makeWorker(self._reactor, "history checker")
            self._checking = checkUp(self._writer.path, checker, lambda: self._stopping is not None)
        self._later(TIDY_SECONDS, self._tidy)
        self._next()

    @inlineCallbacks
    def stop(self) -> Generator[Deferred[Any], Any, None]:
        """
        See L{ILog.stop}.  What is appended from now on is refused.
        """
        if not self._isOpen or self._stopping is not None:
            return
        self._stopping = Deferred()
        self._giveUpQuestions()
        self._storeChanges()
        self._finish()
        yield self._stopping
        yield self._checking
        self._isOpen = False
        for call in self._calls.values():
            call.cancel()
        for worker, part in (
            (self._reading, self._reader),
            (self._searching, self._searcher),
            (self._copying, self._checkpointer),
            (self._writing, self._writer),
        ):
            yield worker.do(part.close)
            worker.stop()

    def follow(self, follower: IFollower) -> None:
        """
        See L{ILog.follow}.
        """
        self._following.follower = follower

    def append(self, draft: Draft, origin: object) -> None:
        """
        See L{ILog.append}.
        """
        if len(self._queue) >= QUEUED_DRAFTS or self._queuedText >= QUEUED_TEXT:
            error = NotStored("not stored: the server's disk is slow; try again in a moment")
            self._following.refused([(draft, origin)], error)
        elif self._stopping is not None:
            self._following.refused(
                [(draft, origin)], NotStored("not stored: the server is stopping")
            )
        else:
            if not self._queue:
                self._oldest = self._counters.seconds()
            self._queue.append((draft, origin))
            self._queuedText += len(draft.text)
            if not self._isBusy:
                # At the end of the turn, so that all that came in it is stored together.
                self._later(0, self._gather)

    # The writer's work

    def _later(self, delay: float, task: Callable[[], None]) -> None:
        """
        Do this once, after the delay, unless it is to be done before that anyway.
        """
        if task not in self._calls:
            self._calls[task] = self._reactor.callLater(delay, self._do, task)

    def _do(self, task: Callable[[], None]) -> None:
        del self._calls[task]
        task()

    def _next(self) -> None:
        """
        Let the writer do what is most urgent, if it is free.
        """
        if self._isBusy or not self._isOpen:
            return
        isBehind = self._behind > TIDY_BEHIND and not self._isTidied and bool(self._queue)
        if (isBehind or self._isTidyDue) and self._stopping is None:
            self._tidy()
        elif self._queue or self._areChangesDue:
            self._commit()

    def _finish(self) -> None:
        """
        End the stop once everything was told.
        """
        isDone = not (self._isBusy or self._queue)
        if self._stopping is not None and isDone and not self._stopping.called:
            self._stopping.callback(None)

    def _commit(self) -> None:
        size = _batchSize(self._queue)
        batch = self._queue[:size]
        del self._queue[:size]
        self._queuedText = sum(len(draft.text) for draft, _ in self._queue)
        changes = None
        if self._areChanged:
            changes = Changes(self._sessions.all(), self._rooms.all(), self._reflected)
        self._areChangesDue = False
        self._isBusy = True
        self._isTidied = False
        begun = self._counters.seconds()
        oldest = self._oldest if batch else None
        committing = self._writing.do(self._writer.commit, batch, changes or NO_CHANGES)
        committing.addCallbacks(
            self._committed,
            self._failed,
            callbackArgs=(changes, oldest, begun),
            errbackArgs=(batch,),
        )

    def _committed(
        self, outcome: Outcome, changes: Changes | None, oldest: float | None, begun: float
    ) -> None:
        """
        The follower comes first: those who are answered now say more, and a larger batch costs
        less, a commit here and a send to everybody there.

        @param oldest: when the oldest draft of the batch came, if there is any.
        @param begun: when the writer was given the batch.
        """
        counters = self._counters
        committed = counters.seconds()
        self._isBusy = False
        self._behind += len(outcome.stored)
        if changes is not None:
            self._sessions.discard(changes.sessions)
            self._rooms.discard(changes.rooms)
            self._areChanged = bool(self._sessions or self._rooms)
        if self._alarm.trouble:
            self._alarm.end()
        if outcome.stored:
            self._reflected = outcome.stored[-1][0].id
        self._following.taken(outcome.stored, outcome.repeated)
        if counters.watched:
            counters.batchDone(oldest, len(outcome.stored), begun, committed)
        if outcome.refusal is not None:
            self._alarm.lost(outcome.refusal)
            self._following.refused(
                outcome.lost, NotStored("not stored: there is something in it that cannot be kept")
            )
        if not self._isBusy:
            self._wanted = len(outcome.stored) + len(self._queue)
            self._seen, self._patience, self._idle = 0, GATHER_TURNS, GATHER_IDLE
            self._gather()
        if self._stopping is not None:
            # What the follower has just kept is stored as well.
            self._storeChanges()
        self._finish()

    def _gather(self) -> None:
        """
        Begin the next batch; but where several are talking, most of those who were just answered
        say more in a moment, and one batch with them costs less than two by turns.
        """
        size = len(self._queue)
        mayWait = self._patience and self._idle and self._stopping is None
        if 0 < size < self._wanted and mayWait:
            self._patience -= 1
            if size == self._seen:
                self._idle -= 1
            self._seen = size
            self._later(0, self._gather)
        else:
            self._next()

    def _failed(self, failure: Failure, batch: list[tuple[Draft, object]]) -> None:
        """
        What ails the disk ails all that waits: nobody waits for the same answer twice.
        """
        refusal = self._alarm.sound(failure)
        self._isBusy = False
        if not refusal.isBug:
            batch += self._queue
            self._queue.clear()
            self._queuedText = 0
        self._next()
        self._following.refused(batch, refusal.answer)
        self._finish()

    def _tidy(self) -> None:
        """
        One small step of what may wait.
        """
        if self._stopping is not None:
            return
        self._isTidyDue = self._isBusy
        if self._isTidyDue:
            return
        self._isBusy = self._isTidied = True
        isForgetting = self._reactor.seconds() - self._forgotten >= FORGET_SECONDS
        if isForgetting:
            self._forgotten = self._reactor.seconds()
        tidying = self._writing.do(self._writer.tidy, isForgetting)
        tidying.addCallbacks(self._tidied, self._untidied)

    def _tidied(self, waiting: Waiting) -> None:
        self._isBusy = False
        self._behind = waiting.behind
        self._alarm.end(isTidying=True)
        pause = TIDY_BUSY_PAUSE if self._queue else TIDY_PAUSE
        # The next step waits for this, so that the write-ahead log comes to an end.
        copying = self._copying.do(self._checkpointer.copy)
        copying.addErrback(self._alarm.sound, isTidying=True)
        copying.addCallback(self._copied, pause if waiting.isMore else TIDY_SECONDS)
        self._next()
        self._finish()

    def _copied(self, _: object, pause: float) -> None:
        if self._isOpen:
            self._later(pause, self._tidy)

    def _untidied(self, failure: Failure) -> None:
        self._alarm.sound(failure, isTidying=True)
        self._isBusy = False
        self._later(TIDY_SECONDS, self._tidy)
        self._next()
        self._finish()

    # IHistory

    def _tell(self, what: str) -> None:
        """
        A row cannot be read.  Called in the threads that read.
        """
        self._reactor.callFromThread(self._alarm.unreadable, what)

    def _ask(
        self, worker: Worker, reader: Reader, question: Callable[..., _T], *arguments: Any
    ) -> Deferred[_T]:
        """
        Ask a reader something in its thread.

        @param question: one of the reader's methods.
        @return: the answer.  Once cancelled the question is given up.
        """
        if self._stopping is not None:
            return fail(NoHistory(_STOPPING))
        ticket = Ticket()
        result: Deferred[_T] = Deferred(lambda _: reader.giveUp(ticket))
        self._questions[result] = partial(reader.giveUp, ticket)

        def answered(answer: _T | Failure) -> None:
            self._questions.pop(result, None)
            if not result.called:
                result.callback(answer)

        worker.do(reader.answer, ticket, question, *arguments).addErrback(
            self._unanswered, ticket
        ).addBoth(answered)
        return result

    def _unanswered(self, failure: Failure, ticket: Ticket) -> Failure:
        """
        Tell the operator what ails a question that was not given up, nor took too long.
        """
        error = failure.value
        cause = error.__cause__ if isinstance(error, ChatError) else error
        if not (ticket.isOver or cause is None or isInterruption(cause)):
            self._alarm.unanswered(failure, cause)
        return failure

    def _giveUpQuestions(self) -> None:
        self._turns.stop(NoHistory(_STOPPING))
        questions, self._questions = self._questions, {}
        for result, giveUp in questions.items():
            giveUp()
            if not result.called:
                result.errback(NoHistory(_STOPPING))

    def _read(self, question: Callable[..., _T], *arguments: Any) -> Deferred[_T]:
        return self._ask(self._reading, self._reader, question, *arguments)

    def bounds(self) -> Deferred[tuple[int, int]]:
        """
        See L{IHistory.bounds}.
        """
        return self._read(self._reader.bounds)

    def last(self, place: Place, count: int, before: int | None = None) -> Deferred[list[Event]]:
        """
        See L{IHistory.last}.
        """
        return self._read(self._reader.last, place, count, before)

    def after(self, scope: Scope, id: int, limit: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.after}.
        """
        return self._read(self._reader.after, scope, id, limit)

    def count(self, place: Place, after: int, most: int) -> Deferred[int]:
        """
        See L{IHistory.count}.
        """
        return self._read(self._reader.count, place, after, most)

    def moderation(self, room: str | None, most: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.moderation}.
        """
        return self._read(self._reader.moderation, room, most)

    def search(self, scope: Scope, query: Query, limit: int) -> Deferred[list[Event]]:
        """
        See L{IHistory.search}.
        """
        search = self._searcher.search
        return self._turns.ask(
            scope.sid,
            lambda: self._ask(self._searching, self._searcher, search, scope, query, limit),
        )

    # IRecords

    def records(self, kinds: Collection[str]) -> Deferred[list[tuple[str, str, Any]]]:
        """
        See L{IRecords.records}.
        """
        return self._read(self._reader.records, kinds)

    def record(self, kind: str, key: str) -> Deferred[Any]:
        """
        See L{IRecords.record}.
        """
        return self._read(self._reader.record, kind, key)

    def removedTexts(self, removal: int, most: int) -> Deferred[list[tuple[int, str]]]:
        """
        See L{IRecords.removedTexts}.
        """
        return self._read(self._reader.removedTexts, removal, most)

    def removedBy(self, removal: int) -> Deferred[list[int]]:
        """
        See L{IRecords.removedBy}.
        """
        return self._read(self._reader.removedBy, removal)

    # IRooms

    def keepRoom(self, record: RoomRecord) -> None:
        """
        See L{IRooms.keepRoom}.
        """
        self._changeRoom(record.id, record)

    def dropRoom(self, id: int) -> None:
        """
        See L{IRooms.dropRoom}.
        """
        self._changeRoom(id, None)

    def _changeRoom(self, id: int, record: RoomRecord | None) -> None:
        self._rooms.put(id, record)
        self._storeSoon()

    def rooms(self) -> Deferred[StoredRooms]:
        """
        See L{IRooms.rooms}.  What waits to be stored is known already.
        """
        before = self._rooms.all()

        def asChanged(answer: tuple[StoredRooms, int]) -> StoredRooms:
            stored, newest = answer
            changes = {**before, **self._rooms.all()}
            reflected = stored.reflected
            if changes:
                reflected = max(reflected, self._reflected)
            elif not self._reflected:
                # A follower that begins takes up all that is there.
                self._reflected = newest
            return StoredRooms(changed(stored.records, changes), reflected)

        return self._read(self._reader.rooms).addCallback(asChanged)

    def movesAfter(self, id: int, limit: int) -> Deferred[list[Event]]:
        """
        See L{IRooms.movesAfter}.
        """
        return self._read(self._reader.movesAfter, id, limit)

    def stateAfter(self, id: int, limit: int) -> Deferred[list[Event]]:
        """
        See L{IRooms.stateAfter}.
        """
        return self._read(self._reader.stateAfter, id, limit)

    # ISessions

    def remember(self, session: Session) -> None:
        """
        See L{ISessions.remember}.
        """
        self._sessions.put(session)
        self._storeSoon()

    def _storeSoon(self) -> None:
        self._areChanged = True
        if self._stopping is None:
            self._later(CHANGE_SECONDS, self._storeChanges)

    def _storeChanges(self) -> None:
        self._areChangesDue = bool(self._sessions or self._rooms)
        self._next()

    def recall(self, tokenHash: str) -> Deferred[Session | None]:
        """
        See L{ISessions.recall}.  What waits to be stored is known already.
        """
        if not tokenHash:
            return succeed(None)
        waiting = self._sessions.find(tokenHash)
        if waiting is not None:
            return succeed(waiting)

        def isCurrent(found: Session | None) -> Session | None:
            if found is not None and found.sid in self._sessions:
                return self._sessions.find(tokenHash)
            return found

        return self._read(self._reader.recall, tokenHash).addCallback(isCurrent)

    def session(self, sid: str) -> Deferred[Session | None]:
        """
        See L{ISessions.session}.  What waits to be stored is known already.
        """
        waiting = self._sessions.get(sid)
        if waiting is not None:
            return succeed(waiting if waiting.tokenHash else None)

        def asChanged(found: Session | None) -> Session | None:
            changed = self._sessions.get(sid)
            if changed is None:
                return found
            return changed if changed.tokenHash else None

        return self._read(self._reader.session, sid).addCallback(asChanged)

    def sessionsOf(self, account: str) -> Deferred[list[Session]]:
        """
        See L{ISessions.sessionsOf}.  What waits to be stored is known already.
        """
        before = self._sessions.of(account)

        def asChanged(found: list[Session]) -> list[Session]:
            theirs = {s.sid: s for s in (*found, *before, *self._sessions.of(account))}
            current = [self._sessions.get(sid) or session for sid, session in theirs.items()]
            return [s for s in current if s.tokenHash and s.account == account]

        if not account:
            return succeed([])
        return self._read(self._reader.sessionsOf, account).addCallback(asChanged)

    def recentSessions(self, seconds: float) -> Deferred[list[Session]]:
        """
        See L{ISessions.recentSessions}.  What waits to be stored is known already.
        """
        before = self._sessions.all()

        def asChanged(answer: tuple[float, list[Session]]) -> list[Session]:
            since, found = answer
            sessions = {s.sid: s for s in (*found, *before, *self._sessions.all())}
            return [s for s in sessions.values() if s.tokenHash and s.seen >= since]

        return self._read(
            self._reader.recentSessions, seconds, self._sessions.lastUse(), self._seconds()
        ).addCallback(asChanged)


def _batchSize(queue: Collection[tuple[Draft, object]]) -> int:
    """
    @return: how many drafts the next commit takes.
    """
    size = min(len(queue), BATCH)
    moves = 0
    for count, (draft, _) in enumerate(islice(queue, size) if size > MOVES else (), 1):
        moves += draft.kind in PRESENCE
        if moves == MOVES:
            return count
    return size
