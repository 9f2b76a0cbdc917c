"""
Tests of the link: what it sends and when, and what it shows its user interface.
"""

from __future__ import annotations

import errno
import os

from twisted.internet.error import (
    ConnectError,
    ConnectionLost,
    ConnectionRefusedError,
    DNSLookupError,
    TimeoutError,
)
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import CONNECTED, OK, PROMPT, WELCOME, Linked, Peer
from twisted_chat.client.devicesecrets import DeviceSecret, DeviceSecrets
from twisted_chat.client.link import (
    ANSWER_TIMEOUT,
    GOODBYE_TIMEOUT,
    LOGIN_TIMEOUT,
)
from twisted_chat.errors import BadObject, ChatError
from twisted_chat.text.secrets import makeDeviceSecret, makeSecret
from twisted_chat.wire.scram import (
    MIN_ITERATIONS,
    ServerExchange,
    makeVerifier,
    parseClientFirst,
)


class TextTests(SynchronousTestCase):
    """
    The text dialect.
    """

    def linked(self, name: str = "Ann", **options: object) -> Linked:
        return Linked(name, textOnly=True, **options)

    def test_name(self) -> None:
        """Without a name the user interface is asked for one, and it is the first line sent."""
        it = self.linked("")
        peer = it.endpoint.accept()
        self.assertEqual(it.ui.took(), [("nameWanted", None)])
        peer.sends(PROMPT)
        self.assertEqual(peer.got(), b"")
        it.link.enter("Ann")
        self.assertEqual(peer.got(), b"Ann\r\n")
        peer.sends(CONNECTED)
        self.assertEqual(it.ui.took(), [("entered", False)])

    def test_nameBeforeConnection(self) -> None:
        """A name that is given early is sent once, when there is a connection."""
        it = self.linked("")
        it.link.enter("Ann")
        peer = it.endpoint.accept()
        peer.sends(PROMPT)
        self.assertEqual(peer.got(), b"Ann\r\n")
        self.assertEqual(it.ui.took(), [])

    def test_nameRefused(self) -> None:
        """A refused name is asked for again on the same connection."""
        it = self.linked()
        peer = it.endpoint.accept()
        peer.sends(PROMPT)
        peer.got()
        peer.sends(b"! this name is taken\r\n" + PROMPT)
        self.assertEqual(it.ui.took(), [("nameWanted", "this name is taken")])
        it.link.enter("Anna")
        self.assertEqual(peer.got(), b"Anna\r\n")
        peer.sends(CONNECTED)
        self.assertEqual(it.ui.took(), [("entered", False)])

    def test_openPrompt(self) -> None:
        """A prompt without a line end is understood, before the welcome and after a refusal."""
        it = self.linked()
        peer = it.endpoint.accept()
        peer.sends(b"Enter your name to enter the chat > ")
        peer.sends(b"! taken\nEnter your name to enter the chat > ")
        self.assertEqual(it.ui.took(), [("nameWanted", "taken")])
        it.link.enter("Anna")
        peer.sends(b"Connected... Start sending messages\n")
        self.assertEqual(it.ui.took(), [("entered", False)])

    def test_nothingBeforeTheWelcome(self) -> None:
        """Messages wait for the welcome, and are sent in order after it."""
        it = self.linked()
        peer = it.endpoint.accept()
        for line in ("one", "two"):
            it.link.say(line)
        self.assertEqual(peer.got(), b"Ann\r\n")
        peer.sends(PROMPT + CONNECTED)
        self.assertEqual(peer.got(), b"one\r\ntwo\r\n")

    def test_conversation(self) -> None:
        """What the server says reaches the user interface as it is; the prompt does not."""
        it = self.linked()
        peer = it.endpoint.accept()
        lines = [b"OK . .", b"Bob :: Hi!", b"#dev Bob :: x", b"Bob -> you :: y", b"* z", b"! no"]
        peer.sends(PROMPT + CONNECTED + b"".join(line + b"\r\n" for line in lines))
        self.assertEqual(
            it.ui.took(), [("entered", False)] + [("heard", line.decode()) for line in lines]
        )

    def test_finishWaitsForReceipts(self) -> None:
        """After the end of the input the link stays until each message is answered."""
        it = self.linked()
        peer = it.enterText()
        it.link.say("one")
        it.link.say("two")
        it.link.finish()
        peer.sends(OK)
        self.assertFalse(peer.transport.disconnecting)
        peer.sends(b"! too long\r\n")
        self.assertTrue(peer.transport.disconnecting)
        peer.closes()
        self.assertEqual(it.ui.took()[-1], ("ended", None))

    def test_finishBeforeTheWelcome(self) -> None:
        """An input that ends at once still enters."""
        it = self.linked()
        peer = it.endpoint.accept()
        it.link.finish()
        self.assertFalse(peer.transport.disconnecting)
        peer.sends(PROMPT + CONNECTED)
        self.assertTrue(peer.transport.disconnecting)

    def test_finishWaitsForCommands(self) -> None:
        """The answers of commands, which have no end, are waited for by asking to leave."""
        it = self.linked()
        peer = it.enterText()
        it.link.say("one")
        it.link.say("/names")
        it.link.finish()
        peer.sends(OK)
        self.assertEqual(peer.got(), b"one\r\n/names\r\n/quit\r\n")
        self.assertFalse(peer.transport.disconnecting)
        peer.sends(b"* 1 here: Ann\r\n* Goodbye\r\n")
        peer.closes()
        self.assertEqual(
            it.ui.took(),
            [
                ("heard", "OK . ."),
                ("heard", "* 1 here: Ann"),
                ("heard", "* Goodbye"),
                ("ended", None),
            ],
        )

    def test_receiptAfterCommand(self) -> None:
        """A receipt is for the oldest message, whatever commands were sent before it."""
        it = self.linked()
        peer = it.enterText()
        it.link.say("/names")
        it.link.say("one")
        peer.sends(b"* Ann\r\n" + OK)
        self.assertEqual(it.link.outbox.expected, 0)

    def test_noReceipt(self) -> None:
        """Half a minute without an answer after the end of the input is the end."""
        it = self.linked()
        peer = it.enterText()
        it.link.say("one")
        it.link.say("two")
        it.link.finish()
        it.clock.advance(ANSWER_TIMEOUT - 1)
        peer.sends(OK)
        it.clock.advance(ANSWER_TIMEOUT - 1)
        self.assertEqual(it.ui.took(), [("heard", "OK . .")])
        it.clock.advance(1)
        self.assertEqual(it.ui.took(), [("ended", "unconfirmed")])
        self.assertIn("1 message is unconfirmed", it.ui.sentence)

    def test_noReceiptWhilePaused(self) -> None:
        """A reader of ours that takes its time is no reason to give the server up."""
        it = self.linked()
        peer = it.enterText()
        it.link.say("one")
        it.link.finish()
        it.link.pauseProducing()
        it.clock.pump([ANSWER_TIMEOUT] * 3)
        self.assertEqual(it.ui.took(), [])
        it.link.resumeProducing()
        peer.sends(OK)
        peer.closes()
        self.assertEqual(it.ui.took()[-1], ("ended", None))

    def test_lostUnconfirmed(self) -> None:
        """A connection that ends with messages under way tells how many."""
        it = self.linked()
        peer = it.enterText()
        it.link.say("one")
        it.link.say("two")
        peer.closes(ConnectionLost())
        self.assertEqual(it.ui.took(), [("ended", "unconfirmed")])
        self.assertIn("2 messages are unconfirmed", it.ui.sentence)

    def test_lostConfirmed(self) -> None:
        """A connection that ends by itself is an error even with nothing under way."""
        it = self.linked()
        it.enterText().closes()
        self.assertEqual(it.ui.took(), [("ended", "gone")])

    def test_leaveBeforeTheAnswer(self) -> None:
        """A user who left while the server answered the hello comes back in no dialect."""
        it = Linked("Ann")
        peer = it.endpoint.accept()
        it.link.leave()
        peer.sends(PROMPT + b"! no blanks in names\r\n" + PROMPT)
        self.assertEqual(it.endpoint.attempts, [])
        peer.closes()
        self.assertEqual(it.ui.took(), [("ended", None)])

    def test_refusedAtTheDoor(self) -> None:
        """A server that refuses before the prompt is quoted."""
        it = self.linked()
        peer = it.endpoint.accept()
        peer.sends(b"! the server is full: come back later\r\n")
        peer.closes()
        self.assertEqual(it.ui.took(), [("ended", "unreachable")])
        self.assertEqual(it.ui.sentence, "the server is full: come back later")

    def test_silentServer(self) -> None:
        """A server that does not answer the name is given up."""
        it = self.linked()
        it.endpoint.accept()
        it.clock.advance(LOGIN_TIMEOUT)
        self.assertEqual(it.ui.took(), [("ended", "unreachable")])

    def test_unreachable(self) -> None:
        """Each way to fail has its sentence."""
        for reason, words in (
            (ConnectionRefusedError(), "Nobody listens at example port 5000"),
            (ConnectError(errno.ENETUNREACH), "port 5000: Network is unreachable"),
            (DNSLookupError("no results"), "no host of this name"),
            (TimeoutError(), "no answer from example port 5000"),
            (ChatError("The fingerprint has changed."), "The fingerprint has changed."),
        ):
            it = self.linked()
            it.endpoint.refuse(reason)
            self.assertEqual(len(it.ui.took()), 1)
            self.assertIn(words, it.ui.sentence)

    def test_quit(self) -> None:
        """C{/quit} asks the server, shows its goodbye, and is no loss."""
        it = self.linked()
        peer = it.enterText()
        it.link.say("/quit")
        self.assertEqual(peer.got(), b"/quit\r\n")
        peer.sends(b"* Goodbye\r\n")
        peer.closes()
        self.assertEqual(it.ui.took(), [("heard", "* Goodbye"), ("ended", None)])

    def test_quitUnanswered(self) -> None:
        """A server that does not react to C{/quit} is left all the same."""
        it = self.linked()
        it.enterText()
        it.link.say("/quit")
        it.clock.pump([GOODBYE_TIMEOUT] * 2)
        self.assertEqual(it.ui.took(), [("ended", None)])

    def test_leave(self) -> None:
        """To leave needs no server, at any stage."""
        connecting = self.linked()
        connecting.link.leave()
        self.assertEqual(connecting.ui.took(), [("ended", None)])
        inside = self.linked()
        inside.enterText()
        inside.link.leave()
        inside.clock.advance(GOODBYE_TIMEOUT)
        self.assertEqual(inside.ui.took(), [("ended", None)])


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
        """After the last answer the session is ended, and the server's goodbye is not shown."""
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
        """A refusal with the key answers the message; one without answers nothing."""
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
        """The server is told who is meant; their new name is followed."""
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
        """A server without this request is asked by its command, which means the same, once."""
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
        """Another refusal of a reply is the user's to read."""
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
        """A server that has said something, or is not there, is not one that waits for TLS."""
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


