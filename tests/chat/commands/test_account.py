# -*- test-case-name: tests.chat.commands.test_account -*-
"""
Tests for L{twisted_chat.chat.commands.account}.
"""

from __future__ import annotations

from tests.support.accounts import SECRET, AccountsTestCase, helloWith
from tests.support.helpers import NOW, enter, resume
from twisted_chat.accounts.registry import MAX_CODES
from twisted_chat.wire.jsonlines import JSON


class PasswordTests(AccountsTestCase):
    """
    C{/password} and C{/login}.
    """

    def test_changed(self) -> None:
        """
        A new password replaces the one before; made secrets stay.
        """
        self.assertEqual(
            self.said(self.ann, "/password the first password"), ["* Your password is changed"]
        )
        self.ann.types("/password the second password")
        self.assertIn("wrong-login", self.refusal("Ann the first password"))
        self.assertIsNone(self.logIn("Ann the second password").loginError)
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_refused(self) -> None:
        """
        A guest has no password to change, and a bad password changes nothing.
        """
        self.assertEqual(
            self.said(self.bob, "/password another password"),
            ["! you are a guest: /register makes your name your own"],
        )
        self.assertRegex(self.said(self.ann, "/password short")[-1], "^! a password has at least")

    def test_forms(self) -> None:
        """
        A password is the same in every Unicode form (RFC 8265).
        """
        self.ann.types("/password Cafe\u0301 noir et blanc")
        self.assertIsNone(self.logIn("Ann Caf\u00e9 noir et blanc").loginError)
        self.assertIsNotNone(self.logIn("Ann cafe\u0301 noir et blanc").loginError)

    def test_proveAgain(self) -> None:
        """
        A user who is already logged in is told so.
        """
        self.assertEqual(
            self.said(self.ann, f"/login Ann {self.secret}"), ["* You are logged in as Ann"]
        )


