# -*- test-case-name: tests.test_stores_faults -*-
"""
What can go wrong with a history on a disk, in words for people.
"""

from __future__ import annotations

from typing import Final

_REASONS: Final = {
    "database or disk is full": "the server's disk is full; its operator has to make room",
    "attempt to write a readonly database": "the server's history is read-only",
    "disk I/O error": "the server's disk has a fault",
    "database is locked": "another program holds the server's history; try again in a moment",
    "database disk image is malformed": "the server's history is damaged",
    "file is not a database": "the server's history is damaged",
    "unable to open database file": "the server's history cannot be opened",
    "interrupted": "it took too long; ask for less",
}
"""SQLite's own words for its result codes (sqlite3_errstr), which never change, and ours."""

_ADVICE: Final = {
    "database or disk is full": "make room on the disk",
    "attempt to write a readonly database": "let this user write the file and its directory",
    "database is locked": "end the other program that writes to it, or wait",
    "database disk image is malformed": "stop the server and restore a backup",
    "file is not a database": "stop the server and restore a backup",
}

_DAMAGE: Final = ("database disk image is malformed", "file is not a database")

_PASSING: Final = ("database or disk is full", "database is locked", "interrupted")
"""Faults after which the same connection goes on as if nothing had been."""


class Moved(Exception):
    """The history's file is no longer where it was opened."""


def reason(error: BaseException | None) -> str:
    """
    @return: why, in words that show no path and nothing of the program's inside.
    """
    if isinstance(error, Moved):
        return "the server's history was moved or removed; its operator has to put it back"
    return next(
        (words for fault, words in _REASONS.items() if str(error).startswith(fault)),
        "the server's history failed; its operator finds the reason in the log",
    )


def isPassing(error: BaseException | None) -> bool:
    """
    @return: whether the connection is as good as before this error.
    """
    return isinstance(error, Moved) or str(error).startswith(_PASSING)


def isDamage(error: BaseException | None) -> bool:
    """
    @return: whether the file's content is not what was written there.
    """
    return str(error).startswith(_DAMAGE)


def advice(error: BaseException | None) -> str:
    """
    @return: what the operator can do.
    """
    if isinstance(error, Moved):
        return (
            "put the same file back, together with its -wal and -shm, or stop the server, restore "
            "a backup and start it again"
        )
    return _ADVICE.get(str(error), "see what ails the disk or the file")
