# -*- test-case-name: tests.accounts.test_hashing -*-
"""
Hashes passwords one after another, away from the reactor.

A hash is expensive on purpose, so a crowd of logins must not delay everybody else: one thread
hashes, few tasks wait for it, and further ones are refused.  More threads would only take the
processors from the chat.
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
"""The most tasks that wait: the last one waits for 0.8 s if all hash chosen passwords."""

_T = TypeVar("_T")


class Runner(Protocol):
    """
    Runs a task.
    """

    def __call__(self, task: Callable[..., _T], /, *arguments: Any) -> Deferred[_T]:
        """
        @return: its result, which fires in the reactor's thread.
        """


class Hashing:
    """
    The one place where passwords are hashed.

    @ivar spent: the total time that tasks took, in seconds.
    @ivar refused: how many tasks were refused.
    """

    def __init__(self, run: Runner, seconds: Callable[[], float] = time.monotonic) -> None:
        """
        @param run: runs one task at a time: L{twisted_chat.worker.Worker.do} in a thread,
            C{maybeDeferred} at once.
        @param seconds: the time on a clock that does not jump, in seconds; called in that thread.
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
        How many tasks are waiting for the thread.
        """
        return len(self._waiting)

    def do(self, task: Callable[..., _T], *arguments: Any) -> Deferred[_T]:
        """
        Run a task after all earlier ones.

        @param task: computes hashes; it must not touch anything that the reactor's thread changes.
        @return: its result.  If it is cancelled, a waiting task is dropped, and the result of a
            running one ignored.
        @raise TooManyTries: if too many are waiting.
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
        Cancel all waiting tasks.
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
        Run a task in the thread.  The time that it took is read after its result is delivered,
        before the next task begins.
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
