"""
Tests for L{twisted_chat.client.textspeech}; what both dialects promise is in
L{tests.test_client_speech}, and all of it is exercised in L{tests.test_client_link}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.chatting import makeSpeech
from twisted_chat.client.textspeech import TextSpeech


class ReceiptTests(SynchronousTestCase):
    """
    Receipts, which are known by counting.
    """

    def test_moreReceiptsThanMessages(self) -> None:
        """A receipt for nothing confirms nothing."""
        speech = makeSpeech(TextSpeech)
        speech.hear(b"Connected... Start sending messages")
        self.assertEqual(speech.hear(b"OK . .")[0].kind, "ok")
