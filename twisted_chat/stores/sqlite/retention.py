# -*- test-case-name: tests.stores.sqlite.test_retention -*-
"""
How much of the past is kept.

What people wrote is kept as asked, and comings and goings a tenth of that.  What is pruned however
much is kept is in L{superseded}.
"""

from __future__ import annotations

import re
import sqlite3
from itertools import takewhile
from typing import Any, Final, NamedTuple

from ...errors import BadCommand
from . import fulltext
from .rows import isTime, stream
from .schema import IS_PRESENCE, IS_SPOKEN, PRUNED, nextId, readId, readNote, writeNote

DAY: Final = 86_400.0
"""Seconds."""

PRESENCE_SHARE: Final = 10
"""Comings and goings are kept this many times less than messages: nobody reads the old ones."""

STEP: Final = 50
"""Events removed in one step: some 2 ms."""

LOOKED: Final = 1_000
"""Ids looked at in one step, where few of them are of the group: some 0.5 ms."""

COUNTED: Final = 20_000
"""Ids counted in one step: some 5 ms."""

_BELIEVED: Final = "clock"
"""Under this name the file notes the wall time that was last believed."""


class Keep(NamedTuple):
    """
    What to keep; both 0: everything.

    @ivar days: messages of so many days.
    @ivar messages: the newest so many messages.
    """

    days: float = 0.0
    messages: int = 0


ALL: Final = Keep()


def parseKeep(text: str) -> Keep:
    """
    @param text: C{all}, a number of messages such as C{100000}, or of days such as C{30d}.
    @raise BadCommand: it is none of these.
    """
    if text == "all":
        return ALL
    found = re.fullmatch(r"([1-9][0-9]{0,11})(d?)", text, re.ASCII)
    if found is None:
        raise BadCommand("what to keep is all, a number of messages (100000), or of days (30d)")
    number = int(found[1])
    return Keep(days=number) if found[2] else Keep(messages=number)


def noteTime(connection: sqlite3.Connection, now: float) -> None:
    """
    Note a wall time that is believed, in the transaction that is under way.
    """
    writeNote(connection, _BELIEVED, now)


def lastTime(connection: sqlite3.Connection, newest: int, wall: float) -> float:
    """
    @param newest: the newest event's id, or 0.
    @param wall: the wall time now.
    @return: the wall time that was last believed, or where none was noted that of the newest
        event; without either the wall time now.
    """
    noted = readNote(connection, _BELIEVED, None)
    if isinstance(noted, float) and isTime(noted):
        return noted
    found = connection.execute("SELECT time FROM events WHERE id = ?", (newest,)).fetchone()
    return float(found[0]) if found and isTime(found[0]) else wall


def _before(connection: sqlite3.Connection, id: int, newest: int) -> int:
    """
    @return: the id before the first event above an id, so that nothing walks through a gap.
    """
    return max(id, min(nextId(connection, id), newest) - 1)


