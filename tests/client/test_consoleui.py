"""
Tests of the user interface in a terminal, with a real console on no terminal.
"""

from __future__ import annotations

import time

from tests.support.chatting import CONNECTED, OK, PROMPT, WELCOME
from tests.support.consoles import ConsoleUITestCase


class ConsoleUITests(ConsoleUITestCase):
    """
    Names, messages and ways out.
    """

    def test_name(self) -> None:
        """The name is asked for, and again if it is refused."""
        peer = self.begin("", text=True)
        self.assertIn("Enter your name to enter the chat > ", self.shown())
        self.types("\r")
        self.types("Ann\r")
        self.assertEqual(peer.got(), b"Ann\r\n")
        peer.sends(b"! taken\r\n" + PROMPT)
        self.assertIn("! taken", self.shown())
        self.types("Anna\r")
        peer.sends(CONNECTED)
        self.assertEqual(peer.got(), b"Anna\r\n")
        self.assertIn("Connected... Start sending messages", self.shown())

    def test_early(self) -> None:
        """Lines that are typed before there is a connection are the name, and then messages."""
        peer = self.begin("", early="Ann\rHello!\rHow a")
        hello = peer.objects()
        self.assertEqual([(each["type"], each["name"]) for each in hello], [("hello", "Ann")])
        peer.says(**WELCOME)
        self.assertEqual([each.get("text") for each in peer.objects()], [None] * 2 + ["Hello!"])
        self.assertTrue(self.shown().endswith("How a"))

    def test_earlyPart(self) -> None:
        """A name that is being typed when the connection is made is not lost."""
        peer = self.begin("", early="An")
        self.assertEqual(peer.got(), b"")
        self.types("na\r")
        self.assertEqual(peer.objects()[0]["name"], "Anna")

    def test_conversation(self) -> None:
        """A typed line is said, and a line of the server is shown."""
        peer = self.inside()
        self.types("Hello!\r")
        self.assertEqual(peer.objects()[0]["text"], "Hello!")
        peer.says(type="ok", key="k1", id=11, time=1.0)
        peer.says(type="said", id=12, time=1.0, room="#lobby", name="Alexei", text="Hi!")
        shown = self.shown()
        self.assertIn("OK . .", shown)
        self.assertIn("Alexei :: Hi!", shown)
        self.assertIn("[#lobby]", shown)

    def test_severalLines(self) -> None:
        """Each line of a paste is a message, and blank lines are skipped."""
        peer = self.inside()
        self.ui.lineEntered("one\n\n \ntwo")
        self.assertEqual([each["text"] for each in peer.objects()], ["one", "two"])

    def test_ownCommands(self) -> None:
        """The client's own commands are not sent, and their mistakes are told."""
        peer = self.inside()
        self.types("/time maybe\r")
        self.assertIn("! say on or off", self.shown())
        self.types("/debug\r")
        self.assertIn("JSON dialect", self.shown())
        self.assertEqual(peer.got(), b"")

    def test_frozenTerminal(self) -> None:
        """A terminal that takes no more stops reading from the server."""
        peer = self.inside()
        self.console.pauseProducing()
        self.assertEqual(peer.transport.producerState, "paused")
        self.console.resumeProducing()
        self.assertEqual(peer.transport.producerState, "producing")

    def test_dayOfOwnLine(self) -> None:
        """The day's line comes before the first line after midnight, the user's own too."""
        times = [0.0]
        self.inside()
        self.ui._now = lambda: times[0]
        times[0] += 3 * 24 * 3600
        self.types("hello\r")
        day = time.strftime("--- %Y-%m-%d ---", time.localtime(times[0]))
        shown = self.shown()
        self.assertLess(shown.index(day), shown.index("hello", shown.index(day) - 1))
        self.types("again\r")
        self.assertNotIn("---", self.shown())

    def test_shortPrompt(self) -> None:
        """A server with many rooms or long names cannot fill the screen with the prompt."""
        peer = self.inside()
        for number in range(6):
            room = f"#{number}{'x' * 99}"
            peer.says(type="said", id=11 + number, time=1.0, room=room, name="Bob", text="Hi!")
        prompt = self.shown().rpartition("\r")[2]
        self.assertIn("[3 more]", prompt)
        self.assertLess(len(prompt), 200)

    def test_exits(self) -> None:
        """Each way out has its exit code."""
        for keys, code in (("\x04", 0), ("\x03\x03", 130), ("/quit\r", 0)):
            self.host.calls.clear()
            self.inside()
            self.types(keys)
            self.clock.pump([1, 1, 1])
            self.assertEqual(self.host.calls, [(code, "")])

    def test_unreachable(self) -> None:
        """A server that was never reached is not tried again."""
        peer = self.begin(text=True)
        peer.sends(b"! the server is full\r\n")
        peer.closes()
        self.assertEqual(self.host.calls, [(69, "the server is full")])

    def test_textDialect(self) -> None:
        """A server of the text dialect works as well, without rooms and times of its own."""
        peer = self.begin(text=True)
        peer.sends(CONNECTED + OK + b"Bob :: Hi Ann\r\n#dev Bob :: x\r\n* news\r\n")
        shown = self.shown()
        for line in ("OK . .", "Bob :: Hi Ann", "#dev Bob :: x", "* news", "\x07"):
            self.assertIn(line, shown)
