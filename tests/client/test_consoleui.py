"""
Tests of the user interface in a terminal, with a real console on no terminal.
"""

from __future__ import annotations

import os
import time
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import CONNECTED, OK, PROMPT, WELCOME, Endpoint, Peer
from twisted_chat.client.consoleui import ConsoleUI
from twisted_chat.client.devicesecrets import DeviceSecret, DeviceSecrets
from twisted_chat.client.dialect import SessionState
from twisted_chat.client.link import ChatLink
from twisted_chat.client.sessionfile import SessionFile
from twisted_chat.console.console import Console


class RecordingHost:
    """
    A host that only notes how it was left.
    """

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def leave(self, code: int = 0, sentence: str = "") -> None:
        self.calls.append((code, sentence))


class ConsoleUITests(SynchronousTestCase):
    """
    A user, a console and a link.
    """

    def setUp(self) -> None:
        self.clock, self.endpoint, self.host = Clock(), Endpoint(), RecordingHost()
        home = os.path.abspath(self.mktemp())
        self.environ = {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        self.kept = DeviceSecrets(self.environ, "example port 5000")
        self.terminal = StringTransport()

    def begin(
        self,
        name: str = "Ann",
        text: bool = False,
        early: str = "",
        sessions: SessionFile | None = None,
        isPrivate: bool = True,
    ) -> Peer:
        self.ui = ConsoleUI(
            self.clock,
            self.host,  # type: ignore[arg-type]
            self.environ,
            "example port 5000",
            lambda: 0.0,
            sessions=sessions,
            secrets=self.kept,
        )
        self.link = ChatLink(
            self.clock,
            self.endpoint,
            self.ui,
            "example port 5000",
            "k",
            retry=True,
            textOnly=text,
            isPrivate=isPrivate,
            secrets=self.kept,
            jitter=lambda: 1.0,
        )
        self.link.session.name = name
        self.ui.use(self.link)
        self.console = Console(self.clock, self.terminal, (80, 24), "dumb", self.ui)
        self.console.start()
        self.ui.begin(self.console)
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
        self.assertEqual([each.get("text") for each in peer.objects()], [None] * 2 + ["Hello!"])
        self.assertTrue(self.shown().endswith("How a"))

    def test_earlyPart(self) -> None:
        """A name that is being typed when the connection is made is not lost."""
        peer = self.begin("", early="An")
        self.assertEqual(peer.got(), b"")
        self.types("na\r")
        self.assertEqual(peer.objects()[0]["name"], "Anna")

    def test_conversation(self) -> None:
        """What is typed is said, and what the server says is shown."""
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
        self.ui.lineEntered("one\n\n \ntwo")
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
        self.ui.remember()
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
        for text, offered in (("/ign", "/ignore "), ("/ms", "/msg "), ("al", "Alexei: ")):
            self.assertIn(offered, self.ui.complete(text, len(text)))
        self.assertEqual(self.ui.complete("/join #d", 8), ["#dev "])

    def asked(self, peer: Peer) -> dict[str, str]:
        """
        @return: the keys of the requests that the client made, by their types.
        """
        return {each["type"]: each["key"] for each in peer.objects() if "key" in each}

    def test_completesThePresent(self) -> None:
        """The names in a room are asked for, unseen, in each room the user comes to."""
        peer = self.begin()
        peer.says(**WELCOME)
        asked = self.asked(peer)
        self.assertEqual(set(asked), {"commands", "names"})
        self.shown()
        names = [f"P{number:04}" for number in range(3000)]
        key, room = asked["names"], "#lobby"
        for part in (names[:2000], names[2000:]):
            more = {"more": True} if part[-1] != names[-1] else {}
            peer.says(type="names", room=room, names=part, key=key, **more)
        self.assertEqual(self.shown(), "")
        self.assertEqual(self.ui.complete("p2999", 5), ["P2999: "])
        self.assertEqual(len(self.ui.complete("", 0)), 3000)
        peer.says(type="left", id=11, time=1.0, room="#lobby", name="P2999")
        peer.says(type="joined", id=12, time=1.0, room="#lobby", name="Zoe")
        peer.says(type="renamed", id=13, time=1.0, room="#lobby", name="P0007", to="James")
        offered = [each for text in ("p2999", "zoe", "p0007", "ja") for each in self.offers(text)]
        self.assertEqual(offered, ["Zoe: ", "James: "])
        for _ in range(3):
            self.clock.advance(20)
            peer.says(type="pong")
        peer.got()
        self.offers("p")
        self.assertEqual(set(self.asked(peer)), {"names"})
        peer.says(type="room", room="#dev", topic="", names=2)
        asked = self.asked(peer)
        self.assertEqual(set(asked), {"names"})
        peer.says(type="names", room="#dev", names=["Ann", "Kim"], key=asked["names"])
        self.assertEqual(self.offers("k"), ["Kim: "])
        for _ in range(6):
            self.clock.advance(20)
            peer.says(type="pong")
        peer.got()
        self.offers("k")
        self.assertEqual(peer.got(), b"")

    def offers(self, text: str) -> list[str]:
        return list(self.ui.complete(text, len(text)))

    def test_olderServer(self) -> None:
        """A server that does not know these requests is known by its events; nothing is told."""
        peer = self.begin()
        peer.says(**WELCOME)
        asked = self.asked(peer)
        self.shown()
        for key in asked.values():
            peer.says(type="error", code="bad-object", text="there is no such type", key=key)
        self.assertEqual(self.shown(), "")
        self.comes(peer, 11, "Zoe")
        self.assertEqual(self.offers("z"), ["Zoe: "])
        self.assertEqual(self.offers("/m"), ["/me ", "/msg "])
        self.assertEqual(self.offers("/join"), [])

    def test_completesCommands(self) -> None:
        """The server's commands are its own, whatever they are called."""
        peer = self.begin()
        peer.says(**WELCOME)
        commands = [{"name": "away"}, {"name": "/kick", "usage": "NAME"}, {"name": ""}, "x", {}]
        peer.says(type="commands", commands=commands, key=self.asked(peer)["commands"])
        self.assertEqual(self.offers("/aw"), ["/away "])
        self.assertEqual(self.offers("/k"), ["/kick "])
        self.assertEqual(self.offers("/q"), ["/quit "])
        self.assertEqual(self.offers("/msg"), [])

    def comesBack(self, typed: str, **fields: Any) -> Peer:
        """
        The connection is lost in C{#dev} while something is being typed, and made again.
        """
        peer = self.inside()
        peer.says(type="room", room="#dev", topic="", names=1)
        self.shown()
        self.types(typed)
        peer.closes(ConnectionLost())
        self.clock.advance(0.5)
        peer = self.endpoint.accept()
        peer.says(**{**WELCOME, **fields})
        peer.got()
        return peer

    def said(self, peer: Peer) -> list[tuple[str, str]]:
        return [(each["text"], each["room"]) for each in peer.objects() if "room" in each]

    def test_roomIsGone(self) -> None:
        """What was begun in a room that is gone needs a second Enter to be said in another one."""
        for resumed in (True, False):
            peer = self.comesBack("secret", resumed=resumed)
            self.assertIn("! You are in #lobby now, and no longer in #dev", self.shown())
            self.types("\r")
            self.assertIn("you are in #lobby now, Enter again sends it there", self.shown())
            self.assertEqual(self.said(peer), [])
            self.types("\r")
            self.assertEqual(self.said(peer), [("secret", "#lobby")])
            self.types("more\r")
            self.assertEqual(self.said(peer), [("more", "#lobby")])

    def test_roomIsGoneAndTextToo(self) -> None:
        """A key between two Enters begins again; commands, and an empty input, need no second."""
        peer = self.comesBack("secret")
        self.types("\r")
        self.types("!\r")
        self.assertEqual(self.said(peer), [])
        self.types("\x15/names\r")
        self.assertEqual(peer.objects()[0]["line"], "/names")
        self.types("/me waves\r")
        self.assertEqual(self.said(peer), [])
        peer = self.comesBack("")
        self.types("hello\r")
        self.assertEqual(self.said(peer), [("hello", "#lobby")])

    def test_sameRoom(self) -> None:
        """A user who comes back to their room is not asked."""
        peer = self.comesBack("hello", room="#dev", resumed=True)
        self.assertNotIn("no longer", self.shown())
        self.types("\r")
        self.assertEqual(self.said(peer), [("hello", "#dev")])

    def test_thrownOut(self) -> None:
        """A room change is told if the user did not ask for it, and not if they did."""
        peer = self.inside()
        self.types("/join #dev\r")
        _, ping = peer.objects()
        peer.says(type="room", room="#dev", topic="", names=1)
        peer.says(type="pong", key=ping["key"])
        self.assertNotIn("no longer", self.shown())
        self.types("secret")
        peer.says(type="left", id=11, time=1.0, room="#dev", name="Ann", by="Bob", text="spam")
        peer.says(type="room", room="#lobby", topic="", names=1)
        self.assertIn("! You are in #lobby now, and no longer in #dev", self.shown())
        peer.got()
        self.types("\r")
        self.assertEqual(self.said(peer), [])

    def sessions(self) -> SessionFile:
        sessions = SessionFile(self.environ, "example port 5000")
        self.addCleanup(sessions.release)
        return sessions

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
        """Without a name the user is asked for one, as ever; a known one resumes its session."""
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
        """If the session's name is taken and another one is given, it is not the session's."""
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
        """The text dialect has no sessions: none is taken, and none is stored."""
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

    def test_completesRoomsOfBefore(self) -> None:
        """A room that the user left for another is still offered."""
        peer = self.inside()
        for room in ("#dev", "#lobby"):
            peer.says(type="room", room=room, topic="", names=1)
        self.assertEqual(self.ui.complete("/join #d", 8), ["#dev "])

    def comes(self, peer: Peer, number: int, name: str) -> None:
        peer.says(type="joined", id=number, time=1.0, room="#lobby", name=name)

    def test_folding(self) -> None:
        """A user who comes is shown at once, those of the next second in one line."""
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
        """Words, the user's own too, and whatever else is shown follow those who came before."""
        peer = self.inside()
        self.comes(peer, 11, "Bob")
        self.comes(peer, 12, "Eve")
        peer.says(type="said", id=13, time=1.0, room="#lobby", name="Eve", text="Hi!")
        self.comes(peer, 14, "Joe")
        self.types("Hello!\r")
        self.comes(peer, 15, "Kim")
        self.types("/bell\r")
        self.comes(peer, 16, "Leo")
        self.assertEqual(self.ui.complete("le", 2), ["Leo: "])
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

    # Accounts.

    def wanted(self) -> Peer:
        """
        The server says that the name is registered.
        """
        peer = self.begin()
        peer.got()
        peer.says(type="error", code="name-taken", text="taken", login=["scram", "password"])
        return peer

    def owner(self, **fields: Any) -> Peer:
        """
        The owner of an account is in.
        """
        mine = {"account": "Ann", "marks": {"#lobby": 5}, "unread": {}}
        return self.inside(**{**mine, **fields})

    def test_passwordIsHidden(self) -> None:
        """A password is asked for, and is seen nowhere, now or later."""
        peer = self.wanted()
        shown = self.shown()
        self.assertIn("* Ann is registered", shown)
        self.assertIn("Password of Ann (not shown) > ", shown)
        self.types("swordfish")
        self.assertNotIn("swordfish", self.shown())
        self.types("\r")
        self.assertIn("scram", peer.objects()[0])
        peer.says(type="error", code="wrong-login", text="this is wrong: try again")
        shown = self.shown()
        self.assertIn("! this is wrong", shown)
        self.assertNotIn("* Ann is registered", shown)
        self.types("\x1b[A")
        self.assertNotIn("swordfish", self.shown())

    def test_nameInsteadOfPassword(self) -> None:
        """An empty answer goes back to the name."""
        peer = self.wanted()
        self.types("\r")
        self.assertIn("Enter your name", self.shown())
        self.types("Zoe\r")
        (hello,) = peer.objects()
        self.assertEqual((hello["name"], "scram" in hello), ("Zoe", False))

    def test_passwordAfterTheName(self) -> None:
        """A password may follow the name; it does not stay on the screen."""
        peer = self.begin("")
        for key in "Ann swordfish\r":
            self.types(key)
        (hello,) = peer.objects()
        self.assertEqual((hello["name"], "scram" in hello), ("Ann", True))
        shown = self.shown()
        self.assertIn("Ann ...", shown)
        self.assertNotIn("swordfish", shown)

    def test_typedSecrets(self) -> None:
        """Of a command with a secret the secret neither stays on the screen nor can be recalled."""
        peer = self.inside()
        for line in ("/login Bob swordfish", "/register swordfish!!", "/password swordfish!!"):
            self.types(line)
            self.shown()
            self.types("\r")
            requests = peer.objects()
            self.assertIn(line, [each.get("line") for each in requests])
            for each in requests:
                if each["type"] == "ping":
                    peer.says(type="pong", key=each["key"])
            self.assertNotIn("swordfish", self.shown())
        for _ in range(3):
            self.types("\x1b[A")
            self.assertNotIn("swordfish", self.shown())

    def test_login(self) -> None:
        """C{/login} asks out of sight, keeps what was being typed, and changes who one is."""
        peer = self.inside()
        self.types("/login Bob\r")
        self.assertIn("Password of Bob (not shown) > ", self.shown())
        self.types("swordfish\r")
        self.assertEqual(peer.objects()[0]["line"], "/login Bob swordfish")
        self.assertNotIn("swordfish", self.shown())
        peer.says(type="login", name="Bob", account="Bob")
        shown = self.shown()
        self.assertIn("* You are logged in as Bob", shown)
        self.assertTrue(shown.endswith("[#lobby] Bob> "))

    def test_loginRefused(self) -> None:
        """A password that cannot be sent when it is given is refused, and nothing breaks."""
        peer = self.inside()
        self.types("/login Bob\r")
        peer.closes(ConnectionLost())
        self.types("swordfish\r")
        self.assertIn("! there is no connection", self.shown())

    def test_register(self) -> None:
        """C{/register} keeps a secret for this device, which logs in by it the next time."""
        peer = self.inside()
        self.types("/register\r")
        (request,) = peer.objects()
        peer.says(type="registered", id=11, time=1.0, name="Ann", key=request["key"])
        self.assertIn("* Ann is yours, and this device", self.shown())
        self.assertIn("scram", self.begin().objects()[0])

    def test_registerTwice(self) -> None:
        """A device that logs in by itself already leaves the command to the server."""
        peer = self.owner()
        self.kept.propose(DeviceSecret("Ann", "laptop", "S"))
        self.kept.confirm("Ann")
        self.types("/register\r")
        requests = peer.objects()
        self.assertEqual(requests[0].get("line"), "/register")
        self.assertEqual(requests[-1]["type"], "account")

    def test_code(self) -> None:
        """After a login by a one-time code the device is registered without asking."""
        peer = self.wanted()
        self.types("7kq2 9f3m 2wxa p4rt\r")
        self.assertIn("scram", peer.objects()[0])
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(peer.objects()[0]["password"], "7kq2 9f3m 2wxa p4rt")
        peer.says(**{**WELCOME, "account": "Ann", "marks": {}, "unread": {}})
        self.assertIn("register", [each["type"] for each in peer.objects()])

    def test_prompt(self) -> None:
        """The prompt names the account where the name is another one."""
        self.begin().says(**{**WELCOME, "name": "Zoe", "account": "Ann", "marks": {}, "unread": {}})
        self.assertTrue(self.shown().endswith("[#lobby] Zoe (Ann)> "))

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

    # What was read.

    def reads(self, peer: Peer) -> list[tuple[str, int]]:
        return [(each["room"], each["id"]) for each in peer.objects() if each["type"] == "read"]

    def hears(self, peer: Peer, number: int, text: str = "x", room: str = "#lobby") -> None:
        peer.says(type="said", id=number, time=1.0, room=room, name="Bob", text=text)

    def test_read(self) -> None:
        """What was on the screen is told as read, of the current room only."""
        peer = self.owner()
        self.hears(peer, 11)
        self.hears(peer, 12, room="#dev")
        self.shown()
        self.clock.advance(1)
        self.assertEqual(self.reads(peer), [("#lobby", 11)])

    def test_readBeforeLeaving(self) -> None:
        """Before the user leaves, whichever way, it is told at once."""
        for end in ("/quit\r", "\x04", "\x03\x03"):
            peer = self.owner()
            self.hears(peer, 11)
            self.types(end)
            self.assertEqual(self.reads(peer), [("#lobby", 11)])

    def test_guestReads(self) -> None:
        """A guest has no marks, and tells none."""
        peer = self.inside()
        self.hears(peer, 11)
        self.clock.advance(10)
        self.types("/quit\r")
        self.assertEqual(self.reads(peer), [])

    def test_readElsewhere(self) -> None:
        """What another device reads is no longer counted in the prompt."""
        peer = self.owner()
        self.hears(peer, 12, room="#dev")
        self.assertIn("[#dev 1]", self.shown())
        peer.says(type="read", room="#dev", id=12)
        self.assertTrue(self.shown().endswith("[#lobby] Ann> "))

    def test_away(self) -> None:
        """What waits is told after the backlog, what mentions the user first."""
        peer = self.begin()
        unread = {"#dev": 3, "#lobby": 1, "@": 2}
        marks = {"#lobby": 5, "#dev": 5}
        peer.says(**{**WELCOME, "account": "Ann", "marks": marks, "unread": unread})
        requests = {each["type"]: each for each in peer.objects()}
        self.assertEqual(requests["search"]["words"], '"Ann"')
        peer.says(type="said", id=6, time=1.0, room="#lobby", name="Bob", text="old", old=True)
        found = [{"type": "said", "id": 7, "time": 1.0, "room": "#dev", "name": "Bob"}]
        key = requests["search"]["key"]
        peer.says(type="history", key=key, events=[{**found[0], "text": "Ann!"}], more=True)
        peer.says(type="history", key=key, events=[{**found[0], "id": 8, "text": "ann?"}])
        shown = self.shown()
        told = "* While you were away: 2 messages for you alone; 2 mentions of you, in #dev; unread"
        self.assertIn(told, shown)
        self.assertLess(shown.index("--- unread from here on ---"), shown.index("Bob :: old"))
        self.assertLess(shown.index("Bob :: old"), shown.index("While you were away"))
        self.assertIn("[#lobby] [#dev 3] Ann> ", shown)
        self.clock.advance(1)
        self.assertEqual(self.reads(peer), [("#lobby", 10)])

    def test_awayWithoutSearch(self) -> None:
        """Where nothing can be searched the rest is told all the same."""
        peer = self.begin()
        peer.says(**{**WELCOME, "account": "Ann", "marks": {"#dev": 5}, "unread": {"#dev": 3}})
        key = {each["type"]: each for each in peer.objects()}["search"]["key"]
        peer.says(type="error", code="no-history", text="cannot be searched", key=key)
        shown = self.shown()
        self.assertIn("* While you were away: unread in #dev 3", shown)
        self.assertNotIn("cannot be searched", shown)

    def test_missedOfARoom(self) -> None:
        """When the user comes to a room its unread messages are shown, with where they stopped."""
        peer = self.owner(marks={"#dev": 5}, unread={"#dev": 2})
        peer.says(type="room", room="#dev", topic="", names=2)
        request = next(each for each in peer.objects() if each["type"] == "history")
        self.assertEqual((request["room"], request["count"]), ("#dev", 5))
        self.shown()
        self.hears(peer, 11, "now", "#dev")
        events = [
            {"type": "said", "id": n, "time": 1.0, "room": "#dev", "name": "Bob", "text": f"m{n}"}
            for n in (5, 6, 7, 11)
        ]
        peer.says(type="history", key=request["key"], events=events)
        shown = self.shown()
        order = ["m5", "--- unread from here on ---", "m6", "m7"]
        places = [shown.index(each) for each in order]
        self.assertEqual(places, sorted(places))
        self.assertNotIn("m11", shown)
        self.clock.advance(5)
        self.assertEqual(self.reads(peer), [("#dev", 11)])
        peer.says(type="room", room="#lobby", topic="", names=2)
        peer.says(type="room", room="#dev", topic="", names=2)
        self.assertNotIn("history", [each["type"] for each in peer.objects()])