class Pruner:
    """
    Removes the events of one group where they are too old or too many, oldest first, in small
    steps, each within a transaction that is under way.  After a transaction that failed a pruner
    is to be made anew.
    """

    note = ""
    """Under this name the file notes up to which id this pruner came."""

    group = ""
    """SQL that tells the events of the group."""

    def __init__(self, keep: Keep) -> None:
        """
        @param keep: what to keep of the group.
        """
        self._keep = keep
        self._counted = 0
        self._count = 0
        # Up to this id no time after the ids of the last step can be believed.
        self._unbelieved = 0

    def step(self, connection: sqlite3.Connection, newest: int, now: float) -> bool:
        """
        Look at the next few ids.

        @param newest: the newest event's id; that event stays, since ids go on from it.
        @param now: the wall time.
        @return: whether there is more to do at once.
        """
        surplus = self._surplus(connection, newest) if self._keep.messages else STEP
        isCounting = self._keep.messages > 0 and self._counted < newest
        floor = readId(connection, self.note)
        end = min(floor + LOOKED, newest - 1)
        if surplus <= 0 or end <= floor:
            return isCounting
        rows = list(
            stream(
                connection,
                "SELECT id, text, name, time FROM events "
                f"WHERE id > ? AND id <= ? AND {self.group} ORDER BY id LIMIT {STEP}",
                (floor, end),
            )
        )
        if len(rows) == STEP:
            end = rows[-1][0]
        # A time that is yet to come tells nothing of an age.
        oldest, future = now - self._keep.days * DAY, now + DAY
        doomed = rows[:surplus]
        isKnown = True
        if self._keep.days and rows:
            doomed = list(
                takewhile(lambda row: not isTime(row[3]) or not oldest <= row[3] <= future, doomed)
            )
            following: float | None = future
            if len(doomed) == len(rows):
                following = self._timeAfter(connection, end, newest, future)
            isKnown = following is not None
            if following is None or following >= oldest:
                # What has no time that can be believed goes with what follows it.
                while doomed and not (isTime(doomed[-1][3]) and doomed[-1][3] < oldest):
                    doomed.pop()
        if doomed:
            writeNote(connection, self.note, doomed[-1][0])
            self.delete(connection, [row[:3] for row in doomed])
            return True
        isPassed = not rows and end - floor == LOOKED
        if isPassed and not (
            self._keep.days and self._isRecent(connection, floor, end, oldest, future)
        ):
            writeNote(connection, self.note, min(nextId(connection, end), newest) - 1)
            return True
        return isCounting or not isKnown

    def _timeAfter(
        self, connection: sqlite3.Connection, end: int, newest: int, future: float
    ) -> float | None:
        """
        @return: the first time above C{end} that can be believed: where that is old, what was
            stored before it is old as well, whatever time a wrong clock gave it.  C{future} if
            there is none, C{None} if that is not known yet.
        """
        start = _before(connection, max(end, self._unbelieved), newest)
        row = connection.execute(
            "SELECT time FROM events WHERE id > ? AND id <= ? AND typeof(time) = 'real' "
            "AND time BETWEEN 0 AND ? ORDER BY id LIMIT 1",
            (start, start + COUNTED, future),
        ).fetchone()
        if row is not None:
            return float(row[0])
        self._unbelieved = min(start + COUNTED, newest)
        return future if self._unbelieved >= newest else None

    def _isRecent(
        self, connection: sqlite3.Connection, floor: int, end: int, oldest: float, future: float
    ) -> bool:
        """
        @return: whether anything above C{floor} up to C{end} is neither old nor from a clock that
            was ahead.  Then the pruner waits there: it must not seem to have removed what it never
            met.
        """
        (newest,) = connection.execute(
            "SELECT max(time) FROM events WHERE id > ? AND id <= ? AND typeof(time) = 'real' "
            "AND time <= ?",
            (floor, end, future),
        ).fetchone()
        return newest is not None and newest >= oldest

    def _surplus(self, connection: sqlite3.Connection, newest: int) -> int:
        """
        @return: how many are too many, of those that were counted so far.
        """
        start = _before(connection, self._counted, newest)
        end = min(start + COUNTED, newest)
        (count,) = connection.execute(
            f"SELECT count(*) FROM events WHERE id > ? AND id <= ? AND {self.group}",
            (start, end),
        ).fetchone()
        self._counted = end
        self._count += count
        return self._count - self._keep.messages

    def delete(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
        """
        @param rows: id, text and name of events of the group.
        """
        connection.executemany("DELETE FROM events WHERE id = ?", [(row[0],) for row in rows])
        self._count -= len(rows)


class PresencePruner(Pruner):
    """
    Of the comings and goings.
    """

    note = "prunedPresence"
    group = IS_PRESENCE


class SpokenPruner(Pruner):
    """
    Of what people wrote, of the words in its index, and of texts that were removed.
    """

    note = PRUNED
    group = IS_SPOKEN

    def __init__(self, keep: Keep, isIndexed: bool) -> None:
        """
        @param isIndexed: whether there is an index of words.
        """
        super().__init__(keep)
        self._isIndexed = isIndexed

    def delete(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
        """
        See L{Pruner.delete}.
        """
        if self._isIndexed:
            fulltext.forget(connection, rows)
        super().delete(connection, rows)
        connection.executemany("DELETE FROM removed WHERE id = ?", [(row[0],) for row in rows])


def pruners(keep: Keep, isIndexed: bool) -> list[Pruner]:
    """
    @param isIndexed: whether there is an index of words.
    @return: those that are needed, what goes first being first.
    """
    if keep == ALL:
        return []
    less = Keep(
        keep.days / PRESENCE_SHARE, max(keep.messages // PRESENCE_SHARE, min(keep.messages, 1))
    )
    return [PresencePruner(less), SpokenPruner(keep, isIndexed)]
