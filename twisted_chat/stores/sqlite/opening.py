# -*- test-case-name: tests.stores.sqlite.test_opening -*-
"""
How a server comes by its history file, or by the sentence that says why it cannot; a large file is
looked at for damage while it is used.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from ...errors import ChatError, NoHistory
from ...worker import Worker
from .faults import advice, isDamage
from .reader import Reader
from .schema import (
    APPLICATION_ID,
    PRUNED,
    connect,
    copy,
    firstFault,
    readId,
    upgrade,
    writeNote,
)
from .steps import STEPS

_log = Logger()

CHECKED_BYTES: Final = 64 * 1024 * 1024
"""A file up to this size is looked at for damage before it is used: some 0.1 s."""


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


def openFile(path: str) -> tuple[sqlite3.Connection, bool]:
    """
    Open a history for writing; make it where there is none; upgrade it where it is older.

    @param path: the file's path.
    @return: a connection for the writer, and whether the file was looked at for damage.
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
    except sqlite3.Error as error:
        raise _refusal(path, error) from error
    try:
        connection = connect(path, isWriter=True)
    except sqlite3.Error as error:
        raise _refusal(path, error) from error
    try:
        return connection, _prepare(connection, path)
    except BaseException:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection, path: str) -> bool:
    """
    @return: whether the file was looked at for damage.
    """
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID or version < 1:
            raise NoHistory(
                f"{path} is a database of another program: name another file as history"
            )
        if version > len(STEPS):
            raise NoHistory(
                f"the history {path} was written by a newer version of this server (its tables "
                f"are version {version}, this server knows {len(STEPS)}): install the newer "
                "version, or restore an older backup"
            )
        isSmall = os.path.getsize(path) <= CHECKED_BYTES
        fault = firstFault(connection) if isSmall else ""
        if fault:
            raise damaged(path, fault)
        connection.execute("PRAGMA journal_mode = WAL")
        if version < len(STEPS):
            _log.info(
                "the history {path!r} becomes version {version} of its tables",
                path=path,
                version=len(STEPS),
            )
            _keepOld(connection, path, version)
            upgrade(connection)
        # A file that can be read but not written is found here, not at the first message.
        connection.execute("BEGIN IMMEDIATE")
        writeNote(connection, "opened", time.time())
        connection.execute("COMMIT")
        return isSmall
    except OSError as error:
        raise NoHistory(
            f"no copy of {path} could be made before its upgrade ({error.strerror}): "
            "make room beside it"
        ) from error
    except sqlite3.Error as error:
        raise _refusal(path, error) from error


def _keepOld(connection: sqlite3.Connection, path: str, version: int) -> None:
    """
    Put a copy of the file beside it before it is upgraded.

    @param version: that of its tables.
    @raise NoHistory: there is the copy of another history.
    """
    _removeDrafts(path)
    kept = f"{path}.version{version}"
    draft = kept + ".new"
    if os.path.exists(kept):
        newest = "SELECT id, time, sid, name FROM events ORDER BY id DESC LIMIT 1"
        try:
            with closing(connect(kept)) as copied:
                old = copied.execute(newest).fetchone()
        except sqlite3.Error:
            old = (0,)
        if old == connection.execute(newest).fetchone():
            return  # An upgrade before this one was cut short later than here.
        if old is not None and not _has(connection, old):
            raise NoHistory(
                f"{kept} is no copy of {path} as it was before: move it away, so that a copy can "
                "be made before the upgrade"
            )
    copy(connection, kept, draft)


def _removeDrafts(path: str) -> None:
    """
    Remove the copies that older servers began before an upgrade and did not end: each had a name of
    its own.
    """
    folder, name = os.path.split(path)
    draft = re.compile(rf"{re.escape(name)}\.version\d+\w{{8}}\.new(-journal|-wal|-shm)?")
    for each in os.listdir(folder):
        if draft.fullmatch(each):
            os.unlink(os.path.join(folder, each))


def _has(connection: sqlite3.Connection, row: tuple[object, ...]) -> bool:
    """
    @param row: an event's id and more of it.
    @return: whether the event is in the history, or may have been.
    """
    found = connection.execute("SELECT id, time, sid, name FROM events WHERE id = ?", row[:1])
    return found.fetchone() == row or 0 < int(str(row[0])) <= readId(connection, PRUNED)


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


def checkUp(path: str, worker: Worker, isOver: Callable[[], bool]) -> Deferred[None]:
    """
    Read through a file while it is used, and tell the operator of damage.

    @param path: the file's path.
    @param worker: the thread to do it, which is stopped afterwards.
    @param isOver: asked every few milliseconds, in that thread, whether to give up.
    @return: fires when it is done or given up; never fails.
    """
    reader = Reader(path, canSearch=False)

    def look() -> None:
        try:
            reader.readThrough(isOver)
        finally:
            reader.close()

    def tell(failure: Failure) -> None:
        error = failure.value
        if isinstance(error, ChatError) and isDamage(error.__cause__):
            _log.error("{error}", error=str(damaged(path, error.__cause__)))
        else:
            _log.failure("the history {path!r} could not be read through", failure, path=path)

    return worker.do(look).addErrback(tell).addCallback(lambda _: worker.stop())
