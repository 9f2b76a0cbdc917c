"""
Tests of the user interface in a terminal: lost connections.
"""

from __future__ import annotations

from twisted.internet.error import ConnectionLost

from tests.support.chatting import WELCOME
from tests.support.consoles import ConsoleUITestCase


class OfflineTests(ConsoleUITestCase):
    """
    A connection that is lost and made again.
    """

    def test_offline(self) -> None:
        """A drop is told once, with the time left; the queue's limit is told too."""
        peer = self.inside()
        peer.closes(ConnectionLost())
        shown = self.shown()
        self.assertIn("was lost. What you say waits", shown)
        self.assertIn("offline", shown)
        for _ in range(101):
            self.ui.lineEntered("x")
        self.assertIn("! 100 messages wait already", self.shown())
        self.clock.advance(0.5)
        peer = self.endpoint.accept()
        peer.got()
        peer.says(**{**WELCOME, "resumed": True, "missed": 2, "last": 12})
        self.assertEqual(len([each for each in peer.objects() if each["type"] == "say"]), 100)
        shown = self.shown()
        self.assertIn("* Reconnected, 2 missed", shown)
        self.assertNotIn("offline", shown)

    def test_unknownSession(self) -> None:
        """A user whose session the server does not know is not told that nothing was missed."""
        self.inside().closes(ConnectionLost())
        self.clock.advance(0.5)
        peer = self.endpoint.accept()
        peer.says(**{**WELCOME, "resumed": False, "missed": 0})
        shown = self.shown()
        self.assertIn("does not know you", shown)
        self.assertNotIn("0 missed", shown)

    def test_countdown(self) -> None:
        """The status counts the seconds to the next attempt."""
        self.inside().closes()
        for _ in range(4):
            while not self.endpoint.attempts:
                self.clock.advance(0.5)
            self.endpoint.refuse(ConnectionLost())
        self.shown()
        self.clock.advance(1)
        self.assertIn("retry 7 s", self.shown())

    def test_resend(self) -> None:
        """Messages in doubt are counted, and said again on demand."""
        peer = self.inside()
        self.types("doubtful\r")
        peer.closes()
        self.clock.advance(0.5)
        peer = self.endpoint.accept()
        peer.says(**{**WELCOME, "token": "U"})
        peer.got()
        self.assertIn("Unconfirmed messages: 1; /resend", self.shown())
        self.types("/resend\r")
        self.assertEqual(peer.objects()[0]["text"], "doubtful")

    def test_seen(self) -> None:
        """The next run marks the first new message."""
        self.inside(last=5)
        self.ui.remember()
        peer = self.begin()
        peer.says(**{**WELCOME, "last": 6})
        for number in (5, 6):
            peer.says(
                type="said", id=number, time=1.0, room="#lobby", name="Bob", text="x", old=True
            )
        shown = self.shown()
        self.assertEqual(shown.count("new since you left"), 1)

    def test_goodbye(self) -> None:
        """The server's reason for a drop is told once, and a drop without one is explained."""
        peer = self.inside()
        peer.says(type="bye", text="server is going down")
        peer.closes()
        shown = self.shown()
        self.assertEqual(shown.count("server is going down"), 1)
        self.assertIn("* What you say waits for the connection", shown)
        self.clock.advance(0.5)
        peer = self.endpoint.accept()
        peer.says(**WELCOME)
        self.shown()
        peer.closes()
        self.assertIn("closed the connection. What you say waits", self.shown())