class AccountTests(SynchronousTestCase):
    """
    Logging in to an account.
    """

    def setUp(self) -> None:
        home = os.path.abspath(self.mktemp())
        self.kept = DeviceSecrets({"XDG_STATE_HOME": home}, "here")

    def linked(self, **options: object) -> Linked:
        return Linked("Ann", secrets=self.kept, **options)

    def register(self) -> str:
        """
        @return: the secret of this device.
        """
        secret = makeDeviceSecret()
        self.kept.propose(DeviceSecret("Ann", "laptop", secret))
        self.kept.confirm("Ann")
        return secret

    def challenges(self, peer: Peer, hello: dict[str, str], secret: str) -> ServerExchange:
        """
        The server challenges a client that has said hello.
        """
        first = parseClientFirst(hello["scram"])
        exchange = ServerExchange(first, makeVerifier(secret, MIN_ITERATIONS))
        peer.says(type="challenge", scram=exchange.challenge)
        return exchange

    def welcomes(self, peer: Peer, exchange: ServerExchange) -> None:
        """
        The server checks the answer, and welcomes.
        """
        (proof,) = peer.objects()
        signature = exchange.check(proof["scram"])
        peer.says(**{**WELCOME, "account": "Ann", "marks": {}, "unread": {}, "scram": signature})

    def asked(self, it: Linked, peer: Peer) -> None:
        """
        The server says that the name is registered, and the user is asked for a password.
        """
        (hello,) = peer.objects()
        self.assertNotIn("scram", hello)
        peer.says(type="error", code="name-taken", text="taken", login=["scram", "password"])
        self.assertEqual(it.ui.took(), [("passwordWanted", "Ann", None)])

    def test_device(self) -> None:
        """The device's secret is proved without being sent, and nobody is asked."""
        secret = self.register()
        it = self.linked()
        peer = it.endpoint.accept()
        (hello,) = peer.objects()
        exchange = self.challenges(peer, hello, secret)
        self.assertEqual(it.ui.took(), [])
        self.welcomes(peer, exchange)
        self.assertEqual(it.ui.took(), [("entered", False)])
        self.assertEqual(it.link.session.account, "Ann")

    def test_deviceAndToken(self) -> None:
        """A client that comes back shows its session, and proves once more who it is."""
        secret = self.register()
        it = self.linked(retry=True)
        peer = it.endpoint.accept()
        (hello,) = peer.objects()
        self.welcomes(peer, self.challenges(peer, hello, secret))
        peer.closes()
        it.clock.advance(1)
        (hello,) = it.endpoint.accept().objects()
        self.assertEqual((hello["token"], "scram" in hello), ("T", True))

    def test_falseServer(self) -> None:
        """A server that does not know the secret is left, and gets nothing more."""
        secret = self.register()
        for signature in (f"v={'A' * 43}=", "e=other-error", "", None):
            it = self.linked(retry=True, insist=True)
            it.link.say("for the right server only")
            peer = it.endpoint.accept()
            (hello,) = peer.objects()
            self.challenges(peer, hello, secret)
            peer.got()
            peer.says(**{**WELCOME, "account": "Ann", "scram": signature})
            self.assertEqual(peer.got(), b"")
            self.assertTrue(peer.transport.disconnected)
            self.assertEqual([call[0] for call in it.ui.took()], ["ended"])
            self.assertEqual(it.endpoint.attempts, [])

    def test_noChallenge(self) -> None:
        """A server that welcomes without asking for the proof is no better."""
        self.register()
        it = self.linked()
        peer = it.endpoint.accept()
        peer.got()
        peer.says(**WELCOME)
        self.assertEqual(it.ui.took(), [("ended", "false-server")])

    def test_unaskedChallenge(self) -> None:
        """A challenge that answers no proof is the end as well; after the welcome it is nothing."""
        it = self.linked()
        peer = it.endpoint.accept()
        peer.got()
        peer.says(type="challenge", scram="r=x,s=c2FsdHNhbHQ=,i=4096")
        self.assertEqual((it.ui.took(), peer.got()), ([("ended", "false-server")], b""))
        it = self.linked()
        peer = it.enterJSON()
        peer.says(type="challenge", scram="r=x,s=c2FsdHNhbHQ=,i=4096")
        self.assertEqual((it.ui.took(), peer.got()), ([], b""))

    def test_removedDevice(self) -> None:
        """A device that was removed says so, and the user proves who they are."""
        self.register()
        it = self.linked()
        peer = it.endpoint.accept()
        self.assertIn("scram", peer.objects()[0])
        peer.says(type="error", code="wrong-login", text="no such device")
        ((kind, line),) = it.ui.took()
        self.assertEqual(kind, "heard")
        self.assertIn("no longer logs in to Ann", line)
        self.asked(it, peer)

    def test_password(self) -> None:
        """A password that the user gives is proved; a wrong one is asked for again."""
        it = self.linked()
        peer = it.endpoint.accept()
        self.asked(it, peer)
        it.link.enter("Ann", "swordfish was wrong")
        (hello,) = peer.objects()
        self.assertNotIn("password", hello)
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(it.ui.took(), [("passwordWanted", "Ann", "wrong")])
        it.link.enter("Ann", "swordfish is fine")
        (hello,) = peer.objects()
        self.welcomes(peer, self.challenges(peer, hello, "swordfish is fine"))
        self.assertEqual(it.ui.took(), [("entered", False)])

    def test_otherName(self) -> None:
        """Instead of a password the user may give another name."""
        it = self.linked()
        peer = it.endpoint.accept()
        self.asked(it, peer)
        it.link.enter("Zoe")
        (hello,) = peer.objects()
        self.assertEqual((hello["name"], "scram" in hello), ("Zoe", False))

    def test_closedWhileAsking(self) -> None:
        """A server that closes while the user thinks is connected to when they have answered."""
        it = self.linked()
        peer = it.endpoint.accept()
        self.asked(it, peer)
        peer.closes()
        self.assertEqual(it.ui.took(), [])
        it.link.enter("Ann", "swordfish is fine")
        (hello,) = it.endpoint.accept().objects()
        self.assertIn("scram", hello)

    def test_code(self) -> None:
        """A one-time code goes as it is once it turned out to be no password."""
        code = makeSecret()
        it = self.linked(isPrivate=True)
        peer = it.endpoint.accept()
        self.asked(it, peer)
        it.link.enter("Ann", code)
        self.assertNotIn("password", peer.objects()[0])
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(peer.objects()[0]["password"], code)
        peer.says(**{**WELCOME, "account": "Ann", "marks": {}, "unread": {}})
        self.assertEqual(it.ui.took(), [("entered", False)])
        self.assertTrue(it.link.login.byCode)

    def test_codeAfterWrongPasswords(self) -> None:
        """If the server closes before it takes the code, the code goes over a new connection."""
        code = makeSecret()
        it = self.linked(isPrivate=True)
        it.link.enter("Ann", code)
        peer = it.endpoint.accept()
        peer.got()
        peer.says(type="error", code="wrong-login", text="wrong")
        peer.closes()
        self.assertEqual(it.ui.took(), [])
        peer = it.endpoint.accept()
        self.assertEqual(peer.objects()[0]["password"], code)
        peer.closes()
        self.assertEqual(it.ui.took(), [("ended", "unreachable")])

    def test_codeInClear(self) -> None:
        """Where others can listen it does not go at all, and the user is told why."""
        it = self.linked()
        peer = it.endpoint.accept()
        self.asked(it, peer)
        it.link.enter("Ann", makeSecret())
        peer.got()
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(peer.got(), b"")
        ((_, _, refusal),) = it.ui.took()
        self.assertIn("add --tls", refusal)

    def test_textOnly(self) -> None:
        """A server that knows only text gets no password by surprise."""
        it = self.linked()
        it.link.enter("Ann", "swordfish is fine")
        peer = it.endpoint.accept()
        peer.got()
        peer.sends(PROMPT * 2)
        self.assertEqual(it.ui.took(), [("ended", "false-server")])
        self.assertEqual(it.endpoint.attempts, [])

    def test_text(self) -> None:
        """A link that asks for text sends the password behind the name, on every connection."""
        it = self.linked(textOnly=True, retry=True)
        it.link.enter("Ann", "swordfish is fine")
        for _ in range(2):
            peer = it.endpoint.accept()
            peer.sends(PROMPT)
            self.assertEqual(peer.got(), b"Ann swordfish is fine\r\n")
            peer.sends(CONNECTED)
            peer.closes()
            it.clock.advance(1)
        self.assertEqual(it.link.session.name, "Ann")

    def test_changedElsewhere(self) -> None:
        """If the password was changed meanwhile the user is asked after a drop."""
        it = self.linked(retry=True)
        it.link.enter("Ann", "swordfish is fine")
        peer = it.endpoint.accept()
        (hello,) = peer.objects()
        self.welcomes(peer, self.challenges(peer, hello, "swordfish is fine"))
        peer.closes()
        it.clock.advance(1)
        peer = it.endpoint.accept()
        it.ui.took()
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(it.ui.took(), [("passwordWanted", "Ann", "wrong")])

    def test_refusedRead(self) -> None:
        """That a room was left before it could be told as read concerns nobody."""
        it = self.linked()
        peer = it.enterJSON()
        it.link.tellRead("#dev", 11)
        (read,) = peer.objects()
        self.assertEqual((read["type"], read["room"], read["id"]), ("read", "#dev", 11))
        peer.says(type="error", code="no-such-room", text="no", key=read["key"])
        self.assertEqual(it.ui.took(), [])

    def test_loggedIn(self) -> None:
        """After C{/login} the session has the account's name, and is in the lobby."""
        it = self.linked()
        peer = it.enterJSON(name="Zoe", room="#dev")
        peer.says(type="login", name="Ann", account="Ann")
        mine = it.link.session
        self.assertEqual((mine.name, mine.account, mine.room), ("Ann", "Ann", "#lobby"))
        self.assertEqual(it.ui.took(), [("heard", "* You are logged in as Ann")])
