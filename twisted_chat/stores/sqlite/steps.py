# -*- test-case-name: tests.stores.sqlite.test_steps -*-
"""
The migrations of a history file: the steps that lead its tables from each version to the next.

What was released is never changed, so everything here is plain text and functions that use nothing
else of this package: a new version is a new step.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

Part = str | Callable[[sqlite3.Connection], None]
"""A part of a step: a statement of SQL, or a function that runs some."""

VERSION_1: Final = (
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        time REAL NOT NULL,
        kind TEXT NOT NULL,
        room TEXT NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        "to" TEXT NOT NULL,
        sid TEXT NOT NULL,
        key TEXT
    )""",
    "CREATE UNIQUE INDEX events_key ON events (sid, key) WHERE key IS NOT NULL",
    "CREATE INDEX events_spoken ON events (room, id) WHERE kind IN ('acted', 'said', 'told')",
    "CREATE INDEX events_unspoken ON events (room, id) WHERE kind NOT IN ('acted', 'said', 'told')",
    "CREATE INDEX events_state ON events (id) "
    "WHERE kind IN ('created', 'invited', 'locked', 'topic', 'unlocked')",
    "CREATE INDEX events_told ON events (sid, id) WHERE kind = 'told'",
    """CREATE TABLE sessions (
        sid TEXT PRIMARY KEY,
        tokenHash TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        rooms TEXT NOT NULL,
        current TEXT NOT NULL,
        seen REAL NOT NULL
    ) WITHOUT ROWID""",
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
)

VERSION_2: Final = (
    "DROP INDEX events_spoken",
    "DROP INDEX events_unspoken",
    "DROP INDEX events_state",
    "CREATE INDEX events_spoken ON events (room, id) "
    "WHERE (kind = 'acted' OR kind = 'said' OR kind = 'told')",
    "CREATE INDEX events_unspoken ON events (room, id) "
    "WHERE NOT (kind = 'acted' OR kind = 'said' OR kind = 'told')",
    "CREATE INDEX events_state ON events (id) WHERE (kind = 'created' OR kind = 'invited' "
    "OR kind = 'locked' OR kind = 'topic' OR kind = 'unlocked')",
)
"""Half the time to store an event."""

_STATE_2: Final = (
    "(kind = 'created' OR kind = 'invited' OR kind = 'locked' OR kind = 'topic' "
    "OR kind = 'unlocked')"
)

_SPOKEN_2: Final = "(kind = 'acted' OR kind = 'said' OR kind = 'told')"


@contextmanager
def _anyText(connection: sqlite3.Connection) -> Iterator[None]:
    """
    What is no UTF-8 is read all the same: one such row must not hold up all others.
    """
    before = connection.text_factory
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        yield
    finally:
        connection.text_factory = before


def _firstIds(connection: sqlite3.Connection, condition: str) -> dict[str, int]:
    """
    @param condition: that of one of the indexes by room.
    @return: the first id in each room of such events, found by a jump from room to room.
    """
    next = f"SELECT min(room) FROM events WHERE {condition} AND room < '$' AND room >"
    first = f"SELECT min(id) FROM events WHERE {condition} AND id > 0 AND room ="
    rows = connection.execute(
        f"WITH RECURSIVE found (it) AS (SELECT ({next} '#') UNION ALL "
        f"SELECT ({next} it) FROM found WHERE it IS NOT NULL) "
        f"SELECT it, ({first} it) FROM found WHERE it IS NOT NULL"
    )
    return {name: id for name, id in rows if id is not None}


