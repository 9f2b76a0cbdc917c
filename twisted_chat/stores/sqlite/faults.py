# -*- test-case-name: tests.stores.sqlite.test_faults -*-
"""
What can go wrong with a history on a disk: in words for people, and what the operator hears of it.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from ...errors import NotStored

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


def isInterruption(error: BaseException | None) -> bool:
    """
    @return: whether somebody has ended what was being done.
    """
    return str(error).startswith("interrupted")


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


class Refusal(Exception):
    """
    Nothing of a batch was stored.

    @ivar answer: what its authors are told.
    @ivar advice: what its operator can do.
    @ivar isBug: whether the program is wrong, and not the disk.
    """

    def __init__(self, error: BaseException | None) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.answer = NotStored(f"not stored: {reason(error)}")
        self.advice = advice(error)
        self.isBug = not isinstance(error, (sqlite3.Error, OSError, Moved))


SECONDS: Final = 60.0
"""How often at most to tell the operator that nothing can be stored."""


class Alarm:
    """
    Tells the operator of a trouble once a minute, and when it is over.

    @ivar trouble: why nothing can be stored at the moment, or empty.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime, path: str) -> None:
        """
        @param clock: for the time since the operator was told.
        @param path: the history's path.
        """
        self.trouble = ""
        self._clock = clock
        self._path = path
        self._told = self._toldBug = -SECONDS
        self._toldUnreadable = self._toldUnanswered = -SECONDS
        self._isTold = False
        self._isOfTidying = False

    def sound(self, failure: Failure, isTidying: bool = False) -> Refusal:
        """
        Something could not be stored.

        @param failure: the writer's L{Refusal}.
        @param isTidying: whether it was no message.
        @return: the refusal.
        """
        error = failure.value
        refusal = error if isinstance(error, Refusal) else Refusal(error)
        self._isOfTidying = isTidying and (self._isOfTidying or not self.trouble)
        self.trouble = f"the history {self._path} cannot be stored: {refusal}"
        now = self._clock.seconds()
        if refusal.isBug:
            # Tidying meets the same bug each second.
            if not isTidying or now - self._toldBug >= SECONDS:
                self._toldBug = now
                self._log.failure("the history {path!r} failed", failure, path=self._path)
        elif now - self._told >= SECONDS:
            self._told = now
            self._isTold = True
            self._log.error(
                "nothing can be stored in the history {path!r}: {refusal}; {advice}",
                path=self._path,
                refusal=str(refusal),
                advice=refusal.advice,
            )
        return refusal

    def lost(self, refusal: Refusal) -> None:
        """
        Something can never be stored: a bug, whatever else is well.
        """
        failure = Failure(refusal)
        self._log.failure("something cannot be stored in {path!r}", failure, path=self._path)

    def unreadable(self, what: str) -> None:
        """
        Something in the file cannot be read, though the file is whole.

        @param what: which row it is.
        """
        now = self._clock.seconds()
        if now - self._toldUnreadable >= SECONDS:
            self._toldUnreadable = now
            self._log.error(
                "{what} in the history {path!r} cannot be read and is passed over: no server wrote "
                "it like that; to see all of them: python -m twisted_chat.history {path} export",
                what=what,
                path=self._path,
            )

    def unanswered(self, failure: Failure, cause: BaseException | None) -> None:
        """
        A question could not be answered.

        @param cause: what the disk or the program says.
        """
        now = self._clock.seconds()
        if now - self._toldUnanswered < SECONDS:
            return
        self._toldUnanswered = now
        if isinstance(cause, (sqlite3.Error, OSError)):
            self._log.error(
                "the history {path!r} cannot be read: {cause}; {advice}",
                path=self._path,
                cause=str(cause),
                advice=advice(cause),
            )
        else:
            self._log.failure("the history {path!r} cannot be read", failure, path=self._path)

    def end(self, isTidying: bool = False) -> None:
        """
        Something was stored.

        @param isTidying: whether it was no message: then it proves nothing for messages.
        """
        if isTidying and not self._isOfTidying:
            return
        self.trouble = ""
        self._isOfTidying = False
        if self._isTold:
            self._isTold = False
            self._log.info("the history {path!r} is stored again", path=self._path)
