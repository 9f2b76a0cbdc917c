"""
A directory for a history file; and a store on one, as a server has it, without the threads.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any, TypeVar, cast

from twisted.internet.base import DelayedCall
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.contracts.records import KINDS
from tests.contracts.store import WALL_TIME, Recorder, StoreContract, scopeOf
from tests.support.rules import rules
from twisted_chat.stores.interfaces import Projection
from twisted_chat.stores.sqlite import store as sqlite
from twisted_chat.stores.sqlite.retention import ALL
from twisted_chat.stores.sqlite.schema import connect, copy
from twisted_chat.stores.sqlite.store import SQLiteLog
from twisted_chat.stores.sqlite.superseded import Pruning
from twisted_chat.worker import IClockWithThreads, Worker

LOBBY = scopeOf("#lobby")

_T = TypeVar("_T")


@implementer(IClockWithThreads)
class ThreadlessClock(Clock):
    """
    A clock for L{InlineWorker}.
    """

    def callFromThread(
        self, callable: Callable[..., object], *arguments: object, **keywords: object
    ) -> None:
        self.callLater(0, callable, *arguments, **keywords)

    def turn(self) -> None:
        """
        Run what is due now: one turn of a reactor.
        """
        for call in cast("Sequence[DelayedCall]", self.getDelayedCalls()):
            if call.active() and call.getTime() <= self.seconds():
                function, arguments, keywords = call.func, call.args, call.kw
                call.cancel()
                function(*arguments, **keywords)

    def settle(self) -> None:
        """
        Run what is due now, and what that makes due.
        """
        while any(call.getTime() <= self.seconds() for call in self.getDelayedCalls()):
            self.advance(0)


class InlineWorker:
    """
    A L{twisted_chat.worker.Worker} without a thread: it does its task at once, and
    tells the result in a later turn as the real one does.
    """

    def __init__(self, reactor: ThreadlessClock, name: str) -> None:
        self._reactor = reactor
        self.isStopped = False

    def do(self, task: Callable[..., _T], *arguments: Any) -> Deferred[_T]:
        result: Deferred[_T] = Deferred()
        try:
            value = task(*arguments)
        except Exception as error:
            self._reactor.callLater(0, result.errback, error)
        else:
            self._reactor.callLater(0, result.callback, value)
        return result

    def stop(self) -> None:
        self.isStopped = True


class FileCase(SynchronousTestCase):
    """
    A directory for a history.
    """

    def setUp(self) -> None:
        self.folder = os.path.realpath(self.mktemp())
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, "chat.sqlite")

    def open(self) -> sqlite3.Connection:
        """
        Open the history for writing; it is made the first time.
        """
        if not os.path.exists(self.path):
            copy(None, self.path)
        connection = connect(self.path, isWriter=True)
        self.addCleanup(connection.close)
        return connection

    def ask(self, question: str, path: str = "") -> list[tuple[object, ...]]:
        connection = sqlite3.connect(path or self.path)
        try:
            return connection.execute(question).fetchall()
        finally:
            connection.close()


class SQLiteCase(StoreContract, SynchronousTestCase):
    """
    A history in a file of its own, without threads.
    """

    store: SQLiteLog
    keep = ALL
    projection: Projection | None = None

    def setUp(self) -> None:
        self.folder = self.mktemp()
        os.mkdir(self.folder)
        self.path = os.path.join(os.path.realpath(self.folder), "chat.sqlite")
        self.clock = ThreadlessClock()
        self.now = WALL_TIME
        self.follower = Recorder()
        self.addCleanup(self.stop)
        self.begin()

    def make(self) -> SQLiteLog:
        return SQLiteLog(
            self.path,
            self.clock,
            self.keep,
            lambda: self.now,
            cast("Callable[..., Worker]", InlineWorker),
            projection=self.projection,
        )

    def begin(self) -> None:
        """
        Start a server's store on the file.
        """
        self.store = self.make()
        self.store.follow(self.follower)
        self.result(self.store.start())

    def stop(self) -> None:
        self.result(self.store.stop())

    def restart(self) -> None:
        self.stop()
        self.begin()

    def crash(self) -> None:
        """
        Go on with the files as they are at this moment.
        """
        copied = os.path.realpath(self.mktemp())
        os.mkdir(copied)
        for name in ("chat.sqlite", "chat.sqlite-wal"):
            shutil.copy(os.path.join(os.path.dirname(self.path), name), copied)
        self.stop()
        self.path = os.path.join(copied, "chat.sqlite")
        self.begin()

    def settle(self) -> None:
        self.clock.settle()

    def tidy(self) -> None:
        """
        Let everything be done that may wait.
        """
        for _ in range(20):
            self.clock.advance(sqlite.TIDY_SECONDS)
            self.clock.settle()

    def texts(self) -> list[str]:
        """
        @return: what is stored, as another program sees it.
        """
        connection = sqlite3.connect(self.path)
        self.addCleanup(connection.close)
        return [row[0] for row in connection.execute("SELECT text FROM events ORDER BY id")]


class RuledCase(SQLiteCase):
    """
    A store with rules.
    """

    def setUp(self) -> None:
        self.projection = rules
        super().setUp()

    def records(self) -> dict[tuple[str, str], Any]:
        """
        @return: all records.
        """
        found = self.result(self.store.records(KINDS))
        return {(kind, key): value for kind, key, value in found}

    def change(self, *statements: str) -> None:
        """
        Do something to the file while nobody uses it.
        """
        self.stop()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)
        self.begin()


class PruningCase(SynchronousTestCase):
    """
    The pruners, on a file of their own.
    """

    def setUp(self) -> None:
        path = os.path.realpath(self.mktemp())
        copy(None, path)
        self.connection = connect(path, isWriter=True)
        self.addCleanup(self.connection.close)
        self.newest = 0

    def add(self, kind: str, count: int, sid: str = "", data: str = "") -> None:
        """
        Store so many events of a kind.
        """
        first = self.newest + 1
        self.newest += count
        self.connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, '#tea', 'Ann', 'tea', '', ?, NULL, ?)",
            [(id, WALL_TIME, kind, sid, data) for id in range(first, self.newest + 1)],
        )

    def steps(self, pruner: Pruning, now: float = WALL_TIME) -> int:
        """
        @return: how many steps there were until nothing was left to be done.
        """
        self.connection.execute("BEGIN")
        count = 1
        while pruner.step(self.connection, self.newest, now):
            count += 1
        self.connection.execute("COMMIT")
        return count

    def kept(self, *kinds: str) -> list[int]:
        rows = self.connection.execute("SELECT id, kind FROM events ORDER BY id")
        return [id for id, kind in rows if kind in kinds]
