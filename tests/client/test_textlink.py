"""
Tests of the link in the text dialect: what it sends and when, and what it shows its user interface.
"""

from __future__ import annotations

import errno

from twisted.internet.error import (
    ConnectError,
    ConnectionLost,
    ConnectionRefusedError,
    DNSLookupError,
    TimeoutError,
)
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import CONNECTED, OK, PROMPT, Linked
from twisted_chat.client.link import ANSWER_TIMEOUT, GOODBYE_TIMEOUT, LOGIN_TIMEOUT
from twisted_chat.errors import ChatError


class TextTests(SynchronousTestCase):
    """
    The text dialect.
    """

    def linked(self, name: str = "Ann", **options: object) -> Linked:
        return Linked(name, textOnly=True, **options)

    def test_name(self) -> None:
        """
        The user interface is asked for a name if there is none, and the name is the first line
        sent.
        """
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
        """A line of the server reaches the user interface as it is; the prompt does not."""
        it = self.linked()
        peer = it.endpoint.accept()
        lines = [b"OK . .", b"Bob :: Hi!", b"#dev Bob :: x", b"Bob -> you :: y", b"* z", b"! no"]
        peer.sends(PROMPT + CONNECTED + b"".join(line + b"\r\n" for line in lines))
        self.assertEqual(
            it.ui.took(), [("entered", False)] + [("heard", line.decode()) for line in lines]
        )

    def test_finishWaitsForReceipts(self) -> None:
        """The link stays after the end of the input until each message is answered."""
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
        """A client whose input ends at once still enters."""
        it = self.linked()
        peer = it.endpoint.accept()
        it.link.finish()
        self.assertFalse(peer.transport.disconnecting)
        peer.sends(PROMPT + CONNECTED)
        self.assertTrue(peer.transport.disconnecting)

    def test_finishWaitsForCommands(self) -> None:
        """A link waits for the answers of commands, which have no end, by asking to leave."""
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
        """The link gives up after half a minute without an answer once the input has ended."""
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
        """A reader that takes its time does not make the link give the server up."""
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
        """
        A user who left while the server answered the hello does not come back in another dialect.
        """
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
        """Each failure to connect has its sentence."""
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
        """C{/quit} asks the server, shows its goodbye, and is no lost connection."""
        it = self.linked()
        peer = it.enterText()
        it.link.say("/quit")
        self.assertEqual(peer.got(), b"/quit\r\n")
        peer.sends(b"* Goodbye\r\n")
        peer.closes()
        self.assertEqual(it.ui.took(), [("heard", "* Goodbye"), ("ended", None)])

    def test_quitUnanswered(self) -> None:
        """A server that does not react to C{/quit} is left after a while."""
        it = self.linked()
        it.enterText()
        it.link.say("/quit")
        it.clock.pump([GOODBYE_TIMEOUT] * 2)
        self.assertEqual(it.ui.took(), [("ended", None)])

    def test_leave(self) -> None:
        """A user can leave without the server, at any stage."""
        connecting = self.linked()
        connecting.link.leave()
        self.assertEqual(connecting.ui.took(), [("ended", None)])
        inside = self.linked()
        inside.enterText()
        inside.link.leave()
        inside.clock.advance(GOODBYE_TIMEOUT)
        self.assertEqual(inside.ui.took(), [("ended", None)])
