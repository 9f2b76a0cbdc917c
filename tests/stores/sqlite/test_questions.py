from __future__ import annotations

from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import capturedLogs

from tests.contracts.store import said, scopeOf, wholeOf
from tests.stores.sqlite.storecase import LOBBY, SQLiteCase
from twisted_chat.errors import BadCommand, NoHistory
from twisted_chat.stores.sqlite import reader
from twisted_chat.wire.events import Event, Query

_T = TypeVar("_T")


class QuestionsTests(SQLiteCase):
    """
    What becomes of questions that nobody waits for, or that cannot be answered.
    """

    def setUp(self) -> None:
        super().setUp()
        self.appendAll(*(said(f"tea {number}") for number in range(20)))

    def search(self, sid: str) -> Deferred[list[Event]]:
        return self.store.search(scopeOf("#lobby", sid=sid), Query(("tea",)), 99)

    def test_byTurns(self) -> None:
        """
        Searches go by turns of those who ask, of whom few may wait.
        """
        ends: list[str] = []
        for sid in "aaab":
            self.search(sid).addCallback(lambda _, sid: ends.append(sid), sid)
        self.failureResultOf(self.search("a"), NoHistory)
        self.settle()
        self.assertEqual(ends, ["a", "a", "b", "a"])

    def test_cancel(self) -> None:
        """
        Any question can be cancelled; others are answered.
        """
        place = wholeOf("#lobby")
        asked: list[Deferred[Any]] = [
            self.search("a"),
            self.search("a"),
            self.store.last(place, 5),
            self.store.after(LOBBY, 0, 5),
            self.store.rooms(),
        ]
        others = [self.search("b"), self.store.last(place, 99)]
        for each in asked:
            each.cancel()
            self.failureResultOf(each, CancelledError)
        self.settle()
        for other in others:
            self.assertEqual(len(self.successResultOf(other)), 20)

    def test_stop(self) -> None:
        """
        A stop waits for no question: they are refused, those that come after it, too.
        """
        asked = [self.search("a"), self.search("a"), self.store.last(wholeOf("#lobby"), 5)]
        stopping = self.store.stop()
        late: list[Deferred[Any]] = [self.store.bounds(), self.store.recall("hash")]
        for each in [*asked, self.search("a"), *late]:
            error = self.failureResultOf(each, NoHistory).value
            self.assertIn("server is stopping", str(error))
        self.settle()
        self.successResultOf(stopping)

    def test_whyNot(self) -> None:
        """
        Why a question cannot be answered the operator hears once a minute; what is only asked
        wrongly, or takes too long, is nothing to them.
        """
        broken = self.patch(reader, "EVENTS", "SELECT nothing FROM nowhere")
        with capturedLogs() as logs:
            for _ in range(3):
                asked = self.search("a")
                self.settle()
                self.failureResultOf(asked, NoHistory)
            broken.restore()
            self.tidy()
            self.patch(reader, "SEARCH_SECONDS", -1.0)
            self.failureResultOf(self.settled(self.search("a")), NoHistory)
            self.failureResultOf(
                self.settled(self.store.search(LOBBY, Query(("?",)), 5)), BadCommand
            )
        [event] = logs
        self.assertIn("syntax error", event["cause"])
        self.assertEqual(event["path"], self.path)
        self.assertIn("see what ails", event["advice"])

    def settled(self, asked: Deferred[_T]) -> Deferred[_T]:
        self.settle()
        return asked

    def test_bug(self) -> None:
        """
        A bug is logged with its traceback, once a minute as well.
        """
        self.patch(reader, "asEvent", lambda row: 1 / 0)
        for _ in range(3):
            self.failureResultOf(self.settled(self.search("a")), ZeroDivisionError)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
