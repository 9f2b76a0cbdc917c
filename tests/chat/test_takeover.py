# -*- test-case-name: tests.chat.test_takeover -*-
"""
Tests for L{twisted_chat.chat.welcome}: a session that goes on over another connection.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import enter, makeTurnHub, newest, resume
from twisted_chat.wire.jsonlines import JSON


class TakeOverTests(SynchronousTestCase):
    """
    A session whose old connection still seems to live.
    """

    def setUp(self) -> None:
        self.hub, self.turn = makeTurnHub()
        self.ann, self.bob = enter(self.hub, "Ann"), enter(self.hub, "Bob", JSON)
        self.turn.end()
        self.welcome = self.bob.objects[0]
        self.last = newest(self.bob)

    def test_takeOver(self) -> None:
        """
        The new connection goes on where the old one was; the old one is told and closed, and
        nobody hears that anything happened.
        """
        self.ann.types("one")
        self.turn.end()
        self.ann.forget()
        again = resume(self.hub, self.welcome, self.last)
        self.assertTrue(self.bob.closed)
        self.assertEqual(self.bob.objects[-1]["type"], "bye")
        self.ann.types("two")
        self.turn.end()
        self.assertEqual([value["text"] for value in again.objectsOf("said")], ["one", "two"])
        self.assertEqual(self.ann.lines, ["OK . ."])
        self.assertIs(self.hub.users["Bob"], again.user.member)
        self.assertEqual(self.bob.objectsOf("said")[-1]["text"], "one")

    def test_oldConnectionEnds(self) -> None:
        """
        Nobody leaves when the old connection ends at last.
        """
        again = resume(self.hub, self.welcome, self.last)
        self.bob.drops()
        self.turn.end()
        self.assertIs(self.hub.users["Bob"], again.user.member)
        self.assertFalse(again.user.leaving)

    def test_pending(self) -> None:
        """
        A request that waits for the log at the takeover is answered to the new connection, and one
        that is sent again is answered with the same id.
        """
        self.bob.asks("say", text="mine", key="k1")
        again = resume(self.hub, self.welcome, self.last)
        again.asks("say", text="mine", key="k1")
        self.turn.end()
        oks = again.objectsOf("ok")
        self.assertEqual({(value["key"], value["id"]) for value in oks}, {("k1", oks[0]["id"])})
        self.assertEqual([line for line in self.ann.lines if "mine" in line], ["Bob :: mine"])

    def test_rooms(self) -> None:
        """
        The new connection sees all rooms of the session.
        """
        self.bob.asks("command", line="/join #dev")
        self.ann.types("/join #dev")
        self.turn.end()
        again = resume(self.hub, self.welcome, newest(self.bob))
        self.ann.types("hello")
        self.turn.end()
        self.assertEqual([value["text"] for value in again.objectsOf("said")], ["hello"])
        self.assertEqual(again.objects[0]["room"], "#dev")

    def test_beforeHeCame(self) -> None:
        """
        A session may be taken over before the log has its arrival: it is welcomed once, on the
        newest connection.
        """
        self.bob.drops()
        self.turn.end()
        first = resume(self.hub, self.welcome, self.last)
        second = resume(self.hub, self.welcome, self.last)
        self.ann.types("hello")
        self.turn.end()
        self.assertEqual([value["type"] for value in first.objects], ["bye"])
        self.assertEqual([v["type"] for v in second.objects].count("welcome"), 1)
        self.assertEqual(second.objects[0]["type"], "welcome")
        self.assertEqual([value["text"] for value in second.objectsOf("said")], ["hello"])

    def test_withoutLast(self) -> None:
        """
        A user who does not say what they have seen last is told that something may be missing.
        """
        again = resume(self.hub, self.welcome, 0, epoch="")
        self.assertEqual([value["type"] for value in again.objects], ["welcome", "gap"])
        self.assertIsNone(again.objects[1]["count"])
