"""
Tests of the outbox.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.outbox import Outbox, PendingMessage


class OutboxTests(SynchronousTestCase):
    """
    Messages from the keyboard to their receipt.
    """

    def setUp(self) -> None:
        self.box = Outbox("run-")

    def put(self, text: str, sent: bool = False) -> PendingMessage:
        message = PendingMessage(self.box.newKey(), text, {"text": text}, sent)
        self.box.put(message)
        return message

    def test_keys(self) -> None:
        """Keys are never given twice, and begin as told."""
        self.assertEqual([self.box.newKey() for _ in range(3)], ["run-1", "run-2", "run-3"])

    def test_confirm(self) -> None:
        """A message leaves by its key, once; other keys mean nothing."""
        message = self.put("one")
        self.assertFalse(self.box.confirm("run-99"))
        self.assertFalse(self.box.confirm(None))
        self.assertTrue(self.box.confirm(message.key))
        self.assertFalse(self.box.confirm(message.key))
        self.assertEqual(len(self.box), 0)

    def test_order(self) -> None:
        """Messages that wait keep the order in which they came."""
        messages = [self.put(text) for text in "abcd"]
        self.box.confirm(messages[1].key)
        self.assertEqual([each.line for each in self.box.waiting()], ["a", "c", "d"])

    def test_doubt(self) -> None:
        """
        A message that was sent is in doubt, and no other; it counts as unconfirmed, and is not
        expected.
        """
        self.put("sent", sent=True)
        self.put("not sent")
        self.box.doubt()
        self.assertEqual((self.box.doubtful, self.box.expected, len(self.box)), (1, 1, 2))
        self.assertEqual([each.line for each in self.box.waiting()], ["not sent"])

    def test_resend(self) -> None:
        """
        A message that is sent again is a new message with the same words, behind those that wait.
        """
        old = self.put("sent", sent=True)
        self.put("not sent")
        self.box.doubt()
        self.box.question(PendingMessage(self.box.newKey(), "typed"))
        again = self.box.resend()
        self.assertEqual([each.line for each in again], ["sent", "typed"])
        self.assertNotEqual(again[0].key, old.key)
        self.assertEqual((again[0].fields, again[0].sent), ({"text": "sent"}, False))
        self.assertEqual([e.line for e in self.box.waiting()], ["not sent", "sent", "typed"])
        self.assertEqual(self.box.doubtful, 0)
