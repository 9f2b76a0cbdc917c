"""
Tests of a client's side of the dialects, for what no connection is needed.
"""

from __future__ import annotations

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.outbox import Outbox
from twisted_chat.client.speech import JSONSpeech, Speech, Standing, TextSpeech, isQuit
from twisted_chat.errors import BadObject

quick = settings(deadline=None, max_examples=100, derandomize=True, database=None)


def text(name: str = "Ann") -> TextSpeech:
    """
    @return: the text dialect as somebody speaks it.
    """
    return TextSpeech(Standing(name), Outbox("k"))


def objects(name: str = "Ann") -> JSONSpeech:
    """
    @return: the JSON dialect as somebody speaks it.
    """
    return JSONSpeech(Standing(name), Outbox("k"))


class ComposeTests(SynchronousTestCase):
    """
    What is a message and what is a command.
    """

    def test_both(self) -> None:
        """Both dialects agree on what is a message."""
        for line, message in (
            ("hello", True),
            ("//x", True),
            ("/me waves", True),
            ("/ME waves", True),
            ("/msg Bob hi", True),
            ("/names", False),
            ("/msg Bob", False),
            ("/me", False),
            ("/menu", False),
            ("/", False),
        ):
            for speech in (text(), objects()):
                self.assertEqual(speech.compose(line) is not None, message, line)

    def test_replyToNobody(self) -> None:
        """Without somebody to answer, the server says so."""
        self.assertIsNone(objects().compose("/r hi"))

    def test_quit(self) -> None:
        """The word and what may be an abbreviation of it ask to leave."""
        for line in ("/quit", "/q", "/QUIT", "/quit bye", "/exit"):
            self.assertTrue(isQuit(line), line)
        for line in ("/quitter", "quit", "//quit", "/query"):
            self.assertFalse(isQuit(line), line)


class AnyServerTests(SynchronousTestCase):
    """
    Servers that send anything.
    """

    def survives(self, speech: Speech, lines: list[bytes]) -> None:
        speech.connected()
        speech.hello()
        for line in lines:
            with contextlib.suppress(BadObject):
                speech.hear(line)

    @quick
    @given(
        st.lists(
            st.binary(max_size=20)
            | st.sampled_from(
                [
                    b"Enter your name to enter the chat >",
                    b"Connected... Start sending messages",
                    b"OK . .",
                    b"! no",
                    b'{"type":"welcome"}',
                    b'{"type":"ok","key":"k1"}',
                    b'{"type":"pong","key":"k1"}',
                    b'{"type":"said","id":5}',
                    b'{"type":"error"}',
                ]
            ),
            max_size=8,
        )
    )
    def test_anyLines(self, lines: list[bytes]) -> None:
        """No order of lines breaks a client."""
        self.survives(text(), lines)
        self.survives(objects(), lines)

    def test_moreReceiptsThanMessages(self) -> None:
        """A receipt for nothing confirms nothing."""
        speech = text()
        speech.hear(b"Connected... Start sending messages")
        self.assertEqual(speech.hear(b"OK . .")[0].kind, "ok")


class PingTests(SynchronousTestCase):
    """
    The barrier behind commands.
    """

    def test_barrier(self) -> None:
        """Only the pong of the last command lets lines pass."""
        speech = objects()
        speech.hear(b'{"type":"welcome","name":"Ann","room":"#lobby"}')
        _, ping = map(json.loads, speech.command("/join #dev").splitlines())
        other = json.loads(speech.ping())
        speech.hear(json.dumps({"type": "pong", "key": other["key"]}).encode())
        self.assertTrue(speech.busy)
        speech.hear(json.dumps({"type": "pong", "key": ping["key"]}).encode())
        self.assertFalse(speech.busy)

    def test_foreignPong(self) -> None:
        """The pong of a program's own ping is the program's."""
        speech = objects()
        speech.hear(b'{"type":"welcome","name":"Ann","room":"#lobby"}')
        self.assertEqual([h.kind for h in speech.hear(b'{"type":"pong","key":"x"}')], ["pong"])
