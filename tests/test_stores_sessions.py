from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.session import Session
from twisted_chat.stores.sessions import Sessions

ANN = Session("a1", "hash1", "Ann")


class SessionsTests(SynchronousTestCase):
    """
    L{Sessions}.
    """

    def setUp(self) -> None:
        self.sessions = Sessions(2)

    def test_find(self) -> None:
        """
        A session is found by its token's hash, until it has another or none.
        """
        self.assertFalse(self.sessions)
        self.sessions.put(ANN)
        self.assertTrue(self.sessions)
        self.assertIn("a1", self.sessions)
        self.assertEqual(self.sessions.find("hash1"), ANN)
        self.sessions.put(ANN._replace(tokenHash="hash2"))
        self.assertIsNone(self.sessions.find("hash1"))
        self.sessions.put(ANN._replace(tokenHash=""))
        self.assertIsNone(self.sessions.find("hash2"))
        self.assertIsNone(self.sessions.find(""))
        self.assertEqual(len(self.sessions.all()), 1)

    def test_bounded(self) -> None:
        """
        The session that is longest unchanged goes first.
        """
        for sid in "abac":
            self.sessions.put(Session(sid, f"hash {sid}"))
        self.assertEqual([session.sid for session in self.sessions.all()], ["a", "c"])
        self.assertIsNone(self.sessions.find("hash b"))

    def test_discard(self) -> None:
        """
        What changed meanwhile stays.
        """
        other = Session("b2", "hash2", "Bob")
        self.sessions.put(ANN)
        self.sessions.put(other)
        before = self.sessions.all()
        changed = ANN._replace(name="Anna")
        self.sessions.put(changed)
        self.sessions.discard(before)
        self.assertEqual(self.sessions.all(), [changed])
        self.assertIsNone(self.sessions.find("hash2"))
