"""
Tests of L{twisted_chat.console.recall}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.recall import Recall, Search


class RecallTests(SynchronousTestCase):
    """
    A walk through earlier lines.
    """

    def test_changesAreKept(self) -> None:
        """
        A line that was changed on the way is changed on the way back, until a line is entered.
        """
        lines = ["one", "two"]
        recall = Recall(lines)
        self.assertEqual(recall.move("draft", -1), "two")
        self.assertEqual(recall.move("two changed", -1), "one")
        self.assertIsNone(recall.move("one", -1))
        self.assertEqual(recall.move("one", 1), "two changed")
        self.assertEqual(recall.move("two changed", 1), "draft")
        self.assertIsNone(recall.move("draft", 1))
        recall.reset()
        lines.append("three")
        self.assertEqual(recall.move("", -1), "three")
        self.assertEqual(recall.move("three", -1), "two")

    def test_empty(self) -> None:
        """An empty history has no line to go to."""
        recall = Recall([])
        self.assertIsNone(recall.move("x", -1))
        self.assertIsNone(recall.ends("x", last=False))

    def test_search(self) -> None:
        """A search goes on from the line it found, as long as that still fits."""
        search = Search(Recall(["abc", "ab", "ABCD", "b"]))
        self.assertEqual(search.found, "")
        search.again()
        self.assertFalse(search.failed)
        search.extend("a")
        self.assertEqual(search.found, "ABCD")
        search.again()
        self.assertEqual(search.found, "ab")
        search.extend("bc")
        self.assertEqual(search.found, "abc")
        search.again()
        self.assertTrue(search.failed)
        self.assertEqual(search.found, "abc")
        search.shorten()
        self.assertEqual((search.words, search.found, search.failed), ("ab", "ABCD", False))
        search.extend("?")
        self.assertTrue(search.failed)
