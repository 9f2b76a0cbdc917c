"""
Tests of L{twisted_chat.console.completion}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.completion import Cycle, candidates, wordBefore

COMMANDS = ["/help", "/history", "/join"]
NAMES = ["Bob", "Ann", "anton", "Ёж"]
ROOMS = ["#dev", "#main"]


class CompleteTests(SynchronousTestCase):
    """
    Completion of words.
    """

    def offered(self, text: str) -> list[str]:
        """
        @param text: with the cursor at its C{|}, or its end.
        """
        before, _, after = text.partition("|")
        return candidates(before + after, len(before), COMMANDS, NAMES, ROOMS)

    def test_wordBefore(self) -> None:
        """The word before the cursor ends at a blank and at the cursor."""
        for text, cursor, word in (
            ("one two", 7, "two"),
            ("one two", 5, "t"),
            ("one two", 4, ""),
            ("one", 0, ""),
            ("", 0, ""),
            ("a\nжук", 5, "жук"),
        ):
            self.assertEqual(wordBefore(text, cursor), word, (text, cursor))

    def test_commands(self) -> None:
        """A slash at the start of the line is a command."""
        self.assertEqual(self.offered("/h"), ["/help ", "/history "])
        self.assertEqual(self.offered("/H"), ["/help ", "/history "])
        self.assertEqual(self.offered("x /h"), [])

    def test_names(self) -> None:
        """Names keep their order, and are addresses at the start of the line."""
        self.assertEqual(self.offered("an"), ["Ann: ", "anton: "])
        self.assertEqual(self.offered("hi an|!"), ["Ann ", "anton "])
        self.assertEqual(self.offered("hi ё"), ["Ёж "])
        self.assertEqual(self.offered("hi @b"), ["@Bob "])
        self.assertEqual(self.offered("/msg b"), ["Bob "])
        self.assertEqual(self.offered("zz"), [])

    def test_rooms(self) -> None:
        """A hash begins a room."""
        self.assertEqual(self.offered("/join #"), ["#dev ", "#main "])
        self.assertEqual(self.offered("#M"), ["#main "])

    def test_nothingTyped(self) -> None:
        """Names are offered without a word where one is expected, and nothing is in a sentence."""
        self.assertEqual(self.offered("")[0], "Bob: ")
        self.assertEqual(self.offered("/msg ")[0], "Bob ")
        self.assertEqual(self.offered("hello "), [])

    def test_cycle(self) -> None:
        """The typed text follows the last candidate, in both directions."""
        cycle = Cycle("a", ["Ann", "Anton"])
        self.assertEqual([cycle.next(1) for _ in range(4)], ["Ann", "Anton", "a", "Ann"])
        self.assertEqual([cycle.next(-1) for _ in range(3)], ["a", "Anton", "Ann"])
