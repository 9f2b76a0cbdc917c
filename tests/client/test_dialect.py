"""
Tests of a client's side of the dialects, for what no connection is needed.
"""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import makeSpeech
from twisted_chat.client.dialect import Speech, isQuit
from twisted_chat.client.jsondialect import JSONSpeech
from twisted_chat.client.textdialect import TextSpeech
from twisted_chat.errors import BadObject

quick = settings(deadline=None, max_examples=100, derandomize=True, database=None)


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
            for speech in (makeSpeech(TextSpeech), makeSpeech(JSONSpeech)):
                self.assertEqual(speech.compose(line) is not None, message, line)

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
        self.survives(makeSpeech(TextSpeech), lines)
        self.survives(makeSpeech(JSONSpeech), lines)
