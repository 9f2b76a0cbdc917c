"""
Tests of L{twisted_chat.console.plain}.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.line import MENTION, Line, Segment
from twisted_chat.console.plain import MAX_LINE, PlainConsole


class PlainTests(SynchronousTestCase):
    """
    Lines in, lines out.
    """

    def setUp(self) -> None:
        self.written = b""
        self.told: list[str] = []
        self.console = PlainConsole(self.write, self)

    def write(self, data: bytes) -> None:
        """The output."""
        self.written += data

    def lineEntered(self, text: str) -> None:
        """Note it."""
        self.told.append(text)

    def complete(self, text: str, cursor: int) -> Sequence[str]:
        """Nobody asks."""
        return []

    def interrupted(self) -> None:
        """Note it."""
        self.told.append("interrupted")

    def eof(self) -> None:
        """Note it."""
        self.told.append("EOF")

    def test_lines(self) -> None:
        """Lines come as they were cut by their ends, also the last one without an end."""
        for piece in (b"one\ntw", b"o\r\n\n\xd0", b"\xb6\xff"):
            self.console.dataReceived(piece)
        self.console.ended()
        self.assertEqual(self.told, ["one", "two", "", "ж\ufffd", "EOF"])

    def test_endless(self) -> None:
        """A line without an end is not kept whole."""
        for _ in range(3):
            self.console.dataReceived(b"a" * MAX_LINE)
        self.console.dataReceived(b"\nb\n")
        self.assertEqual([len(each) for each in self.told], [MAX_LINE, 1])

    def test_show(self) -> None:
        """Lines are written at once, clean and without any look."""
        self.console.show(Line.of(Segment("Ann", MENTION), " :: \x1b[2Jжук\nBob :: x"))
        self.assertEqual(self.written.decode(), "Ann :: \ufffd[2Jжук\n  | Bob :: x\n")

    def test_nothingElse(self) -> None:
        """There are no prompts, bells, titles or colours."""
        self.console.setPrompt("Ann> ")
        self.console.setStatus("[offline]")
        self.console.setTitle("chat")
        self.console.setColor(True)
        self.console.bell()
        self.console.clear()
        self.assertEqual(self.written, b"")

    def test_question(self) -> None:
        """A question has no line end of its own, and nothing follows it on its line."""
        self.console.ask("name > ", lambda answer: self.told.append(f"answer {answer}"))
        self.assertEqual(self.written, b"name > ")
        self.console.dataReceived(b"Ann\nhello\n")
        self.console.show("welcome")
        self.assertEqual(self.written, b"name > \nwelcome\n")
        self.assertEqual(self.told, ["answer Ann", "hello"])

    def test_questionOnATerminal(self) -> None:
        """Where the terminal echoes the answer, it has ended the line already."""
        self.console = PlainConsole(self.write, self, echoed=True)
        self.console.ask("name > ", self.told.append)
        self.console.dataReceived(b"Ann\n")
        self.console.show("welcome")
        self.assertEqual(self.written, b"name > welcome\n")

    def test_questionUnanswered(self) -> None:
        """A line shown meanwhile, or the end, ends the question's line."""
        self.console.ask("name > ", self.told.append)
        self.console.show("wait")
        self.assertEqual(self.written, b"name > \nwait\n")
        self.console.ask("name > ", self.told.append)
        self.console.close()
        self.assertTrue(self.written.endswith(b"name > \n"))

    def test_closed(self) -> None:
        """After the end nothing is read or written."""
        self.console.close()
        self.console.dataReceived(b"late\n")
        self.console.show("late")
        self.console.ask("late", self.told.append)
        self.console.ended()
        self.console.close()
        self.assertEqual((self.written, self.told), (b"", []))

    def test_throttled(self) -> None:
        """Whoever feeds the console is told when the output takes no more."""
        told: list[bool] = []
        self.console.throttled = told.append
        self.console.pauseProducing()
        self.console.resumeProducing()
        self.assertEqual(told, [True, False])

    def test_outputGone(self) -> None:
        """Nothing is written to an output that is gone."""
        self.console.stopProducing()
        self.console.show("late")
        self.assertEqual(self.written, b"")
