# -*- test-case-name: tests.stores.sqlite.test_rows -*-
"""
The rows of a history file, as values.

A disk, a person with a tool or a bug may have put anything into any of them: a row that cannot be
read is passed over and holds up no other.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, Final, TypeVar

from ...wire.events import UNREADABLE, Event
from ..session import NO_RIGHTS, RoomRecord, Session
from .schema import MAX_ID

_T = TypeVar("_T")


def shownText(events: str) -> str:
    """
    @param events: the name of the table of events in a statement.
    @return: SQL for the text of one as it is shown: an empty one if the message was removed.  See
        L{removedtexts}.
    """
    moved = "SELECT CASE removal WHEN 0 THEN removed.text ELSE '' END FROM removed"
    return f"coalesce(({moved} WHERE removed.id = {events}.id), {events}.text)"


def shownData(events: str) -> str:
    """
    @param events: the name of the table of events in a statement.
    @return: SQL for what L{wire.events.withoutSecrets} leaves of the data of one.
    """
    return (
        f"CASE WHEN {events}.kind IN ('said', 'acted', 'told') THEN {events}.data "
        f"WHEN {events}.kind = 'joined' "
        f"THEN substr({events}.data, instr({events}.data || ' ', ' ')) ELSE '' END"
    )


def eventColumns(events: str, data: str = "") -> str:
    """
    @param events: the name of the table of events in a statement.
    @param data: what to read as the data; if it is empty, what is shown of it.
    @return: the columns of an event, in their order.
    """
    data = data or shownData(events)
    return (
        f"{events}.id, {events}.time, {events}.kind, {events}.room, {events}.name, "
        f'{shownText(events)}, {events}."to", {events}.sid, {events}.key, {data}'
    )


EVENTS: Final = f"SELECT {eventColumns('events')} FROM events"
"""Events as people may have them: without secrets."""

SECRET_EVENTS: Final = f"SELECT {eventColumns('events', 'data')} FROM events"
"""Events with their secrets."""

OLD_EVENTS: Final = "SELECT id, time, kind, room, name, text, \"to\", sid, key, '' FROM events"
"""Events of a file in which no message can be removed."""

SESSIONS: Final = (
    "SELECT sid, tokenHash, name, rooms, current, seen, rights, began, account, device "
    "FROM sessions"
)

ROOMS: Final = "SELECT id, name, topic, owner, eras, invited, expelled, emptyAt FROM rooms"

END_OF_TIME: Final = 253_402_300_800.0
"""The year 10000: no calendar of Python's goes further."""


def lenient(raw: bytes) -> str | bytes:
    """
    @return: the text, or what was there instead of UTF-8.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def stream(
    connection: sqlite3.Connection, statement: str, values: Sequence[object] = ()
) -> Generator[tuple[Any, ...], None, None]:
    """
    Read rows one by one, within a transaction.  Text that is no UTF-8 is C{bytes}.

    @param statement: gives its rows in the same order each time.
    """
    count = 0
    try:
        with closing(connection.cursor()) as cursor:
            for row in cursor.execute(statement, values):
                yield row
                count += 1
        return
    except sqlite3.OperationalError as error:
        if not str(error).startswith("Could not decode"):
            raise
    # A function of Python's for each text would be dear where all are well.
    connection.text_factory = lenient
    try:
        with closing(connection.cursor()) as cursor:
            yield from islice(cursor.execute(statement, values), count, None)
    finally:
        connection.text_factory = str


def isStorable(asRow: Callable[[_T], tuple[object, ...]], value: _T) -> bool:
    """
    @param asRow: gives the row of the value.
    @return: whether SQLite takes it: text that is UTF-8, and numbers of 64 bits.
    """
    try:
        row = asRow(value)
        for cell in row:
            if isinstance(cell, str):
                cell.encode()
        return all(isinstance(cell, (str, float)) or cell is None or _isSmall(cell) for cell in row)
    except (TypeError, ValueError, RecursionError):
        return False


def _isSmall(value: object) -> bool:
    return isinstance(value, int) and -(2**63) <= value < 2**63


def isTime(value: object) -> bool:
    """
    @return: whether the value is a time of ours, in seconds since the epoch, UTC.
    """
    return type(value) is float and 0 <= value < END_OF_TIME


def asEvent(row: tuple[Any, ...]) -> Event:
    """
    @param row: of L{EVENTS} or L{SECRET_EVENTS}.
    @return: the event; one of the kind L{UNREADABLE} if the row cannot be read.
    """
    id, time, kind, room, name, text, to, sid, key, data = row
    if (
        type(kind) is type(room) is type(name) is type(text) is type(to) is type(sid) is str
        and (key is None or type(key) is str)
        and type(data) is str
        and isTime(time)
    ):
        return Event._make(row)
    return Event(id, 0.0, UNREADABLE, "", "")


def asSession(row: tuple[Any, ...]) -> Session | None:
    """
    @param row: of L{SESSIONS}.
    @return: the session, or C{None} if the row cannot be read.
    """
    sid, tokenHash, name, rooms, current, seen, rights, began, account, device = row
    ids, granted = _parsed(rooms, list), _parsed(rights, dict)
    if ids is None or granted is None:
        return None
    try:
        granted = {int(start): last for start, last in granted.items()}
    except ValueError:
        return None
    if (
        _areTexts([sid, tokenHash, name, account, device])
        and all(map(_isId, [*ids, current, began, *granted.keys(), *granted.values()]))
        and isTime(seen)
    ):
        rights = granted or NO_RIGHTS
        return Session(
            sid, tokenHash, name, tuple(ids), current, seen, rights, began, account, device
        )
    return None


def sessionRow(session: Session) -> tuple[object, ...]:
    """
    @return: the row that L{asSession} makes the session of again.
    """
    rooms, rights = json.dumps(session.rooms), json.dumps(dict(session.rights))
    return (*session[:3], rooms, *session[4:6], rights, *session[7:])


def asRoom(row: tuple[Any, ...]) -> RoomRecord | None:
    """
    @param row: of L{ROOMS}.
    @return: the room, or C{None} if the row cannot be read.
    """
    id, name, topic, owner, *lists, emptyAt = row
    eras, invited, expelled = (_parsed(text, list) for text in lists)
    if (
        _isId(id)
        and type(name) is type(topic) is type(owner) is str
        and eras
        and all(map(_isEra, eras))
        and _areTexts(invited)
        and _areTexts(expelled)
        and isTime(emptyAt)
    ):
        starts = tuple((start, passwordHash) for start, passwordHash in eras)
        return RoomRecord(id, name, topic, owner, starts, tuple(invited), tuple(expelled), emptyAt)
    return None


def roomRow(room: RoomRecord) -> tuple[object, ...]:
    """
    @return: the row that L{asRoom} makes the room of again.
    """
    return (*room[:4], *map(json.dumps, room[4:7]), room.emptyAt)


def asValue(key: object, text: object) -> Any:
    """
    @param key: of a record.
    @param text: its JSON.
    @return: its value, or C{None} if the row cannot be read.
    """
    return _parsed(text, object) if type(key) is str else None


def _parsed(text: object, type: type) -> Any:
    """
    @return: what a text of JSON says, or C{None} if it says nothing of this type.
    """
    if not isinstance(text, str):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, type) else None


def _isId(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_ID


def _isEra(value: object) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    start, passwordHash = value
    return _isId(start) and (passwordHash is None or type(passwordHash) is str)


def _areTexts(values: object) -> bool:
    return isinstance(values, list) and all(type(value) is str for value in values)
