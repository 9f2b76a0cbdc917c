"""
Tests of the face in a terminal, with a real console on no terminal.
"""

from __future__ import annotations

import os
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import CONNECTED, OK, PROMPT, WELCOME, Endpoint, Peer
from twisted_chat.client.consoleui import TalkFace
from twisted_chat.client.link import ChatLink
from twisted_chat.console.console import Console


class RecordingHost:
    """
    A host that only notes how it was left.
    """

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def leave(self, code: int = 0, sentence: str = "") -> None:
        self.calls.append((code, sentence))


class TalkTests(SynchronousTestCase):
    """
    A person, a console and a link.
    """

    def setUp(self) -> None:
        self.clock, self.endpoint, self.host = Clock(), Endpoint(), RecordingHost()
        home = os.path.abspath(self.mktemp())
        self.environ = {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        self.terminal = StringTransport()

    def begin(self, name: str = "Ann", text: bool = False, early: str = "") -> Peer:
        self.face = TalkFace(
            self.clock,
            self.host,  # type: ignore[arg-type]
            self.environ,
            "example port 5000",
            lambda: 0.0,
        )
        self.link = ChatLink(
            self.clock,
            self.endpoint,
            self.face,
            "example port 5000",
            "k",
            retry=True,
            textOnly=text,
            jitter=lambda: 1.0,
        )
        self.link.standing.name = name
        self.face.use(self.link)
        self.console = Console(self.clock, self.terminal, (80, 24), "dumb", self.face)
        self.console.start()
        self.face.begin(self.console)
        self.types(early)
        peer = self.endpoint.accept()
        peer.sends(PROMPT)
        return peer

    def inside(self, **fields: Any) -> Peer:
        peer = self.begin()
        peer.says(**{**WELCOME, **fields})
        peer.got()
        self.shown()
        return peer

    def types(self, text: str) -> None:
        self.console.dataReceived(text.encode())

    def shown(self) -> str:
        self.clock.advance(0.1)
        data: bytes = self.terminal.value()
        self.terminal.clear()
        return data.decode()

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
        """What is typed before there is a connection is the name, and what is said then."""
        peer = self.begin("", early="Ann\rHello!\rHow a")
        hello = peer.objects()
        self.assertEqual([(each["type"], each["name"]) for each in hello], [("hello", "Ann")])
        peer.says(**WELCOME)
        self.assertEqual([each.get("text") for each in peer.objects()], [None, "Hello!"])
        self.assertTrue(self.shown().endswith("How a"))

    def test_earlyPart(self) -> None:
        """A name that is being typed when the connection is made is not lost."""
        peer = self.begin("", early="An")
        self.assertEqual(peer.got(), b"")
        self.types("na\r")
        self.assertEqual(peer.objects()[0]["name"], "Anna")

    def test_conversation(self) -> None:
        """What is typed is said, and what is heard is shown."""
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
        """Each line of a paste is a message; blank ones are none."""
        peer = self.inside()
        self.face.lineEntered("one\n\n \ntwo")
        self.assertEqual([each["text"] for each in peer.objects()], ["one", "two"])

    def test_ownCommands(self) -> None:
        """The client's commands are not sent; their mistakes are told."""
        peer = self.inside()
        self.types("/time maybe\r")
        self.assertIn("! say on or off", self.shown())
        self.types("/debug\r")
        self.assertIn("JSON dialect", self.shown())
        self.assertEqual(peer.got(), b"")

    def test_offline(self) -> None:
        """A drop is told once, with the time left; the queue's limit is told too."""
        peer = self.inside()
        peer.closes(ConnectionLost())
        shown = self.shown()
        self.assertIn("was lost. What you say waits", shown)
        self.assertIn("offline", shown)
        for _ in range(101):
            self.face.lineEntered("x")
        self.assertIn("! 100 messages wait already", self.shown())
        self.clock.advance(0.5)
        peer = self.endpoint.accept()
        peer.got()
        peer.says(**{**WELCOME, "resumed": True, "missed": 2, "last": 12})
        self.assertEqual(len(peer.objects()), 100)
        shown = self.shown()
        self.assertIn("* Reconnected, 2 missed", shown)
        self.assertNotIn("offline", shown)

    def test_unknownSession(self) -> None:
        """A server that does not know the session is not said to have told everything."""
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
        """What is in doubt is told, and said again on demand."""
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
        """The next run marks what is new."""
        self.inside(last=5)
        self.face.remember()
        peer = self.begin()
        peer.says(**{**WELCOME, "last": 6})
        for number in (5, 6):
            peer.says(
                type="said", id=number, time=1.0, room="#lobby", name="Bob", text="x", old=True
            )
        shown = self.shown()
        self.assertEqual(shown.count("new since you left"), 1)

    def test_frozenTerminal(self) -> None:
        """A terminal that takes no more stops reading from the server."""
        peer = self.inside()
        self.console.pauseProducing()
        self.assertEqual(peer.transport.producerState, "paused")
        self.console.resumeProducing()
        self.assertEqual(peer.transport.producerState, "producing")

    def test_completion(self) -> None:
        """Commands of both sides, names and rooms are completed."""
        peer = self.inside()
        peer.says(type="said", id=11, time=1.0, room="#dev", name="Alexei", text="Hi!")
        for text, offered in (("/ign", "/ignore "), ("/jo", "/join "), ("al", "Alexei: ")):
            self.assertIn(offered, self.face.complete(text, len(text)))
        self.assertEqual(self.face.complete("/join #d", 8), ["#dev "])

    def test_completesThePresent(self) -> None:
        """Who was there before is asked for, unseen, in each room one comes to."""
        peer = self.begin()
        peer.says(**WELCOME)
        (asked,) = peer.objects()[1:]
        self.assertEqual((asked["type"], asked["line"]), ("command", "/names"))
        self.shown()
        peer.says(type="notice", text="3 in #lobby: Ann, Zoe,", key=asked["key"])
        peer.says(type="notice", text="Bob and 5 more", key=asked["key"])
        self.assertNotIn("Zoe", self.shown())
        self.assertEqual(self.face.complete("z", 1), ["Zoe: "])
        peer.says(type="room", room="#dev", topic="", names=2)
        self.assertEqual(peer.objects()[0]["line"], "/names")
        peer.says(type="error", code="bad-command", text="unheard", key=asked["key"])
        self.assertNotIn("unheard", self.shown())

    def test_completesRoomsOfBefore(self) -> None:
        """A room that one left for another is still offered."""
        peer = self.inside()
        for room in ("#dev", "#lobby"):
            peer.says(type="room", room=room, topic="", names=1)
        self.assertEqual(self.face.complete("/join #d", 8), ["#dev "])

    def comes(self, peer: Peer, number: int, name: str) -> None:
        peer.says(type="joined", id=number, time=1.0, room="#lobby", name=name)

    def test_folding(self) -> None:
        """One who comes is shown at once, those of the next second in one line."""
        peer = self.inside()
        self.comes(peer, 11, "Bob")
        self.assertIn("* Bob is now connected", self.shown())
        for number, name in enumerate(("Eve", "Joe", "Kim"), 12):
            self.comes(peer, number, name)
            self.assertEqual(self.shown(), "")
        self.clock.advance(1)
        self.assertIn("* Eve, Joe and 1 more are now connected", self.shown())
        self.clock.advance(2)
        self.assertEqual(self.clock.getDelayedCalls()[1:], [])

    def test_foldingKeepsTheOrder(self) -> None:
        """Words, one's own too, and whatever else is shown come after those who came before."""
        peer = self.inside()
        self.comes(peer, 11, "Bob")
        self.comes(peer, 12, "Eve")
        peer.says(type="said", id=13, time=1.0, room="#lobby", name="Eve", text="Hi!")
        self.comes(peer, 14, "Joe")
        self.types("Hello!\r")
        self.comes(peer, 15, "Kim")
        self.types("/bell\r")
        self.comes(peer, 16, "Leo")
        self.assertEqual(self.face.complete("le", 2), ["Leo: "])
        shown = self.shown()
        order = ["Bob is", "Eve is", "Hi!", "Joe is", "Hello!", "Kim is", "The bell", "Leo is"]
        places = [shown.index(each) for each in order]
        self.assertEqual(places, sorted(places))

    def test_foldingEnds(self) -> None:
        """What was gathered when the end comes is shown."""
        peer = self.inside()
        self.comes(peer, 11, "Bob")
        self.comes(peer, 12, "Eve")
        self.types("/quit\r")
        peer.closes()
        self.assertIn("Eve is now connected", self.shown())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_shortPrompt(self) -> None:
        """A server with many rooms or long names cannot fill the screen with the prompt."""
        peer = self.inside()
        for number in range(6):
            room = f"#{number}{'x' * 99}"
            peer.says(type="said", id=11 + number, time=1.0, room=room, name="Bob", text="Hi!")
        prompt = self.shown().rpartition("\r")[2]
        self.assertIn("[3 more]", prompt)
        self.assertLess(len(prompt), 200)

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

    def test_exits(self) -> None:
        """Each way out has its code."""
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
        """A server of the text dialect is as good, without rooms and times of its own."""
        peer = self.begin(text=True)
        peer.sends(CONNECTED + OK + b"Bob :: Hi Ann\r\n#dev Bob :: x\r\n* news\r\n")
        shown = self.shown()
        for line in ("OK . .", "Bob :: Hi Ann", "#dev Bob :: x", "* news", "\x07"):
            self.assertIn(line, shown)
