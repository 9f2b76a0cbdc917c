"""
Tests of the link: what it sends and when, and what it shows its user interface.
"""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import CONNECTED, PROMPT, WELCOME, Linked
from twisted_chat.client.link import LOGIN_TIMEOUT
from twisted_chat.errors import BadObject


class JSONTests(SynchronousTestCase):
    """
    The JSON dialect, which is tried first.
    """

    def test_hello(self) -> None:
        """The first line is a hello; text before the welcome is skipped."""
        it = Linked("Ann")
        peer = it.endpoint.accept()
        self.assertEqual(peer.objects(), [{"type": "hello", "name": "Ann"}])
        peer.sends(PROMPT + b"* some words\r\n")
        peer.says(**WELCOME)
        self.assertEqual(it.ui.took(), [("entered", False)])

    def test_nameRefused(self) -> None:
        """A refused hello asks the user interface for another name."""
        it = Linked("Ann")
        peer = it.endpoint.accept()
        peer.sends(PROMPT)
        peer.says(type="error", code="name-taken", text="taken")
        self.assertEqual(it.ui.took(), [("nameWanted", "taken")])
        peer.got()
        it.link.enter("Anna")
        self.assertEqual(peer.objects(), [{"type": "hello", "name": "Anna"}])

    def test_textOnlyServers(self) -> None:
        """
        A server that takes the hello for a name, or refuses it as one, is met again in text.
        """
        for answer in (
            PROMPT + CONNECTED,
            PROMPT + b"! no blanks in names\r\n" + PROMPT,
            PROMPT + PROMPT,
            b"Enter your name to enter the chat > Connected... Start sending messages\n",
        ):
            it = Linked("Ann")
            first = it.endpoint.accept()
            first.sends(answer)
            self.assertTrue(first.transport.disconnected, answer)
            second = it.endpoint.accept()
            self.assertEqual(second.got(), b"Ann\r\n")
            second.sends(PROMPT + CONNECTED)
            self.assertEqual(it.ui.took(), [("entered", False)])

    def test_refusedAtTheDoor(self) -> None:
        """A refusal before the prompt is no sign of a server without JSON."""
        it = Linked("Ann")
        peer = it.endpoint.accept()
        peer.sends(b"! the server is full\r\n")
        peer.closes()
        self.assertEqual(it.ui.took(), [("ended", "unreachable")])
        self.assertEqual(it.endpoint.attempts, [])

    def test_message(self) -> None:
        """A message names its room and its key, and its receipt reads as in text."""
        it = Linked("Ann")
        peer = it.enterJSON()
        it.link.say("Hello!")
        self.assertEqual(
            peer.objects(), [{"type": "say", "text": "Hello!", "room": "#lobby", "key": "k1"}]
        )
        peer.says(type="ok", key="k1", id=11, time=1.0)
        self.assertEqual(it.ui.took(), [("heard", "OK . .")])
        self.assertEqual(len(it.link.outbox), 0)

    def test_whatIsAMessage(self) -> None:
        """The commands that say something are messages; a double slash says a slash."""
        it = Linked("Ann")
        peer = it.enterJSON()
        peer.says(type="told", id=11, time=1.0, name="Bob", to="Ann", text="psst")
        it.ui.took()
        for line in ("//x", "/me waves", "/msg Bob hi there", "/r yes"):
            it.link.say(line)
        sent = [{k: v for k, v in o.items() if k not in ("key", "room")} for o in peer.objects()]
        self.assertEqual(
            sent,
            [
                {"type": "say", "text": "/x"},
                {"type": "act", "text": "waves"},
                {"type": "tell", "to": "Bob", "text": "hi there"},
                {"type": "reply", "to": "Bob", "text": "yes"},
            ],
        )

    def test_linesWaitForCommands(self) -> None:
        """A line typed after C{/join} goes to the room that the user then is in."""
        it = Linked("Ann")
        peer = it.enterJSON()
        it.link.say("/join #dev")
        it.link.say("Hello, dev!")
        command, ping = peer.objects()
        self.assertEqual((command["type"], command["line"]), ("command", "/join #dev"))
        self.assertTrue(it.ui.held)
        peer.says(type="room", room="#dev", topic="", names=1)
        self.assertEqual(peer.got(), b"")
        peer.says(type="pong", key=ping["key"])
        (message,) = peer.objects()
        self.assertEqual((message["text"], message["room"]), ("Hello, dev!", "#dev"))
        self.assertFalse(it.ui.held)
        self.assertEqual(it.ui.took(), [("heard", "* You are in #dev (1 here)")])

    def test_finish(self) -> None:
        """The session ends after the last answer, and the server's goodbye is not shown."""
        it = Linked("Ann")
        peer = it.enterJSON()
        it.link.say("one")
        it.link.finish()
        peer.got()
        peer.says(type="ok", key="k1", id=11, time=1.0)
        self.assertEqual(peer.objects(), [{"type": "bye"}])
        peer.says(type="bye", text="Goodbye")
        peer.closes()
        self.assertEqual(it.ui.took(), [("heard", "OK . ."), ("ended", None)])

    def test_refusedMessage(self) -> None:
        """A refusal with the key answers the message, and one without answers nothing."""
        it = Linked("Ann")
        peer = it.enterJSON()
        it.link.say("one")
        peer.says(type="error", code="not-stored", text="disk full")
        self.assertEqual(it.link.outbox.expected, 1)
        peer.says(type="error", code="bad-text", text="no", key="k1")
        self.assertEqual(it.link.outbox.expected, 0)
        self.assertEqual(it.ui.took(), [("heard", "! disk full"), ("heard", "! no")])

    def test_lobbyOfAResumedSession(self) -> None:
        """A user who enters the lobby enters the chat, also in the session of an earlier run."""
        it = Linked("Ann")
        rooms = [{"name": "#hall", "topic": ""}, {"name": "#dev", "topic": ""}]
        peer = it.enterJSON(resumed=True, room="#dev", rooms=rooms)
        peer.says(type="joined", id=11, time=1.0, room="#hall", name="Bob")
        self.assertEqual(it.ui.took(), [("heard", "* Bob is now connected")])

    def test_replyMeansAPerson(self) -> None:
        """A reply tells the server who is meant, and follows their new name."""
        it = Linked("Ann")
        peer = it.enterJSON()
        peer.says(type="told", id=11, time=1.0, name="Bob", to="Ann", text="psst")
        peer.says(type="left", id=12, time=1.0, room="#lobby", name="Bob")
        peer.says(type="joined", id=13, time=1.0, room="#lobby", name="Bob")
        it.link.say("/r secret")
        (reply,) = peer.objects()
        self.assertEqual((reply["type"], reply["to"]), ("reply", "Bob"))
        peer.says(type="renamed", id=14, time=1.0, room="#lobby", name="Bob", to="Rob")
        it.link.say("/r secret")
        self.assertEqual(peer.objects()[0]["to"], "Rob")

    def test_replyToAnOlderServer(self) -> None:
        """
        A server without the reply request is asked by its command, which means the same, once.
        """
        it = Linked("Ann")
        peer = it.enterJSON()
        peer.says(type="told", id=11, time=1.0, name="Bob", to="Ann", text="psst")
        it.ui.took()
        it.link.say("/r one")
        it.link.say("/r two")
        again = []
        for reply in peer.objects():
            peer.says(type="error", code="bad-object", text="no such type", key=reply["key"])
            again += peer.objects()
        it.link.say("/r three")
        again += peer.objects()
        self.assertEqual([each["line"] for each in again], ["/r one", "/r two", "/r three"])
        self.assertEqual([each["key"] for each in again], ["k1", "k2", "k3"])
        for each in again:
            peer.says(type="ok", key=each["key"], id=12, time=1.0)
        self.assertEqual(it.ui.took(), [("heard", "OK . .")] * 3)

    def test_refusedReply(self) -> None:
        """A reply that is refused for another reason is shown to the user."""
        it = Linked("Ann")
        peer = it.enterJSON()
        peer.says(type="told", id=11, time=1.0, name="Bob", to="Ann", text="psst")
        it.ui.took()
        it.link.say("/r one")
        peer.says(type="error", code="no-such-user", text="Bob has left", key="k1")
        self.assertEqual(it.ui.took(), [("heard", "! Bob has left")])
        self.assertEqual(len(it.link.outbox), 0)

    def test_addressWithASign(self) -> None:
        """The address of a private message may carry the sign that completion offers."""
        for text in (True, False):
            it = Linked("Ann", textOnly=text)
            peer = it.enterText() if text else it.enterJSON()
            it.link.say("/msg @Bob hi @Eve")
            sent = peer.got().decode()
            self.assertNotIn("@Bob", sent)
            self.assertIn("hi @Eve", sent)

    def test_tls(self) -> None:
        """A server that speaks TLS, or waits for it, gets the user a hint."""
        it = Linked("Ann")
        it.endpoint.accept().sends(b"\x15\x03\x03\x00\x02\x02\x46")
        self.assertIn("add --tls", it.ui.sentence)
        for encrypted in (False, True):
            it = Linked("Ann", encrypted=encrypted)
            it.endpoint.accept().closes()
            self.assertEqual("add --tls" in it.ui.sentence, not encrypted)
            it = Linked("Ann", encrypted=encrypted)
            it.endpoint.accept()
            it.clock.advance(LOGIN_TIMEOUT)
            self.assertEqual("add --tls" in it.ui.sentence, not encrypted)

    def test_noHintAtTLS(self) -> None:
        """No hint is given for a server that has said something, or is not there."""
        it = Linked("Ann")
        peer = it.endpoint.accept()
        peer.sends(PROMPT)
        peer.closes()
        self.assertNotIn("--tls", it.ui.sentence)
        it = Linked("Ann")
        it.endpoint.refuse(ConnectionRefusedError())
        self.assertNotIn("--tls", it.ui.sentence)

    def test_objects(self) -> None:
        """Objects of a program are sent as they are, under its own key or a new one."""
        it = Linked("Ann")
        peer = it.enterJSON()
        it.link.send({"type": "say", "key": "mine", "text": "x"})
        it.link.send({"type": "say", "text": "y"})
        it.link.send({"type": "history", "count": 5})
        self.assertRaises(BadObject, it.link.send, {"type": "hello", "name": "Eve"})
        self.assertEqual(
            peer.objects(),
            [
                {"type": "say", "text": "x", "key": "mine"},
                {"type": "say", "text": "y", "key": "k1"},
                {"type": "history", "count": 5},
            ],
        )
        self.assertEqual(it.link.outbox.expected, 2)

    def test_holdsTheInput(self) -> None:
        """Input is held before the welcome, while the connection is clogged, and offline."""
        it = Linked("Ann", retry=True)
        self.assertTrue(it.ui.held)
        peer = it.enterJSON()
        self.assertFalse(it.ui.held)
        peer.protocol.pauseProducing()
        self.assertTrue(it.ui.held)
        peer.protocol.resumeProducing()
        self.assertFalse(it.ui.held)
        peer.closes()
        self.assertTrue(it.ui.held)
