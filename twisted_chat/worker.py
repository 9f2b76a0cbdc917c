# -*- test-case-name: tests.test_worker -*-
"""
One thread that does one thing after another.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads, IReactorTime
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

_T = TypeVar("_T")


class IClockWithThreads(IReactorTime, IReactorFromThreads):
    """
    What is needed of a reactor here.
    """


class _DaemonThread(Thread):
    """
    Does not keep a program alive that ended without L{Worker.stop}.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.daemon = True


class Ticket:
    """
    Tells a task that nobody waits for it any longer.

    @ivar isOver: whether to give up.
    """

    isOver = False


class Worker:
    """
    A thread of its own, begun at the first task.
    """

    def __init__(self, reactor: IClockWithThreads, name: str) -> None:
        """
        @param reactor: tells the results in its thread.
        @param name: what the thread is called.
        """
        self._reactor = reactor
        self._pool = ThreadPool(0, 1, name)
        self._pool.threadFactory = _DaemonThread
        self._pool.start()

    def do(self, task: Callable[..., _T], *arguments: Any) -> Deferred[_T]:
        """
        Do this after all that was asked for before.

        @return: fires in the reactor's thread, never before this method returns.
        """
        return deferToThreadPool(self._reactor, self._pool, task, *arguments)

    def stop(self) -> None:
        """
        End the thread, after all that was asked for.  Waits for it.
        """
        self._pool.stop()
