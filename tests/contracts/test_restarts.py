# -*- test-case-name: tests.contracts.test_restarts -*-
"""
A chat over a history file whose server is restarted again and again.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tests.stores.sqlite.storecase import SQLiteCase
from tests.support.helpers import enter, makeHub
from twisted_chat.chat.emptyrooms import DAY, FORGET_DAYS
from twisted_chat.chat.hub import Hub
from twisted_chat.stores.sqlite.store import FORGET_SECONDS

YEAR = 365 * DAY


class RestartTests(SQLiteCase):
    """
    A guest has said something in a room, and has left it.
    """

    def begin(self) -> None:
        super().begin()
        self.hub: Hub = makeHub(
            self.store,  # type: ignore[arg-type]
            seconds=lambda: self.now,
            monotonic=self.clock.seconds,
        )
        self.result(Deferred.fromCoroutine(self.hub.restore()))

    def setUp(self) -> None:
        super().setUp()
        ann = enter(self.hub, "Ann")
        self.settle()
        for line in ("/join #tea", "hello", "/leave", "/quit"):
            ann.types(line)
            self.settle()
        self.assertIn("#tea", self.hub.rooms)

    def stop(self) -> None:
        # Another computer's clock that does not jump may show anything.
        super().stop()
        self.clock.rightNow = 1_000_000.0 - self.clock.rightNow

    def passes(self, seconds: float) -> None:
        """
        Let time pass while the server runs.
        """
        until = self.clock.seconds() + seconds
        while (left := until - self.clock.seconds()) > 0:
            some = min(left, FORGET_SECONDS)
            self.now += some
            self.clock.advance(some)
            self.settle()
            self.hub.tidy()
            self.settle()

    def days(self, count: int) -> None:
        """
        Let the server run for so many days, and restart it after each.
        """
        for _ in range(count):
            self.passes(DAY - 600)
            self.now += 600
            self.restart()

    def test_restartedDaily(self) -> None:
        """
        A server that is restarted every day forgets an empty room after as many days as another.
        """
        self.days(FORGET_DAYS - 1)
        self.assertIn("#tea", self.hub.rooms)
        self.days(10 - FORGET_DAYS + 1)
        self.assertNotIn("#tea", self.hub.rooms)

    def test_wrongClock(self) -> None:
        """
        A server that is started with a clock four years ahead forgets no room, however often it is
        started so, until it has run with that clock for a day.
        """
        self.days(1)
        self.now += 4 * YEAR
        for _ in range(3):
            self.restart()
            self.passes(DAY - 600)
            self.assertIn("#tea", self.hub.rooms)
        self.passes(7_200)
        self.assertNotIn("#tea", self.hub.rooms)
