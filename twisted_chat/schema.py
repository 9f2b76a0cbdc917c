# -*- test-case-name: tests.test_schema -*-
"""
The tables of a history file: how they are made, upgraded, opened and checked.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from errno import EEXIST
from pathlib import Path
from typing import Final

from .errors import NoHistory
from .events import PRESENCE, SPOKEN, STATE
from .faults import advice, isDamage

APPLICATION_ID: Final = 0x54774368
"""Marks the file as ours in its header (PRAGMA application_id): C{TwCh}."""

BUSY_SECONDS: Final = 5.0
"""How long to wait for another program's lock before a batch is refused."""

WAL_PAGES: Final = 4_000
"""Pages of 4 KiB in the write-ahead log before they are copied into the file: 16 MiB."""


def kinds(names: Iterable[str]) -> str:
    """
    @param names: kinds of events.
    @return: them as a list of SQL, always in the same order: the partial indexes below are used
        only for a query that repeats their condition.
    """
    return "(" + ", ".join(f"'{name}'" for name in sorted(names)) + ")"


IS_SPOKEN: Final = f"kind IN {kinds(SPOKEN)}"
IS_PRESENCE: Final = f"kind IN {kinds(PRESENCE)}"
IS_STATE: Final = f"kind IN {kinds(STATE)}"
IS_UNSPOKEN: Final = f"kind NOT IN {kinds(SPOKEN)}"

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
    f"CREATE INDEX events_spoken ON events (room, id) WHERE {IS_SPOKEN}",
    f"CREATE INDEX events_unspoken ON events (room, id) WHERE {IS_UNSPOKEN}",
    f"CREATE INDEX events_state ON events (id) WHERE {IS_STATE}",
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

STEPS: Final[list[tuple[str, ...]]] = [VERSION_1]
"""The statements that lead from each version to the next, from the empty file (version 0) on.
What was released is never changed: a new version is a new step."""


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
        _rename(draft, path)
        _syncFolder(path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(draft)


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


def firstFault(connection: sqlite3.Connection, isOver: Callable[[], bool]) -> str | None:
    """
    Look for damage.

    @param isOver: asked every few milliseconds whether to give up.
    @return: what was found, C{""} if all was looked at and is well, C{None} if it was given up.
    """
    connection.set_progress_handler(isOver, 20_000)
    try:
        (fault,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return None if str(error) == "interrupted" else str(error)
    finally:
        connection.set_progress_handler(None, 0)
    return "" if fault == "ok" else " ".join(str(fault).split())


def damaged(path: str, fault: object) -> NoHistory:
    """
    @param fault: what SQLite says.
    @return: what the operator is told about a damaged file.
    """
    return NoHistory(
        f"the history {path} is damaged ({fault}). Nothing was changed. Move it away together "
        f"with its -wal and -shm and restore a backup; what can still be read of it is printed "
        f"by: python -m twisted_chat.history {path} export"
    )


def openFile(path: str, seconds: float) -> tuple[sqlite3.Connection, bool]:
    """
    Open a history for writing; make it where there is none; upgrade it where it is older.

    @param path: the file's path.
    @param seconds: how long to look for damage before.
    @return: a connection for the writer, and whether the time was enough to look at everything.
    @raise NoHistory: it cannot be, and what the operator has to do.
    """
    try:
        if not os.path.exists(path):
            _refuseLeftovers(path)
            copy(None, path)
        _refuseStrangers(path)
    except OSError as error:
        raise NoHistory(
            f"the history {path} cannot be opened ({error.strerror}): "
            "let this user read and write it, or name another history"
        ) from error
    try:
        connection = connect(path, isWriter=True)
    except sqlite3.Error as error:
        raise _refusal(path, error) from error
    try:
        return connection, _prepare(connection, path, seconds)
    except BaseException:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection, path: str, seconds: float) -> bool:
    """
    @return: whether everything was looked at.
    """
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise NoHistory(
                f"{path} is a database of another program: name another file as history"
            )
        if version > len(STEPS):
            raise NoHistory(
                f"the history {path} was written by a newer version of this server (its tables "
                f"are version {version}, this server knows {len(STEPS)}): install the newer "
                "version, or restore an older backup"
            )
        end = time.monotonic() + seconds
        fault = firstFault(connection, lambda: time.monotonic() > end)
        if fault:
            raise damaged(path, fault)
        connection.execute("PRAGMA journal_mode = WAL")
        if version < len(STEPS):
            kept = f"{path}.version{version}"
            if not os.path.exists(kept):
                copy(connection, kept)
            upgrade(connection)
        # A file that can be read but not written is found here, not at the first message.
        connection.execute("BEGIN IMMEDIATE")
        writeNote(connection, "opened", time.time())
        connection.execute("COMMIT")
        return fault is not None
    except OSError as error:
        raise NoHistory(
            f"no copy of {path} could be made before its upgrade ({error.strerror}): "
            "make room beside it"
        ) from error
    except sqlite3.Error as error:
        raise _refusal(path, error) from error


def _refusal(path: str, error: sqlite3.Error) -> NoHistory:
    if isDamage(error):
        return damaged(path, error)
    return NoHistory(f"the history {path} cannot be used ({error}): {advice(error)}")


def _refuseLeftovers(path: str) -> None:
    """
    @raise NoHistory: the file is gone, but its write-ahead log is there.  SQLite would play it
        into whatever file comes in its place.
    """
    wal = path + "-wal"
    if os.path.exists(wal) and os.path.getsize(wal):
        raise NoHistory(
            f"the history {path} is missing, but {wal} is there: put the file back, or move "
            "that one away as well to start a new history"
        )


def _refuseStrangers(path: str) -> None:
    """
    @raise NoHistory: the file is no SQLite database (see its file format, section 1.3.1).
    """
    with open(path, "rb") as file:
        magic = file.read(16)
    if not magic:
        raise NoHistory(
            f"the history {path} is empty (0 bytes): restore a backup, or remove it together "
            "with its -wal and -shm to start a new history"
        )
    if magic != b"SQLite format 3\0":
        raise NoHistory(
            f"{path} is no chat history, or its beginning is destroyed. Nothing was changed. "
            "Restore a backup, or name another file as history"
        )
