"""
Tests for L{twisted_chat.client.textdialect}; what both dialects promise is in
L{tests.client.test_dialect}, and all of it is exercised in L{tests.client.test_textlink}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import makeDialect
from twisted_chat.client.dialect import Proof
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


class AccountTests(SynchronousTestCase):
    """
    Accounts, of which the text dialect knows only lines.
    """

    def test_passwordFollowsTheName(self) -> None:
        """The password stands behind the name; a guest sends the name alone."""
        dialect = makeDialect(TextClientDialect)
        self.assertEqual(dialect.hello(Proof(password="a b")), b"Ann a b\r\n")
        self.assertEqual(dialect.hello(Proof()), b"Ann\r\n")

    def test_loggedIn(self) -> None:
        """A guest who logs in has the name of the account; a login of others changes nothing."""
        dialect = makeDialect(TextClientDialect)
        dialect.receive(b"Connected... Start sending messages")
        for line, name in ((b"* Bob is now Rob", "Ann"), (b"* Ann is now Zoe", "Zoe")):
            dialect.receive(line)
            self.assertEqual(dialect._session.name, name)

    def test_nothingElse(self) -> None:
        """The dialect has no requests, no marks and no challenges."""
        dialect = makeDialect(TextClientDialect)
        self.assertEqual(
            dialect.account()
            + dialect.prove("x")
            + dialect.read("#lobby", 1)
            + dialect.history("#lobby", 1)
            + dialect.search("x", 1)
            + dialect.register("laptop", "x"),
            b"",
        )
