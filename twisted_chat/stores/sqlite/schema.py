# -*- test-case-name: tests.stores.sqlite.test_schema -*-
"""
A history file: how it is made, opened, copied, upgraded and checked.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing, suppress
from errno import EEXIST
from itertools import chain
from pathlib import Path
from typing import Final

from ...wire.events import (
    ACTED,
    JOINED,
    LEFT,
    PRESENCE,
    RENAMED,
    SAID,
    SPOKEN,
    TOLD,
)
from .steps import STEPS

APPLICATION_ID: Final = 0x54774368
"""Marks the file as ours in its header (PRAGMA application_id): C{TwCh}."""

BUSY_SECONDS: Final = 5.0
"""How long to wait for another program's lock before a batch is refused."""

WAL_PAGES: Final = 1_000
"""Pages of 4 KiB in the write-ahead log before what L{checkpoints} left of them is copied into the
file while a message has to wait."""

COPIED_PAGES: Final = 1_000
"""Pages copied at once: 4 MiB."""


def isOneOf(names: Iterable[str], column: str = "kind") -> str:
    """
    @param names: kinds of events.
    @return: a condition of SQL, for the same names always the same: a partial index is used only
        for a query that repeats its condition, so with another kind that is spoken or presence a
        new step has to make these indexes again.  It is checked for every row that is stored, and
        comparisons are much faster than C{IN}, which builds a table for each statement.
    """
    return "(" + " OR ".join(f"{column} = '{name}'" for name in names) + ")"


IS_SPOKEN: Final = isOneOf(sorted(SPOKEN))
IS_PRESENCE: Final = isOneOf(sorted(PRESENCE))
IS_OTHER: Final = "NOT " + isOneOf((SAID, JOINED, LEFT, ACTED, TOLD, RENAMED))
"""What is neither spoken nor presence.  The first comparison that holds ends the check of a row, so
the commonest kinds come first."""

PRUNED: Final = "pruned"
"""The note that holds the id up to which messages were pruned."""

ROOMS: Final = "rooms"
"""The note that holds the id up to which the tables of rooms and of sessions have what the log
says."""

MAX_ID: Final = 2**53 - 1
"""The largest id that an event can have: what is above was not written by us, and no program that
reads JSON could tell it from the next."""


def readNote(connection: sqlite3.Connection, name: str, default: object) -> object:
    """
    @return: what the history notes about itself under this name.
    """
    row = connection.execute(
        "SELECT CASE typeof(value) WHEN 'text' THEN CAST(value AS BLOB) ELSE value END "
        "FROM notes WHERE name = ?",
        (name,),
    ).fetchone()
    value: object = default if row is None else row[0]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def readId(connection: sqlite3.Connection, name: str) -> int:
    """
    @return: the id that the history notes under this name; 0 if it notes none that can be one.
    """
    value = readNote(connection, name, 0)
    return value if type(value) is int and 0 <= value <= MAX_ID else 0


def newestId(connection: sqlite3.Connection) -> int:
    """
    @return: the id of the newest event, or 0.
    """
    (newest,) = connection.execute(
        f"SELECT coalesce(max(id), 0) FROM events WHERE id BETWEEN 1 AND {MAX_ID}"
    ).fetchone()
    return int(newest)


def nextId(connection: sqlite3.Connection, id: int) -> int:
    """
    @return: the id of the event after this id; one above L{MAX_ID} if there is none.
    """
    (found,) = connection.execute("SELECT min(id) FROM events WHERE id > ?", (id,)).fetchone()
    return MAX_ID + 1 if found is None else int(found)


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
            # What is deleted leaves the disk as well; the default depends on who built SQLite.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {WAL_PAGES * 4096}")
        else:
            connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def copy(source: sqlite3.Connection | None, path: str, draft: str = "") -> None:
    """
    Make a history file whole or not at all, readable for its owner alone.

    @param source: what to copy, as of now; without it the new history is empty.
    @param path: its path.
    @param draft: where it is made, for those who know that nobody else uses that path: what was cut
        short and left there is removed, and what is at C{path} is replaced.  Without it nothing may
        be there.
    @raise OSError: no such file can be made; L{FileExistsError} if one is there.
    @raise sqlite3.Error: it cannot be written, or the source cannot be read.
    """
    isOurs = bool(draft)
    if isOurs:
        _remove(draft)
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    else:
        folder, name = os.path.split(path)
        handle, draft = tempfile.mkstemp(".new", name, folder)  # of mode 0600
    os.close(handle)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            if source is None:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                upgrade(connection)
            else:
                _fill(connection, source)
            # Ids of a restored copy may come to mean other events than those of its original.
            writeNote(connection, "epoch", secrets.token_hex(8))
            # To close the file would do this as well, but without a word if the disk is full.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if isOurs:
            os.rename(draft, path)
        else:
            _rename(draft, path)
        _syncFolder(path)
    finally:
        _remove(draft)


def _fill(connection: sqlite3.Connection, source: sqlite3.Connection) -> None:
    """
    Copy a history as it is at this moment, however it changes meanwhile.  The copy needs no other
    file beside it, so it can be read on any medium.
    """
    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        # Between the parts Python can take notice of a signal.
        source.backup(connection, pages=COPIED_PAGES, progress=lambda *counts: None)
    finally:
        source.execute("ROLLBACK")
    connection.execute("PRAGMA journal_mode = DELETE")


def _remove(draft: str) -> None:
    """
    Remove a file that was being made, if it is there.
    """
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
    Bring the tables to the newest version, all the way or not at all.

    @raise sqlite3.Error: a step failed, and the file is as it was.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == len(STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for part in chain.from_iterable(STEPS[version:]):
            if isinstance(part, str):
                connection.execute(part)
            else:
                part(connection)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        # After some faults, such as a full disk, SQLite has rolled back already.
        if connection.in_transaction:
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
