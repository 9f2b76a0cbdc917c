"""
Tests for L{twisted_chat.client.textdialect}; what both dialects promise is in
L{tests.client.test_dialect}, and all of it is exercised in L{tests.client.test_link}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import makeDialect
from twisted_chat.client.textdialect import TextClientDialect


class ReceiptTests(SynchronousTestCase):
    """
    Receipts, which are known by counting.
    """

    def test_moreReceiptsThanMessages(self) -> None:
        """A receipt for nothing confirms nothing."""
        dialect = makeDialect(TextClientDialect)
        dialect.receive(b"Connected... Start sending messages")
        self.assertEqual(dialect.receive(b"OK . .")[0].kind, "ok")
