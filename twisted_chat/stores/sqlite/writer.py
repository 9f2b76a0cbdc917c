# -*- test-case-name: tests.stores.sqlite.test_writer -*-
"""
The writer's side of a history file: everything here runs in the one thread that writes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from ...wire.events import Draft, Event, numbered
from ..base import Key, sift
from ..session import Session
from . import fulltext
from .faults import Refusal, isPassing
from .historyfile import Place
from .opening import openFile
from .retention import DAY, Keep, Pruner, pruners
from .schema import connect, readNote

SESSION_DAYS: Final = 30
"""A session that was not used for so long cannot be resumed."""

_COLUMNS: Final = 'id, time, kind, room, name, text, "to", sid, key'

_ROW: Final = "(?, ?, ?, ?, ?, ?, ?, ?, ?)"

_ROWS: Final = 200 if sqlite3.sqlite_version_info >= (3, 32) else 100
"""
Events in one INSERT.  The interpreter's lock is given away and taken back for each statement that
is run, C{executemany} runs one for every row, and each time the reactor's thread may keep it: with
a busy reactor rows of their own took 400 times as long.  Older libraries take 999 parameters, newer
ones 32,766 (SQLITE_LIMIT_VARIABLE_NUMBER).
"""

_FIND_KEY: Final = f"SELECT {_COLUMNS} FROM events WHERE sid = ? AND key = ?"

Batch = list[tuple[Event, object]]


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


class Outcome(NamedTuple):
    """
    What became of a batch of drafts.

    @ivar stored: the new events, with their origins.
    @ivar repeated: the events that were there before, with the origins of their repetition.
    """

    stored: Batch
    repeated: Batch


class Writer:
    """
    One history file, as long as it is written to.

    @ivar epoch: see L{stores.interfaces.ILog.epoch}.
    @ivar canSearch: whether there is an index of words.
    @ivar isChecked: whether the file was looked at for damage when it was opened.
    """

    def __init__(self, path: str, seconds: Callable[[], float], keep: Keep) -> None:
        """
        @param path: the file's path.
        @param seconds: the wall time, in seconds since the epoch.
        @param keep: what to keep.
        """
        self.epoch = ""
        self.canSearch = False
        self.isChecked = False
        self._place = Place(path)
        self._seconds = seconds
        self._keep = keep
        self._connection: sqlite3.Connection | None = None
        self._newest = 0
        self._pruners: list[Pruner] = []

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
        except BaseException:
            self.close()
            raise

    def _begin(self, connection: sqlite3.Connection) -> None:
        self.epoch = str(readNote(connection, "epoch", ""))
        self.canSearch = fulltext.isAvailable(connection)
        if self.canSearch:
            fulltext.prepare(connection)
        else:
            fulltext.abandon(connection)
        (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
        self._newest = newest
        self._pruners = pruners(self._keep, self.canSearch)
        self._place.mark()

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
            self._pruners = pruners(self._keep, self.canSearch)
        return Refusal(error)

    def commit(
        self, drafts: Sequence[tuple[Draft, object]], sessions: Sequence[Session]
    ) -> Outcome:
        """
        Store a batch: after this it is on the disk, wholly.

        @raise Refusal: it is not, and nothing of it.
        """
        try:
            connection = self._ready()
            if sessions or len(drafts) > _ROWS:
                connection.execute("BEGIN IMMEDIATE")
            # Otherwise it is one statement, which is a transaction by itself.
            outcome = self._insert(connection, drafts)
            if connection.in_transaction:
                self._remember(connection, sessions)
                connection.execute("COMMIT")
        except Exception as error:
            raise self._failed(error) from error
        if outcome.stored:
            self._newest = outcome.stored[-1][0].id
        return outcome

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
            return None if row is None else Event._make(row)

        sifted = sift(drafts, find)
        stored = self._number(sifted.fresh)
        _insertEvents(connection, [event for event, _ in stored])
        return Outcome(stored, sifted.repeated(stored))

    def _number(self, drafts: Sequence[tuple[Draft, object]]) -> Batch:
        return numbered(drafts, self._newest + 1, self._seconds())

    def _remember(self, connection: sqlite3.Connection, sessions: Sequence[Session]) -> None:
        kept = [session for session in sessions if session.tokenHash]
        gone = [(session.sid,) for session in sessions if not session.tokenHash]
        if gone:
            connection.executemany("DELETE FROM sessions WHERE sid = ?", gone)
        if kept:
            connection.executemany(
                "REPLACE INTO sessions (sid, tokenHash, name, rooms, current, seen) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [session._replace(rooms=json.dumps(session.rooms)) for session in kept],  # type: ignore[arg-type]
            )

    def tidy(self, isForgetting: bool = False) -> int:
        """
        Look after the file and do one small step of what may wait: index words, prune.  It need
        not survive a power failure by itself, so it does not wait for the disk.

        @param isForgetting: whether to remove the sessions that nobody used for L{SESSION_DAYS}.
        @return: roughly how many events wait for the next step; 0 if none does.
        @raise Refusal: it could not be done.
        """
        try:
            connection = self._ready()
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("BEGIN IMMEDIATE")
            waiting = fulltext.indexStep(connection, self._newest) if self.canSearch else 0
            now = self._seconds()
            for pruner in self._pruners:
                waiting += pruner.step(connection, self._newest, now)
            if isForgetting:
                oldest = now - SESSION_DAYS * DAY
                connection.execute("DELETE FROM sessions WHERE seen < ?", (oldest,))
            connection.execute("COMMIT")
            connection.execute("PRAGMA synchronous = FULL")
        except Exception as error:
            raise self._failed(error) from error
        return waiting
