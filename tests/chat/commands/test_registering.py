# -*- test-case-name: tests.chat.commands.test_registering -*-
"""
Tests for L{twisted_chat.chat.commands.account}: registration.
"""

from __future__ import annotations

from tests.support.accounts import SECRET, AccountsTestCase, TurnTestCase, addDevice, register
from tests.support.helpers import FakeClient
from twisted_chat.accounts.registry import MAX_NAMES
from twisted_chat.accounts.rules import project
from twisted_chat.accounts.throttle import REGISTERED_FROM_NETWORK, REGISTERED_IN_ALL
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.errors import NotStored
from twisted_chat.stores.interfaces import IFollower
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import CREDENTIALS, Draft
from twisted_chat.wire.jsonlines import JSON


class RegisterTests(AccountsTestCase):
    """
    C{/register}.
    """

    def test_made(self) -> None:
        """
        A registration without a password shows a made secret once, and the others hear nothing of
        it.
        """
        self.assertRegex(
            "\n".join(self.said(self.bob, "/register")),
            rf"^\* Bob is yours. Next time enter: Bob {SECRET}$",
        )
        self.assertEqual(self.ann.lines, [])
        self.assertTrue(self.bob.user.member.isRegistered)
        self.assertEqual(self.bob.user.member.account, "Bob")

    def test_password(self) -> None:
        """
        A chosen password is not shown, and logs in.
        """
        self.assertEqual(
            self.said(self.bob, "/register correct horse battery"),
            ["* Bob is yours. Next time enter: Bob and your password"],
        )
        self.bob.types("/quit")
        self.assertIsNone(self.logIn("Bob correct horse battery").loginError)

    def test_badPassword(self) -> None:
        """
        A password that breaks a rule registers nobody, and is not counted.
        """
        for password in ("short", "x" * 257, "tab\there and more"):
            self.assertRegex(self.said(self.bob, f"/register {password}")[-1], "^! ", password)
        self.assertFalse(self.bob.user.member.isRegistered)
        self.assertRegex(self.said(self.bob, "/register")[-1], "is yours")

    def test_twice(self) -> None:
        """
        A name is registered to its owner once.
        """
        self.assertEqual(
            self.said(self.ann, "/register"),
            ["! Ann is yours already: /nick to another name first"],
        )
        self.assertEqual(
            self.said(self.ann, "/register a password of mine"),
            ["! you are registered already: /password NEW sets another password"],
        )

    def test_furtherNames(self) -> None:
        """
        An account has four names, each owned, and each entered with the same secret.
        """
        for name in ("Anna", "Annie", "Nan"):
            self.ann.types(f"/nick {name}")
            self.assertEqual(self.said(self.ann, "/register"), [f"* {name} is yours, too"])
        self.ann.types("/nick Nancy")
        self.assertIn(f"at most {MAX_NAMES} names", self.said(self.ann, "/register")[-1])
        self.assertIn("Ann is registered", self.said(self.ann, "/account")[0])
        self.assertIn("owns Anna, Annie, Nan", self.ann.lines[0])
        self.ann.types("/quit")
        self.assertIn("Anna is registered", self.refusal("anna"))
        again = self.logIn(f"Anna {self.secret}")
        self.assertEqual((again.user.name, again.user.member.account), ("Anna", "Ann"))
        self.assertIsNone(self.logIn("Nancy").loginError)

    def test_throttle(self) -> None:
        """
        One network registers few users in an hour, and the next is told how long to wait.
        """
        for number in range(1, REGISTERED_FROM_NETWORK):
            register(self.logIn(f"a{number}"))
        late = self.logIn("late")
        self.assertIn("try again in 60 min", self.said(late, "/register")[-1])
        self.assertFalse(late.user.member.isRegistered)
        other = self.logIn("other", "198.51.100.9")
        self.assertIn("other is yours", self.said(other, "/register")[-1])
        self.passed += 3_601
        self.assertIn("late is yours", self.said(late, "/register")[-1])

    def test_trusted(self) -> None:
        """
        A trusted network has no limit of its own.
        """
        for number in range(REGISTERED_IN_ALL - 1):
            client = FakeClient(self.hub)
            client.isTrusted = True
            client.login(LoginRequest(f"n{number}"))
            client.types("/register")
            self.assertIn("is yours", client.lines[-1])
        self.assertIn("too many people are registering", self.said(self.bob, "/register")[-1])

    def test_removedAccount(self) -> None:
        """
        A user whose account has ended does not register again before they come back.
        """
        self.ann.types("/unregister Ann", "/unregister Ann", "/nick Anna")
        self.assertEqual(
            self.said(self.ann, "/register"),
            ["! your account has ended: /quit, and come back under another name"],
        )
        self.ann.types("/quit")
        self.assertIn("Anna is yours", self.said(self.logIn("Anna"), "/register")[-1])

    def test_roomsAreKept(self) -> None:
        """
        The rooms that a guest made stay theirs once they register.
        """
        self.bob.types("/join #den sesame", "/register", "/quit")
        secret = self.bob.lines[-2].rpartition(" ")[2]
        again = self.logIn(f"Bob {secret}")
        again.types("/join #den")
        self.assertEqual(self.said(again, "/lock"), ["* Bob made #den private"])


