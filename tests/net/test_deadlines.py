"""
Tests for L{twisted_chat.net.deadlines}.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.net.deadlines import Deadlines


class DeadlinesTests(SynchronousTestCase):
    """
    Tests for L{Deadlines}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.deadlines = Deadlines(self.clock)
        self.calls: list[str] = []

    def set(self, key: str, seconds: float) -> None:
        """
        Note the key when it is due.
        """
        self.deadlines.set(key, seconds, lambda: self.calls.append(key))

    def pass_(self, seconds: float) -> None:
        """
        Let time pass in small steps.
        """
        self.clock.pump([0.25] * int(seconds / 0.25))

    def test_due(self) -> None:
        """A deadline is met once, not before its time and at most half a second after it."""
        self.set("a", 30)
        self.pass_(29.75)
        self.assertEqual(self.calls, [])
        self.pass_(0.75)
        self.assertEqual(self.calls, ["a"])
        self.pass_(60)
        self.assertEqual(self.calls, ["a"])

    def test_cleared(self) -> None:
        """A deadline that is cleared is not met, and clearing none is no error."""
        self.set("a", 1)
        self.deadlines.clear("a")
        self.deadlines.clear("b")
        self.pass_(5)
        self.assertEqual(self.calls, [])

    def test_lateTick(self) -> None:
        """Bytes read first after a pause of the process may clear a deadline that seems due."""
        self.set("a", 30)
        self.set("b", 30)
        self.clock.callLater(31, self.deadlines.clear, "a")
        self.clock.rightNow += 60
        self.clock.advance(0)
        self.assertEqual(self.calls, ["b"])

    def test_replaced(self) -> None:
        """A new deadline of a key replaces the old one."""
        self.set("a", 1)
        self.set("a", 10)
        self.pass_(9)
        self.assertEqual(self.calls, [])
        self.pass_(2)
        self.assertEqual(self.calls, ["a"])

    def test_oneTimer(self) -> None:
        """A thousand deadlines hold one timer, and an empty set holds none."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
        for number in range(1000):
            self.set(str(number), 5)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.pass_(6)
        self.assertEqual(len(self.calls), 1000)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_again(self) -> None:
        """The first deadline after a time without any is met, too."""
        self.set("a", 1)
        self.pass_(5)
        self.set("b", 1)
        self.pass_(5)
        self.assertEqual(self.calls, ["a", "b"])

    def test_setByAnAction(self) -> None:
        """An action may set deadlines, its own key's among them, and one timer serves them."""

        def again() -> None:
            self.calls.append("again")
            if len(self.calls) < 3:
                self.deadlines.set("a", 0, again)
            self.assertLessEqual(len(self.clock.getDelayedCalls()), 1)

        self.deadlines.set("a", 0, again)
        self.pass_(5)
        self.assertEqual(self.calls, ["again"] * 3)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_clearedByAnAction(self) -> None:
        """A deadline that another action clears in the same moment is not met."""
        self.deadlines.set("a", 1, lambda: self.deadlines.clear("b"))
        self.set("b", 1)
        self.pass_(3)
        self.assertEqual(self.calls, [])

    def test_failingAction(self) -> None:
        """An action that fails is logged and keeps nothing else from happening."""
        self.deadlines.set("a", 1, lambda: 1 // 0)
        self.set("b", 1)
        self.pass_(3)
        self.assertEqual(self.calls, ["b"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_stop(self) -> None:
        """A stop leaves no deadline and no timer."""
        self.set("a", 1)
        self.deadlines.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.pass_(3)
        self.assertEqual(self.calls, [])

    def test_stoppedByAnAction(self) -> None:
        """An action may stop everything."""
        self.deadlines.set("a", 1, self.deadlines.stop)
        self.set("b", 1)
        self.pass_(3)
        self.assertEqual(self.calls, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_withoutAClock(self) -> None:
        """No deadline is met without a clock."""
        deadlines = Deadlines(None)
        deadlines.set("a", 0, lambda: self.calls.append("a"))
        deadlines.clear("a")
        deadlines.stop()
        self.assertEqual(self.calls, [])
