"""
Tests of what goes out, apart from what the link's tests show of it.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.dialect import SessionState
from twisted_chat.client.jsondialect import JSONClientDialect
from twisted_chat.client.outbox import MAX_WAITING_MESSAGES, Outbox, OutboxFull
from twisted_chat.client.sender import MAX_UNCONFIRMED_MESSAGES, MessageSender
from twisted_chat.client.textdialect import TextClientDialect
from twisted_chat.errors import BadCommand


class SenderTests(SynchronousTestCase):
    """
    Lines that leave or wait.
    """

    def setUp(self) -> None:
        self.sent: list[bytes] = []
        self.quits = 0
        self.outbox = Outbox("k")
        self.text = TextClientDialect(SessionState("Ann"), self.outbox)
        self.sender = MessageSender(self.outbox, self.text, self.sent.append, self.quit)

    def quit(self) -> None:
        self.quits += 1

    def lines(self) -> list[bytes]:
        return b"".join(self.sent).splitlines()

    def test_closed(self) -> None:
        """Messages wait for the welcome, up to a limit, and commands are refused."""
        for number in range(MAX_WAITING_MESSAGES):
            self.sender.say(str(number))
        self.assertRaises(OutboxFull, self.sender.say, "more")
        self.assertRaises(BadCommand, self.sender.say, "/names")
        self.assertRaises(BadCommand, self.sender.send, {"type": "ping"})
        self.assertEqual((self.sent, self.sender.full), ([], True))
        self.sender.opened()
        self.assertEqual(self.lines(), [b"%d" % number for number in range(MAX_WAITING_MESSAGES)])

    def test_open(self) -> None:
        """Lines leave as they come after the welcome."""
        self.sender.opened()
        for line in ("one", "/names", "two"):
            self.sender.say(line)
        self.assertEqual(self.lines(), [b"one", b"/names", b"two"])

    def test_full(self) -> None:
        """Many messages without a receipt hold the input, and the first receipt releases it."""
        self.sender.opened()
        self.text.receive(b"Connected... Start sending messages")
        for _ in range(MAX_UNCONFIRMED_MESSAGES):
            self.assertFalse(self.sender.full)
            self.sender.say("x")
        self.assertTrue(self.sender.full)
        self.text.receive(b"OK . .")
        self.assertFalse(self.sender.full)

    def test_quitWaitsItsTurn(self) -> None:
        """A request to leave waits for the answer to the command before it."""
        dialect = self.sender.dialect = JSONClientDialect(SessionState("Ann"), self.outbox)
        dialect.receive(b'{"type":"welcome","name":"Ann","room":"#lobby"}')
        self.sender.opened()
        self.sender.say("/names")
        self.sender.say("bye all")
        self.sender.say("/quit")
        self.sender.say("never sent")
        self.assertEqual((self.quits, self.sender.owes), (0, True))
        dialect.receive(b'{"type":"pong","key":"k2"}')
        self.sender.answered()
        self.assertEqual(self.quits, 1)
        self.assertIn(b"bye all", self.sent[-1])
        self.assertEqual(self.sender.unconfirmed, 1)

    def test_lost(self) -> None:
        """
        A line that was sent, or waited for an answer, is in doubt; one that waited for a welcome is
        not.
        """
        self.sender.say("early")
        self.sender.opened()
        self.sender.closed()
        self.assertEqual(self.outbox.doubtful, 1)
        self.sender.say("late")
        self.sender.opened()
        self.assertEqual(self.lines(), [b"early", b"late"])