class AccountTests(AccountsTestCase):
    """
    C{/account}.
    """

    def test_details(self) -> None:
        """
        The owner reads names, devices and connections.
        """
        self.annAgain().types("/password a password of mine")
        lines = self.said(self.ann, "/account")
        self.assertRegex(lines[0], r"^\* Ann is registered since \d{4}-\d\d-\d\d \d\d:\d\d$")
        self.assertRegex(lines[1], r"^\* logs in with: secret \(since .*\), password \(since .*\)$")
        self.assertEqual(lines[2], "* here over 2 connections")

    def test_program(self) -> None:
        """
        A program reads the same as values.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        program.asks("account", key="a1")
        self.assertEqual(
            program.objects[-1],
            {
                "type": "account",
                "names": ["Ann"],
                "since": NOW,
                "devices": [{"label": "secret", "since": round(NOW)}],
                "connections": 2,
                "key": "a1",
            },
        )

    def test_guest(self) -> None:
        """
        A guest has no account to show.
        """
        self.assertRegex(self.said(self.bob, "/account")[-1], "^! you are a guest")


class InviteTests(AccountsTestCase):
    """
    C{/invite-code}.
    """

    def test_code(self) -> None:
        """
        A code is shown with how to use it.
        """
        self.assertRegex(
            "\n".join(self.said(self.ann, "/invite-code")),
            rf"^\* Within 7 days somebody can enter with: NAME {SECRET}$",
        )

    def test_atMost(self) -> None:
        """
        A user gives out a bounded number of codes a day.
        """
        for _ in range(MAX_CODES):
            self.assertRegex(self.said(self.ann, "/invite-code")[-1], "^\\* ")
        self.assertRegex(
            self.said(self.ann, "/invite-code")[-1], "^! you have given out as many codes"
        )
        self.now += 7 * 86_400 + 1
        self.assertRegex(self.said(self.ann, "/invite-code")[-1], "^\\* ")

    def test_guest(self) -> None:
        """
        A guest gives out no codes.
        """
        self.assertRegex(self.said(self.bob, "/invite-code")[-1], "^! you are a guest")


class UnregisterTests(AccountsTestCase):
    """
    C{/unregister}.
    """

    def test_twice(self) -> None:
        """
        C{/unregister} takes effect when it is typed twice, with the name of the account.
        """
        for line in ("/unregister Bob", "/unregister ann"):
            self.assertEqual(
                self.said(self.ann, line),
                ["! type the name of your account to be sure: /unregister Ann"],
            )
        self.assertEqual(
            self.said(self.ann, "/unregister Ann"),
            [
                "* Nobody will ever be called Ann again, not even you. To confirm, type it again: "
                "/unregister Ann"
            ],
        )
        self.assertTrue(self.ann.user.member.isRegistered)
        self.assertEqual(self.said(self.ann, "/unregister Ann"), ["* Ann is no longer registered"])
        self.assertFalse(self.ann.user.member.isRegistered)

    def test_afterwards(self) -> None:
        """
        A user whose account has ended is a guest on each connection until they leave.
        """
        again = self.annAgain()
        self.ann.types("/unregister Ann", "/unregister Ann")
        for client in (self.ann, again):
            self.assertRegex(self.said(client, "/account")[-1], "^! you are a guest")
            self.assertEqual(self.said(client, "hi"), ["OK . ."])
        program = enter(self.hub, "Eve", JSON)
        program.forget()
        self.ann.types("still here")
        self.assertNotIn("account", program.objects[-1])
        for client in (self.ann, again):
            client.types("/quit")
        self.assertEqual(sorted(self.hub.users), ["Bob", "Eve"])

    def test_guest(self) -> None:
        """
        A guest has no account to end.
        """
        self.assertRegex(self.said(self.bob, "/unregister Bob")[-1], "^! you are a guest")


class ShownTests(AccountsTestCase):
    """
    Registered users, as others see them.
    """

    def setUp(self) -> None:
        super().setUp()
        self.program = enter(self.hub, "Eve", JSON)
        self.ann.types("/nick Anna")
        self.program.forget()

    def test_events(self) -> None:
        """
        Messages and arrivals of registered users carry the account, also in the past.
        """
        self.ann.types("hi", "/me waves", "/msg Eve psst", "/join #dev")
        self.program.asks("command", line="/join #dev")
        self.ann.types("/leave", "/join #dev")
        carried = {each["type"]: each.get("account") for each in self.program.objects}
        for kind in ("said", "acted", "told", "joined"):
            self.assertEqual(carried[kind], "Ann", kind)
        self.assertIsNone(carried["left"])
        self.program.forget()
        for type in ("history", "search"):
            self.program.asks(type, words="hi", room="#lobby")
            events = self.program.objects[-1]["events"]
            self.assertEqual({each.get("account") for each in events}, {"Ann"}, type)
        self.annAgain()
        self.ann.types("/quit")

    def test_resumed(self) -> None:
        """
        Replayed messages carry the account as well, a user's own included.
        """
        welcome = enter(self.hub, "Dai", JSON)
        last = self.hub.lastId
        welcome.drops()
        self.ann.types("hi", "/quit")
        self.annAgain()
        again = resume(self.hub, welcome.objectsOf("welcome")[0], last)
        for kind in ("said", "joined"):
            accounts = {each.get("account") for each in again.objectsOf(kind)}
            self.assertIn("Ann", accounts, kind)

    def test_guests(self) -> None:
        """
        A guest has no account, and a user who registers has it from then on.
        """
        self.bob.types("before", "/register", "after")
        before, after = self.program.objectsOf("said")
        self.assertNotIn("account", before)
        self.assertEqual(after["account"], "Bob")

    def test_who(self) -> None:
        """
        C{/who} tells the account.
        """
        self.assertRegex(self.said(self.bob, "/who Anna")[-1], "registered as Ann$")
        self.assertNotIn("registered", self.said(self.ann, "/who Bob")[-1])
        for name, account in (("Anna", "Ann"), ("Bob", None)):
            self.program.asks("who", name=name)
            self.assertEqual(self.program.objects[-1].get("account"), account)
