# -*- test-case-name: tests.stores.sqlite.test_projection -*-
"""
The records of a history file: changed in the transaction that stores what they are made of, or made
again of the whole log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from heapq import merge
from operator import attrgetter
from typing import Final

from ...wire.events import CREATED, RECORDED, UNREADABLE, Event
from ..interfaces import MARK, Projection, Selection
from ..records import before, project
from . import removedtexts
from .rows import ROOMS, SECRET_EVENTS, asEvent, asRoom, stream
from .schema import IS_OTHER, readNote, writeNote

MADE: Final = "records"
"""The note that says that the records were made of all that is in the log."""

_id: Final = attrgetter("id")


class SQLRecords:
    """
    See L{stores.records.Kept}.  Everything here happens in a transaction that is under way.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def read(self, kind: str, key: str) -> str | None:
        """
        See L{stores.records.Kept.read}.
        """
        row = self._connection.execute(
            "SELECT value FROM records WHERE kind = ? AND key = ?", (kind, key)
        ).fetchone()
        return None if row is None else str(row[0])

    def write(self, kind: str, key: str, text: str | None) -> None:
        """
        See L{stores.records.Kept.write}.
        """
        if text is None:
            self._connection.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key))
        else:
            self._connection.execute("REPLACE INTO records VALUES (?, ?, ?)", (kind, key, text))

    def blank(self, id: int, left: str = "") -> None:
        """
        See L{stores.interfaces.Records.blank}.
        """
        self._connection.execute("UPDATE events SET data = ? WHERE id = ?", (left, id))

    def hide(self, removal: int, selection: Selection) -> None:
        """
        See L{stores.interfaces.Records.hide}.
        """
        removedtexts.hide(self._connection, removal, before(removal, selection))

    def unhide(self, removal: int) -> None:
        """
        See L{stores.interfaces.Records.unhide}.
        """
        removedtexts.unhide(self._connection, removal)


class _RecordsAlone(SQLRecords):
    """
    The records while they are made again: what is done to events was done already.
    """

    def blank(self, id: int, left: str = "") -> None:
        """
        Do nothing.
        """

    def hide(self, removal: int, selection: Selection) -> None:
        """
        Do nothing.
        """

    def unhide(self, removal: int) -> None:
        """
        Do nothing.
        """


def rebuild(connection: sqlite3.Connection, projection: Projection) -> None:
    """
    Make the records of the whole log, in a transaction that is under way.  The marks stay, since
    the events that they were made of are pruned.
    """
    connection.execute("DELETE FROM records WHERE kind != ?", (MARK,))
    records = _RecordsAlone(connection)
    for event in _recorded(connection):
        project(projection, event, records)
    writeNote(connection, MADE, 1)


def prepare(connection: sqlite3.Connection, projection: Projection) -> None:
    """
    Make the records where there are none yet.

    @raise sqlite3.Error: it cannot be.
    """
    if readNote(connection, MADE, 0) != 1:
        connection.execute("BEGIN IMMEDIATE")
        rebuild(connection, projection)
        connection.execute("COMMIT")


def _recorded(connection: sqlite3.Connection) -> Iterator[Event]:
    """
    @return: the events that records are made of.  Where the one that made a room was pruned, it is
        made of the room's row.
    """
    kinds = sorted(RECORDED)
    stored = (
        event
        for row in stream(
            connection,
            f"{SECRET_EVENTS} WHERE kind IN ({', '.join('?' * len(kinds))}) AND {IS_OTHER} "
            "ORDER BY id",
            kinds,
        )
        if (event := asEvent(row)).kind != UNREADABLE
    )
    made = (
        Event(room.id, 0.0, CREATED, room.name, "", sid=room.owner)
        for row in stream(connection, f"{ROOMS} WHERE id > 0 ORDER BY id")
        if (room := asRoom(row)) is not None
    )
    before = 0
    for event in merge(stored, made, key=_id):
        # Of two with one id the stored one comes first.
        if event.id != before:
            yield event
        before = event.id
