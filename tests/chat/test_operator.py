"""
Tests for L{twisted_chat.chat.operator}.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import FakeClient, FaultyLog, enter, makeHub, makeTurnHub
from tests.support.sharedlog import SharedLog
from twisted_chat.accounts.law import Policies
from twisted_chat.accounts.rules import project
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.chat.room import Room
from twisted_chat.errors import (
    ChatError,
    NoSuchRoom,
    NoSuchUser,
    NotAllowed,
    NotStored,
    WrongLogin,
)


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
        """
        A private room that is opened is public, its members are told, and its past stays theirs.
        """
        room = self.done(self.hub.operator.open("#DEN"))
        self.assertFalse(room.private)
        self.assertEqual(self.ann.lines, ["* server opened #den to everybody"])
        cem = enter(self.hub, "Cem")
        cem.types("/join #den", "/history")
        self.assertIn("* You are in #den (3 here)", cem.lines)
        self.assertNotIn("secret", "".join(cem.lines))
        self.refused(self.hub.operator.open("#den"), NotAllowed)

    def test_close(self) -> None:
        """
        The members of a closed room are told, and are in the lobby; a new room may have its name.
        """
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
        """A room that does not exist is refused, and so is closing the lobby."""
        self.refused(self.hub.operator.open("#nothing"), NoSuchRoom)
        self.refused(self.hub.operator.close("two words"), ChatError)
        self.refused(self.hub.operator.close("#lobby"), NotAllowed)
        self.refused(self.hub.operator.open("#lobby"), NotAllowed)

    def test_empty(self) -> None:
        """An empty room can be closed."""
        self.ann.types("/leave")
        self.bob.types("/leave")
        self.assertIn("#den", self.hub.rooms)
        self.done(self.hub.operator.close("#den"))
        self.assertNotIn("#den", self.hub.rooms)


class OrderTests(SynchronousTestCase):
    """
    Tests for events between an order and its return.
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
        """A user who was about to join comes in, and is sent away with the others."""
        self.cem.types("/join #den")
        closing = Deferred.fromCoroutine(self.hub.operator.close("#den"))
        for _ in range(4):
            self.turn.end()
        self.successResultOf(closing)
        self.assertNotIn("#den", self.hub.rooms)
        self.assertIn("* server removed Cem from #den", self.cem.lines)

    def test_joinAfter(self) -> None:
        """A user who joins meanwhile waits, and is in a new room."""
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
        """An order that cannot be stored changes nothing, and can be given again."""
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
        """An order on one node is carried out on both."""
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


class CommandTests(SynchronousTestCase):
    """
    Tests for L{Operator.perform} and L{Operator.makeCode}.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob = enter(self.hub, "Ann"), enter(self.hub, "Bob")
        self.ann.types("/register", "/join #dev")
        self.bob.types("/join #dev")
        self.ann.forget()
        self.bob.forget()

    def perform(self, line: str, room: str = "") -> list[str]:
        """
        @return: what the operator reads.
        """
        return self.successResultOf(Deferred.fromCoroutine(self.hub.operator.perform(line, room)))

    def test_firstOperator(self) -> None:
        """The server makes a registered user the first operator, and everybody there is told."""
        told = "* server made Ann operator of this server"
        self.assertEqual(self.perform("grant Ann operator"), [told])
        self.assertIn(told, self.ann.lines)
        self.ann.types("/leave", "/ban Bob 1h spam")
        self.assertIn("spam", self.bob.lines[-2])
        self.assertTrue(self.bob.closed)

    def test_room(self) -> None:
        """A command applies to the room that the operator names."""
        self.perform("slow 30s", "#DEV")
        self.bob.types("one", "two")
        self.assertEqual(self.bob.lines[-2], "OK . .")
        self.assertTrue(self.bob.lines[-1].startswith("! #dev is in slow mode"), self.bob.lines)

    def test_refused(self) -> None:
        """A refused command raises, and changes nothing."""
        for line, room in (
            ("grant Bob operator", ""),
            ("ban", ""),
            ("slow 30s", "#nowhere"),
            ("dance", ""),
        ):
            doing = Deferred.fromCoroutine(self.hub.operator.perform(line, room))
            self.failureResultOf(doing, ChatError)
        self.assertEqual((self.ann.lines, self.bob.lines), ([], []))

    def test_notStored(self) -> None:
        """An operator whose command cannot be stored is told so, and nothing is in force."""
        log = FaultyLog(projection=project)
        hub = makeHub(log)
        ann = enter(hub, "Ann")
        ann.types("/join #dev")
        log.fail()
        doing = Deferred.fromCoroutine(hub.operator.perform("slow 30s", "#dev"))
        self.failureResultOf(doing, NotStored)
        log.fault = None
        ann.forget()
        ann.types("one", "two")
        self.assertEqual(ann.lines, ["OK . .", "OK . ."])

    def test_recovery(self) -> None:
        """A code lets the owner of an account in who has lost every other way, once."""
        code = self.successResultOf(Deferred.fromCoroutine(self.hub.operator.makeCode("ann")))
        again = FakeClient(self.hub)
        again.login(LoginRequest(f"Ann {code}"))
        self.assertRegex(again.lines[-1], r"^\* Next time enter: Ann [0-9A-Z-]{19}$")
        self.assertIs(again.user.member, self.ann.user.member)
        other = FakeClient(self.hub)
        other.login(LoginRequest(f"Ann {code}"))
        self.assertIsInstance(other.loginError, WrongLogin)

    def test_invitation(self) -> None:
        """A code for nobody lets a new user register where registration is by invitation."""
        self.hub.state.law.policies = Policies("yes", "invited")
        self.bob.types("/register")
        self.assertTrue(self.bob.lines[-1].startswith("! registering here takes a code"))
        code = self.successResultOf(Deferred.fromCoroutine(self.hub.operator.makeCode("")))
        cem = FakeClient(self.hub)
        cem.login(LoginRequest(f"Cem {code}"))
        self.assertIn("* Cem is yours. Next time enter: Cem ", cem.lines[-1])
        self.assertTrue(cem.user.member.isRegistered)

    def test_codeForNobody(self) -> None:
        """No code is made for a name that nobody has registered."""
        doing = Deferred.fromCoroutine(self.hub.operator.makeCode("Bob"))
        self.failureResultOf(doing, NoSuchUser)
