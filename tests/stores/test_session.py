# -*- test-case-name: tests.stores.test_session -*-
"""
Tests for L{twisted_chat.stores.session}.
"""

from __future__ import annotations

import base64
import hashlib

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.stores.session import Session, hashToken, newSid, newToken


class TokenTests(SynchronousTestCase):
    """
    The secret that proves whose session it is.
    """

    def test_length(self) -> None:
        """
        A token is 32 random bytes, written so that it needs no quoting anywhere.
        """
        token = newToken()
        self.assertEqual(len(base64.urlsafe_b64decode(token + "=")), 32)
        self.assertRegex(token, r"\A[A-Za-z0-9_-]{43}\Z")

    def test_unique(self) -> None:
        """
        Tokens and session ids do not repeat.
        """
        self.assertEqual(len({newToken() for _ in range(100)}), 100)
        self.assertEqual(len({newSid() for _ in range(100)}), 100)

    def test_hash(self) -> None:
        """
        Only the SHA-256 of a token is kept, which does not hold the token.
        """
        token = newToken()
        self.assertEqual(hashToken(token), hashlib.sha256(token.encode()).hexdigest())
        self.assertNotIn(token, hashToken(token))

    def test_hashOfAnything(self) -> None:
        """
        Whatever a client shows as its token can be hashed, half a surrogate pair too.
        """
        self.assertNotEqual(hashToken("\ud800"), hashToken("\ud801"))


class SessionTests(SynchronousTestCase):
    """
    What is kept of a stay.
    """

    def test_fresh(self) -> None:
        """
        A session without a token cannot be resumed: no token has an empty hash.
        """
        self.assertEqual(Session("5a").tokenHash, "")
        self.assertNotEqual(hashToken(""), "")
