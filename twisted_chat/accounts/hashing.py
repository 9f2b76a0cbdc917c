# -*- test-case-name: tests.accounts.test_hashing -*-
"""
Hashes passwords one after another, away from the reactor.

A hash is meant to be dear, so a crowd of logins must not keep the others waiting: one thread
hashes, few wait for it, and whoever comes then is told to come back.  More threads would only take
the processors from the chat.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred

from ..counters import Histogram
from ..errors import TooManyTries

MAX_WAITING: Final = 32
"""Tasks that wait at most: the last one for 0.8 s, if all are passwords that people chose."""

_T = TypeVar("_T")


class Runner(Protocol):
    """
    What does a task.
    """

    def __call__(self, task: Callable[..., _T], /, *arguments: Any) -> Deferred[_T]:
        """
        @return: its result, told in the reactor's thread.
        """


class Hashing:
    """
    The one place where passwords are hashed.

    @ivar spent: how long tasks took, in seconds.
    @ivar refused: tasks that found no place.
    """

    def __init__(self, run: Runner, seconds: Callable[[], float] = time.monotonic) -> None:
        """
        @param run: does one task at a time.  L{twisted_chat.worker.Worker.do} does it in a thread,
            and C{maybeDeferred} at once.
        @param seconds: the time on a clock that does not jump, in seconds; asked in that thread.
        """
        self.spent = Histogram()
        self.refused = 0
        self._run = run
        self._seconds = seconds
        self._waiting: OrderedDict[Deferred[Any], Callable[[], Any]] = OrderedDict()
        self._isBusy = False
        self._last = 0.0

    @property
    def waiting(self) -> int:
        """
        Tasks that wait for the thread.
        """
        return len(self._waiting)

    def do(self, task: Callable[..., _T], *arguments: Any) -> Deferred[_T]:
        """
        Do a task after those that were asked for before.

        @param task: hashes; it must touch nothing that the reactor's thread changes.
        @return: its result.  Cancelled, it is dropped if it still waits, and unheard otherwise.
        @raise TooManyTries: too many wait.
        """
        if len(self._waiting) >= MAX_WAITING:
            self.refused += 1
            raise TooManyTries("too many people are logging in: try again in a moment", 1)
        result: Deferred[_T] = Deferred(self._drop)
        self._waiting[result] = lambda: task(*arguments)
        self._next()
        return result

    def stop(self) -> None:
        """
        Cancel all that wait.
        """
        for result in list(self._waiting):
            result.cancel()

    def _next(self) -> None:
        if self._waiting and not self._isBusy:
            self._isBusy = True
            result, task = self._waiting.popitem(last=False)
            maybeDeferred(self._run, self._timed, task).addBoth(self._done, result)

    def _drop(self, result: Deferred[Any]) -> None:
        self._waiting.pop(result, None)

    def _timed(self, task: Callable[[], _T]) -> _T:
        """
        Do a task in the thread.  The time that it took is read after its result was told, and
        before the next one begins.
        """
        begun = self._seconds()
        try:
            return task()
        finally:
            self._last = self._seconds() - begun

    def _done(self, outcome: Any, result: Deferred[Any]) -> None:
        self.spent.add(self._last)
        self._isBusy = False
        self._next()
        if not result.called:
            result.callback(outcome)
