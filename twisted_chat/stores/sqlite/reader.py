# -*- test-case-name: tests.stores.sqlite.test_reader -*-
"""
The reader's side of a history file: everything here runs in a thread that only reads.

Every answer is of one moment (one read transaction), so what it holds up to its newest event is
complete.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from heapq import merge
from itertools import islice
from threading import Lock
from typing import Any, Final, TypeVar

from ...errors import NoHistory
from ...wire.events import (
    FOREVER,
    MODERATION,
    MOVES,
    SPOKEN,
    STATE,
    UNREADABLE,
    Event,
    Place,
    Query,
    Scope,
)
from ...worker import Ticket
from ..interfaces import StoredRooms
from ..search import matcher, phrases, readable
from ..session import Session
from . import fulltext
from .faults import isPassing, reason
from .rows import (
    END_OF_TIME,
    EVENTS,
    SECRET_EVENTS,
    SESSIONS,
    asEvent,
    asRoom,
    asSession,
    asValue,
    eventColumns,
    stream,
)
from .rows import ROOMS as ROOM_ROWS
from .schema import (
    IS_OTHER,
    IS_PRESENCE,
    IS_SPOKEN,
    MAX_ID,
    PRUNED,
    ROOMS,
    connect,
    isOneOf,
    newestId,
    nextId,
    readId,
)

SEARCH_SECONDS: Final = 2.0
"""After so long a search ends without an answer."""

READ_THROUGH: Final = 5_000
"""Ids read at once when everything is read through."""

CHUNK: Final = 500
"""Values in one statement: SQLite allowed 999 for long."""

CLOCK_SLACK: Final = 3_600.0
"""Seconds that the wall clock may have been put back: what is that much older is looked at, too."""

FIRST_CHUNK: Final = 16
"""Ids asked of one index at first; each time that they do not suffice, four times as many."""

RANGES: Final = 64
"""Ranges of ids in one statement: with more SQL tells rooms apart, and the rest is done here."""

_NEXT: Final = "AND id > ? AND id <= ? ORDER BY id LIMIT ?"

_SPOKEN_IDS: Final = f"SELECT id FROM events WHERE room = ? AND {IS_SPOKEN} {_NEXT}"

_PRESENCE_IDS: Final = f"SELECT id FROM events WHERE room = ? AND {IS_PRESENCE} {_NEXT}"

_OTHER_IDS: Final = f"SELECT id FROM events WHERE room = ? AND {IS_OTHER} {_NEXT}"

_KIND_IDS: Final = f"SELECT id FROM events WHERE kind = ? AND {IS_OTHER} {_NEXT}"

_NEWEST: Final = "ORDER BY id DESC LIMIT ?"

_LAST_OF_KIND: Final = f"SELECT id FROM events WHERE kind = ? AND {IS_OTHER} {_NEWEST}"

_LAST_ACTS: Final = (
    f"SELECT id FROM events WHERE room = ? AND {IS_OTHER} AND {isOneOf(sorted(MODERATION))} "
    f"{_NEWEST}"
)

_TOLD_IDS: Final = f"SELECT id FROM events WHERE sid = ? AND kind = 'told' {_NEXT}"

_REMOVED_TEXTS: Final = (
    "SELECT removed.id, coalesce(removed.text, events.text) FROM removed "
    "JOIN events ON events.id = removed.id WHERE removal = ? ORDER BY removed.id LIMIT ?"
)
"""The texts of a removal, also those that still stand with their events."""

_MOVES_AFTER: Final = (
    f"{SECRET_EVENTS} WHERE id > ? AND id <= ? AND +{isOneOf(sorted(MOVES))} ORDER BY id"
)
"""By the ids alone, without an index of rooms: there are few of them."""

_RECORDS: Final = "SELECT key, value FROM records WHERE kind = ?"

_LAST_USE: Final = (
    "SELECT coalesce(max(seen), 0.0) FROM sessions "
    f"WHERE typeof(seen) = 'real' AND seen BETWEEN 0 AND {END_OF_TIME}"
)

_LAST: Final = (
    f"{EVENTS} WHERE room = ? AND {IS_SPOKEN} AND id >= ? AND id <= ? ORDER BY id DESC LIMIT ?"
)

_ALL: Final = ((1, MAX_ID),)

READ_UNINDEXED: Final = 20_000
"""Events that are read in search of words while the index is made anew: some 0.3 s."""

SMALL_ROOM: Final = 5_000
"""Messages of a room that are all read in search of words: some 50 ms.  The index of words finds
those of all rooms, which may be a thousand times as many."""

_T = TypeVar("_T")

_Events = Generator[Event, None, None]


class _NotIndexed(Exception):
    """Not everything could be searched.  Its argument is how much of the index is there, in %."""


def _marks(count: int) -> str:
    return ", ".join("?" * count)


class Reader:
    """
    Answers questions about one history file.
    """

    def __init__(
        self, path: str, canSearch: bool, tell: Callable[[str], None] = lambda what: None
    ) -> None:
        """
        @param path: the file's path.
        @param canSearch: whether it has an index of words.
        @param tell: told, in the reading thread, of each row that cannot be read.
        """
        self._path = path
        self._canSearch = canSearch
        self._tell = tell
        self._connection: sqlite3.Connection | None = None
        self._lock = Lock()
        self._ticket = Ticket()

    def close(self) -> None:
        """
        Close the file; the next question would open it again.
        """
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def answer(self, ticket: Ticket, question: Callable[..., _T], *arguments: Any) -> _T:
        """
        Answer a question that can be given up.

        @param ticket: by this it is given up.
        @param question: one of the methods below.
        @raise NoHistory: it cannot be answered, or was given up.
        """
        with self._lock:
            self._ticket = ticket
        try:
            return question(*arguments)
        finally:
            with self._lock:
                self._ticket = Ticket()

    def giveUp(self, ticket: Ticket) -> None:
        """
        Give up a question, whether it is being answered or waits.  For any thread.
        """
        with self._lock:
            ticket.isOver = True
            if self._ticket is ticket and self._connection is not None:
                self._connection.interrupt()

    def _goOn(self) -> None:
        """
        @raise sqlite3.OperationalError: the question was given up.
        """
        if self._ticket.isOver:
            raise sqlite3.OperationalError("interrupted")

    @contextmanager
    def _moment(self) -> Iterator[sqlite3.Connection]:
        """
        All that is read within is of one moment.

        @raise NoHistory: it cannot be read.
        """
        try:
            self._goOn()
            if self._connection is None:
                self._connection = self._open()
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            if not isPassing(error):
                self.close()
            raise NoHistory(f"no history: {reason(error)}") from error

    def _open(self) -> sqlite3.Connection:
        connection = connect(self._path)
        try:
            if self._canSearch:
                # In a schema of this connection's own, which counts as a database as well.
                connection.execute("PRAGMA query_only = OFF")
                connection.execute(fulltext.OPEN_VOCABULARY)
                connection.execute("PRAGMA query_only = ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def bounds(self) -> tuple[int, int]:
        """
        See L{stores.interfaces.IHistory.bounds}.
        """
        with self._moment() as connection:
            return (readId(connection, PRUNED) + 1, newestId(connection))

    def last(self, place: Place, count: int, before: int | None) -> list[Event]:
        """
        See L{stores.interfaces.IHistory.last}.
        """
        end = MAX_ID if before is None else min(max(before, 1) - 1, MAX_ID)
        found: list[Event] = []
        with (
            self._moment() as connection,
            closing(self._backwards(connection, place, end, count)) as events,
        ):
            found += islice(events, max(0, count))
        return found[::-1]

    def _backwards(
        self, connection: sqlite3.Connection, place: Place, end: int, count: int
    ) -> _Events:
        """
        @param end: the last id to look at.
        @param count: at most this many of each range.
        @return: what was spoken in a place, newest first.
        """
        for first, last in reversed(place.ranges):
            if first <= end and count > 0:
                values = (place.room, first, min(last, end), count)
                yield from self._events(connection, _LAST, values)

    def after(self, scope: Scope, id: int, limit: int) -> list[Event]:
        """
        See L{stores.interfaces.IHistory.after}.  Collects ids from the indexes first, so that what
        other rooms had meanwhile costs nothing.
        """
        id = min(max(id, 0), MAX_ID)
        with self._moment() as connection:
            ids = islice(_once(merge(*_ways(connection, scope, id))), max(0, limit))
            return list(self._withIds(connection, ids))

    def _withIds(
        self, connection: sqlite3.Connection, ids: Iterator[int], select: str = EVENTS
    ) -> _Events:
        """
        @param ids: rising.
        @return: the events with these ids.
        """
        while chunk := list(islice(ids, CHUNK)):
            statement = f"{select} WHERE id IN ({_marks(len(chunk))}) ORDER BY id"
            yield from self._events(connection, statement, chunk)

    def count(self, place: Place, after: int, most: int) -> int:
        """
        See L{stores.interfaces.IHistory.count}.
        """
        count = 0
        with self._moment() as connection:
            for first, last in place.ranges:
                if count >= most:
                    break
                start, end = min(max(first - 1, after), MAX_ID), min(last, MAX_ID)
                values = (place.room, start, end, most - count)
                row = connection.execute(f"SELECT count(*) FROM ({_SPOKEN_IDS})", values).fetchone()
                count += row[0]
        return count

    def moderation(self, room: str | None, most: int) -> list[Event]:
        """
        See L{stores.interfaces.IHistory.moderation}.
        """
        with self._moment() as connection:
            if room is None:
                ways = [(_LAST_OF_KIND, (kind, most)) for kind in sorted(MODERATION)]
            else:
                ways = [(_LAST_ACTS, (room, most))]
            ids = [
                row[0]
                for select, values in ways
                for row in connection.execute(select, values).fetchall()
            ]
            newest = sorted(ids)[-most:] if most > 0 else []
            with closing(self._withIds(connection, iter(newest), SECRET_EVENTS)) as events:
                return [event for event in events if event.kind != UNREADABLE]

    def _events(
        self, connection: sqlite3.Connection, statement: str, values: Sequence[object] = ()
    ) -> _Events:
        # Closed at once whatever happens: a statement that is left open holds up the next.
        with closing(stream(connection, statement, values)) as rows:
            for row in rows:
                self._goOn()
                event = asEvent(row)
                if event.kind == UNREADABLE:
                    self._tell(f"event {event.id}")
                yield event

    def search(self, scope: Scope, query: Query, limit: int) -> list[Event]:
        """
        See L{stores.interfaces.IHistory.search}.
        """
        if not self._canSearch:
            raise NoHistory("search is not possible on this server: its SQLite has no FTS5")
        if query.room:
            places = tuple(place for place in scope.places if place.room == query.room)
            scope = Scope(places, scope.sid)
        matches, isReadable = matcher(query), readable(scope)
        found: list[Event] = []
        with self._moment() as connection, self._deadline(connection):
            try:
                with closing(self._candidates(connection, scope, query)) as candidates:
                    for event in candidates:
                        if len(found) >= limit:
                            break
                        if isReadable(event) and matches(event):
                            found.append(event)
            except _NotIndexed as error:
                # The newest are the answer; nothing at all may only mean that it is too early.
                if not found:
                    raise NoHistory(
                        f"nothing was found so far: the index of words is made anew, {error} % of "
                        "it is done; try again later"
                    ) from None
        return found[::-1]

    @contextmanager
    def _deadline(self, connection: sqlite3.Connection) -> Iterator[None]:
        """
        After L{SEARCH_SECONDS} what is asked here is interrupted.
        """
        end = self._end = time.monotonic() + SEARCH_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
        try:
            yield
        finally:
            connection.set_progress_handler(None, 0)

    def _candidates(self, connection: sqlite3.Connection, scope: Scope, query: Query) -> _Events:
        """
        @return: the events in scope that may match, newest first: first those that are not
            indexed yet, then those that the index finds.
        """
        asked = fulltext.expression(
            phrases(query), query.name, lambda beginning: self._begunBy(connection, beginning)
        )
        floor = _lastBefore(connection, query.since - CLOCK_SLACK) if query.since else 0
        isOneRoom = query.room and len(scope.places) == 1
        if isOneRoom and (not asked or _isSmall(connection, scope.places[0], floor)):
            # One index has it all.
            for event in self._backwards(connection, scope.places[0], MAX_ID, MAX_ID):
                if event.id <= floor:
                    return
                yield event
            return
        allowed, values = _condition(scope, query)
        first, last = fulltext.extent(connection) if asked else (0, 0)
        yield from self._notIndexed(connection, max(last, floor), MAX_ID, allowed, values)
        if not asked:
            return
        # The index goes first (CROSS JOIN keeps the order) and gives its rows newest first.
        yield from self._events(
            connection,
            f"SELECT {eventColumns('e')} FROM terms CROSS JOIN events AS e ON e.id = terms.rowid "
            f"WHERE terms MATCH ? AND terms.rowid > ? AND {isOneOf(sorted(SPOKEN), 'e.kind')} "
            f"AND {allowed} ORDER BY terms.rowid DESC",
            [asked, floor, *values],
        )
        if first > floor:
            with closing(self._notIndexed(connection, floor, first, allowed, values)) as before:
                yield from islice(before, READ_UNINDEXED)
                if next(before, None) is not None:
                    raise _NotIndexed((last - first) * 100 // max(last, 1))

    def _notIndexed(
        self,
        connection: sqlite3.Connection,
        start: int,
        end: int,
        allowed: str,
        values: Sequence[object],
    ) -> _Events:
        """
        @return: what was said after C{start} up to C{end}, newest first.
        """
        # By id: no index of rooms may be used, whose rows would have to be sorted.
        yield from self._events(
            connection,
            f"{EVENTS} NOT INDEXED WHERE id > ? AND id <= ? AND {IS_SPOKEN} AND {allowed} "
            "ORDER BY id DESC",
            [start, end, *values],
        )

    def _begunBy(self, connection: sqlite3.Connection, beginning: str) -> Iterator[str]:
        for term in fulltext.termsFrom(connection, beginning):
            self._goOn()
            if time.monotonic() > self._end:
                raise sqlite3.OperationalError("interrupted")
            yield term

    def readThrough(self, isOver: Callable[[], bool]) -> None:
        """
        Read every event, little by little, so that no checkpoint has to wait for long.

        @param isOver: asked every few milliseconds whether to give up.
        @raise NoHistory: some cannot be read.
        """
        start = 0
        while not isOver():
            end = start + READ_THROUGH
            with self._moment() as connection:
                connection.execute(
                    "SELECT sum(length(text) + length(key)) FROM events WHERE id > ? AND id <= ?",
                    (start, end),
                ).fetchone()
                start = nextId(connection, end) - 1
            if start >= MAX_ID:
                return

    def rooms(self) -> tuple[StoredRooms, int]:
        """
        See L{stores.interfaces.IRooms.rooms}.

        @return: the rooms, and the id of the newest event.
        """
        with self._moment() as connection:
            records = []
            for row in stream(connection, f"{ROOM_ROWS} ORDER BY id"):
                record = asRoom(row)
                if record is None:
                    self._tell(f"room {row[0]}")
                else:
                    records.append(record)
            return StoredRooms(records, readId(connection, ROOMS)), newestId(connection)

    def movesAfter(self, id: int, limit: int) -> list[Event]:
        """
        See L{stores.interfaces.IRooms.movesAfter}.
        """
        with (
            self._moment() as connection,
            closing(self._events(connection, _MOVES_AFTER, (id, MAX_ID))) as events,
        ):
            found = (event for event in events if event.kind != UNREADABLE)
            return list(islice(found, limit))

    def stateAfter(self, id: int, limit: int) -> list[Event]:
        """
        See L{stores.interfaces.IRooms.stateAfter}.
        """
        with self._moment() as connection:
            ways = [_inRanges(connection, _KIND_IDS, kind, _ALL, id) for kind in sorted(STATE)]
            with closing(self._withIds(connection, merge(*ways), SECRET_EVENTS)) as events:
                found = (event for event in events if event.kind != UNREADABLE)
                return list(islice(found, limit))

    def records(self, kinds: Collection[str]) -> list[tuple[str, str, Any]]:
        """
        See L{stores.interfaces.IRecords.records}.
        """
        with self._moment() as connection:
            return [
                (kind, key, value)
                for kind in kinds
                for key, text in stream(connection, _RECORDS, (kind,))
                if (value := self._value(kind, key, text)) is not None
            ]

    def _value(self, kind: str, key: object, text: object) -> Any:
        """
        @return: what a record says, or C{None} if it cannot be read.
        """
        value = asValue(key, text)
        if value is None:
            self._tell(f"the record {kind} {key!r}")
        return value

    def record(self, kind: str, key: str) -> Any:
        """
        See L{stores.interfaces.IRecords.record}.
        """
        with self._moment() as connection:
            for _, text in stream(connection, f"{_RECORDS} AND key = ?", (kind, key)):
                return self._value(kind, key, text)
        return None

    def removedTexts(self, removal: int, most: int) -> list[tuple[int, str]]:
        """
        See L{stores.interfaces.IRecords.removedTexts}.
        """
        with self._moment() as connection:
            rows = stream(connection, _REMOVED_TEXTS, (removal, most))
            return [(id, text) for id, text in rows if isinstance(text, str)]

    def removedBy(self, removal: int) -> list[int]:
        """
        See L{stores.interfaces.IRecords.removedBy}.
        """
        with self._moment() as connection:
            rows = connection.execute(
                "SELECT id FROM removed WHERE removal = ? ORDER BY id", (removal,)
            )
            return [id for (id,) in rows.fetchall()]

    def recall(self, tokenHash: str) -> Session | None:
        """
        See L{stores.interfaces.ISessions.recall}.
        """
        found = self._sessions("tokenHash = ?", tokenHash)
        return found[0] if found else None

    def session(self, sid: str) -> Session | None:
        """
        See L{stores.interfaces.ISessions.session}.
        """
        found = self._sessions("sid = ?", sid)
        return found[0] if found else None

    def sessionsOf(self, account: str) -> list[Session]:
        """
        See L{stores.interfaces.ISessions.sessionsOf}.
        """
        return self._sessions("account = ? AND account != ''", account)

    def recentSessions(
        self, seconds: float, lastUse: float, now: float
    ) -> tuple[float, list[Session]]:
        """
        See L{stores.interfaces.ISessions.recentSessions}.

        @param lastUse: when a session was last used that is not stored yet.
        @param now: the wall time.
        @return: since when they were used, and the sessions.
        """
        with self._moment() as connection:
            (stored,) = connection.execute(_LAST_USE).fetchone()
        since = min(max(lastUse, stored), now) - seconds
        return since, self._sessions("seen >= ?", since)

    def _sessions(self, condition: str, value: object) -> list[Session]:
        found = []
        with self._moment() as connection:
            for row in stream(connection, f"{SESSIONS} WHERE {condition}", (value,)):
                session = asSession(row)
                if session is None:
                    self._tell("a session")
                else:
                    found.append(session)
        return found


def _isSmall(connection: sqlite3.Connection, place: Place, floor: int) -> bool:
    """
    @param floor: only what came after this id counts.
    @return: whether a room has so few messages that all can be read.
    """
    values = (place.room, floor, MAX_ID, 1)
    return connection.execute(f"{_SPOKEN_IDS} OFFSET {SMALL_ROOM}", values).fetchone() is None


def _lastBefore(connection: sqlite3.Connection, time: float) -> int:
    """
    @return: the last id before a time, since ids rise with it, or 0.
    """
    before, after = 0, newestId(connection) + 1
    while after - before > 1:
        middle = (before + after) // 2
        found = connection.execute(
            "SELECT time FROM events WHERE id >= ? AND typeof(time) = 'real' ORDER BY id LIMIT 1",
            (middle,),
        ).fetchone()
        if found is None or found[0] >= time:
            after = middle
        else:
            before = middle
    return before


def _ways(connection: sqlite3.Connection, scope: Scope, id: int) -> list[Iterator[int]]:
    """
    @return: the ids after one in the scope, rising, each way in which one may be there by itself.
    """
    ways: list[Iterator[int]] = []
    if scope.sid:
        ways.append(_inRanges(connection, _TOLD_IDS, scope.sid, _ALL, id))
        ways.append(_inRanges(connection, _SPOKEN_IDS, f"@{scope.sid}", _ALL, id))
    for room, ranges, presenceFrom in scope.places:
        ways.append(_inRanges(connection, _SPOKEN_IDS, room, ranges, id))
        ways.append(_inRanges(connection, _OTHER_IDS, room, ranges, id))
        ways.append(_inRanges(connection, _PRESENCE_IDS, room, ranges, max(id, presenceFrom - 1)))
    return ways


def _inRanges(
    connection: sqlite3.Connection,
    select: str,
    value: str,
    ranges: Sequence[tuple[int, int]],
    id: int,
) -> Iterator[int]:
    """
    Ask an index for ids in small parts: most of what it has is never needed.
    """
    chunk = FIRST_CHUNK
    for first, last in ranges:
        start, end = max(id, first - 1), min(last, MAX_ID)
        while start < end:
            found = connection.execute(select, (value, start, end, chunk)).fetchall()
            for row in found:
                yield row[0]
            if len(found) < chunk:
                break
            start = found[-1][0]
            chunk *= 4


def _once(ids: Iterator[int]) -> Iterator[int]:
    """
    @param ids: never falling.
    @return: each of them once.
    """
    before = 0
    for id in ids:
        if id != before:
            yield id
        before = id


def _condition(scope: Scope, query: Query) -> tuple[str, list[object]]:
    """
    @return: SQL for what the reader may see of what they asked for, and its values.  Where there
        are too many ranges it lets through more.
    """
    rooms: dict[tuple[tuple[int, int], ...], list[str]] = {}
    for place in scope.places:
        rooms.setdefault(place.ranges, []).append(place.room)
    isExact = sum(map(len, rooms)) <= RANGES
    ways: list[str] = []
    values: list[object] = []
    for ranges, names in rooms.items() if isExact else ():
        limits = []
        values += names
        for first, last in ranges:
            limits.append("id >= ? AND id <= ?" if last < FOREVER else "id >= ?")
            values += [first, last] if last < FOREVER else [first]
        ways.append(f"(room IN ({_marks(len(names))}) AND ({' OR '.join(limits) or '0'}))")
    if not isExact:
        names = [place.room for place in scope.places]
        values += names
        ways.append(f"room IN ({_marks(len(names))})")
    if scope.sid:
        ways += ["room = ?", "(kind = 'told' AND sid = ?)"]
        values += [f"@{scope.sid}", scope.sid]
    allowed = f"({' OR '.join(ways) or '0'})"
    if query.room:
        allowed += " AND room = ?"
        values.append(query.room)
    if query.since:
        allowed += " AND time >= ?"
        values.append(query.since)
    return allowed, values
