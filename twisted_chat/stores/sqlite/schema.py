# -*- test-case-name: tests.stores.sqlite.test_schema -*-
"""
The tables of a history file: how they are made, copied, upgraded and checked.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing, suppress
from errno import EEXIST
from pathlib import Path
from typing import Final

from ...wire.events import PRESENCE, SPOKEN, STATE

APPLICATION_ID: Final = 0x54774368
"""Marks the file as ours in its header (PRAGMA application_id): C{TwCh}."""

BUSY_SECONDS: Final = 5.0
"""How long to wait for another program's lock before a batch is refused."""

WAL_PAGES: Final = 4_000
"""Pages of 4 KiB in the write-ahead log before they are copied into the file: 16 MiB."""


def isOneOf(names: Iterable[str], column: str = "kind") -> str:
    """
    @param names: kinds of events.
    @return: a condition of SQL, always written in the same way: the partial indexes below are used
        only for a query that repeats their condition, so with another kind of event a new step has
        to make them anew.  It is checked for every row that is stored, and comparisons are much
        faster than C{IN}, which builds a table for each statement.
    """
    return "(" + " OR ".join(f"{column} = '{name}'" for name in sorted(names)) + ")"


IS_SPOKEN: Final = isOneOf(SPOKEN)
IS_PRESENCE: Final = isOneOf(PRESENCE)
IS_STATE: Final = isOneOf(STATE)
IS_UNSPOKEN: Final = f"NOT {IS_SPOKEN}"

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

STEPS: Final[list[tuple[str, ...]]] = [VERSION_1, VERSION_2]
"""The statements that lead from each version to the next, from the empty file (version 0) on.
What was released is never changed, so they are plain text: a new version is a new step."""


PRUNED: Final = "pruned"
"""The note that holds the id up to which messages were pruned."""


def readNote(connection: sqlite3.Connection, name: str, default: object) -> object:
    """
    @return: what the history notes about itself under this name.
    """
    row = connection.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
    return default if row is None else row[0]


def writeNote(connection: sqlite3.Connection, name: str, value: object) -> None:
    """
    Note something in the transaction that is under way.
    """
    connection.execute("REPLACE INTO notes VALUES (?, ?)", (name, value))


def connect(path: str, isWriter: bool = False) -> sqlite3.Connection:
    """
    @return: a connection to an existing file, in autocommit mode, for one thread at a time.
    @raise sqlite3.Error: it cannot be opened.
    """
    connection = sqlite3.connect(
        f"{Path(path).as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if isWriter:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {WAL_PAGES * 4096}")
        else:
            connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def copy(source: sqlite3.Connection | None, path: str) -> None:
    """
    Make a history file whole or not at all, readable for its owner alone.

    @param source: what to copy, as of now; without it the new history is empty.
    @param path: its path; nothing may be there.
    @raise FileExistsError: something is there.
    @raise OSError: it cannot be written.
    @raise sqlite3.Error: it cannot be written, or the source cannot be read.
    """
    handle, draft = tempfile.mkstemp(".new", os.path.basename(path), os.path.dirname(path))
    os.close(handle)  # mkstemp gives mode 0600
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            if source is None:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                upgrade(connection)
            else:
                source.backup(connection)
            # Ids of a restored copy may come to mean other events than those of its original.
            writeNote(connection, "epoch", secrets.token_hex(8))
            # To close the file would do this as well, but without a word if the disk is full.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _rename(draft, path)
        _syncFolder(path)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            with suppress(FileNotFoundError):
                os.unlink(draft + ending)


def _rename(draft: str, path: str) -> None:
    """
    @raise FileExistsError: the new name is taken.
    """
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:
        # This file system has no hard links.
        if os.path.lexists(path):
            raise FileExistsError(EEXIST, os.strerror(EEXIST), path) from None
        os.rename(draft, path)


def _syncFolder(path: str) -> None:
    """
    Make a new name in a directory durable.

    @param path: the new file.
    """
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def upgrade(connection: sqlite3.Connection) -> None:
    """
    Bring the tables to the newest version, each step whole or not at all.

    @raise sqlite3.Error: a step failed; the steps before it are done.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for step in STEPS[version:]:
        version += 1
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except sqlite3.Error:
            connection.execute("ROLLBACK")
            raise


def firstFault(connection: sqlite3.Connection) -> str:
    """
    Look at the whole file for damage: a second for every GiB at best.

    @return: what was found, or C{""}.
    """
    try:
        (fault,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if fault == "ok" else " ".join(str(fault).split())
