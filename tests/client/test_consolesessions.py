"""
Tests of the user interface in a terminal: sessions that outlive a run.
"""

from __future__ import annotations

from tests.support.chatting import CONNECTED, WELCOME
from tests.support.consoles import ConsoleUITestCase
from twisted_chat.client.devicesecrets import DeviceSecret
from twisted_chat.client.dialect import SessionState
from twisted_chat.client.sessionfile import SessionFile


class SessionTests(ConsoleUITestCase):
    """
    Sessions that the next run resumes.
    """

    def test_sessionIsKept(self) -> None:
        """The next run resumes by its name, after C{/quit} and after a crash."""
        for end in ("/quit\r", "\x04", ""):
            first = self.sessions()
            peer = self.begin(sessions=first)
            peer.says(**{**WELCOME, "last": 12})
            self.types(end)
            if end:
                peer.closes()
                self.ui.remember()
            first.release()
            for name in ("Ann", "ann"):
                second = self.sessions()
                (hello,) = self.begin(name, sessions=second).objects()
                resumed = {"name": name, "token": "T", "epoch": "E", "last": 12}
                self.assertEqual(hello, {"type": "hello", **resumed})
                second.release()

    def test_resumed(self) -> None:
        """A user whose session is resumed is told so, and speaks in their former room."""
        first = self.sessions()
        self.begin(sessions=first).says(**WELCOME)
        first.release()
        peer = self.begin("Ann", sessions=self.sessions())
        peer.says(**{**WELCOME, "resumed": True, "missed": 2, "last": 12, "room": "#dev"})
        self.assertIn("* You are Ann again, in #dev: 2 missed", self.shown())
        self.types("hello\r")
        self.assertEqual(self.said(peer), [("hello", "#dev")])

    def test_nameAtThePrompt(self) -> None:
        """A user without a name is asked for one, and a known name resumes its session."""
        first = self.sessions()
        self.begin(sessions=first).says(**WELCOME)
        first.release()
        peer = self.begin("", sessions=self.sessions())
        self.assertEqual(peer.objects(), [])
        self.types("Ann\r")
        self.assertEqual([each.get("token") for each in peer.objects()], ["T"])

    def test_otherName(self) -> None:
        """Another name is another session, and leaves the first one alone."""
        first = self.sessions()
        self.begin(sessions=first).says(**WELCOME)
        first.release()
        second = self.sessions()
        peer = self.begin("Bob", sessions=second)
        self.assertNotIn("token", peer.objects()[0])
        peer.says(**{**WELCOME, "name": "Bob", "token": "U"})
        second.release()
        for name, token in (("Ann", "T"), ("Bob", "U")):
            third = self.sessions()
            (hello,) = self.begin(name, sessions=third).objects()
            self.assertEqual(hello["token"], token)
            third.release()

    def test_otherNameAfterRefusal(self) -> None:
        """A name that is given after the session's was refused is another session."""
        first = self.sessions()
        self.begin(sessions=first).says(**WELCOME)
        first.release()
        second = self.sessions()
        peer = self.begin("Ann", sessions=second)
        self.assertEqual(peer.objects()[0]["token"], "T")
        peer.says(type="error", code="name-taken", text="taken")
        self.types("Zoe\r")
        self.assertEqual([each.get("token") for each in peer.objects()], [None])
        peer.says(**{**WELCOME, "name": "Zoe", "token": "U"})
        second.release()
        stored = self.sessions().take("Ann")
        self.assertEqual(stored and stored.token, "T")

    def test_twoConsoles(self) -> None:
        """A second console at the same time asks for a name and begins a session of its own."""
        first = self.sessions()
        self.begin(sessions=first).says(**WELCOME)
        peer = self.begin("", sessions=self.sessions())
        self.assertIn("Enter your name", self.shown())
        self.types("Ann\r")
        self.assertEqual([each.get("token") for each in peer.objects()], [None])

    def test_noSessionOfText(self) -> None:
        """A client of the text dialect takes no session and stores none."""
        first = self.sessions()
        self.begin(sessions=first).says(**WELCOME)
        first.release()
        second = self.sessions()
        peer = self.begin("", text=True, sessions=second)
        self.assertIn("Enter your name", self.shown())
        self.types("Zoe\r")
        peer.sends(CONNECTED)
        self.ui.remember()
        second.release()
        self.assertIsNone(self.sessions().take("Zoe"))

    def test_accountOfTheSession(self) -> None:
        """A session that is resumed under another name proves the account that it belongs to."""
        self.kept.propose(DeviceSecret("Ann", "laptop", "S"))
        self.kept.confirm("Ann")
        first = self.sessions()
        sessions = SessionFile(self.environ, "example port 5000")
        self.addCleanup(sessions.release)
        state = SessionState("Zoe", token="T", epoch="E", account="Ann")
        first.keep(state)
        first.release()
        (hello,) = self.begin("Zoe", sessions=sessions).objects()
        self.assertEqual((hello["name"], hello["token"]), ("Zoe", "T"))
        self.assertTrue(hello["scram"].startswith("n,,n=Ann/laptop,"))
