from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults, inlineCallbacks
from twisted.trial.unittest import TestCase

from twisted_chat.worker import Worker


class WorkerTests(TestCase):
    """
    L{Worker}, with the real reactor.
    """

    def setUp(self) -> None:
        self.worker = Worker(cast("Any", reactor), "test worker")
        self.addCleanup(self.worker.stop)

    @inlineCallbacks
    def test_oneThreadInOrder(self) -> Generator[Deferred[Any], Any, None]:
        """
        All tasks are done by one thread, which is not the reactor's, in the order of asking.
        """
        done: list[int] = []

        def task(number: int) -> int:
            done.append(number)
            return threading.get_ident()

        threads = yield gatherResults([self.worker.do(task, number) for number in range(100)])
        self.assertEqual(done, list(range(100)))
        self.assertEqual(len(set(threads)), 1)
        self.assertNotEqual(threads[0], threading.get_ident())

    @inlineCallbacks
    def test_resultInTheReactorsThread(self) -> Generator[Deferred[Any], Any, None]:
        """
        The result is told in the reactor's thread, after C{do} returned.
        """
        asked = self.worker.do(lambda: None)
        self.assertFalse(asked.called)
        thread = yield asked.addCallback(lambda _: threading.get_ident())
        self.assertEqual(thread, threading.get_ident())

    @inlineCallbacks
    def test_failure(self) -> Generator[Deferred[Any], Any, None]:
        """
        A task that fails fails its Deferred, and the next task is done.
        """
        yield self.assertFailure(self.worker.do(int, "x"), ValueError)
        number = yield self.worker.do(int, "1")
        self.assertEqual(number, 1)
