"""
Tests for L{twisted_chat.chat.operator}.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import FakeClient, enter, makeHub, makeTurnHub
from tests.support.sharedlog import SharedLog
from twisted_chat.chat.room import Room
from twisted_chat.errors import ChatError, NoSuchRoom, NotAllowed, NotStored


class OperatorTests(SynchronousTestCase):
    """
    Tests for L{Operator}.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob = enter(self.hub, "Ann"), enter(self.hub, "Bob")
        self.ann.types("/join #den swordfish", "secret")
        self.bob.types("/join #den swordfish")
        self.forget()

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self.ann.forget()
        self.bob.forget()

    def done(self, doing: Coroutine[Deferred[Any], Any, Room]) -> Room:
        """
        @return: the room that something was done to.
        """
        return self.successResultOf(Deferred.fromCoroutine(doing))

    def refused(self, doing: Coroutine[Deferred[Any], Any, Room], kind: type[ChatError]) -> None:
        """
        Check that something is refused.
        """
        self.failureResultOf(Deferred.fromCoroutine(doing), kind)

    def test_open(self) -> None:
        """A private room is public, its members are told, and the past stays theirs."""
        room = self.done(self.hub.operator.open("#DEN"))
        self.assertFalse(room.private)
        self.assertEqual(self.ann.lines, ["* server opened #den to everybody"])
        cem = enter(self.hub, "Cem")
        cem.types("/join #den", "/history")
        self.assertIn("* You are in #den (3 here)", cem.lines)
        self.assertNotIn("secret", "".join(cem.lines))
        self.refused(self.hub.operator.open("#den"), NotAllowed)

    def test_close(self) -> None:
        """The members of a room are told, and are in the lobby; a new room may have its name."""
        self.done(self.hub.operator.close("#den"))
        self.assertNotIn("#den", self.hub.rooms)
        self.assertIn("* server removed Bob from #den", self.bob.lines)
        self.forget()
        self.bob.types("hello?")
        self.assertRegex(self.bob.lines[0], "^! you were removed from #den, and nothing was sent")
        self.bob.types("hello", "/join #den", "/history")
        self.assertIn("Bob :: hello", self.ann.lines)
        self.assertNotIn("secret", "".join(self.bob.lines))

    def test_refused(self) -> None:
        """There is no other room, and the lobby stays."""
        self.refused(self.hub.operator.open("#nothing"), NoSuchRoom)
        self.refused(self.hub.operator.close("two words"), ChatError)
        self.refused(self.hub.operator.close("#lobby"), NotAllowed)
        self.refused(self.hub.operator.open("#lobby"), NotAllowed)

    def test_empty(self) -> None:
        """A room in which nobody is can be closed as well."""
        self.ann.types("/leave")
        self.bob.types("/leave")
        self.assertIn("#den", self.hub.rooms)
        self.done(self.hub.operator.close("#den"))
        self.assertNotIn("#den", self.hub.rooms)


class OrderTests(SynchronousTestCase):
    """
    Tests for what happens between an order and its return.
    """

    def setUp(self) -> None:
        self.hub, self.turn = makeTurnHub()
        self.ann, self.cem = self.enter("Ann"), self.enter("Cem")
        self.types(self.ann, "/join #den")
        self.types(self.ann, "hello")

    def enter(self, name: str) -> FakeClient:
        """
        @return: the client of somebody who has logged in.
        """
        client = enter(self.hub, name)
        self.turn.end()
        return client

    def types(self, client: FakeClient, line: str) -> None:
        """Let somebody type a line, and the log store what comes of it."""
        client.types(line)
        self.turn.end()

    def test_joinBefore(self) -> None:
        """Who was about to join comes in, and is sent away with the others."""
        self.cem.types("/join #den")
        closing = Deferred.fromCoroutine(self.hub.operator.close("#den"))
        for _ in range(4):
            self.turn.end()
        self.successResultOf(closing)
        self.assertNotIn("#den", self.hub.rooms)
        self.assertIn("* server removed Cem from #den", self.cem.lines)

    def test_joinAfter(self) -> None:
        """Who joins meanwhile waits, and is in a new room."""
        closing = Deferred.fromCoroutine(self.hub.operator.close("#den"))
        former = self.hub.rooms["#den"]
        self.cem.types("/join #den")
        self.ann.types("still here?")
        for _ in range(4):
            self.turn.end()
        self.successResultOf(closing)
        self.assertIsNot(self.hub.rooms["#den"], former)
        self.assertNotIn("still here?", "".join(self.cem.lines))

    def test_notStored(self) -> None:
        """What cannot be stored changes nothing, and can be ordered again."""
        error = NotStored("not stored: the disk is full")
        closing = Deferred.fromCoroutine(self.hub.operator.close("#den"))
        log: Any = self.hub.log
        taken, log._taken = log._taken, []
        self.hub.refused(taken, error)
        self.failureResultOf(closing, NotStored)
        self.turn.end()
        self.assertIn("#den", self.hub.rooms)
        again = Deferred.fromCoroutine(self.hub.operator.close("#den"))
        self.turn.end()
        self.successResultOf(again)


class TwoNodesTests(SynchronousTestCase):
    """
    Tests for an operator of one of two nodes.
    """

    def test_close(self) -> None:
        """What the operator of one node does happens on both."""
        shared = SharedLog()
        here, there = makeHub(shared.node()), makeHub(shared.node())
        ann, bob = enter(here, "Ann"), enter(there, "Bob")
        shared.turn.end()
        for client, line in ((ann, "/join #den"), (bob, "/join #den"), (ann, "/lock")):
            client.types(line)
            shared.turn.end()
        opening = Deferred.fromCoroutine(here.operator.open("#den"))
        shared.turn.end()
        self.successResultOf(opening)
        self.assertFalse(there.rooms["#den"].private)
        closing = Deferred.fromCoroutine(here.operator.close("#den"))
        shared.turn.end()
        self.successResultOf(closing)
        self.assertNotIn("#den", there.rooms)
        self.assertIn("* server removed Bob from #den", bob.lines)
