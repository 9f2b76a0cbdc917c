# -*- test-case-name: tests.stores.sqlite.test_reader -*-
"""
The reader's side of a history file: everything here runs in a thread that only reads.

Every answer is of one moment (one read transaction), so what it holds up to its newest event is
complete.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import Final

from ...errors import NoHistory
from ...wire.events import SPOKEN, Event, Query, Scope
from ..search import matcher, phrases
from ..session import Session
from . import fulltext
from .faults import reason
from .schema import IS_SPOKEN, IS_STATE, IS_UNSPOKEN, PRUNED, connect, isOneOf, readNote

SEARCH_SECONDS: Final = 2.0
"""After so long a search ends without an answer."""

READ_THROUGH: Final = 5_000
"""Ids read at once when everything is read through."""

CHUNK: Final = 500
"""Values in one statement: SQLite allowed 999 for long."""

_EVENTS: Final = 'SELECT id, time, kind, room, name, text, "to", sid, key FROM events '

_IDS: Final = (
    f"SELECT id FROM events WHERE room = ? AND {IS_SPOKEN} AND id > ? ORDER BY id LIMIT ?",
    f"SELECT id FROM events WHERE room = ? AND {IS_UNSPOKEN} AND id > ? ORDER BY id LIMIT ?",
)

_TOLD: Final = (
    "SELECT id FROM events WHERE sid = ? AND kind = 'told' AND id > ? ORDER BY id LIMIT ?"
)


def _marks(count: int) -> str:
    return ", ".join("?" * count)


class Reader:
    """
    Answers questions about one history file.
    """

    def __init__(self, path: str, canSearch: bool) -> None:
        """
        @param path: the file's path.
        @param canSearch: whether it has an index of words.
        """
        self._path = path
        self._canSearch = canSearch
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """
        Close the file; the next question would open it again.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _moment(self) -> Iterator[sqlite3.Connection]:
        """
        All that is read within is of one moment.

        @raise NoHistory: it cannot be read.
        """
        try:
            if self._connection is None:
                self._connection = connect(self._path)
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            self.close()
            raise NoHistory(f"no history: {reason(error)}") from error

    def bounds(self) -> tuple[int, int]:
        """
        See L{stores.interfaces.IHistory.bounds}.
        """
        with self._moment() as connection:
            pruned = int(str(readNote(connection, PRUNED, 0)))
            (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
            return (pruned + 1, newest)

    def state(self) -> list[Event]:
        """
        See L{stores.interfaces.IHistory.state}.
        """
        with self._moment() as connection:
            rows = connection.execute(f"{_EVENTS} WHERE {IS_STATE} ORDER BY id")
            return [Event._make(row) for row in rows]

    def last(self, room: str, count: int, before: int | None) -> list[Event]:
        """
        See L{stores.interfaces.IHistory.last}.
        """
        with self._moment() as connection:
            rows = connection.execute(
                f"{_EVENTS} WHERE room = ? AND {IS_SPOKEN} AND id < ? ORDER BY id DESC LIMIT ?",
                (room, 2**63 - 1 if before is None else before, max(0, count)),
            ).fetchall()
        return [Event._make(row) for row in reversed(rows)]

    def after(self, scope: Scope, id: int, limit: int) -> list[Event]:
        """
        See L{stores.interfaces.IHistory.after}.  Collects ids from the indexes first, so that what
        other rooms had meanwhile costs nothing.
        """
        ids: set[int] = set()
        rooms = list(scope.rooms)
        with self._moment() as connection:
            if scope.sid:
                rooms.append(f"@{scope.sid}")
                ids.update(row[0] for row in connection.execute(_TOLD, (scope.sid, id, limit)))
            for room in rooms:
                for select in _IDS:
                    ids.update(row[0] for row in connection.execute(select, (room, id, limit)))
            return list(self._events(connection, sorted(ids)[:limit]))

    def _events(self, connection: sqlite3.Connection, ids: list[int]) -> Iterator[Event]:
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            rows = connection.execute(f"{_EVENTS} WHERE id IN ({_marks(len(chunk))})", chunk)
            yield from sorted(map(Event._make, rows))

    def search(self, scope: Scope, query: Query, limit: int) -> list[Event]:
        """
        See L{stores.interfaces.IHistory.search}.
        """
        if not self._canSearch:
            raise NoHistory("search is not possible on this server: its SQLite has no FTS5")
        matches = matcher(query)
        with self._moment() as connection, _deadline(connection):
            newest = (
                event for event in self._candidates(connection, scope, query) if matches(event)
            )
            return list(islice(newest, limit))[::-1]

    def _candidates(
        self, connection: sqlite3.Connection, scope: Scope, query: Query
    ) -> Iterator[Event]:
        """
        @return: the events in scope that may match, newest first: first those that are not
            indexed yet, then those that the index finds.
        """
        allowed, values = _condition(scope, query)
        asked = fulltext.expression(phrases(query), query.name)
        if query.room and not asked:
            select = f"{_EVENTS} WHERE {IS_SPOKEN} AND {allowed} ORDER BY id DESC"
            yield from _stream(connection, select, values)
            return
        # By id, newest first: no index of rooms may be used, whose rows would have to be sorted.
        select = (
            f"{_EVENTS} NOT INDEXED WHERE id > ? AND {IS_SPOKEN} AND {allowed} ORDER BY id DESC"
        )
        indexed = readNote(connection, "indexed", 0) if asked else 0
        yield from _stream(connection, select, [indexed, *values])
        if not asked:
            return
        # The index goes first (CROSS JOIN keeps the order) and gives its rows newest first.
        columns = 'e.id, e.time, e.kind, e.room, e.name, e.text, e."to", e.sid, e.key'
        yield from _stream(
            connection,
            f"SELECT {columns} FROM terms CROSS JOIN events AS e ON e.id = terms.rowid "
            f"WHERE terms MATCH ? AND {isOneOf(SPOKEN, 'e.kind')} AND {allowed} "
            "ORDER BY terms.rowid DESC",
            [asked, *values],
        )

    def readThrough(self, isOver: Callable[[], bool]) -> None:
        """
        Read every event, little by little, so that no checkpoint has to wait for long.

        @param isOver: asked every few milliseconds whether to give up.
        @raise NoHistory: some cannot be read.
        """
        _, newest = self.bounds()
        for start in range(0, newest, READ_THROUGH):
            if isOver():
                return
            with self._moment() as connection:
                connection.execute(
                    "SELECT sum(length(text) + length(key)) FROM events WHERE id > ? AND id <= ?",
                    (start, start + READ_THROUGH),
                ).fetchone()

    def recall(self, tokenHash: str) -> Session | None:
        """
        See L{stores.interfaces.ISessions.recall}.
        """
        with self._moment() as connection:
            row = connection.execute(
                "SELECT sid, tokenHash, name, rooms, current, seen FROM sessions "
                "WHERE tokenHash = ?",
                (tokenHash,),
            ).fetchone()
        if row is None:
            return None
        session = Session._make(row)
        return session._replace(rooms=tuple(json.loads(row[3])))


def _condition(scope: Scope, query: Query) -> tuple[str, list[object]]:
    """
    @return: SQL for what the reader may see of what he asked for, and its values.
    """
    rooms = sorted(scope.rooms)
    ways = [f"room IN ({_marks(len(rooms))})"]
    values: list[object] = [*rooms]
    if scope.sid:
        ways += ["room = ?", "(kind = 'told' AND sid = ?)"]
        values += [f"@{scope.sid}", scope.sid]
    allowed = f"({' OR '.join(ways)})"
    if query.room:
        allowed += " AND room = ?"
        values.append(query.room)
    if query.since:
        allowed += " AND time >= ?"
        values.append(query.since)
    return allowed, values


def _stream(
    connection: sqlite3.Connection, statement: str, values: list[object]
) -> Iterator[Event]:
    with closing(connection.cursor()) as cursor:
        yield from map(Event._make, cursor.execute(statement, values))


@contextmanager
def _deadline(connection: sqlite3.Connection) -> Iterator[None]:
    end = time.monotonic() + SEARCH_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
