# -*- test-case-name: tests.stores.sqlite.test_writer -*-
"""
The writer's side of a history file: everything here runs in the one thread that writes.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Final, NamedTuple

from ...steadyclock import SteadyClock
from ...wire.events import RECORDED, Draft, Event, makeEvent
from ..base import Key, sift
from ..interfaces import Projection
from ..records import project
from ..session import RoomRecord, Session
from . import fulltext, projection
from .faults import Refusal, isPassing
from .historyfile import Place
from .opening import openFile
from .removedtexts import RemovedPruner, TextMover
from .retention import DAY, Keep, lastTime, noteTime, pruners
from .rows import SECRET_EVENTS, asEvent, isStorable, roomRow, sessionRow
from .schema import MAX_ID, ROOMS, connect, newestId, readNote, writeNote
from .superseded import Pruning, superseded

SESSION_DAYS: Final = 30
"""A session that was not used for so long cannot be resumed."""

PRUNE_SECONDS: Final = 0.008
"""How long to prune in one step; a message may have to wait a little longer."""

FORGOTTEN: Final = 100
"""Sessions that are looked at in one statement, and removed if they are old: some 1 ms."""

_COLUMNS: Final = 'id, time, kind, room, name, text, "to", sid, key, data'

_ROW: Final = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_ROWS: Final = 200 if sqlite3.sqlite_version_info >= (3, 32) else 99
"""
Events in one INSERT.  The interpreter's lock is given away and taken back for each statement that
is run, C{executemany} runs one for every row, and each time the reactor's thread may keep it: with
a busy reactor rows of their own took 400 times as long.  Older libraries take 999 parameters, newer
ones 32,766 (SQLITE_LIMIT_VARIABLE_NUMBER).
"""

_FIND_KEY: Final = f"{SECRET_EVENTS} WHERE sid = ? AND key = ?"

_SESSIONS_AFTER: Final = "typeof(sid) = 'text' AND sid > CAST(? AS TEXT)"
"""Whatever bytes the position is, it is text of the same bytes."""

_NEXT_SESSIONS: Final = (
    f"SELECT CAST(sid AS BLOB) FROM sessions WHERE {_SESSIONS_AFTER} "
    f"ORDER BY sid LIMIT 1 OFFSET {FORGOTTEN - 1}"
)

_FORGET_SESSIONS: Final = (
    f"DELETE FROM sessions WHERE {_SESSIONS_AFTER} AND seen < ? AND account != sid"
)

_KEEP_SESSION: Final = (
    "REPLACE INTO sessions "
    "(sid, tokenHash, name, rooms, current, seen, rights, began, account, device) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

_KEEP_ROOM: Final = (
    "REPLACE INTO rooms (id, name, topic, owner, eras, invited, expelled, emptyAt) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

Batch = list[tuple[Event, object]]


class Changes(NamedTuple):
    """
    What is to be stored beside events.

    @ivar sessions: sessions as they are now; those without a token are forgotten.
    @ivar rooms: rooms as they are now, by their ids; C{None} for those that are to be forgotten.
    @ivar reflected: the id of the newest event that they show.
    """

    sessions: Sequence[Session] = ()
    rooms: Mapping[int, RoomRecord | None] = MappingProxyType({})
    reflected: int = 0

    def storable(self) -> Changes:
        """
        @return: what is left without that which can never be stored.
        """
        sessions = [session for session in self.sessions if isStorable(sessionRow, session)]
        rooms = {
            id: room for id, room in self.rooms.items() if room is None or isStorable(roomRow, room)
        }
        return Changes(sessions, rooms, self.reflected)

    def isLessThan(self, others: Changes) -> bool:
        """
        @return: whether something of the others is missing.
        """
        return len(self.sessions) + len(self.rooms) < len(others.sessions) + len(others.rooms)


NO_CHANGES: Final = Changes()
"""Nothing to be stored beside events: the usual case."""


@lru_cache(maxsize=_ROWS)
def _insertion(rows: int) -> str:
    """
    @return: the statement that inserts so many events.
    """
    return f"INSERT INTO events ({_COLUMNS}) VALUES {', '.join([_ROW] * rows)}"


def _insertEvents(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
    for first in range(0, len(events), _ROWS):
        part = events[first : first + _ROWS]
        connection.execute(_insertion(len(part)), list(chain.from_iterable(part)))


def _draftRow(draft: Draft) -> tuple[object, ...]:
    if not all(type(text) is str for text in (*draft[:6], draft.data)):
        raise TypeError("a field of a draft is no text")
    return draft


def _keepSessions(connection: sqlite3.Connection, sessions: Sequence[Session]) -> None:
    kept = [sessionRow(session) for session in sessions if session.tokenHash]
    gone = [(session.sid,) for session in sessions if not session.tokenHash]
    if gone:
        connection.executemany("DELETE FROM sessions WHERE sid = ?", gone)
    if kept:
        connection.executemany(_KEEP_SESSION, kept)


def _keepRooms(connection: sqlite3.Connection, changes: Changes) -> None:
    kept = [roomRow(room) for room in changes.rooms.values() if room is not None]
    gone = [(id,) for id, room in changes.rooms.items() if room is None]
    if gone:
        connection.executemany("DELETE FROM rooms WHERE id = ?", gone)
    if kept:
        connection.executemany(_KEEP_ROOM, kept)
    if changes.rooms or changes.sessions:
        writeNote(connection, ROOMS, changes.reflected)


class Outcome(NamedTuple):
    """
    What became of a batch of drafts.

    @ivar stored: the new events, with their origins.
    @ivar repeated: the events that were there before, with the origins of their repetition.
    @ivar lost: the drafts that can never be stored, with their origins.
    @ivar refusal: why not, and what else was lost.
    """

    stored: Batch
    repeated: Batch
    lost: Sequence[tuple[Draft, object]] = ()
    refusal: Refusal | None = None


class Waiting(NamedTuple):
    """
    What waits to be tidied.

    @ivar behind: roughly how many events are not in the index of words, which makes every search
        slower.
    @ivar isMore: whether something else is left to be done, or that.
    """

    behind: int
    isMore: bool


class Writer:
    """
    One history file, as long as it is written to.

    @ivar epoch: see L{stores.interfaces.ILog.epoch}.
    @ivar lastTime: see L{stores.interfaces.ILog.lastTime}; set once opened.
    @ivar canSearch: whether there is an index of words.
    @ivar isChecked: whether the file was looked at for damage when it was opened.
    """

    def __init__(
        self,
        path: str,
        seconds: Callable[[], float],
        keep: Keep,
        monotonic: Callable[[], float] = time.monotonic,
        projection: Projection | None = None,
    ) -> None:
        """
        @param path: the file's path.
        @param seconds: the wall time, in seconds since the epoch.
        @param keep: what to keep.
        @param monotonic: the time on a clock that does not jump, in seconds.
        @param projection: makes the records of the log.
        """
        self.epoch = ""
        self.lastTime = 0.0
        self.canSearch = False
        self.isChecked = False
        self._place = Place(path)
        self._seconds = seconds
        self._monotonic = monotonic
        self._keep = keep
        self._projection = projection
        self._connection: sqlite3.Connection | None = None
        self._newest = 0
        # Up to this id it was looked which sessions are old; C{None} while it is not looked.
        self._forgotten: bytes | None = None
        # The one whose turn it is comes first; so many before it had nothing to do.
        self._pruners: deque[Pruning] = deque()
        self._idlers = 0

    @property
    def path(self) -> str:
        """
        The file's path, without symbolic links.
        """
        return self._place.path

    def open(self) -> None:
        """
        Take the file, and make or upgrade it where that is needed.

        @raise NoHistory: it cannot be, and what the operator has to do.
        """
        self._place.hold()
        try:
            self._connection, self.isChecked = openFile(self.path)
            self._begin(self._connection)
            self.lastTime = lastTime(self._connection, self._newest, self._seconds())
            self._clock = SteadyClock(self._seconds, self._monotonic, self.lastTime)
        except BaseException:
            self.close()
            raise

    def _begin(self, connection: sqlite3.Connection) -> None:
        self.epoch = str(readNote(connection, "epoch", ""))
        if not self.epoch:
            self.epoch = secrets.token_hex(8)
            writeNote(connection, "epoch", self.epoch)
        self.canSearch = fulltext.isAvailable(connection)
        if self.canSearch:
            fulltext.prepare(connection)
        else:
            fulltext.abandon(connection)
        if self._projection is not None:
            projection.prepare(connection, self._projection)
        self._newest = newestId(connection)
        self._pruners = self._makePruners()
        self._place.mark()

    def _makePruners(self) -> deque[Pruning]:
        return deque(
            [
                *pruners(self._keep, self.canSearch),
                TextMover(self.canSearch),
                RemovedPruner(),
                *superseded(),
            ]
        )

    def close(self) -> None:
        """
        Copy the write-ahead log into the file, and let others have it.
        """
        self._drop()
        self._place.release()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
            self._place.closed()

    def _ready(self) -> sqlite3.Connection:
        """
        @return: a connection that can be written to, as far as one can know before.
        @raise Moved: the file is not where it was.
        """
        self._place.check()
        if self._connection is None:
            self._connection = connect(self.path, isWriter=True)
            self._begin(self._connection)
        return self._connection

    def _failed(self, error: Exception) -> Refusal:
        """
        Undo the transaction.  After a fault that may have left the connection unsound, the next
        attempt begins with a new one.
        """
        connection = self._connection
        if connection is not None:
            try:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                connection.execute("PRAGMA synchronous = FULL")
                isSound = isPassing(error)
            except sqlite3.Error:
                isSound = False
            if not isSound:
                self._drop()
            self._pruners = self._makePruners()
        return Refusal(error)

    def commit(
        self, drafts: Sequence[tuple[Draft, object]], changes: Changes = NO_CHANGES
    ) -> Outcome:
        """
        Store a batch: after this it is on the disk, wholly, but for what can never be stored.

        @raise Refusal: it is not, and nothing of it.
        """
        try:
            return self._commit(drafts, changes)
        except Exception as error:
            refusal = self._failed(error)
            good = [entry for entry in drafts if isStorable(_draftRow, entry[0])]
            left = changes.storable()
            if len(good) == len(drafts) and not left.isLessThan(changes):
                raise refusal from error
        try:
            outcome = self._commit(good, left)
        except Exception as error:
            raise self._failed(error) from error
        lost = [entry for entry in drafts if not isStorable(_draftRow, entry[0])]
        return outcome._replace(lost=lost, refusal=refusal)

    def _commit(self, drafts: Sequence[tuple[Draft, object]], changes: Changes) -> Outcome:
        connection = self._ready()
        isRecorded = self._projection is not None and not RECORDED.isdisjoint(
            [draft.kind for draft, _ in drafts]
        )
        if changes.sessions or changes.rooms or isRecorded or len(drafts) > _ROWS:
            connection.execute("BEGIN IMMEDIATE")
        # Otherwise it is one statement, which is a transaction by itself.
        outcome = self._insert(connection, drafts)
        if connection.in_transaction:
            if isRecorded:
                self._record(connection, outcome.stored)
            _keepSessions(connection, changes.sessions)
            _keepRooms(connection, changes)
            connection.execute("COMMIT")
        if outcome.stored:
            self._newest = outcome.stored[-1][0].id
        return outcome

    def _record(self, connection: sqlite3.Connection, stored: Batch) -> None:
        """
        Let the records show what was stored.
        """
        assert self._projection is not None
        records = projection.SQLRecords(connection)
        for event, _ in stored:
            if event.kind in RECORDED:
                project(self._projection, event, records)

    def _insert(
        self, connection: sqlite3.Connection, drafts: Sequence[tuple[Draft, object]]
    ) -> Outcome:
        """
        Repeated keys are rare, so they are only looked for once the index has refused one.
        """
        stored = self._number(drafts)
        try:
            _insertEvents(connection, [event for event, _ in stored])
        except sqlite3.IntegrityError:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.execute("BEGIN IMMEDIATE")
            return self._insertNew(connection, drafts)
        return Outcome(stored, [])

    def _insertNew(
        self, connection: sqlite3.Connection, drafts: Sequence[tuple[Draft, object]]
    ) -> Outcome:
        def find(key: Key) -> Event | None:
            row = connection.execute(_FIND_KEY, key).fetchone()
            return None if row is None else asEvent(row)

        sifted = sift(drafts, find)
        stored = self._number(sifted.fresh)
        _insertEvents(connection, [event for event, _ in stored])
        return Outcome(stored, sifted.repeated(stored))

    def _number(self, drafts: Sequence[tuple[Draft, object]]) -> Batch:
        if self._newest + len(drafts) > MAX_ID:
            raise OverflowError("no ids are left")
        first, stamp = self._newest + 1, self._seconds()
        return [
            (makeEvent((id, stamp) + draft), origin)  # noqa: RUF005 - the faster way
            for id, (draft, origin) in enumerate(drafts, first)
        ]

    def tidy(self, isForgetting: bool = False) -> Waiting:
        """
        Look after the file and do one small step of what may wait: index words, prune.  It need
        not survive a power failure by itself, so it does not wait for the disk.

        @param isForgetting: whether to remove the sessions that nobody used for L{SESSION_DAYS},
            and note the time that is believed.
        @return: what waits for the next step.
        @raise Refusal: it could not be done.
        """
        try:
            connection = self._ready()
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            behind, isWhole = 0, True
            if self.canSearch:
                behind, isWhole = fulltext.indexStep(connection, self._newest)
            now = self._clock.now()
            isMore = self._prune(connection, now) or not isWhole
            if isForgetting:
                noteTime(connection, now)
            forgotten = self._forgotten
            if isForgetting or forgotten is not None:
                forgotten = self._forget(connection, forgotten or b"", now)
                isMore |= forgotten is not None
            if self.canSearch:
                isMore |= fulltext.mergeStep(connection)
            connection.execute("COMMIT")
            self._forgotten = forgotten
            connection.execute("PRAGMA synchronous = FULL")
        except Exception as error:
            raise self._failed(error) from error
        return Waiting(behind, isMore)

    def _prune(self, connection: sqlite3.Connection, now: float) -> bool:
        """
        Let the pruner whose turn it is go on while there is time; where it has nothing to do, the
        next one.

        @return: whether more may be left to be pruned.
        """
        until = time.monotonic() + PRUNE_SECONDS
        while True:
            if self._pruners[0].step(connection, self._newest, now):
                self._idlers = 0
            else:
                self._idlers += 1
                self._pruners.rotate(-1)
                if self._idlers >= len(self._pruners):
                    self._idlers = 0
                    return False
            if time.monotonic() > until:
                if not self._idlers:
                    self._pruners.rotate(-1)
                return True

    def _forget(self, connection: sqlite3.Connection, position: bytes, now: float) -> bytes | None:
        """
        Remove sessions that nobody used for L{SESSION_DAYS}, in the order of their ids, while there
        is time.

        @param position: only ids after this one.
        @return: up to where it was looked, or C{None} at the end.
        """
        until = time.monotonic() + PRUNE_SECONDS
        oldest = now - SESSION_DAYS * DAY
        while True:
            following = connection.execute(_NEXT_SESSIONS, (position,)).fetchone()
            if following is None:
                connection.execute(_FORGET_SESSIONS, (position, oldest))
                return None
            connection.execute(
                f"{_FORGET_SESSIONS} AND sid <= CAST(? AS TEXT)", (position, oldest, *following)
            )
            position = bytes(following[0])
            if time.monotonic() > until:
                return position