class RaceTests(TurnTestCase):
    """
    Requests that come in one turn.
    """

    def test_lookalikes(self) -> None:
        """
        A registration and its credentials are one batch; a line typed behind it waits.
        """
        bob = self.enter("Bob")
        bob.types("/register", "/account")
        self.assertEqual(len(bob.lines), 1)
        self.turn.end()
        self.assertRegex(bob.lines[1], "Bob is yours")
        self.assertRegex(bob.lines[2], "Bob is registered since")

    def test_left(self) -> None:
        """
        The name of a user who left before the log had their registration is owned.
        """
        bob = self.enter("Bob")
        bob.types("/register")
        bob.drops()
        self.turn.end()
        self.assertEqual(sorted(self.hub.users), ["Ann"])
        error = self.enter("Bob").loginError
        assert error is not None
        self.assertIn("Bob is registered", error.sentence)

    def test_twoDevices(self) -> None:
        """
        Two registrations of one session in one turn are one.
        """
        bob = self.enter("Bob", JSON)
        addDevice(bob, "one")
        addDevice(bob, "two")
        self.turn.end()
        self.assertEqual([each["type"] for each in bob.objects[1:]], ["registered", "registered"])
        bob.asks("account", key="a1")
        self.turn.end()
        self.assertEqual([each["label"] for each in bob.objects[-1]["devices"]], ["one", "two"])


class HalfLog(MemoryLog):
    """
    A log that refuses credentials while the test says so.
    """

    isFull = False

    def follow(self, follower: IFollower) -> None:
        """See L{twisted_chat.stores.interfaces.ILog.follow}."""
        super().follow(follower)
        self._follower = follower

    def append(self, draft: Draft, origin: object) -> None:
        """See L{twisted_chat.stores.interfaces.ILog.append}."""
        if self.isFull and draft.kind == CREDENTIALS:
            self._follower.refused([(draft, origin)], NotStored("not stored: try again later"))
        else:
            super().append(draft, origin)


class HalfTests(AccountsTestCase):
    """
    A registration of which only the first half was stored.
    """

    def makeLog(self) -> MemoryLog:
        """See L{AccountsTestCase.makeLog}."""
        self.half = HalfLog(seconds=lambda: self.now, projection=project)
        return self.half

    def test_mended(self) -> None:
        """
        A user whose registration was stored, and whose secret was not, is told so, and sets a
        password.
        """
        self.half.isFull = True
        self.assertEqual(self.said(self.bob, "/register"), ["! not stored: try again later"])
        self.assertTrue(self.bob.user.member.isRegistered)
        self.half.isFull = False
        self.bob.types("/password a password of mine")
        self.assertIsNone(self.logIn("Bob a password of mine").loginError)
