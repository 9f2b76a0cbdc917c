# -*- test-case-name: tests.stores.sqlite.test_removedtexts -*-
"""
The texts of removed messages.

A removal is seen at once and must hold up nobody; but to move many texts, and to take their words
out of the index, takes a second.  So a message that is removed is noted in the table C{removed},
into which every reader of a text looks (L{rows.shownText}), and its text moves there afterwards, in
a small step::

    in removed              in events    the message is
    nothing                 its text     as it was written
    its removal             its text     removed; the text is still to be moved
    its removal, its text   no text      removed
    0, its text             no text      brought back; the text is still to be moved

The index of words has the words of what is in C{events}.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from ..interfaces import MAX_REMOVED, REMOVED_DAYS, Selection
from . import fulltext
from .retention import COUNTED, DAY
from .retention import STEP as DELETED
from .rows import shownText, stream
from .schema import IS_SPOKEN

STEP: Final = 20
"""Texts moved in one step: some 2 ms, most of it for the index of words."""

CHUNK: Final = 500
"""Ids in one statement: SQLite allowed 999 values for long."""

PROBED: Final = 1_000
"""Messages of a room by which it is found out how far apart they are: 1 ms."""

SPARSE: Final = 4
"""Where fewer than one event in so many is a message of the room, the index of rooms is the faster
way; else it is faster to look at all events."""


def _marks(values: Sequence[object]) -> str:
    return f"({', '.join('?' * len(values))})"


def hide(connection: sqlite3.Connection, removal: int, selection: Selection) -> None:
    """
    Remove messages, in a transaction that is under way.

    @param removal: the id of the event that does so.
    @param selection: which; C{upto} is given.
    """
    conditions = ["id > ?", "id <= ?"]
    values: list[object] = [selection.after, selection.upto]
    for column, value in (("sid", selection.sid), ("name", selection.name)):
        if value:
            conditions.append(f"{column} = ?")
            values.append(value)
    conditions += ["room = ?", IS_SPOKEN, f"{shownText('events')} != ''"]
    values.append(selection.room)
    left = MAX_REMOVED
    for ids in _chunks(selection.ids):
        some = [f"id IN {_marks(ids)}"] if ids else []
        index = "" if not ids and _isSparse(connection, selection) else "NOT INDEXED"
        left -= connection.execute(
            f"INSERT INTO removed (id, removal) SELECT id, ? FROM events {index} "
            f"WHERE {' AND '.join([*conditions, *some])} ORDER BY id DESC LIMIT ? "
            "ON CONFLICT (id) DO UPDATE SET removal = excluded.removal",
            (removal, *values, *ids, left),
        ).rowcount


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """
    @return: the ids, the newest first, in parts that one statement has room for; one empty part
        where none are given.
    """
    newest = sorted(set(ids), reverse=True)
    for start in range(0, max(len(newest), 1), CHUNK):
        yield newest[start : start + CHUNK]


def _isSparse(connection: sqlite3.Connection, selection: Selection) -> bool:
    """
    @return: whether the index of rooms is the faster way to the messages of a room.
    """
    row = connection.execute(
        f"SELECT id FROM events WHERE room = ? AND {IS_SPOKEN} AND id <= ? "
        f"ORDER BY id DESC LIMIT 1 OFFSET {PROBED - 1}",
        (selection.room, selection.upto),
    ).fetchone()
    return row is None or selection.upto - int(row[0]) > PROBED * SPARSE


def unhide(connection: sqlite3.Connection, removal: int) -> None:
    """
    Bring messages back, in a transaction that is under way.

    @param removal: the id of the event that removed them.
    """
    connection.execute("DELETE FROM removed WHERE removal = ? AND text IS NULL", (removal,))
    connection.execute("UPDATE removed SET removal = 0 WHERE removal = ?", (removal,))


class TextMover:
    """
    Moves the texts.
    """

    def __init__(self, isIndexed: bool) -> None:
        """
        @param isIndexed: whether there is an index of words.
        """
        self._isIndexed = isIndexed

    def step(self, connection: sqlite3.Connection, newest: int, now: float) -> bool:
        """
        See L{superseded.Pruning.step}.
        """
        rows = connection.execute(
            "SELECT id, removal FROM removed WHERE text IS NULL OR removal = 0 "
            f"ORDER BY id LIMIT {STEP}"
        ).fetchall()
        if not rows:
            return False
        self._take(connection, [id for id, removal in rows if removal])
        self._return(connection, [id for id, removal in rows if not removal])
        return len(rows) == STEP

    def _take(self, connection: sqlite3.Connection, ids: list[int]) -> None:
        """
        Move texts out of C{events}.
        """
        if self._isIndexed:
            fulltext.forget(connection, self._messages(connection, ids))
        theirs = "SELECT text FROM events WHERE events.id = removed.id"
        connection.execute(
            f"UPDATE removed SET text = coalesce(({theirs}), '') WHERE id IN {_marks(ids)}", ids
        )
        connection.execute(f"UPDATE events SET text = '' WHERE id IN {_marks(ids)}", ids)

    def _return(self, connection: sqlite3.Connection, ids: list[int]) -> None:
        """
        Move texts back.
        """
        theirs = "SELECT removed.text FROM removed WHERE removed.id = events.id"
        connection.execute(
            f"UPDATE events SET text = coalesce(({theirs}), text) WHERE id IN {_marks(ids)}", ids
        )
        connection.execute(f"DELETE FROM removed WHERE id IN {_marks(ids)}", ids)
        if self._isIndexed:
            fulltext.learn(connection, self._messages(connection, ids))

    def _messages(
        self, connection: sqlite3.Connection, ids: list[int]
    ) -> Iterator[tuple[object, ...]]:
        """
        @return: id, text and name of messages.
        """
        select = f"SELECT id, text, name FROM events WHERE id IN {_marks(ids)}"
        return stream(connection, select, ids)


class RemovedPruner:
    """
    Deletes the texts of messages that were removed long ago.
    """

    def step(self, connection: sqlite3.Connection, newest: int, now: float) -> bool:
        """
        See L{superseded.Pruning.step}.  The time of a removal is the first one from it on that can
        be believed.
        """
        (removal,) = connection.execute(
            "SELECT min(removal) FROM removed WHERE removal > 0"
        ).fetchone()
        if removal is None:
            return False
        row = connection.execute(
            "SELECT time FROM events WHERE id >= ? AND id < ? AND typeof(time) = 'real' "
            "AND time BETWEEN 0 AND ? ORDER BY id LIMIT 1",
            (removal, removal + COUNTED, now + DAY),
        ).fetchone()
        if row is None or row[0] >= now - REMOVED_DAYS * DAY:
            return False
        deleted = connection.execute(
            "DELETE FROM removed WHERE id IN (SELECT id FROM removed WHERE removal = ? "
            f"AND text IS NOT NULL ORDER BY id LIMIT {DELETED})",
            (removal,),
        ).rowcount
        return deleted > 0
