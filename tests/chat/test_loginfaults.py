# -*- test-case-name: tests.chat.test_loginfaults -*-
"""
Tests for L{twisted_chat.chat.login}: accounts that cannot be stored or read.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from tests.support.accounts import AccountsTestCase, helloWith
from tests.support.helpers import CONNECTED, FakeClient, FaultyLog, resume
from twisted_chat.accounts.rules import project
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.stores.memory import MemoryLog


class FaultTests(AccountsTestCase):
    """
    A store that fails.
    """

    def makeLog(self) -> MemoryLog:
        """See L{AccountsTestCase.makeLog}."""
        self.faulty = FaultyLog(seconds=lambda: self.now, projection=project)
        return self.faulty

    def test_register(self) -> None:
        """
        A registration that is not stored changes nothing, and is not counted.
        """
        self.faulty.fail()
        for _ in range(5):
            self.assertRegex(self.said(self.bob, "/register")[-1], "^! .*not stored")
        self.assertFalse(self.bob.user.member.isRegistered or self.bob.user.isProved)
        self.faulty.fault = None
        self.assertIn("Bob is yours", self.said(self.bob, "/register")[-1])

    def test_change(self) -> None:
        """
        A guest whose login is not stored stays a guest, and can try again.
        """
        eve = self.logIn("Eve")
        self.faulty.fail()
        self.assertRegex(self.said(eve, f"/login Ann {self.secret}")[-1], "^! .*not stored")
        self.assertFalse(eve.closed)
        self.faulty.fault = None
        self.assertEqual(self.said(eve, "hi"), ["OK . ."])
        self.assertIn("Eve :: hi", self.bob.lines)
        self.assertEqual(self.said(eve, f"/login Ann {self.secret}")[0], "* Eve is now Ann")

    def test_devices(self) -> None:
        """
        A change of an account that is not stored changes nothing.
        """
        self.faulty.fail()
        for line in (
            "/device add phone",
            "/invite-code",
            "/password another password",
            "/unregister Ann",
        ):
            self.said(self.ann, line)
        self.assertRegex(self.said(self.ann, "/unregister Ann")[-1], "^! .*not stored")
        self.faulty.fault = None
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)
        self.assertIn("logs in with: secret", "".join(self.said(self.ann, "/account")))

    def test_enter(self) -> None:
        """
        A user logs in to their account though the login cannot be stored.
        """
        self.ann.types("/quit")
        self.faulty.fail()
        self.assertEqual(self.logIn(f"Ann {self.secret}").lines, [CONNECTED])

    def test_code(self) -> None:
        """
        A code is still good after the change that it was used for could not be stored.
        """
        code = self.said(self.ann, "/invite-code")[-1].rpartition(" ")[2]
        device = self.said(self.ann, "/device add phone")[-1].rpartition(" ")[2]
        self.faulty.fail()
        self.assertIn("not-stored", self.refusal(f"Cem {code}"))
        self.assertIn("not-stored", self.refusal(f"Ann {device}"))
        self.faulty.fault = None
        self.assertIsNone(self.logIn(f"Cem {code}").loginError)
        self.assertIsNone(self.logIn(f"Ann {device}").loginError)


class UnreadableLog(MemoryLog):
    """
    A log whose records are read when the test says so.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.waiting_: list[Deferred[Any]] = []
        self.isSlow = False

    def record(self, kind: str, key: str) -> Deferred[Any]:
        """See L{IRecords.record}."""
        if not self.isSlow:
            return super().record(kind, key)
        result: Deferred[Any] = Deferred()
        self.waiting_.append(result)
        return result


class UnreadableTests(AccountsTestCase):
    """
    Accounts that cannot be read, or not yet.
    """

    def makeLog(self) -> MemoryLog:
        """See L{AccountsTestCase.makeLog}."""
        self.slow = UnreadableLog(seconds=lambda: self.now, projection=project)
        return self.slow

    def test_unreadable(self) -> None:
        """
        A login is refused with a sentence, and not counted as wrong, while accounts cannot be read.
        """
        self.slow.isSlow = True
        for _ in range(12):
            client = self.logIn(f"Ann {self.secret}")
            self.slow.waiting_.pop().errback(OSError("disk"))
            self.assertEqual(client.loginError and client.loginError.code, "no-history")
        self.slow.isSlow = False
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_lost(self) -> None:
        """
        A connection that is lost while its account is read ends without a word.
        """
        self.slow.isSlow = True
        client = self.logIn(f"Ann {self.secret}")
        client.drops()
        self.assertIsNone(client.loginError)
        self.slow.waiting_.pop().callback(None)
        self.assertEqual(len(self.ann.user.member.devices), 1)

    def test_unreadableMarks(self) -> None:
        """
        A user whose read marks cannot be read is welcomed without them.
        """
        first = helloWith(self.hub, "Ann", self.secret)
        first.asks("bye")
        self.ann.types("/quit")
        self.slow.isSlow = True
        again = resume(self.hub, first.objectsOf("welcome")[0], self.hub.lastId)
        self.assertEqual(again.objects, [])
        self.slow.waiting_.pop().errback(OSError("disk"))
        self.assertEqual((again.objects[0]["account"], again.objects[0]["marks"]), ("Ann", {}))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_quitMeanwhile(self) -> None:
        """
        A user who leaves while their marks are read is welcomed and told goodbye.
        """
        client = FakeClient(self.hub)
        first = helloWith(self.hub, "Ann", self.secret)
        first.asks("bye")
        self.ann.types("/quit")
        self.slow.isSlow = True
        token = first.objectsOf("welcome")[0]["token"]
        client.login(LoginRequest("Ann", token))
        client.types("/quit")
        self.assertEqual(client.lines, [CONNECTED, "* Goodbye"])
        self.slow.waiting_.pop().callback(None)
        self.assertEqual(client.lines[-1], "* Goodbye")
