# -*- test-case-name: tests.stores.sqlite.test_superseded -*-
"""
What is pruned however long messages are kept: events that newer ones stand for.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from heapq import merge
from itertools import islice
from typing import Any, Final, Protocol

from ...wire.events import READ, STATE
from ..interfaces import MARK
from .retention import STEP
from .rows import stream
from .schema import IS_OTHER, MAX_ID, ROOMS, readId

KEPT_STATE: Final = 10_000
"""Events of rooms that are kept: the newest.  A start needs none that the table of rooms shows; and
people who come back are shown fewer events than this."""

LOOK_AGAIN: Final = 10_000
"""New ids after which it is looked again what is superseded: that costs some 5 ms."""

_OF_KIND: Final = f"FROM events WHERE kind = ? AND {IS_OTHER} AND id"

_STATE: Final = tuple(sorted(STATE))


class Pruning(Protocol):
    """
    Does something in small steps; after a transaction that failed it is made again.
    """

    def step(self, connection: sqlite3.Connection, newest: int, now: float) -> bool:
        """
        Do a little, in a transaction that is under way.

        @param newest: the newest event's id; that event stays, since ids go on from it.
        @param now: the wall time.
        @return: whether there is more to do at once.
        """


def _delete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    connection.executemany("DELETE FROM events WHERE id = ?", [(id,) for id in ids])


class StatePruner:
    """
    Of the events that rooms are made of.
    """

    def __init__(self) -> None:
        self._lookedAt = 0
        self._cutoff = 0
        self._done = 0

    def step(self, connection: sqlite3.Connection, newest: int, now: float) -> bool:
        """
        See L{Pruning.step}.
        """
        if not self._lookedAt or newest - self._lookedAt >= LOOK_AGAIN:
            self._lookedAt = max(newest, 1)
            self._cutoff = _oldestKept(connection)
        end = min(self._cutoff - 1, readId(connection, ROOMS))
        if end <= self._done:
            return False
        oldest = f"SELECT id {_OF_KIND} <= ? ORDER BY id LIMIT {STEP}"
        ways = (connection.execute(oldest, (kind, end)).fetchall() for kind in _STATE)
        ids = [id for (id,) in islice(merge(*ways), STEP)]
        _delete(connection, ids)
        if len(ids) < STEP:
            self._done = end
        return len(ids) == STEP


def _oldestKept(connection: sqlite3.Connection) -> int:
    """
    @return: the id of the oldest event of rooms that is to be kept, or 0.
    """
    newest = f"SELECT id {_OF_KIND} <= {MAX_ID} ORDER BY id DESC LIMIT {KEPT_STATE}"
    row = connection.execute(
        " UNION ALL ".join([f"SELECT id FROM ({newest})"] * len(_STATE))
        + f" ORDER BY id DESC LIMIT 1 OFFSET {KEPT_STATE - 1}",
        _STATE,
    ).fetchone()
    return 0 if row is None else int(row[0])


class MarkPruner:
    """
    Of what accounts have read: where a mark has risen, the events that it rose above.
    """

    def __init__(self) -> None:
        self._position = 0
        self._kept = 0
        self._next = 0

    def step(self, connection: sqlite3.Connection, newest: int, now: float) -> bool:
        """
        See L{Pruning.step}.  Each pass looks at all that is kept, so the next one comes after as
        many new ids.
        """
        if newest < self._next:
            return False
        rows = list(
            stream(
                connection,
                f"SELECT id, sid, data {_OF_KIND} > ? ORDER BY id LIMIT {STEP}",
                (READ, self._position),
            )
        )
        ids = [row[0] for row in rows if row[0] < newest and _isSuperseded(connection, row)]
        _delete(connection, ids)
        self._kept += len(rows) - len(ids)
        if len(rows) == STEP:
            self._position = rows[-1][0]
            return True
        self._next = newest + max(self._kept, LOOK_AGAIN)
        self._position = self._kept = 0
        return False


def _isSuperseded(connection: sqlite3.Connection, row: tuple[Any, ...]) -> bool:
    """
    @param row: id, author and data of a L{READ} event.
    @return: whether the mark of its account is above it.
    """
    _, sid, data = row
    try:
        read = json.loads(data)
        key = f"{sid} {read['place']}"
        found = connection.execute(
            "SELECT value FROM records WHERE kind = ? AND key = ?", (MARK, key)
        ).fetchone()
        return found is not None and int(found[0]) > int(read["id"])
    except (KeyError, TypeError, ValueError):
        return False


def superseded() -> list[Pruning]:
    """
    @return: what removes everything that is superseded.
    """
    return [StatePruner(), MarkPruner()]
