"""
Tests for L{twisted_chat.net.budget}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.net.budget import QueueLedger


class QueueLedgerTests(SynchronousTestCase):
    """
    Tests for L{QueueLedger}.
    """

    def test_withinTheLimit(self) -> None:
        """Nobody is cut up to the limit, and what was read makes room."""
        ledger: QueueLedger[str] = QueueLedger(100)
        self.assertEqual(ledger.grow("ann", 60), ())
        self.assertEqual(ledger.grow("bob", 40), ())
        ledger.shrink("ann", 60)
        self.assertEqual(ledger.total, 40)
        self.assertEqual(ledger.grow("cid", 60), ())

    def test_largestFirst(self) -> None:
        """Above the limit the largest are cut, as few as bring an eighth of it back."""
        ledger: QueueLedger[str] = QueueLedger(800)
        for owner, size in [("ann", 50), ("bob", 500), ("cid", 60), ("dan", 190)]:
            ledger.grow(owner, size)
        self.assertEqual(ledger.grow("ann", 1), ["bob"])
        self.assertEqual(ledger.total, 301)
        self.assertEqual(ledger.grow("eve", 500), ["eve"])

    def test_severalAreCut(self) -> None:
        """A crowd of small backlogs is cut in one go."""
        ledger: QueueLedger[int] = QueueLedger(800)
        cut = [owner for n in range(100) for owner in ledger.grow(n, 10)]
        self.assertEqual(cut, list(range(11)) + list(range(11, 22)))
        self.assertLessEqual(ledger.total, 800)

    def test_cutIsForgotten(self) -> None:
        """Who was cut or is gone can be shrunk and forgotten again without harm."""
        ledger: QueueLedger[str] = QueueLedger(10)
        self.assertEqual(ledger.grow("ann", 11), ["ann"])
        ledger.shrink("ann", 11)
        ledger.forget("ann")
        ledger.grow("bob", 5)
        ledger.forget("bob")
        ledger.shrink("bob", 5)
        self.assertEqual(ledger.total, 0)

    @settings(deadline=None, derandomize=True, max_examples=50)
    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(-30, 60)), max_size=80))
    def test_totalIsTheSum(self, steps: list[tuple[int, int]]) -> None:
        """The total is the sum of all backlogs and never above the limit."""
        ledger: QueueLedger[int] = QueueLedger(100)
        sizes: dict[int, int] = {}
        for owner, n in steps:
            if n > 0:
                sizes[owner] = sizes.get(owner, 0) + n
                for cut in ledger.grow(owner, n):
                    self.assertEqual(sizes[cut], max(sizes.values()))
                    del sizes[cut]
            else:
                taken = min(-n, sizes.get(owner, 0))
                sizes[owner] = sizes.get(owner, 0) - taken
                ledger.shrink(owner, taken)
            self.assertEqual(ledger.total, sum(sizes.values()))
            self.assertLessEqual(ledger.total, 100)