def _roomsOf2(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """
    Read the log as the servers of version 2 did: a room was its name.

    @return: the fields of each room's row, by name.  A room that somebody else made anew is
        another room, whose past begins there.
    """
    spoken = _firstIds(connection, _SPOKEN_2)
    first = dict(spoken)
    for name, id in _firstIds(connection, f"NOT {_SPOKEN_2}").items():
        first[name] = min(id, first.get(name, id))

    def begun(id: int) -> dict[str, Any]:
        return {"id": id, "topic": "", "owner": "", "eras": [[id, None]], "invited": {}}

    rooms = {name: begun(first[name]) for name in spoken}
    for id, kind, name, text, data, sid in connection.execute(
        f"SELECT id, kind, room, text, data, sid FROM events WHERE {_STATE_2} AND id > 0 "
        "ORDER BY id"
    ):
        if name not in first or not all(type(value) is str for value in (text, data, sid)):
            continue
        room = rooms.setdefault(name, begun(first[name]))
        eras = room["eras"]
        if kind == "created":
            if room["owner"] and room["owner"] != sid:
                eras = [[id, eras[-1][1]]]
                room = rooms[name] = {**begun(id), "topic": room["topic"], "eras": eras}
            room["owner"] = sid
            if text == "private":
                eras.append([id, ""])
                room["invited"] = {}
        elif kind == "topic":
            room["topic"] = text
        elif kind == "locked":
            eras.append([id, data])
            room["invited"] = {}
        elif kind == "unlocked" and eras[-1][1] is not None:
            eras.append([id, None])
            room["invited"] = {}
        elif kind == "invited" and eras[-1][1] is not None:
            room["invited"][data] = None
        if len(eras) > 1 and eras[0][0] == eras[1][0]:
            del eras[0]
    return rooms


def _keepRooms(connection: sqlite3.Connection) -> None:
    """
    Fill the tables C{rooms} and C{sessions} from what version 2 had.
    """
    with _anyText(connection):
        rooms = _roomsOf2(connection)
        connection.executemany(
            "INSERT INTO rooms (id, name, topic, owner, eras, invited, expelled, emptyAt) "
            "VALUES (?, ?, ?, ?, ?, ?, '[]', 0.0)",
            [
                (
                    room["id"],
                    name,
                    room["topic"],
                    room["owner"],
                    json.dumps(room["eras"]),
                    json.dumps(sorted(room["invited"])),
                )
                for name, room in rooms.items()
            ],
        )
        for row in connection.execute("SELECT * FROM sessions_2").fetchall():
            sid, tokenHash, name, tickets, current, seen = row
            ids, rights = _opened(tickets, rooms)
            room = rooms.get(current)
            currentId = room["id"] if room is not None and room["id"] in ids else 0
            connection.execute(
                "INSERT OR IGNORE INTO sessions (sid, tokenHash, name, rooms, current, seen, "
                "rights) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (sid, tokenHash, name, json.dumps(ids), currentId, seen, json.dumps(rights)),
            )


def _opened(tickets: object, rooms: dict[str, dict[str, Any]]) -> tuple[list[int], dict[int, int]]:
    """
    @param tickets: what a session kept of its rooms, as JSON: a name and, of a private room, who
        made it.
    @return: the ids of these rooms, and the rights in the private ones.
    """
    ids: dict[int, None] = {}
    rights: dict[int, int] = {}
    try:
        names = [str(ticket) for ticket in json.loads(str(tickets))]
    except (TypeError, ValueError):
        names = []
    for ticket in names:
        name, _, creator = ticket.partition(" ")
        room = rooms.get(name)
        if room is None:
            continue
        start, passwordHash = room["eras"][-1]
        isTheirs = bool(creator) and creator == room["owner"]
        if passwordHash is None or isTheirs or not creator:
            ids[room["id"]] = None
        if passwordHash is not None and isTheirs:
            rights[start] = 0
    return list(ids), rights


VERSION_3: Final[tuple[Part, ...]] = (
    "ALTER TABLE events ADD COLUMN data TEXT NOT NULL DEFAULT ''",
    "UPDATE events SET data = text, text = '' WHERE id IN "
    f"(SELECT id FROM events WHERE {_STATE_2} AND (kind = 'invited' OR kind = 'locked'))",
    """CREATE TABLE rooms (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        topic TEXT NOT NULL,
        owner TEXT NOT NULL,
        eras TEXT NOT NULL,
        invited TEXT NOT NULL,
        expelled TEXT NOT NULL,
        emptyAt REAL NOT NULL
    )""",
    "ALTER TABLE sessions RENAME TO sessions_2",
    """CREATE TABLE sessions (
        sid TEXT PRIMARY KEY,
        tokenHash TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        rooms TEXT NOT NULL,
        current INTEGER NOT NULL,
        seen REAL NOT NULL,
        rights TEXT NOT NULL DEFAULT '{}',
        began INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
    _keepRooms,
    "DROP TABLE sessions_2",
    "REPLACE INTO notes SELECT 'rooms', coalesce(max(id), 0) FROM events "
    "WHERE id < 9007199254740992",
    "DROP INDEX events_unspoken",
    "DROP INDEX events_state",
    "CREATE INDEX events_presence ON events (room, id) "
    "WHERE (kind = 'joined' OR kind = 'left' OR kind = 'renamed')",
    "CREATE INDEX events_state ON events (room, id) WHERE (kind = 'closed' OR kind = 'created' "
    "OR kind = 'invited' OR kind = 'locked' OR kind = 'topic' OR kind = 'unlocked')",
)
"""Secrets have a column of their own; rooms are known by ids, and their state is stored.  Comings
and goings, which are mostly left out, have an index of their own."""

_OTHER_4: Final = (
    "NOT (kind = 'said' OR kind = 'joined' OR kind = 'left' OR kind = 'acted' OR kind = 'told' "
    "OR kind = 'renamed')"
)


VERSION_4: Final[tuple[Part, ...]] = (
    """CREATE TABLE records (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (kind, key)
    ) WITHOUT ROWID""",
    """CREATE TABLE removed (
        id INTEGER PRIMARY KEY,
        removal INTEGER NOT NULL,
        text TEXT
    )""",
    "CREATE INDEX removed_removal ON removed (removal)",
    "CREATE INDEX removed_moving ON removed (id) WHERE text IS NULL OR removal = 0",
    "ALTER TABLE sessions ADD COLUMN account TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX sessions_account ON sessions (account) WHERE account != ''",
    "DROP INDEX events_state",
    f"CREATE INDEX events_state ON events (room, id) WHERE {_OTHER_4}",
    f"CREATE INDEX events_kind ON events (kind, id) WHERE {_OTHER_4}",
)
"""Records are made of the log, messages can be removed, sessions belong to accounts.  All that is
neither spoken nor presence is indexed by room and by kind, so that a new kind of event needs no new
step; the commonest kind is compared first."""

STEPS: Final[list[tuple[Part, ...]]] = [VERSION_1, VERSION_2, VERSION_3, VERSION_4]
"""What leads from each version to the next, from the empty file (version 0) on."""
