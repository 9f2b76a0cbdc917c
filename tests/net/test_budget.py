"""
Tests for L{twisted_chat.net.budget}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.net.budget import BacklogBudget


class BacklogBudgetTests(SynchronousTestCase):
    """
    Tests for L{BacklogBudget}.
    """

    def test_withinTheLimit(self) -> None:
        """No backlog is cut up to the limit, and bytes that were read make room."""
        budget: BacklogBudget[str] = BacklogBudget(100)
        self.assertEqual(budget.grow("ann", 60), ())
        self.assertEqual(budget.grow("bob", 40), ())
        budget.shrink("ann", 60)
        self.assertEqual(budget.total, 40)
        self.assertEqual(budget.grow("cid", 60), ())

    def test_largestFirst(self) -> None:
        """The largest backlogs are cut above the limit, as few as bring an eighth of it back."""
        budget: BacklogBudget[str] = BacklogBudget(800)
        for owner, size in [("ann", 50), ("bob", 500), ("cid", 60), ("dan", 190)]:
            budget.grow(owner, size)
        self.assertEqual(budget.grow("ann", 1), ["bob"])
        self.assertEqual(budget.total, 301)
        self.assertEqual(budget.grow("eve", 500), ["eve"])

    def test_severalAreCut(self) -> None:
        """A crowd of small backlogs is cut in one go."""
        budget: BacklogBudget[int] = BacklogBudget(800)
        cut = [owner for n in range(100) for owner in budget.grow(n, 10)]
        self.assertEqual(cut, list(range(11)) + list(range(11, 22)))
        self.assertLessEqual(budget.total, 800)

    def test_cutIsForgotten(self) -> None:
        """A queue that was cut or forgotten can be shrunk and forgotten again without harm."""
        budget: BacklogBudget[str] = BacklogBudget(10)
        self.assertEqual(budget.grow("ann", 11), ["ann"])
        budget.shrink("ann", 11)
        budget.forget("ann")
        budget.grow("bob", 5)
        budget.forget("bob")
        budget.shrink("bob", 5)
        self.assertEqual(budget.total, 0)

    @settings(deadline=None, derandomize=True, max_examples=50)
    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(-30, 60)), max_size=80))
    def test_totalIsTheSum(self, steps: list[tuple[int, int]]) -> None:
        """The total is the sum of all backlogs and never above the limit."""
        budget: BacklogBudget[int] = BacklogBudget(100)
        sizes: dict[int, int] = {}
        for owner, n in steps:
            if n > 0:
                sizes[owner] = sizes.get(owner, 0) + n
                for cut in budget.grow(owner, n):
                    self.assertEqual(sizes[cut], max(sizes.values()))
                    del sizes[cut]
            else:
                taken = min(-n, sizes.get(owner, 0))
                sizes[owner] = sizes.get(owner, 0) - taken
                budget.shrink(owner, taken)
            self.assertEqual(budget.total, sum(sizes.values()))
            self.assertLessEqual(budget.total, 100)
