from __future__ import annotations

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.history import HistoryContract
from tests.contracts.store import (
    WALL_TIME,
    LogContract,
    Recorder,
    RoomsContract,
    SessionsContract,
    said,
    scopeOf,
    wholeOf,
)
from twisted_chat.errors import NoHistory
from twisted_chat.stores import memory
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import Query


class AtOnceTests(
    LogContract,
    HistoryContract,
    RoomsContract,
    SessionsContract,
    SynchronousTestCase,
):
    """
    A log that hands over every draft at once.
    """

    store: MemoryLog

    def setUp(self) -> None:
        self.store = self.makeStore()
        self.follower = Recorder()
        self.store.follow(self.follower)
        self.successResultOf(self.store.start())

    def makeStore(self) -> MemoryLog:
        return MemoryLog(seconds=lambda: WALL_TIME)

    def settle(self) -> None:
        """
        Nothing is ever under way.
        """


class TurnTests(AtOnceTests):
    """
    The same log, when it hands over at the end of each turn.
    """

    def makeStore(self) -> MemoryLog:
        self.due: list[Callable[[], None]] = []
        return MemoryLog(self.due.append, lambda: WALL_TIME)

    def settle(self) -> None:
        while self.due:
            self.due.pop(0)()

    def test_oneBatchEachTurn(self) -> None:
        """
        All that is appended in a turn is one batch; what the follower appends meanwhile is the
        next turn's.
        """
        self.follower.whenStored = lambda event: (
            self.store.append(said("answer"), None) if event.text == "question" else None
        )
        for text in ("question", "two", "three"):
            self.store.append(said(text), None)
        self.assertEqual((self.follower.heard, len(self.due)), ([], 1))
        self.due.pop()()
        self.assertEqual((self.follower.batches, len(self.due)), ([3], 1))
        self.settle()
        self.assertEqual((self.follower.batches, len(self.due)), ([3, 1], 0))

    def test_searchInSteps(self) -> None:
        """
        A search looks at few events in a turn, so that nobody has to wait for it.
        """
        self.patch(memory, "SEARCHED", 10)
        self.appendAll(*(said(f"tea {number}") for number in range(35)))
        asked = self.store.search(scopeOf("#lobby"), Query(("nothing",)), 5)
        turns = 0
        while self.due:
            self.assertNoResult(asked)
            self.due.pop(0)()
            turns += 1
        self.assertEqual((self.successResultOf(asked), turns), ([], 3))

    def test_searchByTurns(self) -> None:
        """
        One search goes on at a time, each asker in turn, and one that is cancelled ends.
        """
        self.patch(memory, "SEARCHED", 10)
        self.appendAll(*(said(f"tea {number}") for number in range(35)))
        ends: list[str] = []
        asked = {}
        for name in ("a1", "a2", "a3", "b1"):
            scope = scopeOf("#lobby", sid=name[0])
            asked[name] = self.store.search(scope, Query(("tea",)), 99)
            asked[name].addBoth(lambda _, name: ends.append(name), name)
        refused = self.store.search(scopeOf("#lobby", sid="a"), Query(("tea",)), 99)
        self.failureResultOf(refused, NoHistory)
        asked["a2"].cancel()
        self.due.pop(0)()
        asked["a1"].cancel()
        self.settle()
        self.assertEqual(ends, ["a2", "a1", "a3", "b1"])


class KeepTests(SynchronousTestCase):
    """
    What a small log keeps.
    """

    def setUp(self) -> None:
        self.store = MemoryLog(seconds=lambda: WALL_TIME, keep=10)
        self.follower = Recorder()
        self.store.follow(self.follower)

    def test_oldEventsGo(self) -> None:
        """
        The newest are kept and found, the bounds tell what is gone, and ids go on.
        """
        for number in range(1, 101):
            self.store.append(said(str(number)), None)
            self.successResultOf(self.store.last(wholeOf("#lobby"), 1))
        oldest, newest = self.successResultOf(self.store.bounds())
        self.assertEqual(newest, 100)
        self.assertTrue(80 < oldest <= 91, oldest)
        texts = [
            event.text for event in self.successResultOf(self.store.last(wholeOf("#lobby"), 99))
        ]
        self.assertEqual(texts, [str(number) for number in range(oldest, 101)])
        scope = scopeOf("#lobby")
        after = self.successResultOf(self.store.after(scope, oldest + 1, 3))
        self.assertEqual([event.id for event in after], [oldest + 2, oldest + 3, oldest + 4])
        self.assertEqual(len(self.successResultOf(self.store.after(scope, 1, 99))), len(texts))

    def test_keysOfKeptEvents(self) -> None:
        """
        A repetition is found as long as its event is kept.
        """
        for number in range(100):
            self.store.append(said(key=str(number)), None)
        for number in range(95, 100):
            self.store.append(said(key=str(number)), None)
        self.assertEqual(
            [event.key for event in self.follower.of("repeated")],
            [str(number) for number in range(95, 100)],
        )

    def test_epochsDiffer(self) -> None:
        """
        Each log has an epoch of its own.
        """
        self.assertNotEqual(self.store.epoch, MemoryLog().epoch)

    def test_withoutFollower(self) -> None:
        """
        A log that nobody follows keeps its events all the same.
        """
        store = MemoryLog()
        store.append(said(), None)
        self.assertEqual(self.successResultOf(store.bounds()), (1, 1))
