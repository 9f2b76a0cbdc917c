"""
Tests for L{twisted_chat.accounts.hashing}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.accounts.hashing import MAX_WAITING, Hashing
from twisted_chat.errors import TooManyTries, WrongLogin

_T = TypeVar("_T")


class Thread:
    """
    A thread that does a task when it is told to.

    @ivar asked: what it was given and has not done.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[Deferred[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def __call__(self, task: Callable[..., _T], /, *arguments: Any) -> Deferred[_T]:
        result: Deferred[_T] = Deferred()
        self.asked.append((result, task, arguments))
        return result

    def work(self) -> None:
        """
        Do the task.
        """
        result, task, arguments = self.asked.pop()
        maybeDeferred(task, *arguments).addBoth(result.callback)


class HashingTests(SynchronousTestCase):
    """
    Tests for L{Hashing}.
    """

    def setUp(self) -> None:
        self.thread = Thread()
        self.clock = Clock()
        self.hashing = Hashing(self.thread, self.clock.seconds)
        self.done: list[int] = []

    def ask(self, number: int) -> Deferred[int]:
        """
        Have a task done that takes 0.03 s and returns its number.
        """

        def task(number: int) -> int:
            self.clock.advance(0.03)
            self.done.append(number)
            return number

        return self.hashing.do(task, number)

    def test_inline(self) -> None:
        """A result is there at once with a runner that does all at once."""
        hashing = Hashing(maybeDeferred)
        self.assertEqual(self.successResultOf(hashing.do(max, 1, 2)), 2)
        self.assertEqual(hashing.waiting, 0)

    def test_oneAfterAnother(self) -> None:
        """The thread has one task at a time, in the order of asking."""
        results = [self.ask(number) for number in range(5)]
        for number, result in enumerate(results):
            self.assertEqual(len(self.thread.asked), 1)
            self.assertEqual(self.hashing.waiting, 4 - number)
            self.assertNoResult(result)
            self.thread.work()
            self.assertEqual(self.successResultOf(result), number)
        self.assertEqual(self.done, list(range(5)))
        self.assertEqual(self.thread.asked, [])

    def test_figures(self) -> None:
        """The time that tasks took is counted, and so are refused tasks."""
        for number in range(3):
            self.ask(number)
            self.thread.work()
        self.assertAlmostEqual(self.hashing.spent.sum, 0.09)
        self.assertEqual(sum(self.hashing.spent.counts), 3)
        self.assertEqual(self.hashing.refused, 0)

    def test_full(self) -> None:
        """A caller who comes when too many wait is told to come back, and the others are served."""
        results = [self.ask(number) for number in range(1 + MAX_WAITING)]
        error = self.assertRaises(TooManyTries, self.ask, 99)
        self.assertEqual(error.sentence, "too many people are logging in: try again in a moment")
        self.assertEqual((error.wait, self.hashing.refused), (1, 1))
        self.thread.work()
        results.append(self.ask(33))
        for _ in range(33):
            self.thread.work()
        self.assertEqual([self.successResultOf(each) for each in results], list(range(34)))

    def test_cancelWaiting(self) -> None:
        """A task that is cancelled while it waits is not done, and leaves its place to others."""
        results = [self.ask(number) for number in range(3)]
        results[1].cancel()
        self.failureResultOf(results[1], CancelledError)
        self.assertEqual(self.hashing.waiting, 1)
        self.thread.work()
        self.thread.work()
        self.assertEqual(self.done, [0, 2])
        self.assertEqual(self.successResultOf(results[2]), 2)

    def test_cancelRunning(self) -> None:
        """A task that is cancelled while it runs goes unheard, and the next one is done."""
        results = [self.ask(number) for number in range(2)]
        results[0].cancel()
        self.failureResultOf(results[0], CancelledError)
        self.assertEqual(len(self.thread.asked), 1)
        self.thread.work()
        self.thread.work()
        self.assertEqual(self.successResultOf(results[1]), 1)

    def test_failure(self) -> None:
        """
        A task that fails fails its result, takes its time, and does not keep the next from running.
        """

        def fails() -> None:
            self.clock.advance(0.01)
            raise WrongLogin("the password is wrong: try again")

        failed, good = self.hashing.do(fails), self.ask(1)
        self.thread.work()
        self.failureResultOf(failed, WrongLogin)
        self.assertAlmostEqual(self.hashing.spent.sum, 0.01)
        self.thread.work()
        self.assertEqual(self.successResultOf(good), 1)

    def test_failureAtOnce(self) -> None:
        """A task that raises in the runner does not keep the next from running."""
        hashing = Hashing(lambda task, *arguments: succeed(task(*arguments)))
        self.failureResultOf(hashing.do(int, "x"), ValueError)
        self.assertEqual(self.successResultOf(hashing.do(int, "1")), 1)

    def test_askedByAnAnswer(self) -> None:
        """A caller who asks once more when told a result comes after those that wait."""
        asked: list[Deferred[int]] = []
        self.ask(0).addCallback(lambda _: asked.append(self.ask(2)))
        self.ask(1)
        for _ in range(3):
            self.thread.work()
        self.assertEqual(self.done, [0, 1, 2])
        self.assertEqual(self.successResultOf(asked[0]), 2)

    def test_stop(self) -> None:
        """All tasks that wait are cancelled at the end."""
        results = [self.ask(number) for number in range(3)]
        self.hashing.stop()
        for result in results[1:]:
            self.failureResultOf(result, CancelledError)
        self.thread.work()
        self.assertEqual(self.successResultOf(results[0]), 0)
        self.assertEqual(self.thread.asked, [])
