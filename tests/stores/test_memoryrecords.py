"""
Tests for L{twisted_chat.stores.memoryrecords}.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.contracts.records import RecordsContract, RemovalContract
from tests.contracts.store import WALL_TIME, Recorder, StoreContract, said, scopeOf, wholeOf
from tests.support.rules import removed, restored, rules
from twisted_chat.stores import memory, memoryrecords
from twisted_chat.stores.interfaces import REMOVED_DAYS
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import Query


class RuledCase(StoreContract, SynchronousTestCase):
    """
    A log in memory with rules.
    """

    store: MemoryLog
    keep = 10_000

    def setUp(self) -> None:
        self.now = WALL_TIME
        self.due: list[Callable[[], None]] = []
        self.store = MemoryLog(self.due.append, lambda: self.now, self.keep, projection=rules)
        self.follower = Recorder()
        self.store.follow(self.follower)
        self.successResultOf(self.store.start())

    def settle(self) -> None:
        while self.due:
            self.due.pop(0)()


class RecordsTests(RecordsContract, RuledCase):
    """
    Records in memory.
    """

    def secrets(self) -> list[str]:
        return [event.data for event in self.store._past.events if event.data]


class RemovalTests(RemovalContract, RuledCase):
    """
    Messages that are removed from memory.
    """

    modules = (memoryrecords,)

    def test_whileSearched(self) -> None:
        """
        What is removed while a search goes on is not found by it.
        """
        self.patch(memory, "SEARCHED", 2)
        self.appendAll(*(said(f"tea {number}") for number in range(6)))
        asked = self.store.search(scopeOf("#lobby"), Query(("tea",)), 9)
        self.store.append(removed(ids=[2, 6]), None)
        self.settle()
        texts = [event.text for event in self.successResultOf(asked)]
        self.assertEqual(texts, ["tea 0", "tea 2", "tea 3", "tea 4"])


class ForgetTests(RuledCase):
    """
    Texts that can no longer be brought back.
    """

    keep = 10

    def removedBy(self, removal: int) -> list[int]:
        return self.successResultOf(self.store.removedBy(removal))

    def test_after30Days(self) -> None:
        """
        They are gone after 30 days, and nothing brings them back.
        """
        self.appendAll(said("a"), removed(ids=[1]))
        self.now += REMOVED_DAYS * 86_400.0
        self.appendAll(said("b"), removed(ids=[3]))
        self.assertEqual((self.removedBy(2), self.removedBy(4)), ([1], [3]))
        self.now += memory.FORGET_SECONDS
        self.appendAll(said())
        self.assertEqual((self.removedBy(2), self.removedBy(4)), ([], [3]))
        self.appendAll(restored(2), restored(4))
        events = self.successResultOf(self.store.last(wholeOf("#lobby"), 2, before=5))
        self.assertEqual([event.text for event in events], ["", "b"])

    def test_withTheirEvents(self) -> None:
        """
        They go with their events, and with the event that removed them.
        """
        self.appendAll(said("a"), *(said("b") for _ in range(10)), removed(ids=[1, 11]))
        self.appendAll(*(said("c") for _ in range(8)))
        self.assertEqual(self.removedBy(12), [1, 11])
        self.appendAll(said("c"))
        self.assertEqual(self.removedBy(12), [])
        self.assertEqual(self.store._records._removed, {})
