"""
Tests of a client's side of the dialects, for what no connection is needed.
"""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import makeDialect
from twisted_chat.client.dialect import ClientDialect, Proof, isQuit
from twisted_chat.client.jsondialect import JSONClientDialect
from twisted_chat.client.textdialect import TextClientDialect
from twisted_chat.errors import BadObject

quick = settings(deadline=None, max_examples=100, derandomize=True, database=None)


class ComposeTests(SynchronousTestCase):
    """
    Lines that are messages, and lines that are commands.
    """

    def test_both(self) -> None:
        """Both dialects agree on which lines are messages."""
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
            for dialect in (makeDialect(TextClientDialect), makeDialect(JSONClientDialect)):
                self.assertEqual(dialect.compose(line) is not None, message, line)

    def test_quit(self) -> None:
        """C{/quit} and each of its possible abbreviations ask to leave."""
        for line in ("/quit", "/q", "/QUIT", "/quit bye", "/exit"):
            self.assertTrue(isQuit(line), line)
        for line in ("/quitter", "quit", "//quit", "/query"):
            self.assertFalse(isQuit(line), line)


class AnyServerTests(SynchronousTestCase):
    """
    Servers that send anything.
    """

    def survives(self, dialect: ClientDialect, lines: list[bytes]) -> None:
        dialect.connected()
        dialect.hello(Proof())
        for request in (dialect.account(), dialect.register("x", "x"), dialect.read("#x", 1)):
            self.assertIsInstance(request, bytes)
        for line in lines:
            with contextlib.suppress(BadObject):
                dialect.receive(line)

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
                    b'{"type":"challenge"}',
                    b'{"type":"registered","key":"register-1"}',
                    b'{"type":"account","key":"account-1"}',
                    b'{"type":"login"}',
                    b'{"type":"read"}',
                ]
            ),
            max_size=8,
        )
    )
    def test_anyLines(self, lines: list[bytes]) -> None:
        """A client survives any lines in any order."""
        self.survives(makeDialect(TextClientDialect), lines)
        self.survives(makeDialect(JSONClientDialect), lines)
