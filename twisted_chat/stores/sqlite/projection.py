# -*- test-case-name: tests.stores.sqlite.test_projection -*-
"""
The records of a history file, and the texts of removed messages, changed in the transaction that
stores what they are made of.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ..interfaces import MAX_REMOVED, Selection
from ..records import before
from . import fulltext
from .rows import stream
from .schema import IS_SPOKEN

CHUNK: Final = 500
"""Ids in one statement: SQLite allowed 999 values for long."""

_SELECTED: Final = (
    f"SELECT id, text, name FROM events WHERE room = ? AND {IS_SPOKEN} AND id > ? AND id <= ? "
    "AND text != ''"
)


def _chunks(ids: Sequence[int]) -> Iterator[tuple[str, Sequence[int]]]:
    """
    @return: the ids in parts that one statement has room for, each with its list of marks.
    """
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        yield f"({', '.join('?' * len(chunk))})", chunk


class SQLRecords:
    """
    See L{stores.records.Kept}.  Everything here happens in a transaction that is under way.
    """

    def __init__(self, connection: sqlite3.Connection, isIndexed: bool) -> None:
        """
        @param isIndexed: whether there is an index of words.
        """
        self._connection = connection
        self._isIndexed = isIndexed

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

    def blank(self, id: int) -> None:
        """
        See L{stores.interfaces.Records.blank}.
        """
        self._connection.execute("UPDATE events SET data = '' WHERE id = ?", (id,))

    def hide(self, removal: int, selection: Selection) -> None:
        """
        See L{stores.interfaces.Records.hide}.
        """
        connection = self._connection
        rows = self._selected(before(removal, selection))
        if self._isIndexed:
            fulltext.forget(connection, rows)
        for marks, ids in _chunks([row[0] for row in rows]):
            connection.execute(
                "REPLACE INTO removed (id, removal, text) "
                f"SELECT id, ?, text FROM events WHERE id IN {marks}",
                (removal, *ids),
            )
            connection.execute(f"UPDATE events SET text = '' WHERE id IN {marks}", ids)

    def _selected(self, selection: Selection) -> list[tuple[Any, ...]]:
        """
        @return: id, text and name of the messages.
        """
        select, values = _SELECTED, [selection.room, selection.after, selection.upto]
        for column, value in (("sid", selection.sid), ("name", selection.name)):
            if value:
                select += f" AND {column} = ?"
                values.append(value)
        found: list[tuple[Any, ...]] = []
        if selection.ids:
            newest = sorted(set(selection.ids), reverse=True)
            for marks, ids in _chunks(newest):
                found += stream(self._connection, f"{select} AND id IN {marks}", [*values, *ids])
            found.sort(reverse=True)
        else:
            select += " ORDER BY id DESC LIMIT ?"
            found += stream(self._connection, select, [*values, MAX_REMOVED])
        return found[:MAX_REMOVED]

    def unhide(self, removal: int) -> None:
        """
        See L{stores.interfaces.Records.unhide}.
        """
        connection = self._connection
        if self._isIndexed:
            fulltext.learn(
                connection,
                stream(
                    connection,
                    "SELECT removed.id, removed.text, events.name FROM removed "
                    "JOIN events ON events.id = removed.id WHERE removal = ?",
                    (removal,),
                ),
            )
        connection.execute(
            "UPDATE events SET text = (SELECT text FROM removed WHERE removed.id = events.id) "
            "WHERE id IN (SELECT id FROM removed WHERE removal = ?)",
            (removal,),
        )
        connection.execute("DELETE FROM removed WHERE removal = ?", (removal,))
