"""
Tests of L{twisted_chat.console.console}.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.support.emulator import Emulator
from twisted_chat.console.buffer import MAX_INPUT
from twisted_chat.console.console import CONFIRM_ROWS, FULL_HINT_DURATION, QUIT_WINDOW, Console
from twisted_chat.console.inputhistory import History
from twisted_chat.console.keys import ESCAPE_DELAY
from twisted_chat.console.screen import GATHER_DELAY
from twisted_chat.console.styledtext import TIME, Line, Segment


class ConsoleTests(SynchronousTestCase):
    """
    A console on an emulated terminal.
    """

    def setUp(self) -> None:
        self.told: list[str] = []
        self.build("xterm")

    def build(self, term: str, columns: int = 40, rows: int = 20) -> None:
        """
        Make a console whose prompt is C{"> "}.
        """
        self.clock = Clock()
        self.terminal = Emulator(columns, rows)
        self.history = History()
        self.console = Console(
            self.clock, self.terminal, (columns, rows), term, self, history=self.history
        )
        self.console.start()
        self.console.setPrompt("> ")
        self.settle()

    def settle(self, seconds: float = GATHER_DELAY) -> None:
        """Let time go by."""
        self.clock.advance(seconds)

    def type(self, text: str) -> list[str]:
        """
        Type something.

        @return: the rows of the screen after it, with nothing to wait for.
        """
        self.console.dataReceived(text.encode())
        return self.terminal.screenRows()

    # The delegate.

    def lineEntered(self, text: str) -> None:
        """Note it, and answer as the server does."""
        self.told.append(text)
        self.console.show("OK . .")

    def complete(self, text: str, cursor: int) -> Sequence[str]:
        """Offer two names."""
        return [] if text.endswith("?") else ["Ann: ", "Anton: "]

    def interrupted(self) -> None:
        """Note it."""
        self.told.append("INTERRUPTED")

    def eof(self) -> None:
        """Note it."""
        self.told.append("EOF")

    # The dialogue.

    def test_dialogue(self) -> None:
        """The screen shows the whole dialogue, and each line as it was typed."""
        self.console.setPrompt("")
        self.console.ask("Enter your name to enter the chat > ", self.told.append)
        self.settle()
        self.assertEqual(self.type("Alexei\r"), ["Enter your name to enter the chat > Alex", "ei"])
        self.console.show("Connected... Start sending messages")
        self.type("Hi!\r")
        self.console.show("Bob :: Hello")
        self.settle()
        self.assertEqual(
            self.terminal.allLines(),
            [
                "Enter your name to enter the chat > Alexei",
                "Connected... Start sending messages",
                "Hi!",
                "OK . .",
                "Bob :: Hello",
                "",
            ],
        )
        self.assertEqual(self.told, ["Alexei", "Hi!"])

    def test_echoIsImmediate(self) -> None:
        """
        A typed character is on the screen before any time has gone by, with the lines that wait.
        """
        self.console.show("Bob :: one")
        self.assertEqual(self.type("h"), ["Bob :: one", "> h"])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_typedTextIsNotDisturbed(self) -> None:
        """Lines that come while a line is typed go above it."""
        for number, message in enumerate("привет"):
            self.type(message)
            self.console.show(f"Bob :: {number}")
            self.settle()
        self.assertEqual(
            self.terminal.screenRows(), [*(f"Bob :: {n}" for n in range(6)), "> привет"]
        )

    def test_ownLine(self) -> None:
        """
        The owner decides what stays of a line that was entered; nothing stays of an empty one.
        """
        self.console.ownLine = lambda text: [Line.of(Segment("12:00 ", TIME), text)]
        self.assertEqual(self.type("hello\r"), ["12:00 hello", "OK . .", ">"])
        self.assertEqual(self.type("\r"), ["12:00 hello", "OK . .", "OK . .", ">"])
        self.assertEqual(self.told, ["hello", ""])

    def test_statusAndPrompt(self) -> None:
        """The status stands before the prompt, and both may change while the user types."""
        self.type("hel")
        self.console.setStatus("[#dev] [offline, retry 4 s]")
        self.console.setPrompt("Ann> ")
        self.settle()
        self.assertEqual(self.type("lo"), ["[#dev] [offline, retry 4 s] Ann> hello"])
        self.console.setStatus("")
        self.settle()
        self.assertEqual(self.terminal.screenRows(), ["Ann> hello"])

    def test_closedInTheMiddle(self) -> None:
        """Input behind the line at which the owner closes the console is ignored."""
        self.console.delegate = self
        self.lineEntered = lambda text: self.console.close()  # type: ignore[method-assign]
        self.type("quit\rmore\r")
        self.assertEqual(self.told, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    # Questions.

    def test_questionKeepsTheDraft(self) -> None:
        """The draft is there again after the answer, and the answer is in no history."""
        self.type("a draft")
        self.console.ask("Name > ", self.told.append)
        self.settle()
        self.assertEqual(self.terminal.screenRows(), ["Name >"])
        self.assertEqual(self.type("Ann\r"), ["Name > Ann", "> a draft"])
        self.assertEqual((self.told, list(self.history)), (["Ann"], []))

    def test_questionAfterQuestion(self) -> None:
        """A later question replaces an earlier one, and the draft survives both."""
        self.type("draft")
        self.console.ask("One > ", lambda text: self.told.append(f"one {text}"))
        self.type("half")
        self.console.ask("Two > ", lambda text: self.told.append(f"two {text}"))
        self.assertEqual(self.type("Ann\r")[-1], "> draft")
        self.assertEqual(self.told, ["two Ann"])

    def test_answerIsOneLine(self) -> None:
        """An answer has no line ends, whatever was pasted, and Tab completes nothing in it."""
        self.console.ask("Name > ", self.told.append)
        self.type("\x1b[200~Ann\nBob\x1b[201~\t\r")
        self.assertEqual(self.told, ["Ann Bob"])

    def test_secret(self) -> None:
        """A secret answer is never on the screen, in the history, or in what can be yanked."""
        self.console.ask("Password > ", self.told.append, secret=True)
        self.settle()
        self.type("hunter2 wrong\x17")
        self.assertEqual(self.terminal.screenRows(), ["Password >"])
        self.type("\r")
        self.assertEqual(self.told, ["hunter2 "])
        self.type("\x19\x1b[A\x12hun\x07\x1f")
        self.assertNotIn(b"hunter2", self.terminal.sent)
        self.assertNotIn(b"wrong", self.terminal.sent)
        self.assertEqual(list(self.history), [])

    def test_shownInPart(self) -> None:
        """An answer that may hold a secret is on the screen only in part."""
        self.console.ask("Name > ", self.told.append, shown=lambda text: text.partition(" ")[0])
        self.type("Ann swordfish")
        self.type("\r")
        self.assertNotIn(b"sword", self.terminal.sent)
        self.assertEqual(self.told, ["Ann swordfish"])
        self.assertEqual(self.terminal.screenRows()[0], "Name > Ann")

    def test_secretIsNotSearched(self) -> None:
        """A secret that is typed is not shown by the search either."""
        self.console.ask("Password > ", self.told.append, secret=True)
        self.type("\x12swordfish")
        self.assertNotIn(b"swordfish", self.terminal.sent)

    # Leaving.

    def test_interrupt(self) -> None:
        """Ctrl-C drops the draft, then asks, then leaves."""
        self.assertEqual(self.type("text\x03"), [">"])
        self.assertEqual(self.type("\x03"), ["[Ctrl-C again to quit] >"])
        self.assertEqual(self.told, [])
        self.type("\x03")
        self.assertEqual(self.told, ["INTERRUPTED"])

    def test_interruptTooLate(self) -> None:
        """The second Ctrl-C has to come soon, and right after the first."""
        self.type("\x03")
        self.settle(QUIT_WINDOW)
        self.assertEqual(self.terminal.screenRows(), [">"])
        self.type("\x03")
        self.type("a\x7f")
        self.assertEqual(self.type("\x03"), ["[Ctrl-C again to quit] >"])
        self.assertEqual(self.told, [])

    def test_eof(self) -> None:
        """Ctrl-D leaves an empty input, and erases in any other."""
        self.assertEqual(self.type("ab\x01\x04"), ["> b"])
        self.assertEqual(self.told, [])
        self.type("\x04\x04")
        self.assertEqual(self.told, ["EOF"])

    def test_suspender(self) -> None:
        """Ctrl-Z asks the host to give the terminal away, and does nothing if the host cannot."""
        self.type("\x1a")
        self.console.suspender = lambda: self.told.append("SUSPEND")
        self.assertEqual(self.type("\x1a"), [">"])
        self.assertEqual(self.told, ["SUSPEND"])

    # Sending with care.

    def test_pasteIsHeld(self) -> None:
        """A paste of several lines is shown and waits for Enter."""
        self.assertEqual(
            self.type("\x1b[200~one\rtwo\r\nthree\x1b[201~"), ["> one", "two", "three"]
        )
        self.assertEqual(self.told, [])
        self.assertEqual(self.type("\r")[:3], ["one", "  | two", "  | three"])
        self.assertEqual(self.told, ["one\ntwo\nthree"])

    def test_longPasteIsConfirmed(self) -> None:
        """More than a few lines are sent only when Enter was pressed twice in a row."""
        lines = "\n".join(str(number) for number in range(CONFIRM_ROWS + 1))
        self.type(f"\x1b[200~{lines}\x1b[201~")
        self.assertEqual(self.type("\r")[0], "[6 lines: Enter again to send, Ctrl-C t")
        self.type("!")
        self.type("\r")
        self.assertEqual(self.told, [])
        self.type("\r")
        self.assertEqual(self.told, [lines + "!"])

    def test_fewLinesAreNotConfirmed(self) -> None:
        """A few lines are sent at once."""
        self.type("\x1b\r".join("abcde") + "\r")
        self.assertEqual(self.told, ["a\nb\nc\nd\ne"])

    def test_full(self) -> None:
        """An input that is full says so for a while."""
        self.build("xterm", 90, 20)
        self.type("x" * MAX_INPUT)
        self.type("y\x01")
        self.assertNotIn("y", "".join(self.terminal.screenRows()))
        self.assertTrue(self.type("z")[0].startswith("[no more than 8000 characters] > x"))
        self.settle(FULL_HINT_DURATION)
        self.assertTrue(self.terminal.screenRows()[0].startswith("> x"))

    # Finding and completing.

    def test_history(self) -> None:
        """Entered lines can be recalled, the newest first; the draft waits."""
        self.type("one\rtwo\r")
        self.assertEqual(self.type("draft\x1b[A")[-1], "> two")
        self.assertEqual(self.type("\x1b[A")[-1], "> one")
        self.assertEqual(self.type("\x1b[B\x1b[B")[-1], "> draft")

    def test_search(self) -> None:
        """Ctrl-R shows what it finds; Enter takes it into the input and sends nothing."""
        self.type("hello Ann\rbye\r")
        self.assertEqual(self.type("\x12ell")[-1], "(earlier: ell) hello Ann")
        self.assertEqual(self.type("x")[-1], "(nothing earlier holds: ellx) hello Ann")
        self.assertEqual(self.type("\x7f\r")[-1], "> hello Ann")
        self.assertEqual(self.told, ["hello Ann", "bye"])
        self.assertEqual(self.type("\x12bye\x07")[-1], "> hello Ann")
        self.type("\x12bye\x03")
        self.assertEqual(self.terminal.screenRows()[-1], "> hello Ann")

    def test_completion(self) -> None:
        """Tab and Shift-Tab go through the candidates, and Escape restores the draft."""
        self.assertEqual(self.type("a\t"), ["> Ann:"])
        self.assertEqual(self.type("\t"), ["> Anton:"])
        self.assertEqual(self.type("\x1b[Z"), ["> Ann:"])
        self.type("\x1b")
        self.settle(ESCAPE_DELAY)
        self.assertEqual(self.terminal.screenRows(), ["> a"])
        self.assertEqual(self.type("\x15?\t"), ["> ?"])

    def test_loneEscapeIsDrawn(self) -> None:
        """An Escape that only time decides is drawn when it is decided."""
        self.type("text\x12")
        self.type("\x1b")
        self.settle(ESCAPE_DELAY)
        self.assertEqual(self.terminal.screenRows(), ["> text"])

    # Terminals.

    def test_smallTerminal(self) -> None:
        """A terminal of 20 columns and 5 rows takes any input, and shows the row of the cursor."""
        self.build("xterm", 20, 5)
        rows = self.type("0123456789" * 20)
        self.assertEqual(len(rows), 4)
        self.assertTrue(rows[-1].endswith("789"))
        self.assertTrue(self.type("\x01")[0].startswith("> 0123"))
        self.type("\r")
        self.assertEqual(self.told, ["0123456789" * 20])

    def test_terminalThatDoesNotTell(self) -> None:
        """A terminal without a size is taken for one of 80 columns."""
        transport = StringTransport()
        console = Console(Clock(), transport, (0, 0), "xterm", self)
        console.start()
        transport.clear()
        console.dataReceived(b"x" * 85)
        self.assertIn(b"x" * 79 + b"\r\n" + b"x" * 6 + b"\r", transport.value())
        console.resize(0, 0)

    def test_dumb(self) -> None:
        """A dumb terminal gets no escape, whatever the user does."""
        for term in ("", "dumb", "unknown", "emacs"):
            self.build(term)
            self.type("one\x01\x1b[Cx\x12o\x07\t\x1b[200~a\nb\x1b[201~\x0c\r\x03\x03")
            self.console.show(Line.of(Segment("\x1b[31mred", TIME)))
            self.console.bell()
            self.console.setColor(True)
            self.console.show("Ann")
            self.settle()
            self.console.suspend()
            self.console.resume()
            self.console.clear()
            self.console.close()
            self.assertNotIn(b"\x1b", self.terminal.sent)
            self.assertEqual(self.terminal.bells, 1)

    def test_colour(self) -> None:
        """Colours can be turned off and on; the text is the same."""
        self.console.setColor(False)
        self.console.show(Line.of(Segment("12:00", TIME)))
        self.settle()
        self.assertNotIn(b"\x1b[2m12:00", self.terminal.sent)
        self.console.setColor(True)
        self.console.show(Line.of(Segment("12:01", TIME)))
        self.settle()
        self.assertIn(b"\x1b[2m12:01\x1b[0m", self.terminal.sent)

    def test_screenIsRedrawn(self) -> None:
        """Ctrl-L begins with an empty screen, and the text typed is there."""
        self.console.show("old")
        self.assertEqual(self.type("text\x0c"), ["> text"])
