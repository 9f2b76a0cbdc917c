"""
Tests for L{twisted_chat.client.jsondialect}; what both dialects promise is in
L{tests.client.test_dialect}, and all of it is exercised in L{tests.client.test_link}.
"""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import makeSpeech
from twisted_chat.client.jsondialect import JSONSpeech


class ComposeTests(SynchronousTestCase):
    """
    What is a message and what is a command.
    """

    def test_replyToNobody(self) -> None:
        """Without somebody to answer, the server says so."""
        self.assertIsNone(makeSpeech(JSONSpeech).compose("/r hi"))


class PingTests(SynchronousTestCase):
    """
    The barrier behind commands.
    """

    def test_barrier(self) -> None:
        """Only the pong of the last command lets lines pass."""
        speech = makeSpeech(JSONSpeech)
        speech.hear(b'{"type":"welcome","name":"Ann","room":"#lobby"}')
        _, ping = map(json.loads, speech.command("/join #dev").splitlines())
        other = json.loads(speech.ping())
        speech.hear(json.dumps({"type": "pong", "key": other["key"]}).encode())
        self.assertTrue(speech.busy)
        speech.hear(json.dumps({"type": "pong", "key": ping["key"]}).encode())
        self.assertFalse(speech.busy)

    def test_foreignPong(self) -> None:
        """The pong of a program's own ping is the program's."""
        speech = makeSpeech(JSONSpeech)
        speech.hear(b'{"type":"welcome","name":"Ann","room":"#lobby"}')
        self.assertEqual([h.kind for h in speech.hear(b'{"type":"pong","key":"x"}')], ["pong"])
