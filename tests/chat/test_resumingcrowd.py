# -*- test-case-name: tests.chat.test_resumingcrowd -*-
"""
Tests for L{twisted_chat.chat.welcome}: many users who resume their sessions at once.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import NOW, enter, enterAll, makeHub, newest, resume
from tests.support.slowlogs import SlowLog
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.jsonlines import JSON


class PagingTests(SynchronousTestCase):
    """
    Users who resume read the past one after the other.
    """

    def setUp(self) -> None:
        self.log = SlowLog()
        self.hub = makeHub(self.log, backlog=0)
        left = [enter(self.hub, name, JSON) for name in ("Bob", "Cem", "Dai")]
        for client in left:
            client.drops()
        (ann,) = enterAll(self.hub, "Ann")
        ann.types("one")
        self.back = [resume(self.hub, client.objects[0], newest(client)) for client in left]

    def told(self) -> list[int]:
        """
        @return: how many messages each was shown.
        """
        return [len(client.objectsOf("said")) for client in self.back]

    def giveOne(self) -> None:
        """Let the read end that was begun first."""
        given, found = self.log.reads.pop(0)
        found.chainDeferred(given)

    def test_oneAtATime(self) -> None:
        """Only one page is read at a time, so another question waits for one page at most."""
        for told in ([0, 0, 0], [1, 0, 0], [1, 1, 0]):
            self.assertEqual(self.told(), told)
            self.assertEqual(len(self.log.reads), 1)
            self.giveOne()
        self.assertEqual((self.told(), self.log.reads), ([1, 1, 1], []))

    def test_gone(self) -> None:
        """A user who is gone, while their page is read or before, holds up nobody."""
        self.back[0].drops()
        self.back[1].drops()
        self.assertEqual(len(self.log.reads), 3)
        del self.log.reads[:2]
        self.giveOne()
        self.assertEqual(self.told(), [0, 0, 1])

    def test_unreadable(self) -> None:
        """A user whose page cannot be read is sent away, and the next page is read."""
        given, _ = self.log.reads.pop(0)
        given.errback(OSError("disk"))
        self.log.give()
        self.assertEqual(self.told(), [0, 1, 1])
        self.assertTrue(self.back[0].closed)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)


class AskedLog(MemoryLog):
    """
    A log that tells what it keeps when the test says so.

    @ivar asked: the questions that wait.
    """

    def __init__(self) -> None:
        super().__init__(seconds=lambda: NOW)
        self.asked: list[Deferred[tuple[int, int]]] = []

    def bounds(self) -> Deferred[tuple[int, int]]:
        """See L{twisted_chat.stores.interfaces.IHistory.bounds}."""
        self.asked.append(Deferred())
        return self.asked[-1]


class CrowdTests(SynchronousTestCase):
    """
    Many users who come back at one instant.
    """

    def setUp(self) -> None:
        self.log = AskedLog()
        self.hub = makeHub(self.log)
        names = ("Bob", "Cem", "Dai")
        left = [enter(self.hub, name, JSON) for name in names]
        for client in left:
            client.drops()
        (ann,) = enterAll(self.hub, "Ann")
        ann.types("one")
        self.back = [resume(self.hub, client.objects[0], newest(client)) for client in left]

    def test_oneQuestion(self) -> None:
        """
        All users wait for one answer about what is kept, and each gets their own part of the past.
        """
        (question,) = self.log.asked
        question.callback((1, 99))
        for client in self.back:
            self.assertEqual([value["text"] for value in client.objectsOf("said")], ["one"])
            self.assertEqual(client.objectsOf("gap"), [])

    def test_oneIsGone(self) -> None:
        """A user who is gone before the answer keeps it from nobody."""
        self.back[0].drops()
        self.log.asked[0].callback((1, 99))
        found = [len(client.objectsOf("said")) for client in self.back]
        self.assertEqual(found, [0, 1, 1])

    def test_later(self) -> None:
        """A user who comes after the answer asks once more, since it may have changed."""
        self.log.asked[0].callback((1, 99))
        self.back[0].drops()
        again = resume(self.hub, self.back[0].objects[0], 2)
        self.assertEqual(len(self.log.asked), 2)
        self.log.asked[1].callback((5, 99))
        self.assertEqual([value["count"] for value in again.objectsOf("gap")], [2])

    def test_unreadable(self) -> None:
        """All users are sent away if the bounds cannot be read."""
        self.log.asked[0].errback(OSError("disk"))
        self.assertEqual([len(client.objectsOf("bye")) for client in self.back], [1, 1, 1])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
